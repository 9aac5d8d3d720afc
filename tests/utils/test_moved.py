"""Old dotted names."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.utils import get_object_from_string

from sslreg.evaluation.model import build_model
from sslreg.memorization import SSLMemHook
from sslreg.registry import HOOKS
from sslreg.utils.config_files import load_config
from sslreg.utils.moved import MOVED

DUMPED = sorted((Path(__file__).parents[1] / 'dumped').glob('*.py'))  # by version 0.1.0, before anything moved
pytestmark = pytest.mark.filterwarnings('ignore::FutureWarning')


@pytest.mark.parametrize('old', MOVED)
def test_every_old_name_leads_to_the_new_place(old):
    new = get_object_from_string(MOVED[old])
    assert new is not None, MOVED[old]
    found = get_object_from_string(old)
    assert found is new or getattr(found, '__name__', None) == old


def test_a_config_imports_a_name_from_where_it_was(tmp_path):
    (tmp_path / 'a.py').write_text('from sslreg.engine import SSLMemHook\nhook = dict(type=SSLMemHook)')
    assert Config.fromfile(tmp_path / 'a.py').hook.type is SSLMemHook


def test_an_old_module_gives_what_the_new_one_has():
    old, new = import_module('sslreg.visualization'), import_module('sslreg.reports')
    assert old.line_panels is new.line_panels
    assert old.ObserverHook is import_module('sslreg.reports.training').ObserverHook
    with pytest.raises(AttributeError, match="module 'sslreg.reports' has no attribute 'line_panel'"):
        old.line_panel  # noqa: B018


def test_a_registry_finds_a_type_by_its_old_name():
    assert HOOKS.get('sslreg.engine.SSLMemHook') is SSLMemHook
    assert HOOKS.get('sslreg.engine.hooks.sslmem.SSLMemHook') is SSLMemHook


def types(cfg: Any) -> Iterator[str]:
    """Yield the names of all components in a config."""
    if isinstance(cfg, dict):
        if isinstance(cfg.get('type'), str):
            yield cfg['type']
        cfg = list(cfg.values())
    if isinstance(cfg, list | tuple):
        for each in cfg:
            yield from types(each)


@pytest.mark.parametrize('path', DUMPED, ids=lambda path: path.stem)
def test_a_dumped_config_of_before_names_what_exists(path):
    cfg = load_config(path)
    names = {name for name in types(cfg.to_dict()) if name.startswith('sslreg.')}
    assert len(names) > 15
    assert [name for name in names if get_object_from_string(name) is None] == []
    assert type(build_model(cfg)).__name__ == 'MemorySSL'


def test_the_new_place_is_told():
    with pytest.warns(FutureWarning, match='sslreg.engine.SSLMemHook is sslreg.memorization.SSLMemHook now'):
        import_module('sslreg.engine').SSLMemHook  # noqa: B018


def test_other_names_are_errors_as_before():
    with pytest.raises(AttributeError, match="module 'sslreg.engine' has no attribute 'SSLMemHok'"):
        import_module('sslreg.engine').SSLMemHok  # noqa: B018
    with pytest.raises(ModuleNotFoundError, match='sslreg.visualisation'):
        import_module('sslreg.visualisation')
