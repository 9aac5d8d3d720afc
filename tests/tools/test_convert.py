"""A released checkpoint, converted as a user converts it, is one that is evaluated."""

import pytest
import torch
from mmengine.config import Config

from sslreg.evaluation.model import load_model
from sslreg.models.checkpoints import check_checkpoint
from tests.reference import dino

from .test_tools import python, succeed

CONFIG = """
model = dict(
    type='sslreg.models.Encoder',
    backbone=dict(
        type='sslreg.models.SSLVisionTransformer', img_size=32, patch_size=8, out_type='cls_token',
        arch=dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=96)))
"""


@pytest.mark.slow
def test_a_released_checkpoint_is_converted_and_evaluated(tmp_path):
    config = tmp_path / 'tiny.py'
    config.write_text(CONFIG)
    state = dino.random_state(24, 2, patch=8, grid=4)
    torch.save(dict(teacher={f'module.backbone.{name}': state[name] for name in state}), tmp_path / 'released.pth')
    command = ('convert_checkpoint.py', tmp_path / 'released.pth', '--out', tmp_path / 'out' / 'encoder.pth')
    text = succeed(python(*command, '--to', 'sslreg', '--config', config))
    assert 'layers.*.ln1.weight' in text
    path = str(tmp_path / 'out' / 'encoder.pth')
    check_checkpoint(path)
    model, images = load_model(Config.fromfile(config), path, 'cpu'), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        expected = dino.tokens(state, images, 3)[-1][:, 0]
        torch.testing.assert_close(model.extract_feat(images), expected, rtol=1e-5, atol=1e-5)
