"""The error that ends a program: one sentence, last, and a traceback only where it helps."""

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure
from torch.utils.data import DataLoader

from sslreg.engine.lengths import check_length
from sslreg.models.checkpoints import check_checkpoint
from sslreg.utils import errors, torchrun
from tests.warm_python import warm_python


def caught(call, *arguments) -> BaseException:
    try:
        call(*arguments)
    except BaseException as error:
        return error
    raise AssertionError


def shown(error, monkeypatch, capsys, **environment) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    errors.show_error(type(error), error, error.__traceback__)
    return capsys.readouterr().err


def test_an_error_of_ours_is_one_sentence(monkeypatch, capsys):
    error = caught(check_length, 'warmup', 50)
    text = shown(error, monkeypatch, capsys)
    assert text == f'error: {error}\n'
    assert shown(error, monkeypatch, capsys, SSLREG_TRACEBACK='1').startswith('Traceback (most recent call last)')


def test_a_bug_keeps_its_traceback_and_ends_with_a_sentence(monkeypatch, capsys):
    error = caught(check_length, 'warmup')  # Python's TypeError, in this file
    lines = shown(error, monkeypatch, capsys).splitlines()
    assert lines[0] == 'Traceback (most recent call last):'
    assert lines[-1].startswith('error: unexpected TypeError: check_length() missing 1 required')


def test_an_index_out_of_range_inside_sslreg_is_a_bug():
    from sslreg.utils.progress import duration

    assert not errors.is_expected(caught(duration, float('inf')))  # OverflowError of round
    assert errors.is_expected(caught(check_checkpoint, 'none.pth'))


def test_the_message_of_a_key_error_has_no_quotes():
    from sslreg.registry import MEMORIES

    error = caught(MEMORIES.build, dict(type='Quue'))
    assert errors.sentence(error).startswith('error: Quue is not in the sslreg::memory registry')
    assert errors.sentence(caught({}.__getitem__, 'x')).startswith("error: unexpected KeyError: 'x'")


class Broken:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.function(*self.arguments)


@pytest.mark.slow
def test_an_error_of_a_data_worker_is_shown_as_if_it_were_raised_here():
    error = caught(list, DataLoader(Broken(check_length, 'warmup', 50), num_workers=1))
    assert errors.is_expected(error)
    assert errors.sentence(error) == f'error: {caught(check_length, "warmup", 50)}'
    error = caught(list, DataLoader(Broken(int, 'a'), num_workers=1))
    assert not errors.is_expected(error)
    assert errors.sentence(error).startswith(
        "error: unexpected ValueError: invalid literal for int() with base 10: 'a'"
    )


def test_an_interrupt_is_one_word(monkeypatch, capsys):
    assert shown(KeyboardInterrupt(), monkeypatch, capsys) == 'interrupted\n'


def failure(tmp_path: Path, rank: int, error: BaseException | None, monkeypatch, capsys, exitcode=1) -> ProcessFailure:
    file = tmp_path / f'{rank}.json'
    if error is not None:
        environment = dict(TORCHELASTIC_ERROR_FILE=str(file), SSLREG_TORCHRUN='1')
        assert shown(error, monkeypatch, capsys, **environment) == ''  # the launcher shows it
    return ProcessFailure(rank, 17, exitcode, str(file))


def test_the_launcher_shows_the_cause_and_not_what_follows_from_it(tmp_path, monkeypatch, capsys):
    cause = caught(check_length, 'warmup', 50)
    failures = {0: failure(tmp_path, 0, caught(int, 'peer closed'), monkeypatch, capsys)}
    failures[1] = failure(tmp_path, 1, cause, monkeypatch, capsys)
    assert torchrun.failed_rank(failures) == 1
    assert torchrun.failure_text(1, failures[1]) == f'error: {cause}'
    assert torchrun.failure_text(0, failures[0]).startswith('Traceback')
    killed = failure(tmp_path, 2, None, monkeypatch, capsys, exitcode=-signal.SIGKILL)
    text = torchrun.failure_text(2, killed)
    assert text.startswith('error: the process of rank 2 (pid 17) ended by SIGKILL; if nobody ended it')
    usage = failure(tmp_path, 3, None, monkeypatch, capsys, exitcode=2)
    assert torchrun.failure_text(3, usage) == ''  # argparse has printed it


def test_plain_torchrun_gets_the_error_in_its_file_as_well(tmp_path, monkeypatch, capsys):
    file = tmp_path / 'error.json'
    text = shown(caught(check_length, 'warmup', 50), monkeypatch, capsys, TORCHELASTIC_ERROR_FILE=str(file))
    message = json.loads(file.read_text())['message']
    assert text.strip() == message['message'] == message['extraInfo']['py_callstack']


PROGRAM = """
    import sys, time
    from sslreg.utils import command_line
    command_line.prepare()
    import torch.distributed as dist
    from sslreg.engine.lengths import check_length
    dist.init_process_group('gloo')
    if sys.argv[1] == 'wait':
        print('waiting', flush=True)
        time.sleep(60)
    command_line.make_parser('').parse_args(sys.argv[2:])
    check_length('warmup', 50)
"""


def launch(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    program = tmp_path / 'program.py'
    program.write_text(textwrap.dedent(PROGRAM))
    command = [warm_python(), '-m', 'sslreg.utils.torchrun', '--standalone', '--nproc_per_node', '2', str(program)]
    environment = os.environ | dict(OMP_NUM_THREADS='1', PYTHONPATH=str(Path(__file__).parents[2]))
    return subprocess.Popen([*command, *arguments], stdout=-1, stderr=-1, text=True, env=environment)


@pytest.mark.slow
def test_two_ranks_show_an_error_once_and_last(tmp_path):
    _, err = (process := launch(tmp_path, 'fail')).communicate(timeout=120)
    assert process.returncode == 1
    assert err.strip().splitlines()[-1].startswith('error: warmup=50 must be a share of training')
    assert len(re.findall('warmup=50 must', err)) == 1
    assert 'Traceback' not in err
    _, err = (process := launch(tmp_path, 'fail', '--unknown')).communicate(timeout=120)
    assert process.returncode == 2
    assert err.count('unrecognized arguments: --unknown') == 1
    assert err.strip().splitlines()[-1].endswith('error: unrecognized arguments: --unknown')


@pytest.mark.slow
def test_an_interrupted_launcher_ends_with_one_line(tmp_path):
    process = launch(tmp_path, 'wait')
    assert process.stdout.readline().strip() == 'waiting'
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == 'interrupted'
    assert 'Traceback' not in err


def test_every_tool_shows_errors_so():
    tools = sorted(Path(__file__).parents[2].glob('tools/*.py'))
    assert tools
    for tool in tools:
        assert 'command_line.prepare()' in tool.read_text(), tool


def test_an_error_of_the_imports_is_shown_so_too():
    code = 'from sslreg.utils import command_line; command_line.prepare(); import nothing_of_this_name'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith('error: unexpected ModuleNotFoundError: No module named')


def test_an_error_of_the_system_at_a_path_is_a_sentence_without_a_traceback(tmp_path, monkeypatch, capsys):
    file = tmp_path / 'a'
    file.touch()
    text = shown(caught((file / 'b').mkdir), monkeypatch, capsys)
    assert text == f"error: '{file / 'b'}': Not a directory: name another path, or change this one\n"
    full = caught(os.write, os.open('/dev/full', os.O_WRONLY), b'a')
    text = shown(full, monkeypatch, capsys)
    assert text == 'error: No space left on device: free some, or write elsewhere\n'
    assert not errors.is_expected(caught((tmp_path / 'none').read_text))  # perhaps a path in a component: it keeps it
