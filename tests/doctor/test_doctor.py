"""The doctor finds what is broken, and nothing that is broken stops it."""

import builtins
import dis
import os
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from sslreg.doctor import ENVIRONMENT, EnvironmentPart, examine
from sslreg.doctor.checks import CHECKS

ROOT = Path(__file__).parents[2]


def doctor(*parts: str, path: Path | None = None, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    environment = os.environ | dict(PYTHONPATH=os.pathsep.join([str(path or ''), str(ROOT)]), COLUMNS='200')
    command = [sys.executable, *python, '-m', 'sslreg.doctor', *parts]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def fake_package(folder: Path, distribution: str, module: str, code: str) -> None:
    """An installed package whose module does this when it is imported."""
    info = folder / f'{distribution.replace("-", "_")}-9.9.dist-info'
    info.mkdir(parents=True)
    (info / 'METADATA').write_text(f'Metadata-Version: 2.1\nName: {distribution}\nVersion: 9.9\n')
    (folder / f'{module}.py').write_text(code)


def test_what_works_is_said_to_work():
    done = doctor('python', 'pillow', 'packaging')
    assert done.returncode == 0, done.stderr
    assert 'All that is installed works' in done.stdout
    assert done.stdout.count(' works ') == 3


@pytest.mark.parametrize(
    'code, detail',
    [
        ("raise ImportError('undefined symbol: _ZN3c10')", 'ImportError: undefined symbol: _ZN3c10'),
        ('import os; os.abort()', 'crashed the interpreter (SIGABRT)'),
        ('import sys; sys.exit(3)', 'exit status 3'),
    ],
)
def test_a_broken_package_is_one_red_line_and_the_exit_status(tmp_path, code, detail):
    fake_package(tmp_path, 'shapely', 'shapely', code)
    done = doctor('shapely', 'packaging', path=tmp_path)
    assert done.returncode == 1
    assert detail in done.stdout
    assert '9.9' in done.stdout
    assert 'bash tools/setup_downstream.sh' in done.stdout
    assert '1 of 2 need attention: shapely' in done.stdout


def test_a_package_that_hangs_is_left_alone(monkeypatch):
    monkeypatch.setattr('sslreg.doctor.findings.LIMIT', 1)
    monkeypatch.setitem(CHECKS, 'sleepy', 'import time; time.sleep(60)')
    (finding,) = examine([EnvironmentPart('sleepy', 'nothing', 'wake it')])
    assert (finding.status, finding.detail) == ('broken', 'no answer within 1 seconds')


def test_a_wrong_result_is_broken(monkeypatch):
    """Not only what raises: an operator that is there and computes nonsense."""
    monkeypatch.setitem(CHECKS, 'sum', 'if 1 + 1 != 3: raise SystemExit("wrong sum")')
    (finding,) = examine([EnvironmentPart('sum', 'nothing', 'count again')])
    assert (finding.status, finding.detail, finding.bad) == ('broken', 'wrong sum', True)


def test_an_empty_environment_is_described_and_does_not_stop_the_doctor():
    """Without any package there is no mmcv, which sslreg cannot be imported without, and no rich."""
    done = doctor(python=('-S',))
    assert done.returncode == 1
    assert 'Traceback' not in done.stderr
    assert 'torch  missing  bash tools/setup_env.sh' in done.stdout
    assert len(done.stdout.splitlines()) >= len(ENVIRONMENT)


def test_what_may_be_missing_is_no_failure(tmp_path):
    part = EnvironmentPart('nowhere', 'an extra', 'pip install nowhere', ('no-such-distribution',))
    assert not next(examine([part])).bad
    assert next(examine([EnvironmentPart('nowhere', 'all', '', ('no-such-distribution',))])).bad


def test_an_unknown_part_names_those_there_are():
    done = doctor('tensorflow')
    assert done.returncode == 1
    assert "no part is called 'tensorflow'; there are: python, torch" in done.stderr


def test_the_doctor_imports_nothing_heavy():
    code = 'import sys; sys.orig_argv.append("sslreg.doctor"); import sslreg.doctor.__main__; print(*sys.modules)'
    loaded = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert not {'torch', 'numpy', 'mmengine', 'mmcv', 'rich', 'packaging'} & set(loaded.split())


@pytest.mark.parametrize('name', CHECKS)
def test_a_check_needs_nothing_but_its_own_source(name):
    functions = [each for each in compile(CHECKS[name], name, 'exec').co_consts if isinstance(each, CodeType)]
    used = {each.argval for code in functions for each in dis.get_instructions(code) if each.opname == 'LOAD_GLOBAL'}
    assert used <= set(dir(builtins))


def test_every_check_is_a_part_s():
    assert set(CHECKS) <= {part.name for part in ENVIRONMENT}
