"""The tools that show what a network sees, run as a user runs them."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image
from skimage import data

from sslreg.registry import MODELS

from .test_tools import last_line, python, succeed

CONFIG = """
model = dict(
    type='MemorySSL',
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True),
    backbone=dict(
        type='SSLVisionTransformer', img_size=32, patch_size=8, out_type='cls_token',
        arch=dict(embed_dims=24, num_layers=2, num_heads=3, feedforward_channels=48)),
    neck=dict(type='ProjectionNeck', in_channels=24, hid_channels=16, out_channels=8),
    memory=dict(type='QueueMemory', length=32, feat_dim=8, num_blocks=4),
    head=dict(type='ViewMemoryHead', loss=dict(type='ViewMemoryCELoss'), student_temp=0.1, teacher_temp=0.07),
    teacher=dict(type='EMATeacher', momentum=0.004),
    num_key_views=2)
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config, checkpoint and a folder of two photographs, one of them below."""
    folder = tmp_path_factory.mktemp('trained')
    (folder / 'tiny.py').write_text(CONFIG)
    with DefaultScope.overwrite_default_scope('sslreg'):
        model = MODELS.build(Config.fromfile(folder / 'tiny.py').model)
    torch.save(dict(state_dict=model.state_dict()), folder / 'epoch_1.pth')
    (folder / 'photos' / 'below').mkdir(parents=True)
    Image.fromarray(data.chelsea()).save(folder / 'photos' / 'cat.png')
    Image.fromarray(data.coffee()).save(folder / 'photos' / 'below' / 'cup.jpg')
    return folder


def attention(trained, *more):
    paths = (trained / name for name in ('tiny.py', 'epoch_1.pth', 'photos'))
    return python('visualize_attention.py', *paths, '--out', trained / 'maps', '--size', '64', *more)


def test_a_picture_for_each_image(trained):
    assert '2 pictures' in succeed(attention(trained))
    files = [str(file.relative_to(trained / 'maps')) for file in (trained / 'maps').rglob('*.png')]
    assert sorted(files) == ['below/cup.jpg.png', 'cat.png.png']
    assert np.asarray(Image.open(trained / 'maps' / 'cat.png.png').convert('RGB')).std() > 20


def test_lines_between_two_images(trained):
    paths = (trained / name for name in ('tiny.py', 'epoch_1.pth', 'photos/cat.png', 'photos/below/cup.jpg'))
    command = ('visualize_correspondence.py', *paths, '--size', '64', '--num', '5', '--out')
    assert '5 matches' in succeed(python(*command, trained / 'lines' / 'a.png'))
    assert Image.open(trained / 'lines' / 'a.png').size == (1200, 600)
    assert 'a.jpg must end with .png' in last_line(python(*command, trained / 'a.jpg'))


def test_what_is_wrong_is_said(trained):
    assert 'multiples of the patch size' in last_line(attention(trained, '--size', '68'))
    other = last_line(attention(trained, '--cfg-options', 'model.memory.length=64'))
    assert 'the checkpoint is not of this MemorySSL' in other
