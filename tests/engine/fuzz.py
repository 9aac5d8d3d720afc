"""Mutated configs, each trained for a few steps in a process of its own.

    OMP_NUM_THREADS=1 python -m tests.engine.fuzz                      # one mutation of every key; a table of failures
    OMP_NUM_THREADS=1 python -m tests.engine.fuzz --all                # every mutation of every key
    OMP_NUM_THREADS=1 python -m tests.engine.fuzz --only 'massl model.memory' --all --show

A mutated config must either train with a setting that has an effect, or end before the first step in one sentence that
names the key and its value. ``--only`` is a regular expression of ``CONFIG KEY KIND``; ``--show`` prints every outcome.
"""

import argparse
import importlib.util
import io
import json
import logging
import os
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
CPU_LIMIT, TIME_LIMIT = 20, 120  # seconds of work, and by the clock where other programs share the cores
STEPS = 3  # a run longer than this is stopped
HUGE = 10**12

TINY = """
model.backbone.update(stem_channels=4, base_channels=4, strides=(2, 2, 2, 1))
model.neck.update(in_channels=32, hid_channels=16, out_channels=8)
model.memory.update(length=LENGTH, feat_dim=8)
"""
RUN = """
train_dataloader.update(batch_size=8, num_workers=0)
auto_scale_lr.base_batch_size = 8
val_cfg.benchmarks[0].probes[0].ks = (3,)
default_hooks.checkpoint.interval = 1
default_hooks.logger.interval = 1
default_hooks.step_times.interval = 1
"""
PACKED = """
train_dataloader.dataset.dataset.update(data_root='packed', indices=INDICES)
val_cfg.benchmarks[0].train.update(data_root='packed', indices=20)
val_dataloader.dataset.update(data_root='packed', indices=20)
test_dataloader = val_dataloader
"""

# Three configs, in the order of their names.
BASES = {
    'massl': ('massl.quickstart', TINY.replace('LENGTH', '64') + RUN + """
model.memory.num_blocks = 2
train_dataloader.dataset.dataset.tiles_per_class = 1
val_cfg.benchmarks[0].train.tiles_per_class = 1
val_dataloader.dataset.tiles_per_class = 1
test_dataloader = val_dataloader
train_cfg.max_epochs = 1
"""),
    'npid': ('npid.resnet18_cifar10_small', TINY.replace('LENGTH', '16') + RUN + PACKED.replace('INDICES', '16') + """
train_cfg.update(max_epochs=1, val_interval=1)
"""),
    'sslmem': ('sslmem.resnet9_cifar10_massl_limited_small', """
from mmengine.runner import IterBasedTrainLoop

model.neck.update(hid_channels=16, out_channels=8)
model.head.head.loss.update()
model.memory.update(length=64, feat_dim=8)
""" + RUN + PACKED.replace('INDICES', '20') + """
train_cfg = dict(type=IterBasedTrainLoop, max_iters=2, val_interval=1)
optim_wrapper.optimizer.lr.warmup = '1it'
default_hooks.checkpoint.by_epoch = False
log_processor = dict(window_size=50, by_epoch=False)
"""),
}  # fmt: skip

WRONG = {bool: "'maybe'", int: "'ten'", float: "'ten'", str: '7.5', tuple: '3', list: '3', dict: "'ten'"}
EMPTY = {str: "''", tuple: '()', list: '[]', dict: '{}'}
NUMBERS = dict(nan="float('nan')", zero='0', negative='-3', huge='HUGE')
FREE_NAMES = {('seed',), ('memory',), ('schedules',), ('step_times',)}
MUST_REFUSE = ('wrong', 'nan', 'misspelt', 'extra')


class Case(NamedTuple):
    """One mutation.

    Attributes:
        config: Name of the config in :data:`BASES`.
        path: Keys from the top of the config.
        kind: Kind of the mutation.
        line: The line at the end of the config.
        value: Text of the new value, or name of the new key.
    """

    config: str
    path: tuple[str | int, ...]
    kind: str
    line: str
    value: str

    @property
    def key(self) -> str:
        return '.'.join(map(str, self.path))

    def __str__(self) -> str:
        return f'{self.config} {self.key} {self.kind}'


class Outcome(NamedTuple):
    """How a case ended.

    Attributes:
        end: ``'trained'``, ``'refused'`` (before the first step), ``'late'`` (an error after it) or ``'hang'``.
        message: Kind and text of the error.
        trace: Traceback, for whoever mends it.
        seconds: Time that it took.
        marks: What the run did, to tell whether a setting has an effect.
    """

    end: str
    message: str = ''
    trace: str = ''
    seconds: float = 0.0
    marks: str = ''


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """Yield the keys and values of a dict or a sequence."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every path below a value, and what is there."""
    for name, item in children(value):
        yield (*path, name), item
        yield from places(item, (*path, name))


def mutations(config: str, path: tuple[str | int, ...], value: Any, parent: Any) -> Iterator[Case]:
    """Yield all mutations of one key."""
    for kind, text in _values(value):
        yield Case(config, path, kind, _assign(path, text), text)
    name = path[-1]
    if isinstance(value, Mapping):
        yield Case(config, path, 'extra', f'{_place(path)}["colour"] = 1', 'colour')
    if isinstance(name, str):
        typo = name[:-1] + name[-1] * 2 if len(name) < 4 else name[:-3] + name[-2] + name[-3] + name[-1]
        typo = typo if typo != name else name + name[-1]
        if len(path) == 1:
            yield Case(config, path, 'misspelt', f'{typo} = {name}\ndel {name}', typo)
            yield Case(config, path, 'missing', f'del {name}', name)
        else:
            where = _place(path[:-1])
            yield Case(config, path, 'misspelt', f'{where}[{typo!r}] = {where}.pop({name!r})', typo)
            yield Case(config, path, 'missing', f'{where}.pop({name!r})', name)
    elif isinstance(parent, list):
        yield Case(config, path, 'missing', f'del {_place(path)}', str(name))


def _values(value: Any) -> Iterator[tuple[str, str]]:
    kind = next((each for each in WRONG if isinstance(value, each)), None)
    yield 'wrong', '7' if isinstance(value, type) else WRONG.get(kind, "'ten'")
    if value is not None:
        yield 'none', 'None'
    if kind in EMPTY:
        yield 'empty', EMPTY[kind]
    if kind in (int, float):
        yield from (
            (name, text.replace('HUGE', str(HUGE) if kind is int else '1e30')) for name, text in NUMBERS.items()
        )


def _place(path: tuple[str | int, ...]) -> str:
    return str(path[0]) + ''.join(f'[{name!r}]' for name in path[1:])


def _assign(path: tuple[str | int, ...], text: str) -> str:
    return f'{_place(path)} = {text}'


def cases(config: str, cfg: Any, every: bool = False, seed: int = 0) -> list[Case]:
    """Return one mutation of every key, drawn by a seed, or all mutations."""
    rng = random.Random(f'{seed} {config}')
    found = []
    for path, value in places(cfg):
        parent = cfg
        for name in path[:-1]:
            parent = parent[name]
        if isinstance(parent, tuple):  # cannot be assigned to
            continue
        all_kinds = [*mutations(config, path, value, parent)]
        found += all_kinds if every else [rng.choice(all_kinds)]
    return found


def prepare(folder: Path) -> dict[str, Any]:
    """Write the configs and their data into a folder; return the loaded configs by name."""
    from mmengine.config import Config

    _write_packed(folder / 'packed')
    (folder / 'proj').symlink_to(ROOT)
    cfgs = {}
    for name, (source, text) in BASES.items():
        imports = 'from mmengine.config import read_base\n\nwith read_base():\n'
        (folder / f'{name}.py').write_text(f'{imports}    from .proj.configs.{source} import *\n{text}')
        cfgs[name] = Config.fromfile(folder / f'{name}.py').to_dict()
    return cfgs


def _write_packed(folder: Path) -> None:
    """Write 24 images of 32 px as the packed CIFAR-10 has them."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 32, 3), dtype=np.uint8)
    files = []
    for image in pixels:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, 'jpeg')
        files.append(np.frombuffer(buffer.getvalue(), np.uint8))
    offsets = np.cumsum([0, *map(len, files)])
    for split in ('train', 'test'):
        labels = np.arange(24) % 10
        np.savez(folder / f'{split}.npz', jpeg=np.concatenate(files), offsets=offsets, labels=labels)


@cache
def tool() -> ModuleType:
    """Return ``tools/train.py`` as a module."""
    spec = importlib.util.spec_from_file_location('train_tool', ROOT / 'tools' / 'train.py')
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def warm_up(folder: Path) -> None:
    """Train each config once, so that forked processes start with what it imports and compiles."""
    import mmengine.runner.runner as runner
    import torch

    import sslreg.datasets.photo_tiles as photo_tiles
    import sslreg.memorization  # noqa: F401
    from tests.warm_python import shorten

    torch.set_num_threads(1)
    tool()
    half = cache(photo_tiles._half)
    photo_tiles._half = half
    runner.collect_env = cache(runner.collect_env)
    for config in BASES:
        _train_here(folder, config)
    shorten()


def _train_here(folder: Path, config: str) -> None:
    """Train a config in this process, which then has imported and compiled all that it needs."""
    from mmengine.logging import MessageHub, MMLogger
    from mmengine.registry import DefaultScope
    from mmengine.visualization import Visualizer

    work_dir, words, here, kept = folder / 'warm', sys.argv, Path.cwd(), [os.dup(1), os.dup(2)]
    sys.argv = ['tools/train.py', f'{config}.py', '--work-dir', str(work_dir)]
    os.chdir(folder)
    with open(os.devnull, 'w') as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
        try:
            tool().main()
        finally:
            os.chdir(here)
            sys.argv = words
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
    for singleton in (MessageHub, MMLogger, DefaultScope, Visualizer):
        singleton._instance_dict.clear()
    logging.getLogger('mmengine').handlers.clear()
    shutil.rmtree(work_dir)


def run(case: Case, folder: Path) -> Outcome:
    """Train a mutated config in a forked process."""
    name = re.sub(r'\W+', '_', str(case))[:150]
    config, result, log = (folder / f'{name}{suffix}' for suffix in ('_.py', '.json', '.log'))
    begin = f'from mmengine.config import read_base\n\nwith read_base():\n    from .{case.config} import *\n'
    config.write_text(f'{begin}\n{case.line}\n' if case.line else begin)
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            _train(config, result, log, folder)
        finally:
            os._exit(70)
    ended = _wait(pid)
    seconds = time.monotonic() - start
    try:
        if not ended:
            return Outcome(
                'hang', f'no end within {CPU_LIMIT} s of work', log.read_text(errors='replace')[-2000:], seconds
            )
        if not result.exists():
            return Outcome('late', 'the process died', log.read_text(errors='replace')[-2000:], seconds)
        return Outcome(**json.loads(result.read_text()), seconds=seconds)
    finally:
        for path in (config, result, log):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / name, ignore_errors=True)


def _wait(pid: int) -> bool:
    """Wait for a process and its children, and kill them at the time limit; return whether it ended by itself."""
    poll = select.poll()
    poll.register(os.pidfd_open(pid), select.POLLIN)
    ended = bool(poll.poll(1000 * TIME_LIMIT))
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return ended and os.waitstatus_to_exitcode(status) not in (-signal.SIGXCPU, -signal.SIGKILL)


class _Enough(BaseException):
    """The run has made enough steps."""


def _train(config: Path, result: Path, log: Path, folder: Path) -> None:
    os.setpgid(0, 0)
    os.chdir(folder)
    file = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.stdout, sys.stderr = open(1, 'w', buffering=1), open(2, 'w', buffering=1)  # noqa: SIM115
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
    resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30, 12 * 2**30))  # a huge value must not take the machine's memory
    work_dir = str(folder / config.stem[:-1])
    sys.argv = ['tools/train.py', str(config), '--work-dir', work_dir]
    steps = _count_steps()
    end, message, trace = 'trained', '', ''
    try:
        tool().main()
    except _Enough:
        pass
    except SystemExit as error:
        sys.stderr.flush()
        if error.code:
            last = [line for line in log.read_text(errors='replace').splitlines() if line.strip()]
            end, message = 'late' if steps else 'refused', '\n'.join(last[-5:])
    except BaseException as error:
        end, message, trace = 'late' if steps else 'refused', f'{type(error).__name__}: {error}', traceback.format_exc()
    marks = repr((steps, _marks(work_dir))) if end == 'trained' else ''
    result.write_text(json.dumps(dict(end=end, message=message, trace=trace, marks=marks)))
    os._exit(0)


def _count_steps() -> list[float]:
    """Return a list that will hold the loss of each step; the run is ended after some."""
    from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop

    steps: list[float] = []
    for loop in (EpochBasedTrainLoop, IterBasedTrainLoop):

        def run_iter(self: Any, *args: Any, kept: Any = loop.run_iter) -> None:
            if len(steps) == STEPS:
                raise _Enough
            kept(self, *args)
            scalars = self.runner.message_hub.log_scalars
            steps.append([value.current() for name, value in sorted(scalars.items()) if 'time' not in name])

        loop.run_iter = run_iter
    return steps


def _marks(work_dir: str) -> Any:
    """Return the files of a run, and the curves beside the steps."""
    files = sorted(str(path.relative_to(work_dir)) for path in Path(work_dir).rglob('*') if path.is_file())
    return [re.sub(r'\d{8}_\d{6}', 'TIME', name) for name in files]


def problem(case: Case, outcome: Outcome) -> str | None:
    """Return what is wrong with the outcome of a case, or None."""
    if outcome.end in ('hang', 'late'):
        return outcome.end
    if outcome.end == 'trained':
        return 'nonsense' if case.kind in MUST_REFUSE and not _is_free_name(case) else None
    return None if names(case, outcome.message) else 'bare'


def _is_free_name(case: Case) -> bool:
    """Return whether a mutation renames a hook of ``default_hooks`` to which MMEngine gives no name."""
    return case.kind == 'misspelt' and case.path[0] == 'default_hooks' and case.path[1:] in FREE_NAMES


def names(case: Case, message: str) -> bool:
    """Return whether an error names the key and the value of a mutation."""
    plain = re.sub(r'\[[\'"]?(\w+)[\'"]?\]', r'.\1', message)
    words = set(re.findall(r'\w+', plain))
    named = [str(each) for each in case.path if isinstance(each, str)]
    last = {named[-1], case.value} if case.kind in ('misspelt', 'extra') else {*named[-2:]}
    return bool(last & words) and (len(named) < 2 or bool(set(named[:-1]) & words)) and _has_value(case, message)


def _has_value(case: Case, message: str) -> bool:
    """Return whether an error has the new value of a mutation in any form, if it is one of a few letters."""
    if case.kind not in ('wrong', 'none', *NUMBERS):
        return True
    if 'Schedule that reaches' in message:  # the extreme value
        return True
    if (case.kind == 'none' and ' no ' in message) or ' not exist' in message:  # "has no type"; a file is named instead
        return True
    text = case.value.strip("'")
    if case.kind == 'nan':
        return 'nan' in message
    value = float(text) if case.kind in NUMBERS else None
    forms = [text] if value is None else [text, str(value), f'{value:g}', f'{value:,.0f}', f'{abs(value):g}']
    return any(form in message for form in forms)


def table(found: list[tuple[Case, Outcome]]) -> Iterator[str]:
    """Yield the lines of a table of failures, and the counts."""
    counts: Counter[str] = Counter()
    for case, outcome in found:
        kind = problem(case, outcome)
        counts[kind or outcome.end] += 1
        if kind:
            lines = [line.strip() for line in outcome.trace.splitlines() if line.strip().startswith('File')]
            yield f'{kind:9} {case}\n          {case.line!r}\n          -> {outcome.message[:400]!r}'
            yield from (f'             {line}' for line in lines[-2:])
    yield f'{len(found)} cases, {sum(o.seconds for _, o in found) / max(len(found), 1):.2f} s each: {dict(counts)}'


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--all', action='store_true', help='every mutation of every key')
    parser.add_argument('--only', default='', help='regular expression of CONFIG KEY KIND')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--limit', type=int, help='number of cases, drawn at random')
    parser.add_argument('--show', action='store_true', help='print every outcome')
    parser.add_argument('--trace', action='store_true', help='print tracebacks')
    return parser.parse_args()


def chosen_cases(cfgs: dict[str, Any], args: argparse.Namespace) -> list[Case]:
    """Return the cases that the command line asks for."""
    found = [case for name, cfg in cfgs.items() for case in cases(name, cfg, args.all, args.seed)]
    found = [case for case in found if re.search(args.only, str(case))]
    return random.Random(args.seed).sample(found, min(args.limit, len(found))) if args.limit else found


def report(case: Case, outcome: Outcome, args: argparse.Namespace) -> None:
    """Print the outcome of a case, if it is a failure or all are to be shown."""
    if args.show:
        print(f'{outcome.end:8} {outcome.seconds:.2f} {case}: {case.line!r}\n    {outcome.message[:600]}', flush=True)
    elif problem(case, outcome):
        print(*[*table([(case, outcome)])][:-1], sep='\n', flush=True)
    if args.trace and outcome.trace:
        print(outcome.trace, flush=True)


def main() -> int:
    """Print a table of failures; return 1 if there are any."""
    args = parse_args()
    folder = Path(tempfile.mkdtemp(prefix='fuzz'))
    try:
        cfgs = prepare(folder)
        warm_up(folder)
        found = []
        for case in chosen_cases(cfgs, args):
            outcome = run(case, folder)
            found.append((case, outcome))
            report(case, outcome, args)
        print([*table(found)][-1])
    finally:
        shutil.rmtree(folder)
    return int(any(problem(*each) for each in found))


if __name__ == '__main__':
    sys.exit(main())
