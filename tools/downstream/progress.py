"""Progress of a build of mmcv."""

import subprocess
import time
from pathlib import Path

SECONDS_PER_FILE = dict(cpp=13, cu=45)  # on one core, for the first guess; for one GPU architecture
EVERY = 30  # seconds between two messages


def files_to_compile(source: Path, device: str) -> dict[str, int]:
    """Return the number of source files by suffix."""
    root = source / 'mmcv/ops/csrc/pytorch'
    found = [*root.glob('*.cpp'), *root.glob('cpu/*.cpp')]
    if device == 'cuda':
        found += [*root.glob('cuda/*.cu'), *root.glob('cuda/*.cpp')]
    names = [path.suffix[1:] for path in found]
    return {kind: names.count(kind) for kind in SECONDS_PER_FILE}


def compiled(source: Path) -> int:
    """Return the number of compiled files."""
    return len(list((source / 'build').rglob('*.o')))


def minutes(seconds: float) -> str:
    """Return seconds as rounded minutes."""
    return f'{max(1, round(seconds / 60))} min'


def remaining(done: int, total: int, first: int, elapsed: float, guess: float) -> float:
    """Return the remaining seconds, from the pace of this run or, at its start, from the first guess.

    Args:
        done: Compiled files.
        total: All files.
        first: Files that were compiled before this run.
        elapsed: Seconds of this run.
        guess: Guessed seconds for all files.
    """
    if done - first < 5:
        return guess * (total - done) / total
    return elapsed / (done - first) * (total - done)


def follow(command: list[str], environment: dict[str, str], source: Path, device: str, jobs: int, log: Path) -> None:
    """Run the build, and print its progress.

    Args:
        command: Command of the build.
        environment: Its environment variables.
        source: Folder of the source.
        device: ``'cpu'`` or ``'cuda'``.
        jobs: Number of compilers at a time.
        log: Path of the log.

    Raises:
        SystemExit: The build fails; the message has the last errors of the log.
    """
    counts = files_to_compile(source, device)
    total, first, start = sum(counts.values()), compiled(source), time.monotonic()
    guess = sum(SECONDS_PER_FILE[kind] * count for kind, count in counts.items()) / jobs
    print(
        f'Compiling mmcv for {device}: {total - first} of {total} files, {jobs} at a time; about '
        f'{minutes(guess * (total - first) / total)} if nothing else runs. Once: the wheel is kept. Log: {log}',
        flush=True,
    )
    with log.open('w') as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        while True:
            try:
                status = process.wait(EVERY)
                break
            except subprocess.TimeoutExpired:
                done, elapsed = compiled(source), time.monotonic() - start
                left = minutes(remaining(done, total, first, elapsed, guess))
                print(f'  {done} of {total} files after {minutes(elapsed)}, about {left} to go', flush=True)
    if status:
        lines = log.read_text(errors='replace').splitlines()
        errors = [line for line in lines if 'error' in line.lower()] or lines
        raise SystemExit(
            '\n'.join([*errors[-20:], f'mmcv could not be built (exit status {status}); all of it: {log}'])
        )
