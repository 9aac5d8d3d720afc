import json
import re

import pytest

from sslreg.utils.files import atomic_write, check_file, check_folder, write_json


def test_what_is_interrupted_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / 'new' / 'scores.json'
    write_json(dict(a=1), path)
    with pytest.raises(KeyboardInterrupt), atomic_write(path):
        raise KeyboardInterrupt
    assert json.loads(path.read_text()) == dict(a=1)
    write_json(dict(a=2), path)
    assert json.loads(path.read_text()) == dict(a=2)
    assert [file.name for file in path.parent.iterdir()] == ['scores.json']


def test_a_place_that_cannot_be_written_is_refused_by_its_option(tmp_path, monkeypatch):
    file = tmp_path / 'a.pth'
    file.touch()
    for folder in (file, file / 'inside'):
        with pytest.raises(NotADirectoryError, match=re.escape(f"--work-dir: '{file}' is no folder: name another one")):
            check_folder(folder, '--work-dir')
    with pytest.raises(IsADirectoryError, match=re.escape(f"--out: '{tmp_path}' is a folder: name a file in it")):
        check_file(tmp_path, '--out')
    check_file(file, '--out')
    check_file(tmp_path / 'new' / 'b.npz', '--out')
    check_folder('a relative folder that is not there', '--out')
    monkeypatch.setattr('os.access', lambda path, mode: False)
    with pytest.raises(PermissionError, match=re.escape(f"--out: nothing can be written into '{tmp_path}'")):
        check_file(tmp_path / 'new' / 'b.npz', '--out')
