import json

import pytest

from sslreg.utils.files import atomic_write, write_json


def test_what_is_interrupted_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / 'new' / 'scores.json'
    write_json(dict(a=1), path)
    with pytest.raises(KeyboardInterrupt), atomic_write(path):
        raise KeyboardInterrupt
    assert json.loads(path.read_text()) == dict(a=1)
    write_json(dict(a=2), path)
    assert json.loads(path.read_text()) == dict(a=2)
    assert [file.name for file in path.parent.iterdir()] == ['scores.json']
