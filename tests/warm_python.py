"""A Python interpreter for subprocesses of tests that starts in milliseconds, with torch and sslreg imported already.

To start a tool costs some eight seconds of imports, more than most of them work. :func:`warm_python` writes an
executable that takes the place of ``python``. It hands its command line, environment and open files to a server, which
forks a process that runs them; it forwards signals to that process and ends with its exit status. Programs that start
``sys.executable`` again, such as torchrun, get warm processes as well.
"""

import atexit
import gc
import json
import multiprocessing
import multiprocessing.util
import os
import runpy
import select
import shutil
import signal
import socket
import stat
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

# Everything that the tools import; the forkserver of conftest.py has imported most of it.
PRELOAD = [
    *('matplotlib.pyplot', 'mmengine.runner', 'mmpretrain.datasets', 'sklearn.datasets', 'skimage.io', 'faiss'),
    *(f'sslreg.{name}' for name in ('datasets', 'models', 'evaluation', 'engine', 'reports', 'memorization')),
    'torch.distributed.run',
]

CLIENT = """#!{python} -SE
import array, json, os, signal, socket, sys

connection = socket.socket(socket.AF_UNIX)
connection.connect({address!r})
command = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
files = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0, 1, 2]))]
connection.sendmsg([len(command).to_bytes(8, 'little')], files)
connection.sendall(command)
pid = int.from_bytes(connection.recv(8), 'little')
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(pid, number))
status = int.from_bytes(connection.recv(8), 'little', signed=True)
if status < 0:
    signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
    os.kill(os.getpid(), -status)
os._exit(status)
"""


@cache
def warm_python() -> str:
    """Start the server, once for this process, and return the path of the executable."""
    folder = Path(tempfile.mkdtemp(prefix='warm'))
    atexit.register(shutil.rmtree, folder)
    address, client = str(folder / 'socket'), folder / 'python'
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        client.write_text(CLIENT.format(python=os.path.realpath(sys.executable), address=address))
        client.chmod(client.stat().st_mode | stat.S_IXUSR)
        server = multiprocessing.get_context('forkserver').Process(target=_serve, args=(listener, str(client)))
        server.start()
    atexit.register(server.terminate)
    return str(client)


def check_only(text: str, **_: Any) -> tuple[str, bool]:
    """Take the place of yapf: check that a config's text is Python, and leave its layout as it is."""
    compile(text, 'config', 'exec')
    return text, True


def shorten() -> None:
    """Spare this process what takes longer than to train a toy: the layout of configs, and collections of garbage.

    A Runner asks for its config's text seven times, and each dataset of MMEngine for a collection, which then passes
    over all that was imported.
    """
    import mmengine.config.config

    mmengine.config.config.FormatCode = check_only
    gc.collect()
    gc.freeze()


def _serve(listener: socket.socket, client: str) -> None:
    """Fork a process for each connection, for ever."""
    for name in PRELOAD:
        with suppress(ImportError):  # of extras
            __import__(name)
    shorten()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leave no zombies
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _supervise(connection, client)
        connection.close()


def _supervise(connection: socket.socket, client: str) -> NoReturn:
    """Run one command in a process of its own; kill it if the client dies first, else send its exit status."""
    head, files, _, _ = socket.recv_fds(connection, 8, 3)
    body = b''
    while len(body) < int.from_bytes(head, 'little'):
        body += connection.recv(2**16)
    pid = os.fork()
    if pid == 0:
        connection.close()
        _run(*json.loads(body), files, client)
    for file in files:
        os.close(file)
    connection.sendall(pid.to_bytes(8, 'little'))
    poll = select.poll()
    poll.register(os.pidfd_open(pid), select.POLLIN)
    poll.register(connection, select.POLLHUP)
    if any(event & select.POLLHUP for _, event in poll.poll()) and os.waitpid(pid, os.WNOHANG) == (0, 0):
        os.kill(pid, signal.SIGKILL)
    else:
        _, status = os.waitpid(pid, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(8, 'little', signed=True))
    os._exit(0)


def _run(words: list[str], folder: str, environment: dict[str, str], files: list[int], client: str) -> NoReturn:
    """Do what ``python WORDS`` does, in this process."""
    for place, file in enumerate(files):
        os.dup2(file, place)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, 'w', buffering=1), open(2, 'w', buffering=1)  # noqa: SIM115
    sys.executable = client
    import torch

    torch.set_num_threads(int(environment.get('OMP_NUM_THREADS', os.cpu_count() or 1)))
    code = _exit_code(words)
    threading._shutdown()
    atexit._run_exitfuncs()
    multiprocessing.util._exit_function()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _exit_code(words: list[str]) -> int:
    """Run a script, a module or a text; 1 after an exception, which ``sys.excepthook`` shows."""
    try:
        _start(words)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def _start(words: list[str]) -> None:
    while words[0] == '-u':
        words = words[1:]
    kind, *rest = words
    sys.argv = words
    paths = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path]
    sys.path[:] = [path for path in sys.path if path]
    if kind == '-c':
        sys.argv = ['-c', *rest[1:]]
        sys.path[:0] = ['', *paths]
        exec(compile(rest[0], '<string>', 'exec'), dict(__name__='__main__'))
    elif kind == '-m':
        sys.argv = rest
        sys.path[:0] = [os.getcwd(), *paths]
        runpy.run_module(rest[0], run_name='__main__', alter_sys=True)
    elif kind.startswith('-'):
        raise ValueError(f'warm_python does not know the option {kind}: use sys.executable')
    else:
        sys.path[:0] = [os.path.dirname(os.path.abspath(kind)), *paths]
        runpy.run_path(kind, run_name='__main__')
