"""How much an encoder memorised each image: SSLMem (arXiv 2401.12233), LayerMem and UnitMem (arXiv 2409.19069).

python tools/sslmem.py train configs/sslmem/resnet9_cifar10_massl_small.py --out work_dirs/sslmem/massl --seeds 0 1
python tools/sslmem.py score work_dirs/sslmem/massl
python tools/sslmem.py score CONFIG --f F.pth --g G.pth --split split.json --out DIR
python tools/sslmem.py units CONFIG F.pth --layers "layers\\.\\d+" --split split.json --set candidate --out DIR
bash tools/torchrun.sh 8 sslmem.py score work_dirs/sslmem/massl

train writes DIR/config.py, DIR/split.json and, for each seed, the encoders f and g in DIR/seed0/f and DIR/seed0/g;
score writes DIR/scores.npz and DIR/scores.json, units DIR/units.npz and DIR/units.json. What was interrupted goes on
by the same command.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path.cwd()))  # components of your own, named in a config
os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')  # as in tools/test.py

from mmengine.config import Config, DictAction
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmengine.registry import DefaultScope
from rich.console import Console

from sslreg.engine import launch
from sslreg.evaluation import FeatureStore
from sslreg.memorization import scoring, splits, study, tables, unit_scores
from sslreg.memorization.measure import AlignmentOf
from sslreg.memorization.scores import DISTANCES

TOOLS = Path(__file__).parent


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--launcher', choices=launch.LAUNCHERS, default='none', help='what started the processes (torchrun.sh: pytorch)'
    )
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    _add_train(commands)
    _add_score(commands)
    _add_units(commands)
    return parser.parse_args()


def _add_train(commands: Any) -> None:
    train = commands.add_parser('train', help='train f on shared and candidates, g on shared and independent images')
    train.add_argument('config', help='path of a training config')
    train.add_argument('--out', metavar='DIR', required=True, help='split, configs and work dirs go here')
    train.add_argument('--seeds', type=int, nargs='+', default=[0], metavar='N', help='a pair for each (default: 0)')
    source = train.add_mutually_exclusive_group()
    source.add_argument('--split', metavar='FILE', help='a split of your own (JSON)')
    source.add_argument(
        '--split-seed', type=int, metavar='N', help='draw the split (default: in the order of the images, as the paper)'
    )
    train.add_argument('--gpus', type=int, default=1, metavar='N', help='processes of each training (default: 1)')
    _add_options(train)


def _add_score(commands: Any) -> None:
    score = commands.add_parser('score', help='score the images of the four sets')
    score.add_argument('study', help='a folder of train, or the config that f and g were trained with')
    score.add_argument('--f', metavar='CHECKPOINT', help='with a config: trained on shared and candidates')
    score.add_argument('--g', metavar='CHECKPOINT', help='with a config: trained on shared and independent images')
    score.add_argument('--split', metavar='FILE', help='with a config: the split (JSON)')
    score.add_argument('--out', metavar='DIR', help='scores go here (default: the folder)')
    score.add_argument('--views', type=int, default=5, metavar='N', help='augmentations of an image (default: 5)')
    score.add_argument(
        '--against',
        choices=('views', 'image'),
        default='views',
        help='views with each other, or with the image',
    )
    score.add_argument('--distance', choices=DISTANCES, default='l2', help='of representations (default: l2)')
    score.add_argument('--no-normalize', action='store_true', help='leave representations at their length')
    score.add_argument(
        '--part',
        choices=('all', 'mean', 'first'),
        default='all',
        help='of maps and tokens (default: all together)',
    )
    _add_layers(score, 'representation')
    _add_device(score)


def _add_units(commands: Any) -> None:
    units = commands.add_parser('units', help='UnitMem, or ClassMem, of the units of layers')
    units.add_argument('config', help='path of the config that the checkpoint was trained with')
    units.add_argument('checkpoint', help='path of the checkpoint')
    units.add_argument('--out', metavar='DIR', required=True, help='scores go here')
    units.add_argument('--split', metavar='FILE', help='the split (JSON) that --set is of')
    units.add_argument('--set', default='train', choices=study.SETS, help='images (default: %(default)s)')
    units.add_argument('--views', type=int, default=10, metavar='N', help='augmentations of an image (default: 10)')
    units.add_argument(
        '--classes', action='store_true', help='ClassMem, of images as they are; with --set test class selectivity'
    )
    units.add_argument(
        '--rest', choices=('mean', 'median'), default='mean', help='what stands for the other images (default: mean)'
    )
    _add_layers(units, None)
    _add_device(units)


def _add_layers(parser: Any, default: str | None) -> None:
    parser.add_argument(
        '--layers',
        nargs='+',
        metavar='PATTERN',
        required=default is None,
        default=[default],
        help="regular expressions of layers' names, 'representation', or a vision transformer's 'residuals'",
    )


def _add_device(parser: Any) -> None:
    parser.add_argument('--batch-size', type=int, default=128, help='images at a time (default: 128)')
    parser.add_argument('--num-workers', type=int, default=4, help='that make views, for each process (default: 4)')
    _add_options(parser)


def _add_options(parser: Any) -> None:
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='override values of the config'
    )


def train(args: argparse.Namespace) -> None:
    out = Path(args.out)
    cfg = _study_config(args, out)
    split_file = _study_split(args, cfg, out)
    for seed in args.seeds:
        for name in study.ENCODERS:
            folder = out / f'seed{seed}' / name
            own = study.trained_on(cfg, split_file, name, seed)
            if study.is_finished(own, folder):
                Console().print(f'{folder}: finished before')
                continue
            config = folder.with_suffix('.py')
            config.parent.mkdir(parents=True, exist_ok=True)
            own.dump(config)
            start_training(config, folder, args.gpus)


def start_training(config: Path, work_dir: Path, gpus: int) -> None:
    """By the tool for it, to the end.

    Raises:
        CalledProcessError: It failed.
    """
    distributed = ['bash', str(TOOLS / 'dist_train.sh'), str(config), str(gpus)]
    command = distributed if gpus > 1 else [sys.executable, str(TOOLS / 'train.py'), str(config)]
    subprocess.run([*command, '--work-dir', str(work_dir), '--resume'], check=True)


def _study_config(args: argparse.Namespace, out: Path) -> Config:
    """The config of the study, kept in its folder."""
    cfg = launch.load_config(args.config, args.cfg_options)
    kept = out / 'config.py'
    if kept.is_file():
        if found := study.differences(Config.fromfile(kept).to_dict(), cfg.to_dict(), 'config'):
            raise ValueError(f'{out} has a study of another config, {found[0]}: choose another --out')
    else:
        out.mkdir(parents=True, exist_ok=True)
        cfg.dump(kept)
    return cfg


def _study_split(args: argparse.Namespace, cfg: Config, out: Path) -> Path:
    """The split of the study, written once."""
    path = out / 'split.json'
    wanted = splits.read(args.split) if args.split else None
    if path.is_file():
        if wanted not in (None, splits.read(path)):
            raise ValueError(f'{path} is another split than {args.split}: choose another --out')
    else:
        with DefaultScope.overwrite_default_scope('sslreg'):
            splits.write(wanted or study.make_split(cfg, args.split_seed), path)
    return path


def score(args: argparse.Namespace) -> None:
    protocol = scoring.Protocol(
        args.views, AlignmentOf(args.distance, not args.no_normalize, args.against, args.part), tuple(args.layers)
    )
    cfg, split_file, checkpoints, out = _scored(args)
    trainings = {seed: _trainings(each, split_file) for seed, each in checkpoints.items()}
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        for found in trainings.values():
            for text in scoring.warnings(cfg, found):
                print_log(text, 'current', logging.WARNING)
        with DefaultScope.overwrite_default_scope('sslreg'):
            pairs = [
                scoring.load(cfg, split_file, each, seed, protocol, get_device()) for seed, each in checkpoints.items()
            ]
            store = FeatureStore(out / 'alignment')
            scores = scoring.score(cfg, split_file, pairs, protocol, store, args.batch_size, args.num_workers)
        if is_main_process():
            scores.write(out / 'scores.npz')
            found = dict(
                scoring.about(cfg, split_file, pairs, protocol),
                checkpoints={str(seed): each for seed, each in checkpoints.items()},
                layers=scoring.summary(scores),
                layermem=scoring.layer_summary(scores),
            )
            (out / 'scores.json').write_text(json.dumps(found, indent=2) + '\n')
            for table in tables.of_scores(found):
                Console().print(table)
            Console().print(f'See {out / "scores.json"}, and {out / "scores.npz"} for each image')


def _scored(args: argparse.Namespace) -> tuple[Config, Path, dict[int, dict[str, str]], Path]:
    """The study's config, its split, checkpoints by seed, and where scores go."""
    folder = Path(args.study)
    given = [args.f, args.g, args.split]
    if not folder.is_dir():
        if None in (*given, args.out):
            raise ValueError(f'{folder} is no folder of a study: with a config, --f, --g, --split and --out are needed')
        for path in given[:2]:
            launch.check_checkpoint(path)
        cfg = launch.load_config(args.study, args.cfg_options)
        return cfg, Path(args.split), {0: dict(f=args.f, g=args.g)}, Path(args.out)
    if any(given):
        raise ValueError(f'{folder} has its own encoders and split: leave out --f, --g and --split')
    cfg = launch.load_config(str(folder / 'config.py'), args.cfg_options)
    return cfg, folder / 'split.json', _finished(cfg, folder), Path(args.out or folder)


def _finished(cfg: Config, folder: Path) -> dict[int, dict[str, str]]:
    """Final checkpoints of a study's encoders, by seed."""
    seeds = sorted(int(path.name[4:]) for path in folder.glob('seed*') if path.name[4:].isdigit())
    works = {seed: {name: folder / f'seed{seed}' / name for name in study.ENCODERS} for seed in seeds}
    open_ends = [str(work) for each in works.values() for work in each.values() if not study.is_finished(cfg, work)]
    if open_ends or not seeds:
        raise ValueError(f'not trained to the end: {", ".join(open_ends) or folder}; run `sslmem.py train` again')
    return {
        seed: {name: str(study.final_checkpoint(cfg, work)) for name, work in each.items()}
        for seed, each in works.items()
    }


def _trainings(checkpoints: dict[str, str], split_file: Path) -> dict[str, Config]:
    """Configs beside the checkpoints, which are checked."""
    found = {name: study.saved_config(path) for name, path in checkpoints.items()}
    trainings = {name: cfg for name, cfg in found.items() if cfg is not None}
    study.check_training(trainings, split_file)
    return trainings


def units(args: argparse.Namespace) -> None:
    if args.set in splits.NAMES and not args.split:
        raise ValueError(f'--set {args.set} is a part of a split: give it by --split')
    cfg = launch.load_config(args.config, args.cfg_options)
    launch.check_checkpoint(args.checkpoint)
    out = Path(args.out)
    with launch.launched(cfg, args.launcher):
        launch.start_group(cfg)
        with DefaultScope.overwrite_default_scope('sslreg'):
            model = launch.evaluated_model(cfg, args.checkpoint, get_device())
            images = unit_scores.Images(cfg, args.set, args.split, args.batch_size, args.num_workers)
            if args.classes:
                scores = unit_scores.of_classes(model, args.layers, images, args.rest)
            else:
                scores = unit_scores.of_images(model, args.layers, images, args.views, args.rest)
        if is_main_process():
            kind = 'ClassMem' if args.classes else 'UnitMem'
            settings = {name: getattr(args, name) for name in ('config', 'checkpoint', 'set', 'split', 'rest')}
            settings |= dict(measure=kind, views=0 if args.classes else args.views)
            unit_scores.write(out, scores, settings)
            Console().print(tables.of_units(kind, scores))
            Console().print(f'See {out / "units.json"}, and {out / "units.npz"} for each unit')


def main() -> None:
    args = parse_args()
    dict(train=train, score=score, units=units)[args.command](args)


if __name__ == '__main__':
    main()
