"""Names and checks of ``import sslreg``."""

import subprocess
import sys

import pytest

import sslreg

LIGHT = """
import sys
import sslreg
from sslreg.utils import command_line
assert not {"torch", "mmengine"} & set(sys.modules)
assert callable(sslreg.load_model)
assert "torch" in sys.modules
"""


def test_torch_is_imported_by_the_first_use():
    subprocess.run([sys.executable, '-c', LIGHT], check=True)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'sslreg' has no attribute 'load_modle'"):
        sslreg.load_modle  # noqa: B018
