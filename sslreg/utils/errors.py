"""Display of the error that ends a program: one sentence, as the last line. The module imports nothing heavy."""

import dis
import errno
import json
import os
import re
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType

TRACEBACK = 'SSLREG_TRACEBACK'  # environment variable: 1 shows the traceback of every error
LAUNCHER = 'SSLREG_TORCHRUN'  # set by sslreg.utils.torchrun, which shows the error of its processes once
# Errors of the place where a file is to be written, not of the program: permissions, folders in the way, a full disk.
PLACES = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG),
    *(errno.ENOSPC, errno.EDQUOT),
}
_WAIT = 5.0  # seconds in which rank 0 may end the other tasks of a Slurm job before they show the same error


def show_errors_plainly() -> None:
    """Show the exception that ends this program by :func:`show_error`."""
    sys.excepthook = show_error


def show_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an exception as one sentence on stderr; under ``sslreg.utils.torchrun``, write it to a file for this.

    An error that was raised on purpose (:func:`is_expected`) is shown without a traceback, unless the environment
    variable ``SSLREG_TRACEBACK`` is 1. Others, which may be bugs, keep their traceback above the sentence.
    """
    expected = is_expected(error)
    text = sentence(error)
    if not isinstance(error, KeyboardInterrupt) and (not expected or wants_traceback()):
        text = ''.join(traceback.format_exception(kind, error, trace)) + text
    file = os.environ.get('TORCHELASTIC_ERROR_FILE')
    if file:
        _write(Path(file), text, expected)
    if not (file and os.environ.get(LAUNCHER)):
        _print_once(text)
    _leave_group(error)


def wants_traceback() -> bool:
    """Return whether the user asks for the traceback of every error."""
    return os.environ.get(TRACEBACK, '0') not in ('', '0')


def is_expected(error: BaseException) -> bool:
    """Return whether a ``raise`` statement of sslreg or of its tools raised the error, in a data worker or here.

    An error of the operating system at a path, such as a full disk, is expected as well (:data:`PLACES`).

    A component of the user's own, or a library, may raise anything: such an error keeps its traceback. So does one that
    Python raises in sslreg, e.g. by a wrong index, which is a bug.
    """
    if worker := _worker_error(error):
        return worker.expected
    if isinstance(error, KeyboardInterrupt) or _is_of_place(error):
        return True
    frames = [*traceback.walk_tb(error.__traceback__)]
    if not frames:
        return False
    frame, _ = frames[-1]
    name, code = str(frame.f_globals.get('__name__', '')), frame.f_code.co_code
    ours = name.partition('.')[0] == 'sslreg' or name == '__main__'
    return ours and code[_last_instruction(error)] == dis.opmap['RAISE_VARARGS']


def sentence(error: BaseException) -> str:
    """Return the last line for an error: its message if it was raised on purpose, else also its type."""
    if isinstance(error, KeyboardInterrupt):
        return 'interrupted'
    message = message_of(error)
    if is_expected(error):
        return f'error: {message or type(error).__name__}'
    first = message.strip().partition('\n')[0]
    return f'error: unexpected {type(error).__name__}{": " * bool(first)}{first} (the traceback is above)'


def message_of(error: BaseException) -> str:
    """Return an error's message; that of KeyError without the quotes of ``repr``."""
    if worker := _worker_error(error):
        return worker.message
    if isinstance(error, OSError) and _is_of_place(error):
        return _text_of_place(error)
    if isinstance(error, KeyError) and len(error.args) == 1 and isinstance(error.args[0], str):
        return error.args[0] if ' ' in error.args[0] else repr(error.args[0])
    return str(error)


def _is_of_place(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in PLACES and len(error.args) > 1


def _text_of_place(error: OSError) -> str:
    """Return what the system says about a path, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f'{error.strerror}{f": {error.filename!r}" if error.filename else ""}: free some, or write elsewhere'
    return f'{error.filename!r}: {error.strerror}: name another path, or change this one'


class _WorkerError:
    """Error that torch carried over from a data worker as text.

    Attributes:
        message: Its message.
        expected: Whether it was raised by a ``raise`` statement of sslreg.
    """

    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        last = max(place for place, line in enumerate(lines) if line.startswith('  File "'))
        end = next((place for place in range(last + 1, len(lines)) if not lines[place].startswith('    ')), last)
        self.message = '\n'.join(lines[end:]).partition(': ')[2]
        package = str(Path(__file__).parents[1])
        source = lines[last + 1].strip() if last + 1 < len(lines) else ''
        self.expected = lines[last].startswith(f'  File "{package}') and source.startswith('raise ')


def _worker_error(error: BaseException) -> _WorkerError | None:
    text = str(error.args[0]) if error.args else ''
    if re.match(r'Caught \w+ in .+\.\nOriginal Traceback', text) and '\n  File "' in text:
        return _WorkerError(text)
    return None


def _last_instruction(error: BaseException) -> int:
    """Return the place of the instruction that raised the error in its function."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_lasti if trace is not None else 0


def _write(file: Path, text: str, expected: bool) -> None:
    """Write an error in the form that torchrun reads."""
    extra = dict(py_callstack=text, timestamp=str(int(time.time())), expected=expected)
    with suppress(OSError):
        file.write_text(json.dumps(dict(message=dict(message=text.splitlines()[-1], extraInfo=extra))))


def _print_once(text: str) -> None:
    """Print a text on stderr; in a Slurm job only on rank 0, if that fails too."""
    if 'SLURM_PROCID' in os.environ and rank() > 0:
        time.sleep(_WAIT)
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def rank() -> int:
    """Return the rank of this process as its launcher states it, 0 without one."""
    return int(os.environ.get('RANK') or os.environ.get('SLURM_PROCID') or 0)


def _leave_group(error: BaseException) -> None:
    """Exit at once where a process group is up, whose threads may abort or wait during the interpreter's teardown."""
    distributed = sys.modules.get('torch.distributed')
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(130 if isinstance(error, KeyboardInterrupt) else 1)
