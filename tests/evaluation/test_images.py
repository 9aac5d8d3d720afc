"""Image files as input of a model."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image

import sslreg
from sslreg.evaluation.images import evaluation_pipeline
from tests import toy


@pytest.fixture
def model():
    return sslreg.load_model(Config(dict(model=toy.model())))


@pytest.fixture
def paths(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 16, 3), dtype=np.uint8)
    for name, image in zip('ab', images, strict=True):
        Image.fromarray(image).save(tmp_path / f'{name}.png')
    return [tmp_path / 'a.png', str(tmp_path / 'b.png')], images


def test_images_are_cropped_in_the_middle_and_normalised_as_the_model_says(model, paths):
    files, images = paths
    found = sslreg.read_images(files, model, size=8, resize=12)
    middle = torch.tensor(images[:, 2:10, 4:12, ::-1].copy()).permute(0, 3, 1, 2)  # RGB files, BGR tensors
    assert torch.equal(found, (middle - 127.5) / 64)
    assert model.extract_feat(found).shape == (2, 8)


def test_the_short_side_is_the_crop_unless_said(model, paths):
    files, _ = paths
    assert torch.equal(sslreg.read_images(files, model, 8), sslreg.read_images(files, model, 8, resize=8))
    assert not torch.equal(sslreg.read_images(files, model, 8), sslreg.read_images(files, model, 8, resize=12))


@pytest.mark.parametrize('paths', [[], 'a.png'])
def test_a_list_of_paths_is_needed(model, paths):
    with pytest.raises(ValueError, match='takes a list of paths with at least one, got'):
        sslreg.read_images(paths, model, size=8)


def test_a_crop_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match='the crop of 9 pixels must be between 1 and the resized short side of 8'):
        evaluation_pipeline(resize=8, crop=9)
