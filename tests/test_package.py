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


@pytest.mark.parametrize('layer, below', [('datasets', set()), ('models', {'datasets'})])
def test_a_layer_loads_no_layer_above_it(layer, below):
    code = f'import sys, sslreg.{layer}; print(*(name for name in sys.modules if name.startswith("sslreg.")))'
    loaded = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True).stdout.split()
    allowed = {layer, 'arguments', 'registry', 'scheduled', 'utils', 'version'} | below
    assert {name.split('.')[1] for name in loaded} - allowed == set()
