"""Clips in the layout of DAVIS, from folders and archives."""

import io
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.datasets import PackInputs
from PIL import Image

from sslreg.datasets import DavisClip, LoadImage, ResizeFrame, sample_indices
from sslreg.datasets.davis_clips import clip_names, davis_root, frame_size

LABELS = np.array([[0, 0, 1, 1], [0, 2, 2, 1]], dtype=np.uint8).repeat(30, 0).repeat(30, 1)  # 60 x 120


def write_clip(root: Path, name: str, labels: list[np.ndarray], palette: bool) -> None:
    """Frame i is of colour (10 i, 0, 200)."""
    frames, masks = (root / folder / '480p' / name for folder in ('JPEGImages', 'Annotations'))
    for folder in (frames, masks):
        folder.mkdir(parents=True)
    for i, label in enumerate(labels):
        Image.new('RGB', label.shape[::-1], (10 * i, 0, 200)).save(frames / f'{i:05}.jpg')
        mask = Image.fromarray(label)
        if palette:
            mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [90] * 3 * 253)  # first colours of DAVIS 2017
        mask.save(masks / f'{i:05}.png')


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / 'DAVIS'
    write_clip(root, 'two', [LABELS] * 3, palette=True)
    write_clip(root, 'white', [(LABELS > 0).astype(np.uint8) * 255] * 2, palette=False)
    (root / 'val.txt').write_text('two\nwhite\n')
    return root


@pytest.fixture(params=['folder', 'above', 'zip', 'zip with DAVIS/'])
def data_root(request, folder):
    if request.param == 'folder':
        return str(folder)
    if request.param == 'above':
        return str(folder.parent)
    outer = folder.parent if 'with' in request.param else folder
    return shutil.make_archive(str(folder.parent.parent / f'{folder.parent.name}-zip'), 'zip', outer)


def test_frames_and_masks(data_root):
    clip = DavisClip(data_root, 'two', pipeline=[LoadImage(), PackInputs()])
    blue_green_red = [item['inputs'][:, 5, 5].tolist() for item in clip]
    assert np.abs(np.array(blue_green_red) - [[200, 0, 0], [200, 0, 10], [200, 0, 20]]).max() <= 3  # JPEG
    assert sample_indices([item['data_samples'] for item in clip]).tolist() == [0, 1, 2]
    assert (pickle.loads(pickle.dumps(clip)).masks() == LABELS).all()
    assert clip_names(data_root, 'val.txt') == ['two', 'white']


def test_white_is_an_object_and_in_label_maps_none(folder):
    assert (DavisClip(str(folder), 'white').masks() == (LABELS > 0)).all()
    write_clip(folder, 'void', [np.where(LABELS == 2, 255, LABELS)], palette=True)
    assert (DavisClip(str(folder), 'void').masks() == np.where(LABELS == 2, 0, LABELS)).all()


def test_a_first_mask_without_objects_is_an_error(folder):
    write_clip(folder, 'late', [LABELS * 0, LABELS, LABELS], palette=True)
    with pytest.raises(ValueError, match=r'00000.png: the first mask has no object to follow; begin the clip where'):
        DavisClip(str(folder), 'late').masks()


@pytest.mark.parametrize('labels', [{0, 38, 75}, {0, 128}, {1, 2}, {0, 7, 254}])
def test_labels_keep_their_numbers(folder, labels):
    label_map = np.array(sorted(labels), dtype=np.uint8)[LABELS % len(labels)]
    write_clip(folder, 'grey', [label_map] * 3, palette=False)
    assert (DavisClip(str(folder), 'grey').masks() == label_map).all()


def test_unlabelled_pixels_are_background_where_all_others_are_an_object(folder):
    """Of 1 and 255 white is no object."""
    write_clip(folder, 'full', [np.where(LABELS == 2, 255, 1).astype(np.uint8)] * 3, palette=True)
    assert (DavisClip(str(folder), 'full').masks() == np.where(LABELS == 2, 0, 1)).all()


def test_masks_with_soft_edges_are_refused(folder):
    soft = np.tile(np.arange(120, dtype=np.uint8) * 2, (60, 1))
    write_clip(folder, 'soft', [soft] * 3, palette=False)
    with pytest.raises(ValueError, match='00000.png has 119 labels, more than 100.*without interpolation'):
        DavisClip(str(folder), 'soft').masks()


def test_what_is_wrong_with_a_package(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match='no frames.*three'):
        DavisClip(str(folder), 'three')
    with pytest.raises(FileNotFoundError, match="lacks 'test.txt'"):
        clip_names(str(folder), 'test.txt')
    with pytest.raises(FileNotFoundError, match='DAVIS/JPEGImages'):
        davis_root(str(folder / 'JPEGImages'))
    with pytest.raises(FileNotFoundError, match='no folder or zip archive .*elsewhere'):
        davis_root(str(tmp_path / 'elsewhere'))
    (folder / 'val.txt').write_text('\n')
    with pytest.raises(ValueError, match='empty'):
        clip_names(str(folder), 'val.txt')


def test_what_is_wrong_with_masks(folder):
    clip = DavisClip(str(folder), 'two')
    file = folder / 'Annotations' / '480p' / 'two' / '00001.png'
    Image.new('RGB', (120, 60), (128, 0, 0)).save(file)
    with pytest.raises(ValueError, match='00001.png is a colour image'):
        clip.masks()
    file.unlink()
    with pytest.raises(FileNotFoundError, match='1 of 3 frames have no mask.*00001.png'):
        clip.masks()
    write_clip(folder, 'nothing', [LABELS * 0], palette=True)
    with pytest.raises(ValueError, match='no object to follow'):
        DavisClip(str(folder), 'nothing').masks()


@pytest.mark.parametrize(
    'size, expected',
    [((480, 854), (480, 832)), ((480, 910), (480, 896)), ((854, 480), (832, 480)), ((100, 100), (480, 448))],
)
def test_frame_size_of_the_protocol(size, expected):
    assert frame_size(*size, short=480, multiple=64) == expected


def test_frames_are_resized_for_patches(folder):
    clip = DavisClip(str(folder), 'two', pipeline=[LoadImage(), ResizeFrame(short=28, multiple=14), PackInputs()])
    assert clip[0]['inputs'].shape == (3, 28, 56)
    assert clip[0]['inputs'].dtype == torch.uint8
    with pytest.raises(ValueError, match='multiple=64'):
        ResizeFrame(short=32)


def test_masks_of_one_bit(folder):
    """Some tools save masks in this form."""
    file = folder / 'Annotations' / '480p' / 'white' / '00000.png'
    buffer = io.BytesIO()
    Image.fromarray(LABELS > 0).save(buffer, 'PNG')
    file.write_bytes(buffer.getvalue())
    assert (DavisClip(str(folder), 'white').masks()[0] == (LABELS > 0)).all()
