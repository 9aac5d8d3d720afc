"""Configs as files."""

import pytest

from sslreg.utils.config_files import load_config


def test_missing_config_is_named():
    with pytest.raises(FileNotFoundError, match="config 'configs/none.py' does not exist"):
        load_config('configs/none.py')
