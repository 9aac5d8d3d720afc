"""Images and masks that would train something else than is meant, or end the run at its first validation."""

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from sslreg.downstream.data_checks import check_data
from sslreg.downstream.sample_checks import check_samples

from . import samples
from .trial import configs, load

pytestmark = pytest.mark.usefixtures('downstream')
CONFIG = next(path for path in configs('mmseg') if path.stem == 'fcn_r18_masks')


@pytest.fixture
def root(tmp_path):
    samples.own_masks(tmp_path)
    return tmp_path


def config(root):
    cfg = load(CONFIG)
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].dataset.data_root = f'{root}/'
    return cfg


def said(cfg, kind: type[Exception] = ValueError) -> str:
    with pytest.raises(kind) as caught:
        check_samples(cfg)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def save(path, values, **options) -> None:
    Image.fromarray(np.asarray(values), **options).save(path)


def test_own_images_of_any_suffix_and_size_pass(root):
    cfg = config(root)
    check_data(cfg)
    check_samples(cfg)


def test_the_random_numbers_of_training_stay_the_same(root):
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    check_samples(config(root))
    assert np.random.rand() == expected


def test_hidden_files_are_no_images(root):
    (root / 'train/images/._0.jpg').touch()
    (root / 'train/images/.cache').mkdir()
    (root / 'train/images/.cache/a.jpg').touch()
    check_samples(config(root))


@pytest.mark.parametrize('between', [(), ('0.k.jpg',)])
def test_images_that_share_a_mask(root, between):
    for name in ('0.png', *between):  # one between the two that share it, in the order of the names
        shutil.copy(root / 'val/images/1.png', root / 'val/images' / name)
    assert 'two images have the mask 0.png: rename one of them' in said(config(root))


def test_a_batch_of_several_sizes_in_validation(root):
    cfg = config(root)
    cfg.val_dataloader.batch_size = 8
    message = said(cfg)
    assert message.startswith('val_dataloader.batch_size=8, but its images have several sizes after the pipeline (')
    assert message.endswith('set val_dataloader.batch_size=1')


def test_a_suffix_that_no_image_has(root):
    cfg = config(root)
    cfg.train_dataloader.dataset.update(type='BaseSegDataset', img_suffix='.tif')
    message = said(cfg, FileNotFoundError)
    assert re.search(
        r"train_dataloader: BaseSegDataset finds no image of img_suffix='.tif' in .*train/images; ", message
    )
    assert "1 end in '.jpg'" in message


def test_a_mask_that_is_not_there(root):
    (root / 'test/masks/1.png').unlink()
    assert re.search(r'test_dataloader: .*masks/1.png does not exist; of the files in .* 2 end in', said(
        config(root), FileNotFoundError))  # fmt: skip


def test_a_value_beyond_the_classes(root):
    mask = np.array(Image.open(root / 'val/masks/0.png'))
    mask[0, 0] = 7
    save(root / 'val/masks/0.png', mask)
    message = said(config(root))
    assert 'val/masks/0.png has the value 7, but there are 2 classes, 0 to 1: name more classes' in message


def test_a_mask_of_colours(root):
    save(root / 'train/masks/0.png', np.zeros((72, 96, 3), np.uint8))
    assert "masks/0.png is of the mode 'RGB'; a mask has one channel" in said(config(root))


def test_16_bits_that_mmsegmentation_would_wrap(root):
    save(root / 'train/masks/0.png', np.full((72, 96), 256, np.uint16))  # 0 modulo 256
    assert "masks/0.png is of the mode 'I;16'" in said(config(root))


def test_a_mask_of_another_size(root):
    save(root / 'train/masks/0.png', np.zeros((72, 90), np.uint8))
    assert 'masks/0.png has 90 x 72 px, its image 96 x 72' in said(config(root))


def test_255_for_the_foreground(root):
    for path in (root / 'train/masks').iterdir():
        save(path, np.where(np.array(Image.open(path)) == 1, 255, 0).astype(np.uint8))
    assert 'only the class 0 (background) and the value 255, which is ignored: write 1 to 1' in said(config(root))


@pytest.mark.parametrize('content', [b'', b'no image', None])
@pytest.mark.parametrize('file', ['train/images/0.jpg', 'val/masks/1.png'])
def test_a_file_that_cannot_be_read(root, file, content):
    data = (root / file).read_bytes()
    (root / file).write_bytes(data[:60] + b'x' * 500 if content is None else content)
    message = said(config(root))
    assert message.startswith(f'{file.split("/")[0]}_dataloader: ')
    assert file in message
    assert 'cannot' in message


def test_a_palette_of_another_length(root):
    cfg = config(root)
    cfg.train_dataloader.dataset.metainfo.palette = [[0, 0, 0]]
    with pytest.raises(ValueError, match='metainfo.palette has 1 colours, but there are 2 classes'):
        check_data(cfg)
