"""torchrun that ends with the error of its processes, once, as the last line.

python -m sslreg.utils.torchrun --standalone --nproc_per_node 2 tools/train.py CONFIG --launcher pytorch
"""

import logging
import os
import signal
import sys
from typing import Any, NoReturn

from sslreg.utils import command_line, errors

USAGE = 2  # exit status of argparse, which has printed what is wrong


def run_processes() -> None:
    """Run torchrun with the arguments of the command line; exit as its processes do."""
    command_line.prepare()
    os.environ[errors.LAUNCHER] = '1'
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    if not errors.wants_traceback():
        logging.getLogger('torch.distributed.elastic.multiprocessing.api').setLevel(logging.CRITICAL)
    try:
        run.main(sys.argv[1:])
    except ChildFailedError as error:
        _fail(error.failures)
    except SignalException as error:
        _end('interrupted' if error.sigval == signal.SIGINT else f'ended by {error.sigval.name}', 128 + error.sigval)


def failed_rank(failures: dict[int, Any]) -> int:
    """Return the rank whose error to show: of those with an expected error if there are any, the first that failed.

    Others often fail because that rank is gone.

    Args:
        failures: torch's ``ProcessFailure`` by rank.
    """
    return min(failures, key=lambda each: (not _extra(failures[each]).get('expected', False), failures[each].timestamp))


def failure_text(number: int, failure: Any) -> str:
    """Return the text that shows the failure of a rank.

    Args:
        number: The rank.
        failure: torch's ``ProcessFailure``.
    """
    if text := _extra(failure).get('py_callstack'):
        return str(text)
    if failure.exitcode == USAGE:
        return ''
    how = f'by {failure.signal_name()}' if failure.exitcode < 0 else f'with exit status {failure.exitcode}'
    hint = '; if nobody ended it, the machine may have run out of memory' if failure.exitcode == -signal.SIGKILL else ''
    return f'error: the process of rank {number} (pid {failure.pid}) ended {how}{hint}'


def _fail(failures: dict[int, Any]) -> NoReturn:
    number = failed_rank(failures)
    status = failures[number].exitcode
    _end(failure_text(number, failures[number]), 128 - status if status < 0 else status)


def _extra(failure: Any) -> dict[str, Any]:
    """Return what :mod:`sslreg.utils.errors` wrote on a failure."""
    return failure.message.get('extraInfo', {}) if isinstance(failure.message, dict) else {}


def _end(text: str, status: int) -> NoReturn:
    sys.stdout.flush()
    if text:
        print(text, file=sys.stderr, flush=True)
    raise SystemExit(status)


if __name__ == '__main__':
    run_processes()
