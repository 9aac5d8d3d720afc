"""Pyramids of plain vision transformers, held against the papers' descriptions written plainly."""

import pytest
import torch
from torch.nn import functional as F

from sslreg.downstream import RescaledLevels, SimpleFeaturePyramid


def plain_norm(maps: torch.Tensor, norm: torch.nn.Module) -> torch.Tensor:
    """Each position's channels to mean 0 and variance 1, then scaled and shifted."""
    mean, var = maps.mean(dim=1, keepdim=True), maps.var(dim=1, correction=0, keepdim=True)
    return (maps - mean) / (var + 1e-6).sqrt() * norm.weight[:, None, None] + norm.bias[:, None, None]


def plain_deconvolution(maps: torch.Tensor, layer: torch.nn.Module) -> torch.Tensor:
    """Kernel 2, stride 2: each position becomes a square of 2 x 2, without overlap."""
    squares = torch.einsum('bchw,cdij->bdhiwj', maps, layer.weight)
    batch, width, rows, _, columns, _ = squares.shape
    return squares.reshape(batch, width, rows * 2, columns * 2) + layer.bias[:, None, None]


def plain_pyramid(neck: SimpleFeaturePyramid, last: torch.Tensor) -> list[torch.Tensor]:
    """ViTDet, section 3: 1/4 by two deconvolutions, 1/8 by one, 1/16, 1/32 by max pooling; each 1x1, 3x3."""
    up4, up2 = neck.levels[0][0], neck.levels[1][0]
    quarter = F.gelu(plain_norm(plain_deconvolution(last, up4[0]), up4[1]))
    scaled = [plain_deconvolution(quarter, up4[3]), plain_deconvolution(last, up2[0]), last,
              last.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-1, -2))]  # fmt: skip
    outs = []
    for level, maps in zip(neck.levels, scaled, strict=True):
        reduced = plain_norm(torch.einsum('bchw,dc->bdhw', maps, level[1].weight[..., 0, 0]), level[2])
        outs.append(plain_norm(F.conv2d(reduced, level[3].weight, padding=1), level[4]))
    return [*outs, outs[-1][..., ::2, ::2]]


@pytest.fixture
def neck() -> SimpleFeaturePyramid:
    neck = SimpleFeaturePyramid(in_channels=16, out_channels=8)
    for param in neck.parameters():
        torch.nn.init.normal_(param)
    return neck


@pytest.mark.parametrize('rows, columns', [(4, 6), (5, 7)])
def test_simple_feature_pyramid_is_the_paper_s(neck, rows, columns):
    last = torch.randn(2, 16, rows, columns)
    outs = neck((torch.zeros(1), last))
    for ours, plain in zip(outs, plain_pyramid(neck, last), strict=True):
        torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-4)


def test_strides_of_the_pyramid_are_4_to_64(neck):
    image = 128
    outs = neck((torch.randn(1, 16, image // 16, image // 16),))
    assert [image // out.shape[-1] for out in outs] == [4, 8, 16, 32, 64]
    assert {out.shape[1] for out in outs} == {8}


def test_widths_that_cannot_be_halved_twice_are_refused():
    with pytest.raises(ValueError, match='in_channels=18 must be divisible by 4'):
        SimpleFeaturePyramid(18)


def test_levels_are_rescaled_each_from_its_own_layer():
    neck = RescaledLevels(in_channels=8)
    maps = [torch.randn(2, 8, 4, 6) for _ in range(4)]
    outs = neck(maps)
    assert [tuple(out.shape) for out in outs] == [(2, 8, 16, 24), (2, 8, 8, 12), (2, 8, 4, 6), (2, 8, 2, 3)]
    torch.testing.assert_close(outs[1], plain_deconvolution(maps[1], neck.levels[1][0]))
    assert outs[2] is maps[2]
    changed = neck([*maps[:3], maps[3] + 1])
    assert torch.equal(changed[2], outs[2])
    assert not torch.equal(changed[3], outs[3])


def test_another_number_of_levels_is_refused():
    with pytest.raises(ValueError, match='3 maps came from the backbone, 4 are needed: set its out_indices'):
        RescaledLevels(8)([torch.randn(1, 8, 4, 4)] * 3)
