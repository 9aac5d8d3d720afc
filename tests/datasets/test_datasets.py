import io
import struct
import zlib
from importlib import resources

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from PIL import Image

from sslreg.datasets import ImageFolder, LoadImage, NumpyImages, PackedImages, PhotoTiles
from sslreg.datasets.photo_tiles import PHOTOGRAPHS, _half
from tests import toy


def jpeg(colour=(200, 30, 90), size=(8, 6)) -> bytes:
    stream = io.BytesIO()
    Image.new('RGB', size, colour).save(stream, 'PNG')
    return stream.getvalue()


@pytest.fixture
def folder(tmp_path):
    for split in ('train', 'val'):
        for name in ('cat', 'dog'):
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(3):
                (tmp_path / split / name / f'{i}.png').write_bytes(jpeg())
    return tmp_path


def pack(path, images: list[bytes], **arrays):
    offsets = np.cumsum([0] + [len(image) for image in images])
    np.savez(path, **(dict(jpeg=np.frombuffer(b''.join(images), np.uint8), offsets=offsets) | arrays))


def test_folder_of_classes(folder):
    dataset = ImageFolder(str(folder), 'train', pipeline=[LoadImage()])
    assert len(dataset) == 6
    assert dataset.get_gt_labels().tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.metainfo['classes'] == ('cat', 'dog')
    assert dataset[4]['img'][0, 0].tolist() == [90, 30, 200]  # BGR


def test_folder_without_labels_takes_every_depth(folder):
    assert len(ImageFolder(str(folder), with_label=False)) == 12


def test_folder_problems_are_named(folder):
    with pytest.raises(FileNotFoundError, match="image folder '.*nowhere' does not exist .* --data-root"):
        ImageFolder(str(folder / 'nowhere'))
    (folder / 'empty').mkdir()
    with pytest.raises(ValueError, match="no images in folders of classes in '.*empty'"):
        ImageFolder(str(folder / 'empty'))
    with pytest.raises(ValueError, match="no images in '.*empty'; it should hold .*.jpg"):
        ImageFolder(str(folder / 'empty'), with_label=False)


def vast() -> bytes:
    """A PNG that claims to have more pixels than OpenCV takes, for which it raises an error of its own."""
    header = struct.pack('>IIBBBBB', 2**17, 2**17, 8, 2, 0, 0, 0)
    chunks = [(b'IHDR', header), (b'IDAT', zlib.compress(bytes(100))), (b'IEND', b'')]
    parts = [struct.pack('>I', len(x)) + name + x + struct.pack('>I', zlib.crc32(name + x)) for name, x in chunks]
    return b'\x89PNG\r\n\x1a\n' + b''.join(parts)


@pytest.mark.parametrize('content', [b'', b'not an image', jpeg()[:40]])
def test_unreadable_image_is_named(folder, content):
    (folder / 'train' / 'cat' / '1.png').write_bytes(content)
    dataset = ImageFolder(str(folder), 'train', pipeline=[LoadImage()])
    with pytest.raises(ValueError, match=r'image .*/train/cat/1.png \(\d+ bytes\) is broken'):
        dataset[1]


def test_unreadable_packed_image_is_named(tmp_path):
    pack(tmp_path / 'a.npz', [jpeg(), b'broken'], labels=np.array([0, 1]))
    dataset = PackedImages(str(tmp_path / 'a.npz'), pipeline=[LoadImage()])
    assert dataset[0]['img'].shape == (6, 8, 3)
    with pytest.raises(ValueError, match="image number 1 of the packed file '.*a.npz' .* is broken"):
        dataset[1]
    pack(tmp_path / 'empty.npz', [b'', jpeg()], labels=np.array([0, 1]))
    with pytest.raises(ValueError, match=r"image number 0 of the packed file '.*empty.npz' \(0 bytes\)"):
        PackedImages(str(tmp_path / 'empty.npz'), pipeline=[LoadImage()])[0]


def test_packed_images(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    pack(tmp_path / 'a.npz', [jpeg(c) for c in colours], labels=np.array([2, 0, 1]), classes=np.array(['a', 'b', 'c']))
    dataset = PackedImages('a.npz', data_root=str(tmp_path), pipeline=[LoadImage()])
    assert [dataset[i]['img'][0, 0, ::-1].tolist() for i in range(3)] == [list(c) for c in colours]
    assert dataset.get_gt_labels().tolist() == [2, 0, 1]
    assert dataset.metainfo['classes'] == ('a', 'b', 'c')
    assert len(PackedImages('a.npz', data_root=str(tmp_path), indices=2)) == 2


def test_packed_problems_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="packed images '.*none.npz' do not exist"):
        PackedImages(str(tmp_path / 'none.npz'))
    (tmp_path / 'broken.npz').write_bytes(b'PK nothing')
    with pytest.raises(ValueError, match='no readable .npz'):
        PackedImages(str(tmp_path / 'broken.npz'))
    pack(tmp_path / 'unlabelled.npz', [jpeg()])
    with pytest.raises(ValueError, match=r"lacks \['labels'\]; it holds"):
        PackedImages(str(tmp_path / 'unlabelled.npz'))
    assert len(PackedImages(str(tmp_path / 'unlabelled.npz'), with_label=False)) == 1
    pack(tmp_path / 'labels.npz', [jpeg()], labels=np.array([0, 1]))
    with pytest.raises(ValueError, match='has 1 images and 2 labels'):
        PackedImages(str(tmp_path / 'labels.npz'))
    np.savez(tmp_path / 'cut.npz', jpeg=np.zeros(5, np.uint8), offsets=np.array([0, 9]), labels=np.array([0]))
    with pytest.raises(ValueError, match='offsets run from 0 to 9, but there are 5 bytes'):
        PackedImages(str(tmp_path / 'cut.npz'))


def test_images_in_arrays_gray_and_of_colour(tmp_path):
    gray = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    rgb = np.stack([gray, gray + 100, gray + 200], axis=-1)
    np.savez(tmp_path / 'a.npz', x=gray, colour=rgb, y=np.array([1, 0]))
    for name, blue, red in (('x', gray, gray), ('colour', gray + 200, gray)):
        dataset = NumpyImages('a.npz', name, 'y', data_root=str(tmp_path), metainfo=dict(classes=['no', 'yes']))
        images = np.stack([dataset[i]['img'] for i in range(2)])
        assert images.shape == (2, 3, 4, 3)
        assert (images[..., 0] == blue).all()
        assert (images[..., 2] == red).all()
        assert dataset.get_gt_labels().tolist() == [1, 0]
        assert dataset.metainfo['classes'] == ['no', 'yes']


def test_problems_of_arrays_are_named(tmp_path):
    path = tmp_path / 'a.npz'
    np.savez(path, x=np.zeros((2, 3, 4)), flat=np.zeros((2, 12), np.uint8), good=np.zeros((2, 3, 4), np.uint8), y=[0])
    with pytest.raises(ValueError, match=r"lacks \['z'\]; it holds \['flat', 'good', 'x', 'y'\]"):
        NumpyImages(str(path), 'z', 'y')
    for name in ('x', 'flat', 'good'):
        with pytest.raises(ValueError, match=rf'{name} .* and y \[1\] must be uint8 \[N, H, W\]'):
            NumpyImages(str(path), name, 'y')


def test_real_packed_cifar10(cifar10):
    dataset = PackedImages('test.npz', data_root=str(cifar10), indices=100, pipeline=[LoadImage()])
    assert dataset[3]['img'].shape == (32, 32, 3)
    assert np.bincount(dataset.get_gt_labels()).tolist() == [10] * 10


def test_tiles_are_the_same_every_time_and_of_every_photograph():
    first, second = (PhotoTiles('train', tiles_per_class=2, tile_size=16) for _ in range(2))
    assert first.get_gt_labels().tolist() == [label for label in range(len(PHOTOGRAPHS)) for _ in range(2)]
    for i in range(len(first)):
        assert first.get_data_info(i)['img'].shape == (16, 16, 3)
        assert np.array_equal(first.get_data_info(i)['img'], second.get_data_info(i)['img'])


@pytest.mark.parametrize('name', PHOTOGRAPHS)
def test_halves_of_a_photograph_are_disjoint(name):
    package, file, axis = PHOTOGRAPHS[name]
    train, test = (_half(package, file, axis, split) for split in ('train', 'test'))
    whole = np.concatenate([train, test], axis=axis)
    with resources.files(package).joinpath(file).open('rb') as stream:
        picture = np.asarray(Image.open(stream).convert('RGB'))[..., ::-1]
    assert np.array_equal(whole, picture)
    assert min(train.shape[:2]) >= 48


def test_tiles_know_two_splits():
    with pytest.raises(ValueError, match="split='val' must be one of 'train', 'test'"):
        PhotoTiles('val')


def test_views_reach_the_model_as_a_list(tmp_path):
    with DefaultScope.overwrite_default_scope('sslreg'):
        loader = Runner.build_dataloader(toy.config(tmp_path).train_dataloader, seed=0)
    batch = next(iter(loader))
    assert [tuple(view.shape) for view in batch['inputs']] == [(8, 3, 8, 8)] * 3
    assert isinstance(batch['inputs'][0], torch.Tensor)


def test_cv2_and_pil_agree_on_what_is_loaded():
    data = jpeg((10, 20, 30))
    loaded = Compose([LoadImage()])(dict(img_bytes=data, sample_idx=0))['img']
    assert np.array_equal(loaded, cv2.cvtColor(np.asarray(Image.open(io.BytesIO(data))), cv2.COLOR_RGB2BGR))
