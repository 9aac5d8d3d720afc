"""Files of a dataset, from a folder and from a zip archive alike."""

import os
import zipfile
from pathlib import Path

import pytest

from sslreg.datasets.archives import check_files, dataset_root, file_names, read_bytes, read_json


@pytest.fixture(params=['folder', 'archive', 'archive without entries of folders'])
def root(request, tmp_path) -> Path:
    folder = tmp_path / 'data'
    (folder / 'images/deep').mkdir(parents=True)
    for name in ('b.jpg', 'a.jpg', 'deep/c.jpg'):
        (folder / 'images' / name).write_bytes(name.encode())
    (folder / 'truth.json').write_text('{"labels": [1]}')
    if request.param == 'folder':
        return folder
    with zipfile.ZipFile(tmp_path / 'data.zip', 'w') as archive:
        for path in folder.rglob('*'):
            if path.is_file() or 'without' not in request.param:
                archive.write(path, path.relative_to(folder))
    return tmp_path / 'data.zip'


def test_files_of_one_folder_are_listed_sorted_and_without_those_below(root):
    assert file_names(dataset_root(root), 'images') == ['a.jpg', 'b.jpg']
    assert file_names(dataset_root(root), 'nothing') == []


def test_files_are_read(root):
    assert read_bytes(dataset_root(root), 'images/deep/c.jpg') == b'deep/c.jpg'
    assert read_json(dataset_root(root), 'truth.json', ['labels']) == dict(labels=[1])
    check_files(dataset_root(root), ['images/a.jpg', 'images/deep/c.jpg'])


def test_missing_files_are_named(root):
    with pytest.raises(FileNotFoundError, match=r"lacks 'images/d.jpg'"):
        read_bytes(dataset_root(root), 'images/d.jpg')
    with pytest.raises(FileNotFoundError, match=r"lacks 'images', and 1 more"):  # a folder is no file
        check_files(dataset_root(root), ['images/a.jpg', 'images', 'images/d.jpg'])
    with pytest.raises(ValueError, match=r"lacks \['queries'\]"):
        read_json(dataset_root(root), 'truth.json', ['labels', 'queries'])


def write(path: Path, content: str) -> None:
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('file', content)


def test_an_archive_is_opened_once_until_it_changes(tmp_path):
    path = tmp_path / 'data.zip'
    write(path, 'old')
    first = dataset_root(path)
    assert dataset_root(path).root is first.root
    write(path, 'new')
    os.utime(path, (0, 0))
    assert dataset_root(path).root is not first.root
    assert read_bytes(dataset_root(path), 'file') == b'new'
