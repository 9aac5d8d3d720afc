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


def test_paths_stay_below_the_root(root):
    files = dataset_root(root)
    (root.parent / 'secret').write_text('x')
    for name in ('../..', '../secret', 'images/../../secret', '/etc/hosts', '..'):
        for read in (read_bytes, file_names, lambda files, name: check_files(files, [name])):
            with pytest.raises(ValueError, match=r'leads out of .*: give a path below it'):
                read(files, name)
    assert read_bytes(files, 'images/../images/a.jpg') == b'a.jpg'
    assert file_names(files, './images') == ['a.jpg', 'b.jpg']


def test_members_of_an_archive_that_lead_out_of_it_are_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / 'data.zip', 'w') as archive:
        for name in ('images/a.jpg', 'images/../../b.jpg', '/c.jpg'):
            archive.writestr(name, name)
    files = dataset_root(tmp_path / 'data.zip')
    assert file_names(files, 'images') == ['a.jpg']
    with pytest.raises(ValueError, match='leads out'):
        read_bytes(files, 'images/../../b.jpg')


def test_hidden_files_are_not_listed(tmp_path):
    names = ('images/a.jpg', 'images/._a.jpg', 'images/.DS_Store', 'images/Thumbs.db', '__MACOSX/images/._a.jpg')
    with zipfile.ZipFile(tmp_path / 'data.zip', 'w') as archive:
        for name in names:
            archive.writestr(name, name)
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
    for files in (dataset_root(tmp_path / 'data.zip'), dataset_root(tmp_path)):
        assert file_names(files, 'images') == ['a.jpg']


def test_damage_in_an_archive_is_named(tmp_path):
    write(tmp_path / 'data.zip', 'content')
    data = (tmp_path / 'data.zip').read_bytes()
    (tmp_path / 'data.zip').write_bytes(data.replace(b'content', b'CONTENT'))
    with pytest.raises(
        ValueError, match=r"'file' in '.*data.zip/?' is damaged or encrypted .*: copy the archive again"
    ):
        read_bytes(dataset_root(tmp_path / 'data.zip'), 'file')
    (tmp_path / 'cut.zip').write_bytes(data[:-9])
    with pytest.raises(ValueError, match=r"cut.zip' is no folder and no zip archive"):
        dataset_root(tmp_path / 'cut.zip')
    (tmp_path / 'list.json').write_text('[1]')
    with pytest.raises(ValueError, match=r"'list.json' .* must be an object"):
        read_json(dataset_root(tmp_path), 'list.json', ['labels'])
