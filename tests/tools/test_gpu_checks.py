"""The script of checks for a GPU, in its small form."""

import json
import stat

import pytest
import torch

from benchmarks import no_wait
from tests.tools.test_tools import run, succeed


@pytest.mark.slow
def test_all_checks_run_and_are_tabled(tmp_path):
    text = succeed(run('bash', 'tools/gpu_checks.sh', '--quick', tmp_path))
    table = (tmp_path / 'summary.txt').read_text()
    assert text.strip().endswith(table.strip())
    checks = {line.split()[0]: line.split()[1] for line in table.splitlines()[1:]}
    on_gpu = 'ok' if torch.cuda.is_available() else 'skipped'
    assert checks == dict(no_wait=on_gpu) | dict.fromkeys(
        ('hardware', 'tests', 'loss', 'instance', 'data', 'knn', 'step', 'quickstart'), 'ok'
    )
    for name in ('loss', 'instance', 'data', 'knn', 'step'):
        assert json.loads((tmp_path / f'{name}.json').read_text())[0]['seconds'] > 0


def test_a_failure_stops_no_other_check_and_is_the_exit_status(tmp_path):
    """The interpreter can only count GPUs and name the hardware."""
    fake = tmp_path / 'python'
    known = '*device_count*) echo 0;; *hardware*) echo x86;; *"import pytest"*) ;;'
    fake.write_text(f'#!/bin/sh\ncase "$*" in {known} *) exit 3;; esac\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    result = run('bash', 'tools/gpu_checks.sh', '--quick', tmp_path / 'out', PYTHON=str(fake))
    assert result.returncode == 1
    lines = (tmp_path / 'out' / 'summary.txt').read_text().splitlines()
    assert lines[1].split()[:2] == ['hardware', 'ok']
    assert [line.split()[1:3] for line in lines[3:]] == 7 * [['exit', '3']]


def test_the_time_for_all_is_limited(tmp_path):
    result = run('bash', 'tools/gpu_checks.sh', '--quick', tmp_path, LIMIT='0')
    assert result.returncode == 0
    lines = (tmp_path / 'summary.txt').read_text().splitlines()[1:]
    assert all('no time' in line or 'skipped' in line for line in lines)


def test_what_is_cut_off_has_not_failed(tmp_path):
    fake = tmp_path / 'python'
    fake.write_text('#!/bin/sh\ncase "$*" in *device_count*) echo 0;; *) sleep 9;; esac\n')
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    result = run('bash', 'tools/gpu_checks.sh', '--quick', tmp_path / 'out', PYTHON=str(fake), LIMIT='2')
    assert result.returncode == 0
    lines = (tmp_path / 'out' / 'summary.txt').read_text().splitlines()
    assert lines[1].split() == ['hardware', 'cut', '2']


def test_an_unknown_option_is_explained():
    result = run('bash', 'tools/gpu_checks.sh', '--fast')
    assert result.returncode == 2
    assert 'bash tools/gpu_checks.sh [--quick] [FOLDER]' in result.stdout


@pytest.mark.parametrize('name', ['queue', 'instance'])
def test_what_must_not_wait_is_a_step(name):
    step = no_wait.STEPS[name]('cpu')
    memory = next(cell.cell_contents for cell in step.__closure__ if hasattr(cell.cell_contents, 'feats'))
    before = memory.feats.clone()
    step()
    assert not memory.feats.equal(before)


def test_colours_that_must_not_wait_are_changed():
    changed = no_wait.colors('cpu')()
    assert (changed != changed.mean()).any()
    assert changed.dtype == torch.float32


@pytest.mark.skipif(torch.cuda.is_available(), reason='has a GPU')
def test_no_wait_needs_a_gpu():
    with pytest.raises(SystemExit, match='needs a GPU'):
        no_wait.main()
