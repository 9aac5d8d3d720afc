"""Detection and segmentation are tested where there is a wheel of mmcv, and where there is none skipped, not failed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = Path('tools/downstream/build_mmcv.py')


def script(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(('#!/bin/bash', *lines)) + '\n')
    path.chmod(0o755)


def run(path: Path, **environment: str) -> subprocess.CompletedProcess:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith('SSLREG_')}
    command = ['bash', str(path)]
    return subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path):
    """``repository(status)``: a repository whose setup_downstream.sh ends so, and a folder of wheels beside it."""

    def make(status: int) -> Path:
        root = tmp_path / 'repository'
        (root / '.ci').mkdir(parents=True)
        shutil.copy(ROOT / '.ci/run', root / '.ci/run')
        script(
            root / 'tools/setup_downstream.sh',
            'echo "$SSLREG_BUILD $(cd "$SSLREG_WHEELS" && pwd) $*"',
            f'exit {status}',
        )
        script(root / 'tools/run_tests.sh', 'echo tested')
        (tmp_path / 'shared/wheels').mkdir(parents=True)
        return root

    return make


@pytest.mark.parametrize('status, tested', [(0, True), (3, True), (1, False)])
def test_only_a_missing_wheel_is_passed_over(repository, tmp_path, status, tested):
    done = run(repository(status) / '.ci/run')
    assert done.stdout.splitlines()[0] == f'0 {tmp_path}/shared/wheels lite,tests'
    assert ('tested' in done.stdout, done.returncode) == (tested, 0 if tested else status)


def test_a_folder_that_keeps_wheels_is_built_into(repository, tmp_path):
    done = run(repository(3) / '.ci/run', SSLREG_WHEELS=str(tmp_path / 'shared'))
    assert done.stdout.splitlines() == [f' {tmp_path}/shared lite,tests']
    assert done.returncode == 3  # building was asked for, so that its failure is one


def test_no_wheels_no_set_up(repository, tmp_path):
    root = repository(1)
    shutil.rmtree(tmp_path / 'shared')
    done = run(root / '.ci/run')
    assert (done.stdout, done.returncode) == ('tested\n', 0)


@pytest.fixture
def environment(tmp_path) -> Path:
    """A repository with setup_downstream.sh and an environment whose Python only says what it is called with.

    Building mmcv ends with the status in the file ``status``.
    """
    (tmp_path / 'requirements').mkdir()
    (tmp_path / 'requirements/constraints.txt').touch()
    (tmp_path / BUILD).parent.mkdir(parents=True)
    (tmp_path / BUILD).touch()
    shutil.copy(ROOT / 'tools/setup_downstream.sh', tmp_path / 'tools')
    script(tmp_path / 'tools/setup_env.sh')
    (tmp_path / '.venv/bin').mkdir(parents=True)
    (tmp_path / '.venv/bin/python').symlink_to(sys.executable)
    script(
        tmp_path / '.venv-downstream/bin/python',
        f'if [ "$1" = -c ]; then echo {tmp_path}; exit; fi',  # where packages are
        f'case "$1" in *build_mmcv.py) echo built "$@"; exit $(cat {tmp_path}/status) ;; esac',
        'echo called "$@"',
    )
    return tmp_path


def test_a_set_up_without_a_wheel_ends_with_status_3_and_is_not_taken_for_done(environment):
    (environment / 'status').write_text('3')
    done = run(environment / 'tools/setup_downstream.sh')
    assert done.returncode == 3
    assert 'called' not in done.stdout  # nothing is installed
    assert not list(environment.glob('.venv-downstream/.installed-*'))


def test_a_set_up_that_is_done_is_not_done_again(environment):
    (environment / 'status').write_text('0')
    first, second = (run(environment / 'tools/setup_downstream.sh') for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert f'built {BUILD} --device' in first.stdout
    assert 'sslreg.doctor mmcv operators mmdet' in first.stdout
    assert second.stdout == ''
