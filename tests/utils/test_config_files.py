"""Configs as files: mistakes are one sentence with file and line."""

import pytest

from sslreg.utils.config_files import load_config

IMPORT = 'from mmengine.config import read_base\nwith read_base():\n    from .base import {}\n'


def test_missing_config_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="config 'configs/none.py' does not exist"):
        load_config('configs/none.py')
    with pytest.raises(FileNotFoundError, match='is a folder: name a file in it'):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('model = dict(\n', r"mine.py, line 1: '\(' was never closed: model = dict\("),
        ('a = 1\nlr = lrr * 2\n', "mine.py, line 2: name 'lrr' is not defined"),
        ('_base_ = "./basis.py"\n', r'mine.py, line 1: config .*basis.py does not exist; did you mean .base.py.\?'),
        (
            IMPORT.replace('base import', 'basis import').format('*'),
            'line 3: config .*did you mean .base.py',
        ),
        (IMPORT.format('modle'), r'mine.py, line 3: base has no modle; did you mean .model.\?'),
        (IMPORT.format('*') + 'model.neck.size = 3\n', "mine.py, line 4: .* no attribute 'neck'"),
        (
            '_base_ = "./base.py"\nmodel = dict(a={{_base_.nothing}})\n',
            'mine.py: there is no nothing in the base',
        ),
        ('_base_ = "./base.py"\nepochs = dict(a=1)\n', 'mine.py: .*cannot inherit from base'),
        ('_base_ = "./mine.py"\n', 'mine.py inherits from itself'),
        ('from torch import nn\nmodel = dict(type=nn())\n', 'mine.py, line 2: a config cannot call'),
        ('"""Words."""\n', 'mine.py is empty'),
        ('from .base import *\n', 'mine.py, line 1: only below `with read_base'),
        (IMPORT.replace('.base', 'configs.base').format('*'), 'line 3: no package configs.base is installed'),
        (IMPORT.replace('.base', '.old').format('*'), 'mine.py: .*old.py inherits by _base_, so use _base_ here, too'),
        ('_base_ = "./new.py"\n', 'mine.py: .*new.py imports classes, so inherit by an import'),
        ('import numpy as np\nx = np.zeros(3)\n', 'mine.py, line 2: a config cannot call what it imports'),
        ('filename = "a"\n', 'mine.py: filename is reserved'),
    ],
)
def test_a_mistake_is_named_with_file_and_line(text, message, tmp_path):
    (tmp_path / 'base.py').write_text('model = dict(type="A")\nepochs = 3\ntrain_cfg = dict(max_epochs=epochs)\n')
    (tmp_path / 'old.py').write_text('_base_ = "./base.py"\n')
    (tmp_path / 'new.py').write_text('from torch import nn\nmodel = dict(type=nn)\n')
    (tmp_path / 'mine.py').write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        load_config(tmp_path / 'mine.py')


def test_what_is_no_config_is_refused(tmp_path):
    (tmp_path / 'model.pth').write_bytes(b'PK\x03\x04\xff\xfe')
    (tmp_path / 'model.py').write_bytes(b'PK\x03\x04\xff\xfe')
    (tmp_path / 'model.json').write_text('{')
    with pytest.raises(ValueError, match=r'is no config: a config is a file that ends in .py, .json'):
        load_config(tmp_path / 'model.pth')
    with pytest.raises(ValueError, match=r'model.py is no text'):
        load_config(tmp_path / 'model.py')
    with pytest.raises(ValueError, match=r'model.json: '):
        load_config(tmp_path / 'model.json')
