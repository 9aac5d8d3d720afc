"""Attention maps are softmax(q k / sqrt(d)) of the last block, and what is drawn of them."""

import math
import pickle

import numpy as np
import pytest
import torch
from mmpretrain.models import ResNet, VisionTransformer
from PIL import Image

from sslreg.models import SSLVisionTransformer, TimmBackbone
from sslreg.reports import attention_sheet, patch_maps
from sslreg.reports.attention_maps import class_attention, mass_mask, pca_colours

ARCH = dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=48)
TIMM = dict(embed_dim=24, depth=2, num_heads=3, img_size=32, patch_size=8)


def mm(cls=SSLVisionTransformer, **options):
    return cls(arch=ARCH, img_size=32, patch_size=8, **options)


def of_timm(name='vit_tiny_patch16_224', **options):
    return TimmBackbone(name, **(TIMM | options))


NETWORKS = [
    pytest.param(mm, 1, id='sslreg'),
    pytest.param(lambda: mm(VisionTransformer, out_type='cls_token'), 1, id='mmpretrain'),
    pytest.param(lambda: mm(final_norm=False), 1, id='without norm'),
    pytest.param(of_timm, 1, id='timm'),
    pytest.param(lambda: of_timm(reg_tokens=4, qk_norm=True, init_values=1e-5), 5, id='timm, registers and q norm'),
]


def spread_out(vit):
    """Weights with which attention is far from even."""
    for param in vit.parameters():
        torch.nn.init.normal_(param, std=0.5)
    vit.eval()  # mmpretrain's gives nothing back
    return vit


def plain_attention(attn, tokens):
    """All queries: ``[B, heads, N, N]``."""
    batch, num, width = tokens.shape
    heads, dim = attn.num_heads, width // attn.num_heads
    q, k, _ = (part.reshape(batch, num, heads, dim) for part in attn.qkv(tokens).split(width, dim=2))
    if hasattr(attn, 'q_norm'):
        q, k = attn.q_norm(q), attn.k_norm(k)
    return (q.transpose(1, 2) @ k.transpose(1, 2).transpose(2, 3) / math.sqrt(dim)).softmax(dim=-1)


def blocks_of(vit):
    return vit.model.blocks if isinstance(vit, TimmBackbone) else vit.layers


@pytest.mark.parametrize('build, prefix', NETWORKS)
def test_attention_is_the_softmax_of_the_last_block(build, prefix):
    vit = spread_out(build())
    kept = []
    hook = blocks_of(vit)[-1].attn.register_forward_pre_hook(lambda module, args: kept.append(args[0]))
    maps = patch_maps(vit, torch.randn(2, 3, 48, 32))
    hook.remove()
    assert maps.attention.shape == (2, 3, 6, 4)
    expected = plain_attention(blocks_of(vit)[-1].attn, kept[0])[:, :, 0, prefix:]
    torch.testing.assert_close(maps.attention.flatten(2), expected)
    assert maps.attention.std() > 0.003  # so that it could be wrong


@pytest.mark.parametrize('build, prefix', NETWORKS)
def test_it_is_the_attention_that_the_network_uses(build, prefix):
    """Weights times values, projected, are what the fused attention gives for the class token."""
    vit = spread_out(build())
    attn, tokens = blocks_of(vit)[-1].attn, torch.randn(2, 17, 24)
    values = attn.qkv(tokens)[..., 48:].unflatten(-1, (3, 8))
    mixed = torch.einsum('bhn,bnhd->bhd', class_attention(attn, tokens), values).flatten(1)
    torch.testing.assert_close(attn.proj(mixed), attn(tokens)[:, 0], rtol=1e-4, atol=1e-4)


def test_tokens_are_those_that_the_network_gives():
    vit = spread_out(mm(VisionTransformer, out_type='featmap'))
    images = torch.randn(2, 3, 32, 48)
    with torch.no_grad():
        expected = vit(images)[-1].movedim(1, -1)
    torch.testing.assert_close(patch_maps(vit, images).tokens, expected)
    timm = spread_out(of_timm())
    torch.testing.assert_close(
        patch_maps(timm, images).tokens, timm.model.forward_features(images)[:, 1:].unflatten(1, (4, 6)).detach()
    )


def test_no_hooks_stay():
    vit = mm()
    patch_maps(vit, torch.randn(1, 3, 32, 32))
    pickle.dumps(vit)  # fails with hooks, which are local functions


def test_networks_that_have_no_such_attention():
    with pytest.raises(ValueError, match='ResNet has no blocks'):
        patch_maps(ResNet(18), torch.randn(1, 3, 32, 32))
    with pytest.raises(ValueError, match='no class token'):
        patch_maps(of_timm(class_token=False, global_pool='avg'), torch.randn(1, 3, 32, 32))
    with pytest.raises(ValueError, match='multiples of the patch size'):
        patch_maps(of_timm(), torch.randn(1, 3, 36, 36))


def test_mass_mask_is_the_smallest():
    attention = torch.tensor([[[0.1, 0.4], [0.3, 0.2]], [[0.05, 0.05], [0.8, 0.1]]])
    assert mass_mask(attention).tolist() == [[[False, True], [True, False]], [[False, False], [True, False]]]
    assert mass_mask(attention, 0.75)[0].tolist() == [[False, True], [True, True]]
    assert mass_mask(attention, 1.0).all()
    with pytest.raises(ValueError, match='share=0'):
        mass_mask(attention, 0)


def test_pca_colours_follow_the_main_components():
    """Tokens on three axes of falling spread: red, green and blue are the places on them."""
    place = torch.rand(5, 6, 3)
    axes = torch.linalg.qr(torch.randn(8, 3)).Q
    place = place - place.mean(dim=(0, 1))
    place = torch.linalg.svd(place.flatten(0, 1), full_matrices=False).U.view(5, 6, 3) * torch.tensor([9.0, 3.0, 1.0])
    colours = pca_colours(place @ axes.T + 5)
    low, high = place.amin(dim=(0, 1)), place.amax(dim=(0, 1))
    expected = (255 * (place - low) / (high - low)).numpy()
    for channel in range(3):
        mirrored = 255 - expected[..., channel]
        difference = min(np.abs(colours[..., channel] - e).max() for e in (expected[..., channel], mirrored))
        assert difference <= 1


def test_pca_colours_of_equal_tokens():
    assert (pca_colours(torch.ones(2, 3, 4)) == 0).all()


def test_the_sheet_shows_the_photograph_bright_and_dark(tmp_path):
    photograph = torch.zeros(3, 32, 32, dtype=torch.uint8)
    photograph[2] = 200  # red, in BGR
    attention_sheet(tmp_path / 'sheet.png', photograph, patch_maps(spread_out(mm()), torch.randn(1, 3, 32, 32)))
    sheet = np.array(Image.open(tmp_path / 'sheet.png').convert('RGB')).reshape(-1, 3)
    assert (np.abs(sheet.astype(int) - [200, 0, 0]).max(axis=1) < 3).mean() > 0.03
    assert (np.abs(sheet.astype(int) - [40, 0, 0]).max(axis=1) < 3).mean() > 0.01  # dark, out of the masks
