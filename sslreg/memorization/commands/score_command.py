"""``score``: SSLMem of the images of a split."""

import logging
from argparse import Namespace
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from mmengine.registry import DefaultScope

from sslreg.engine import launch
from sslreg.evaluation import FeatureStore
from sslreg.memorization.consistency import check_training, saved_configs, warn_augmentations
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.layers import POOLINGS
from sslreg.memorization.measure import AGAINST, AlignmentOf
from sslreg.memorization.score_settings import Protocol, ScoreSettings
from sslreg.memorization.score_statistics import to_json
from sslreg.memorization.scoring import load_pair, score_images
from sslreg.memorization.study import Checkpoints, Study
from sslreg.memorization.summary import summarize, summarize_layermem
from sslreg.memorization.terminal_tables import score_tables
from sslreg.models.checkpoints import check_checkpoint
from sslreg.models.ops.alignment import DISTANCES
from sslreg.utils.config_files import load_config
from sslreg.utils.console import show
from sslreg.utils.files import write_json

from .options import add_device, add_layers


def add_score(commands: Any) -> None:
    """Add the command to the parser."""
    score = commands.add_parser('score', help='score the images of the four sets')
    score.add_argument('study', help='folder that `train` wrote, or the config that f and g were trained with')
    score.add_argument('--f', metavar='CHECKPOINT', help='with a config: f, trained on shared and candidate images')
    score.add_argument('--g', metavar='CHECKPOINT', help='with a config: g, trained on shared and independent images')
    score.add_argument('--split', metavar='FILE', help='with a config: the split (JSON)')
    score.add_argument('--out', metavar='DIR', help='folder for the scores (default: the folder of the study)')
    score.add_argument(
        '--seeds', type=int, nargs='+', metavar='N', help='with a folder: seeds of the pairs to score (default: all)'
    )
    score.add_argument('--views', type=int, default=5, metavar='N', help='augmentations of an image (default: 5)')
    score.add_argument(
        '--against',
        choices=AGAINST,
        default='views',
        help='partner of a view: other views, or the image without augmentation',
    )
    score.add_argument('--distance', choices=DISTANCES, default='l2', help='distance of representations (default: l2)')
    score.add_argument('--no-normalize', action='store_true', help='do not scale representations to unit length')
    score.add_argument(
        '--part',
        choices=POOLINGS,
        default='all',
        help='how maps or tokens become one vector: all values, their mean, or the first token (default: all)',
    )
    add_layers(score, 'representation')
    add_device(score)
    score.set_defaults(run=run_score)


def run_score(args: Namespace) -> None:
    """Score the images of a study, and print the summary."""
    by = AlignmentOf(args.distance, not args.no_normalize, args.against, args.part)
    protocol = Protocol(args.views, by, tuple(args.layers))
    study, checkpoints = _pair_of_files(args) if not Path(args.study).is_dir() else _pairs_of_folder(args)
    out = Path(args.out or args.study)
    trainings = {seed: _checked_trainings(study, pair) for seed, pair in checkpoints.items()}
    with launch.launched(study.cfg, args.launcher):
        launch.start_group(study.cfg)
        for found in trainings.values():
            for text in warn_augmentations(found, study):
                print_log(text, 'current', logging.WARNING)
        with DefaultScope.overwrite_default_scope('sslreg'):
            pairs = [load_pair(study, each, seed, protocol, get_device()) for seed, each in checkpoints.items()]
            store = FeatureStore(out / 'alignment')
            scores = score_images(study, pairs, protocol, store, args.batch_size, args.num_workers)
        if is_main_process():
            _write_scores(out, scores, ScoreSettings.of(study, [pair.hashes for pair in pairs], protocol), checkpoints)


def _pair_of_files(args: Namespace) -> tuple[Study, dict[int, Checkpoints]]:
    """Return the study of a config, a split and two checkpoints."""
    if None in (args.f, args.g, args.split, args.out):
        raise ValueError(
            f'{args.study} is no folder of a study: make one by `python tools/sslmem.py train`; or give a config with '
            '--f, --g, --split and --out'
        )
    if args.seeds:
        raise ValueError(f'--seeds {args.seeds} chooses pairs of a folder: leave it out with --f and --g')
    for path in (args.f, args.g):
        check_checkpoint(path)
    cfg = load_config(args.study, args.cfg_options)
    return Study(cfg, Path(args.split), Path(args.out)), {0: Checkpoints(args.f, args.g)}


def _pairs_of_folder(args: Namespace) -> tuple[Study, dict[int, Checkpoints]]:
    """Return the study in a folder, and its final checkpoints by seed."""
    if any((args.f, args.g, args.split)):
        raise ValueError(f'{args.study} has its own encoders and split: leave out --f, --g and --split')
    study = Study.open(Path(args.study), args.cfg_options)
    return study, study.checkpoints(args.seeds)


def _checked_trainings(study: Study, checkpoints: Checkpoints) -> dict[str, Config]:
    """Return the configs beside the checkpoints, checked against the study."""
    trainings = saved_configs(checkpoints._asdict())
    check_training(trainings, study)
    return trainings


def _write_scores(out: Path, scores: ImageScores, settings: ScoreSettings, checkpoints: dict[int, Checkpoints]) -> None:
    """Write ``scores.npz`` and ``scores.json``, and print tables."""
    scores.write(out / 'scores.npz')
    layers, layermem = summarize(scores), summarize_layermem(scores)
    found = to_json(settings) | dict(
        checkpoints={str(seed): each._asdict() for seed, each in checkpoints.items()},
        layers={name: to_json(each) for name, each in layers.items()},
        layermem={name: to_json(each) for name, each in layermem.items()},
    )
    write_json(found, out / 'scores.json')
    for table in score_tables(layers, layermem):
        show(table)
    show(f'See {out / "scores.json"}, and {out / "scores.npz"} for each image')
