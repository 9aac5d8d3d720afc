"""Inspection of a network by forward hooks, and the parts of vision transformers."""

import pytest
import torch
from torch import nn

from sslreg.models import ResNet9, SSLVisionTransformer, TimmBackbone
from sslreg.models.introspection import Place, capture, describe_vit, watch


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x


def network() -> nn.Sequential:
    return nn.Sequential(Doubled(), Doubled(), nn.ReLU())


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_values_are_kept_by_name_in_the_order_of_the_pass():
    model = network()
    with capture(dict(late=Place(model[1]), early=Place(model[0]), given=Place(model[1], before=True))) as found:
        model(torch.tensor([1.0, -1]))
    assert {name: value[0].tolist() if name == 'given' else value.tolist() for name, value in found.items()} == dict(
        early=[2, -2], given=[2, -2], late=[4, -4]
    )
    assert list(found) == ['early', 'given', 'late']


def test_every_pass_is_seen_and_none_after_the_body():
    model, seen = network(), []
    with watch(dict(first=Place(model[0])), lambda name, value: seen.append((name, value.item()))):
        model(torch.tensor(1.0))
        model(torch.tensor(3.0))
    model(torch.tensor(5.0))
    assert seen == [('first', 2), ('first', 6)]
    assert hooks(model) == 0


def test_a_result_replaces_the_value():
    model = network()
    with watch(dict(first=Place(model[0])), lambda name, value: -value):
        assert model(torch.tensor(-1.0)) == 4
    with watch(dict(second=Place(model[1], before=True)), lambda name, values: (values[0] + 1,)):
        assert model(torch.tensor(1.0)) == 6
    assert model(torch.tensor(1.0)) == 4


def test_an_error_in_the_body_leaves_no_hook():
    model = network()
    with pytest.raises(RuntimeError, match='inside'), capture(dict(first=Place(model[0]))):
        raise RuntimeError('inside')
    assert hooks(model) == 0


ARCH = dict(embed_dims=24, num_layers=3, num_heads=2, feedforward_channels=48)


@pytest.mark.parametrize(
    'build',
    [
        lambda: SSLVisionTransformer(arch=ARCH, img_size=32, patch_size=8, out_type='cls_token'),
        lambda: TimmBackbone('vit_tiny_patch16_224', img_size=32, patch_size=8, depth=3, embed_dim=24, num_heads=2),
    ],
    ids=['mmpretrain', 'timm'],
)
def test_the_parts_of_a_vision_transformer_are_found_in_mmpretrain_and_timm(build):
    backbone = build()
    parts = describe_vit(backbone)
    assert len(parts.blocks) == 3
    assert parts.num_extra_tokens == 1
    assert parts.grid == (4, 4)
    places = dict(grid=Place(parts.projection), last=Place(parts.blocks[-1]), norm=Place(parts.norm))
    with capture(places) as found:
        backbone(torch.zeros(2, 3, 32, 32))
    assert found['grid'].shape == (2, 24, 4, 4)
    assert found['last'].shape == (2, 17, 24)
    torch.testing.assert_close(found['norm'], parts.norm(found['last']))


def test_a_convolutional_network_is_no_vision_transformer():
    assert describe_vit(ResNet9()) is None
