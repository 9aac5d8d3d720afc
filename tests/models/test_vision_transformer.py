"""The vision transformer is that of DINO, iBOT and MaSSL at any size of image, or mmpretrain's if told so."""

import math
from copy import deepcopy
from types import SimpleNamespace

import pytest
import torch
from mmengine.runner.checkpoint import get_state_dict, weights_to_cpu
from mmpretrain.models import VisionTransformer
from torch import nn

from sslreg.conversion.names import timm_name
from sslreg.evaluation.features.kinds import Observer, PatchTokens
from sslreg.models import SSLVisionTransformer
from tests.reference import dino

ARCH = dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=48)
SIZES = [(32, 32), (35, 41), (32, 39), (39, 39), (16, 72), (48, 20), (8, 8), (96, 96)]


def vit(kind=SSLVisionTransformer, **options):
    return kind(**(dict(arch=ARCH, img_size=32, patch_size=8, out_type='cls_token') | options))


def released(network):
    """The state by the names of the released codes."""
    return {timm_name(name): value for name, value in network.state_dict().items()}


def waves(network):
    """Weights that no generator of random numbers draws: 0.3 sin(0.7 + i) at place i, counted over all tensors."""
    start = 0
    for tensor in network.state_dict().values():
        places = torch.arange(start, start + tensor.numel(), dtype=torch.float64)
        tensor.copy_((0.3 * torch.sin(0.7 + places)).view(tensor.shape))
        start += tensor.numel()
    network.eval()  # mmpretrain's gives nothing back
    return network


def image(height, width):
    return torch.cos(0.37 * torch.arange(3 * height * width, dtype=torch.float64)).view(1, 3, height, width).float()


def test_it_starts_from_the_official_distribution():
    network = vit(arch=ARCH | dict(embed_dims=64, num_heads=2, feedforward_channels=128))
    network.init_weights()
    for module in network.modules():
        if isinstance(module, nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
            assert module.bias.abs().max() == 0
    for token in (network.cls_token, network.pos_embed):
        assert token.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize('height, width', SIZES)
def test_features_are_those_of_the_released_codes_at_any_size(height, width):
    network, images = waves(vit()), torch.randn(2, 3, height, width)
    expected = dino.tokens(released(network), images, 3)[-1]
    with torch.no_grad():
        torch.testing.assert_close(network(images)[-1], expected[:, 0], rtol=1e-6, atol=1e-6)
    patches = PatchTokens()(Observer(SimpleNamespace(feature_backbone=network, extract_feat=network)), images)
    assert patches.shape[1:3] == (height // 8, width // 8)
    torch.testing.assert_close(patches.flatten(1, 2), expected[:, 1:], rtol=1e-6, atol=1e-6)


def test_positions_have_the_recorded_values():
    """Bicubic with a = -0.75 at the places of the scale 3.1 / 4, by hand; interpolate(size=3) gives others."""
    network = waves(vit())
    rows = network.pos_embed[0, 1:, 0].double().view(4, 4)
    weights = torch.stack([_cubic(4, (place + 0.5) / (3.1 / 4) - 0.5) for place in range(3)])
    expected = weights @ rows @ weights.T
    found = network.positions((3, 3))[0, 1:, 0].view(3, 3).double()
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    other = vit(resampling='mmpretrain')
    other.load_state_dict(network.state_dict() | {})
    assert (other.positions((3, 3)) - network.positions((3, 3))).abs().max() > 0.02


def _cubic(side, place):
    """Weights of the samples 0..side-1 at a place; those outside count for the border."""
    weights = torch.zeros(side, dtype=torch.float64)
    for sample in range(math.floor(place) - 1, math.floor(place) + 3):
        x = abs(place - sample)
        inner = 1.25 * x**3 - 2.25 * x**2 + 1
        outer = -0.75 * (x**3 - 5 * x**2 + 8 * x - 4)
        weights[min(max(sample, 0), side - 1)] += inner if x <= 1 else outer
    return weights


def test_gradients_reach_the_positions_through_the_resampling():
    network = vit()
    network(torch.randn(1, 3, 24, 24))[-1].sum().backward()
    assert network.pos_embed.grad.abs().sum() > 0


@pytest.mark.parametrize('size', [32, 48, 36])
def test_it_is_mmpretrains_if_told(size):
    options = dict(resampling='mmpretrain', patch_cfg=dict(padding='corner'))
    ours, theirs = waves(vit(**options)), waves(vit(VisionTransformer))
    torch.testing.assert_close(ours(image(size, 32))[0], theirs(image(size, 32))[0], rtol=0, atol=0)


def test_a_checkpoint_of_the_nominal_size_loads_into_mmpretrains():
    ours, theirs = waves(vit()), vit(VisionTransformer)
    theirs.eval()
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(image(32, 32))[0], theirs(image(32, 32))[0], rtol=0, atol=0)


def test_a_state_of_another_size_is_resampled_as_released():
    large, small = waves(vit(img_size=56)), vit()
    state = large.state_dict()
    del state._metadata
    small.load_state_dict(state)
    torch.testing.assert_close(small.pos_embed, large.positions((4, 4)), rtol=0, atol=0)
    with pytest.raises(ValueError, match='pos_embed holds 8 positions, 1 of them'):
        small.load_state_dict(dict(state, pos_embed=state['pos_embed'][:, :8]))


def saved(network, folder):
    """The state as a Runner saves it, read again."""
    torch.save(weights_to_cpu(get_state_dict(network)), folder / 'state.pth')
    return torch.load(folder / 'state.pth')


def old_state(network, folder):
    """The state of the version that resampled as mmpretrain does."""
    network = deepcopy(network)
    network._version = 1
    return saved(network, folder)


def test_a_checkpoint_tells_how_it_was_trained(tmp_path):
    """Runs of the earlier version go on as they were, also when they are resumed twice."""
    network = vit()
    assert network.resampling == 'released'
    network.load_state_dict(old_state(network, tmp_path))
    assert network.resampling == 'mmpretrain'
    again = vit()
    again.load_state_dict(saved(network, tmp_path))
    assert again.resampling == 'mmpretrain'
    again.load_state_dict(saved(vit(), tmp_path))
    assert again.resampling == 'released'


def test_the_config_and_a_state_that_tells_nothing_leave_it(tmp_path):
    chosen = vit(resampling='released')
    chosen.load_state_dict(old_state(chosen, tmp_path))
    assert chosen.resampling == 'released'
    other = vit(resampling='mmpretrain')
    other.load_state_dict(dict(other.state_dict()))
    assert other.resampling == 'mmpretrain'
    plain = vit()
    plain.load_state_dict(dict(plain.state_dict()))
    assert plain.resampling == 'released'


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="resampling='size' must be one of"):
        vit(resampling='size')
    with pytest.raises(ValueError, match='an image of 7 x 40 pixels is smaller than a patch of 8 x 8'):
        vit()(torch.zeros(1, 3, 7, 40))
