"""Faults of packed images: each is one sentence with the file, and none advises to read Python objects."""

import numpy as np
import pytest

from sslreg.datasets import NumpyImages, PackedImages
from sslreg.datasets.labels import check_labels
from tests.datasets.test_datasets import jpeg

ONE = np.frombuffer(jpeg(), np.uint8)
GOOD = dict(jpeg=np.concatenate([ONE] * 3), offsets=np.arange(4) * len(ONE), labels=np.array([0, 1, 1]))


def packed(folder, **arrays):
    np.savez(folder / 'a.npz', **GOOD | arrays)
    return PackedImages('a.npz', data_root=str(folder))


@pytest.mark.parametrize(
    'arrays, message',
    [
        (dict(labels=np.array([0, -1, -1])), r'labels: image 1 has the label -1, and 1 more are out of range: .*False'),
        (
            dict(labels=np.array(['cat', 'dog', 'dog'])),
            r"labels holds <U3 such as 'cat': labels must be integers from 0",
        ),
        (dict(labels=np.array([0.0, 1.0, 1.0])), r'labels holds float64 such as 0.0: .* labels.astype\(int\)'),
        (dict(labels=np.array([[0], [1], [1]])), r'labels has the shape \[3, 1\]'),
        (dict(labels=np.array([0, 1, 2**40])), r'image 2 has the label 1099511627776'),
        (dict(labels=np.array([0, 'a', None], object)), r"labels of '.*a.npz' holds Python objects: .* dtype=np.int64"),
        (dict(offsets=GOOD['offsets'].astype(float)), r'offsets are float64 \[4\], but must be integers'),
        (dict(offsets=np.array([], int)), r'offsets are int64 \[0\]'),
        (dict(offsets=np.array([0])), r'offsets are int64 \[1\], .* at least one'),
        (dict(offsets=GOOD['offsets'][[0, 2, 1, 3]]), r'offsets fall from \d+ to \d+ at image 1'),
        (dict(jpeg=GOOD['jpeg'].astype(int)), r'jpeg is int64 .* must hold bytes'),
        (dict(classes=np.array(['cat'])), r'image 1 has the label 1, .*must be from 0 to 0'),
    ],
)
def test_faults_of_arrays_are_named(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message) as error:
        packed(tmp_path, **arrays)
    assert 'a.npz' in str(error.value)
    assert 'pickle' not in str(error.value)


def test_what_is_no_archive_is_named(tmp_path):
    np.savez(tmp_path / 'whole.npz', **GOOD)
    whole = (tmp_path / 'whole.npz').read_bytes()
    np.save(tmp_path / 'array.npy', np.arange(3))
    np.save(tmp_path / 'objects.npy', np.array([None]))
    contents = [
        b'',
        b'text',
        whole[:-30],
        (tmp_path / 'array.npy').read_bytes(),
        (tmp_path / 'objects.npy').read_bytes(),
    ]
    for content in contents:
        (tmp_path / 'a.npz').write_bytes(content)
        with pytest.raises(ValueError, match=r"a.npz' is no readable .npz archive: it is another kind") as error:
            PackedImages('a.npz', data_root=str(tmp_path))
        assert 'pickle' not in str(error.value)
    (tmp_path / 'a.npz').write_bytes(whole.replace(ONE.tobytes(), bytes(len(ONE)), 1))
    with pytest.raises(ValueError, match=r"jpeg of '.*a.npz' cannot be read, the file is damaged"):
        PackedImages('a.npz', data_root=str(tmp_path))


def test_whole_labels_of_any_integer_type_are_taken(tmp_path):
    for dtype in (np.uint8, np.int64, bool):
        assert packed(tmp_path, labels=GOOD['labels'].astype(dtype)).get_gt_labels().tolist() == [0, 1, 1]
    assert check_labels(np.array([0, 5]), 'file') == [0, 5]


def test_labels_are_not_needed_without_them(tmp_path):
    np.savez(tmp_path / 'a.npz', **GOOD | dict(labels=np.array([-1, -1, 0])))
    assert len(PackedImages('a.npz', data_root=str(tmp_path), with_label=False)) == 3


def test_names_of_classes_in_another_order_are_refused(tmp_path):
    np.savez(tmp_path / 'a.npz', **GOOD, classes=np.array(['cat', 'dog']))
    for classes in (['dog', 'cat'], ['cat', 'dog', 'owl']):
        with pytest.raises(ValueError, match=r'a.npz: its 2 classes cat, dog.* are not the . of metainfo'):
            PackedImages('a.npz', data_root=str(tmp_path), metainfo=dict(classes=classes))
    named = PackedImages('a.npz', data_root=str(tmp_path), metainfo=dict(classes=['Katze', 'Hund']))
    assert named.metainfo['classes'] == ['Katze', 'Hund']


def test_labels_of_images_in_arrays_are_checked(tmp_path):
    np.savez(
        tmp_path / 'a.npz', x=np.zeros((2, 3, 4), np.uint8), y=np.array([0, -1]), none=np.zeros((0, 3, 4), np.uint8)
    )
    with pytest.raises(ValueError, match=r'a.npz: y: image 1 has the label -1'):
        NumpyImages('a.npz', 'x', 'y', data_root=str(tmp_path))
    with pytest.raises(ValueError, match=r'none uint8 \[0, 3, 4\]'):
        NumpyImages('a.npz', 'none', 'y', data_root=str(tmp_path))


def test_the_home_folder_is_that_of_a_shell(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    packed(tmp_path)
    assert len(PackedImages('a.npz', data_root='~')) == 3
    assert len(PackedImages('~/a.npz')) == 3
