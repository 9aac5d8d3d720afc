"""Layers of an encoder, and the forms of their outputs."""

import pytest
import torch

from sslreg.memorization.layers import Layers, flat, units
from sslreg.models import Encoder


def encoder() -> Encoder:
    return Encoder(dict(type='ToyBackbone')).eval()


@pytest.mark.parametrize('part, expected', [('all', [[[1, 2, 3, 4]]]), ('mean', [[[2, 3]]]), ('first', [[[1, 2]]])])
def test_parts_of_two_tokens(part, expected):
    assert flat(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]), part).tolist() == expected


def test_units_are_channels_of_maps_and_features_of_tokens():
    maps, tokens = torch.rand(3, 2, 5, 4, 4), torch.rand(3, 2, 7, 5)
    torch.testing.assert_close(units(maps), maps.mean(dim=(0, 3, 4)))
    torch.testing.assert_close(units(tokens), tokens.mean(dim=(0, 2)))


def test_residuals_are_the_sums_behind_attention_and_behind_the_mlp():
    arch = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16)
    backbone = dict(type='SSLVisionTransformer', arch=arch, img_size=8, patch_size=4, out_type='cls_token')
    model = Encoder(backbone).eval()
    block, given = model.feature_backbone.layers[1], []
    block.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    found = Layers(model, ['residuals']).measure([torch.rand(2, 3, 8, 8)], lambda output: output[0])
    assert list(found) == [f'blocks.{number}.{part}' for number in (0, 1) for part in ('attention', 'mlp')]
    torch.testing.assert_close(found['blocks.0.mlp'], given[0])
    with torch.no_grad():
        after = given[0] + block.attn(block.ln1(given[0]))
        torch.testing.assert_close(found['blocks.1.attention'], after)
        torch.testing.assert_close(found['blocks.1.mlp'], after + block.ffn.layers(block.ln2(after)))


def test_unknown_layer_names_those_that_exist():
    with pytest.raises(ValueError, match=r"'block' matches no layer of ToyBackbone; its layers are conv, norm, drop"):
        Layers(encoder(), ['block'])


def test_views_of_several_sizes_are_an_error():
    with pytest.raises(ValueError, match='all must be of one size'):
        Layers(encoder()).measure([torch.ones(1, 3, 8, 8), torch.ones(1, 3, 6, 6)], units)
