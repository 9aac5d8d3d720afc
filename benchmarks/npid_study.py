"""Ablation of single-branch SSL (arXiv 2404.19289): each change to NPID, on 10,000 images of CIFAR-10.

    python -m benchmarks.npid_study [--seeds 3] [--jobs 2] [--epochs N] [--work-dir DIR]

Trains configs/npid/resnet18_cifar10_small.py without the paper's changes and then adds one after the other, with
several seeds each. Prints k-NN accuracies with their spread over seeds, and writes them to DIR/study.json and the
curves to DIR/study.png. Finished runs are not repeated.
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # before torch: its threads otherwise wait in a busy loop

import torch
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from rich.table import Table

from sslreg.reports.plots import Line, Panel, line_panels
from sslreg.utils.console import show

CONFIG = Path(__file__).parents[1] / 'configs' / 'npid' / 'resnet18_cifar10_small.py'
MEMORY = dict(_delete_=True, type='InstanceMemory', length=10_000, feat_dim=128, momentum=0.5)
RANDOM: dict[str, Any] = {'model.memory': MEMORY}
AVERAGE: dict[str, Any] = {'model.memory': dict(MEMORY, init='network')}
NO_KL: dict[str, Any] = {'model.head.losses': []}
STEPS: dict[str, dict[str, Any]] = {
    'NPID': RANDOM | NO_KL,
    '+ memory from the untrained network': AVERAGE | NO_KL,
    '+ corrected update of all entries': NO_KL,
    '+ 20 SqrtKL (single-branch SSL)': {},
}
Study = dict[str, list[dict[str, list[float]]]]  # step of the study -> seed -> k -> accuracy at every evaluation
COLOURS = ('#888888', '#0072B2', '#E69F00', '#009E73')


def build(options: dict[str, Any], seed: int, epochs: int | None, work_dir: Path) -> Config:
    """Return the config of a run."""
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(deepcopy(options))
    if epochs is not None:
        cfg.train_cfg.max_epochs = epochs
    cfg.randomness.seed = seed
    cfg.work_dir = str(work_dir)
    cfg.log_level = 'WARNING'
    cfg.default_hooks.checkpoint.interval = cfg.train_cfg.max_epochs
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.num_workers = 0  # a training takes one core
    return cfg


def curve(cfg: Config) -> dict[str, list[float]]:
    """Return the k-NN accuracy at every evaluation, by k; run the training unless its folder has the result."""
    file = Path(cfg.work_dir, 'curve.json')
    finished = json.loads(file.read_text()) if file.is_file() else {}
    if finished.get('config') != cfg.pretty_text:
        text = cfg.pretty_text
        runner = Runner.from_cfg(cfg)
        runner.train()
        scalars = runner.message_hub.log_scalars
        curves = {name: scalars[name].data[0].tolist() for name in scalars if 'knn/' in name and name.endswith('/top1')}
        finished = dict(config=text, curves=curves)
        file.write_text(json.dumps(finished))
        for singleton in (MessageHub, MMLogger, DefaultScope, Visualizer):
            singleton._instance_dict.clear()
    return finished['curves']


def spread(values: list[float]) -> str:
    """Return the mean and the sample standard deviation as text."""
    mean = f'{statistics.mean(values):.1f}'
    return f'{mean} ± {statistics.stdev(values):.1f}' if len(values) > 1 else mean


def table(study: Study, epochs: Sequence[int]) -> Table:
    """Return a table of the accuracies at the largest k."""
    result = Table('k-NN, %', *(f'epoch {epoch}' for epoch in epochs))
    for name, runs in study.items():
        curves = [list(run.values())[-1] for run in runs]
        result.add_row(name, *(spread(list(values)) for values in zip(*curves, strict=True)))
    return result


def plot(study: Study, epochs: Sequence[int], file: Path) -> None:
    """Draw the accuracies at the largest k over epochs."""
    lines = []
    for colour, (name, runs) in zip(COLOURS, study.items(), strict=True):
        curves = [list(run.values())[-1] for run in runs]
        lines += [Line(epochs, values, '', dict(color=colour, alpha=0.3, linewidth=0.8)) for values in curves]
        mean = [statistics.mean(values) for values in zip(*curves, strict=True)]
        lines.append(Line(epochs, mean, name, dict(color=colour, linewidth=2)))
    line_panels(file, [Panel(lines, 'epoch', 'k-NN accuracy, %', legend=dict(loc='lower right'))], size=(7, 4))


def run(place: int, seed: int, epochs: int | None, work_dir: Path) -> dict[str, list[float]]:
    """Run one training in a process of its own."""
    torch.set_num_threads(1)
    name, options = list(STEPS.items())[place]
    result = curve(build(options, seed, epochs, work_dir / f'{place}_seed{seed}'))
    show(f'seed {seed}, {name}: { ({k: round(values[-1], 1) for k, values in result.items()}) }')
    return result


def main() -> None:
    """Run all trainings, and report them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--jobs', type=int, default=2, help='trainings at a time, of one core each')
    parser.add_argument('--epochs', type=int, help="default: the config's")
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/npid_study'))
    args = parser.parse_args()
    if min(args.seeds, args.jobs, args.epochs or 1) < 1:
        parser.error('--seeds, --jobs and --epochs must be at least 1')
    cases = [(place, seed) for seed in range(args.seeds) for place in range(len(STEPS))]
    with ProcessPoolExecutor(args.jobs, mp_context=get_context('spawn')) as pool:
        tasks = [pool.submit(run, *case, args.epochs, args.work_dir) for case in cases]
        results = dict(zip(cases, (task.result() for task in tasks), strict=True))
    study = {name: [results[place, seed] for seed in range(args.seeds)] for place, name in enumerate(STEPS)}
    cfg = build({}, 0, args.epochs, args.work_dir)
    interval, count = cfg.train_cfg.val_interval, len(next(iter(results[0, 0].values())))
    epochs = [min(interval * (i + 1), cfg.train_cfg.max_epochs) for i in range(count)]
    (args.work_dir / 'study.json').write_text(json.dumps(dict(epochs=epochs, accuracies=study), indent=2) + '\n')
    plot(study, epochs, args.work_dir / 'study.png')
    show(table(study, epochs))


if __name__ == '__main__':
    main()
