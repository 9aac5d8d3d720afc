"""What each change of single-branch SSL does to NPID (arXiv 2404.19289), on 10,000 images of CIFAR-10.

    python -m benchmarks.npid_study [--seeds 3] [--epochs N] [--work-dir DIR]

Trains configs/npid/resnet18_cifar10_small.py without the paper's changes and with one after the other, with several
seeds each; prints k-NN accuracies with their spread over seeds, writes them to DIR/study.json and the curves to
DIR/study.png. A run that is finished is not run again.
"""

import argparse
import json
import os
import statistics
from copy import deepcopy
from pathlib import Path
from typing import Any

os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # before torch: its threads otherwise wait in a busy loop

from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from rich import get_console
from rich.table import Table

from sslreg.visualization.plots import Line, Panel, line_panels

CONFIG = Path(__file__).parents[1] / 'configs' / 'npid' / 'resnet18_cifar10_small.py'
RANDOM: dict[str, Any] = {'custom_hooks.1.init': 'random'}
AVERAGE = {'model.memory': dict(_delete_=True, type='InstanceMemory', length=10_000, feat_dim=128, momentum=0.5)}
NO_KL: dict[str, Any] = {'model.head.losses': []}
STEPS: dict[str, dict[str, Any]] = {
    'NPID': RANDOM | AVERAGE | NO_KL,
    '+ memory from the untrained network': AVERAGE | NO_KL,
    '+ corrected update of all entries': NO_KL,
    '+ 20 SqrtKL (single-branch SSL)': {},
}
COLOURS = ('#888888', '#0072B2', '#E69F00', '#009E73')


def build(options: dict[str, Any], seed: int, epochs: int | None, work_dir: Path) -> Config:
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(deepcopy(options))
    if epochs is not None:
        cfg.train_cfg.max_epochs = epochs
    cfg.randomness.seed = seed
    cfg.work_dir = str(work_dir)
    cfg.log_level = 'WARNING'
    cfg.default_hooks.checkpoint.interval = cfg.train_cfg.max_epochs
    return cfg


def curve(cfg: Config) -> dict[str, list[float]]:
    """k-NN accuracy after every epoch, by k; read from the folder of a run that is finished."""
    file = Path(cfg.work_dir, 'curve.json')
    if not file.is_file():
        runner = Runner.from_cfg(cfg)
        runner.train()
        scalars = runner.message_hub.log_scalars
        file.write_text(json.dumps({name: scalars[name].data[0].tolist() for name in scalars if 'knn/' in name}))
        for singleton in (MessageHub, MMLogger, DefaultScope, Visualizer):
            singleton._instance_dict.clear()
    return json.loads(file.read_text())


def spread(values: list[float]) -> str:
    """Mean and sample standard deviation."""
    mean = f'{statistics.mean(values):.1f}'
    return f'{mean} ± {statistics.stdev(values):.1f}' if len(values) > 1 else mean


def table(study: dict[str, list[dict[str, list[float]]]], shown: list[int]) -> Table:
    """Accuracies after the epochs ``shown`` at the largest k."""
    result = Table('k-NN, %', *(f'epoch {epoch}' for epoch in shown))
    for name, runs in study.items():
        values = [list(run.values())[-1] for run in runs]
        result.add_row(name, *(spread([curve[epoch - 1] for curve in values]) for epoch in shown))
    return result


def plot(study: dict[str, list[dict[str, list[float]]]], file: Path) -> None:
    lines = []
    for colour, (name, runs) in zip(COLOURS, study.items(), strict=True):
        curves = [list(run.values())[-1] for run in runs]
        epochs = range(1, len(curves[0]) + 1)
        lines += [Line(epochs, values, '', dict(color=colour, alpha=0.3, linewidth=0.8)) for values in curves]
        mean = [statistics.mean(values) for values in zip(*curves, strict=True)]
        lines.append(Line(epochs, mean, name, dict(color=colour, linewidth=2)))
    line_panels(file, [Panel(lines, 'epoch', 'k-NN accuracy, %', legend=dict(loc='lower right'))], size=(7, 4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--epochs', type=int, help="default: the config's")
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/npid_study'))
    args = parser.parse_args()
    if args.seeds < 1 or (args.epochs is not None and args.epochs < 1):
        parser.error('--seeds and --epochs must be at least 1')
    study: dict[str, list[dict[str, list[float]]]] = {name: [] for name in STEPS}
    for seed in range(args.seeds):
        for place, (name, options) in enumerate(STEPS.items()):
            cfg = build(options, seed, args.epochs, args.work_dir / f'{place}_seed{seed}')
            study[name].append(curve(cfg))
            last = {k: f'{values[-1]:.1f}' for k, values in study[name][-1].items()}
            get_console().print(f'seed {seed}, {name}: {last}')
    (args.work_dir / 'study.json').write_text(json.dumps(study, indent=2) + '\n')
    plot(study, args.work_dir / 'study.png')
    epochs = len(next(iter(study['NPID'][0].values())))
    get_console().print(table(study, sorted({1, max(1, epochs // 3), max(1, 2 * epochs // 3), epochs})))


if __name__ == '__main__':
    main()
