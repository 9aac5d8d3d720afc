from itertools import pairwise

import pytest
import timm
import torch
from torch import nn

from sslreg.models import ResNet9, TimmBackbone
from sslreg.models.backbones import Pool
from sslreg.models.introspection import patch_sides


@pytest.mark.parametrize(
    'name', ['resnet10t', 'vit_tiny_patch16_224', 'swin_tiny_patch4_window7_224', 'mobilenetv3_small_050']
)
@pytest.mark.parametrize('size', [64, 100])
def test_timm_models_take_any_size(name, size):
    backbone = TimmBackbone(name).eval()
    assert backbone(torch.randn(2, 3, size, size)).shape == (2, backbone.out_channels)


def test_unknown_timm_model_names_similar_ones():
    with pytest.raises(ValueError, match="has no model 'resnet10'; similar names: resnet10t"):
        TimmBackbone('resnet10')


def test_timm_options_are_passed_and_checked():
    assert TimmBackbone('resnet10t', drop_rate=0.3).model.drop_rate == 0.3
    with pytest.raises(TypeError, match='depths_of_despair'):
        TimmBackbone('resnet10t', depths_of_despair=3)


@pytest.mark.parametrize('name', ['vit_tiny_patch16_224', 'vit_tiny_r_s16_p8_224', 'eva02_tiny_patch14_224'])
def test_timm_drops_the_rest_of_an_image_that_fills_no_patch(name):
    backbone = TimmBackbone(name, img_size=64, patch_size=16) if 'patch16' in name else TimmBackbone(name)
    backbone.eval()
    (rows, columns), images = patch_sides(backbone.model.patch_embed), torch.randn(1, 3, 150, 131)
    whole = images[..., : 150 // rows * rows, : 131 // columns * columns]
    assert whole.shape != images.shape
    with torch.no_grad():
        torch.testing.assert_close(backbone(images), backbone.model(whole), rtol=0, atol=0)
        with pytest.raises(ValueError, match='an image of 7 x 131 pixels is smaller than a patch'):
            backbone(images[:, :, :7])


def test_timm_pads_if_told():
    options = dict(img_size=64, patch_size=16, dynamic_img_pad=True)
    backbone, images = TimmBackbone('vit_tiny_patch16_224', **options).eval(), torch.randn(1, 3, 70, 64)
    with torch.no_grad():
        torch.testing.assert_close(backbone(images), backbone(nn.functional.pad(images, (0, 0, 0, 10))))


def test_pool_takes_what_backbones_return():
    feature_map = torch.randn(2, 4, 3, 3)
    torch.testing.assert_close(Pool()((torch.randn(2, 8, 6, 6), feature_map)), feature_map.mean(dim=(2, 3)))
    assert Pool()(torch.ones(2, 4)).shape == (2, 4)
    with pytest.raises(ValueError, match=r'shape \[2, 197, 4\]'):
        Pool()(torch.ones(2, 197, 4))


@pytest.mark.parametrize('name', ['vit_tiny_patch16_224', 'resnet10t'])
def test_weights_that_timm_has_loaded_are_kept(name, tmp_path):
    """MMEngine initialises every network once it is built, and timm's would start anew."""
    weights = {key: torch.rand_like(value) for key, value in timm.create_model(name, num_classes=0).state_dict().items()
               if value.is_floating_point()}  # fmt: skip
    torch.save(weights, tmp_path / 'weights.pth')
    backbone = TimmBackbone(name, checkpoint_path=str(tmp_path / 'weights.pth'))
    backbone.init_weights()
    state = backbone.model.state_dict()
    for key, value in weights.items():
        assert torch.equal(state[key], value), key


def test_a_timm_network_without_weights_is_initialised():
    backbone = TimmBackbone('vit_tiny_patch16_224')
    before = backbone.model.pos_embed.clone()
    backbone.init_weights()
    assert not torch.equal(backbone.model.pos_embed, before)


def test_resnet9_is_the_papers():
    """Feature maps of a quarter of a thousand channels, 2 x 2; parameters counted by hand."""
    backbone = ResNet9().eval()
    assert backbone(torch.randn(2, 3, 32, 32))[0].shape == (2, 256, 2, 2)
    widths = [3, 32, 64, 64, 64, 128, 256, 256, 256]
    expected = sum(9 * a * b + 2 * b for a, b in pairwise(widths))
    assert sum(parameter.numel() for parameter in backbone.parameters()) == expected


def test_resnet9_adds_what_goes_around_the_third_and_fourth_layer():
    backbone = ResNet9().eval()
    outputs = {}
    for i, layer in enumerate(backbone.layers):
        layer.register_forward_hook(lambda module, args, output, i=i: outputs.update({i: output}))
    (out,) = backbone(torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(out, outputs[5] + outputs[7])
    torch.testing.assert_close(backbone.layers[4](outputs[1] + outputs[3]), outputs[4])
