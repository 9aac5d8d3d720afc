"""A study of memorisation: encoders f and g, trained by one config on a split of its images."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from sslreg.engine.config import innermost
from sslreg.registry import DATASETS, MEMORIES
from sslreg.utils.config_files import load_config

from .class_order import check_order, is_mixed_cifar
from .image_scores import ImageScores
from .image_sets import ImageSet, narrow
from .split import Split, drawn_split, ordered_split
from .training import Training

ENCODERS = ('f', 'g')


class Checkpoints(NamedTuple):
    """Paths of the checkpoints of one pair of encoders.

    Attributes:
        f: Checkpoint of the encoder that saw the candidates.
        g: Checkpoint of the encoder that did not.
    """

    f: str
    g: str


@dataclass(frozen=True)
class Study:
    """One study: its config, its split, and the folder of its trainings and results.

    Attributes:
        cfg: Config of the training on the whole training set.
        split_file: File of the split; None where only the sets ``'train'`` and ``'test'`` are used.
        folder: Folder of results and, if ``train`` made it, of the trainings ``seed0/f``, ``seed0/g`` and so on.
    """

    cfg: Config
    split_file: Path | None = None
    folder: Path | None = None

    @classmethod
    def open(cls, folder: Path, options: dict[str, Any] | None = None) -> 'Study':
        """Open the folder that ``sslmem.py train`` made.

        Args:
            folder: The folder, with ``config.py`` and ``split.json``.
            options: Values that override the config's.

        Raises:
            FileNotFoundError: The folder has no config.
        """
        path = folder / 'config.py'
        if not path.is_file():
            raise FileNotFoundError(f'{folder} is no folder of a study: make one by `python tools/sslmem.py train`')
        return cls(load_config(str(path), options), folder / 'split.json', folder)

    @cached_property
    def split(self) -> Split:
        """The split, read from its file."""
        return Split.read(self._given(self.split_file, 'split file'))

    @property
    def results(self) -> Path:
        """Folder of results.

        Raises:
            ValueError: The study has none.
        """
        return self._given(self.folder, 'folder')

    @property
    def seeds(self) -> list[int]:
        """Seeds that have a folder."""
        names = [path.name[4:] for path in self.results.glob('seed*')]
        return sorted(int(name) for name in names if name.isdigit())

    @cached_property
    def scores(self) -> ImageScores:
        """The scores that ``sslmem.py score`` wrote.

        Raises:
            FileNotFoundError: There are no scores; the message names the command that makes them.
            ValueError: The scores are of other candidates than the split.
        """
        file = self.results / 'scores.npz'
        command = f'`python tools/sslmem.py score {self.results}`'
        if not file.is_file():
            raise FileNotFoundError(f'{file} does not exist: score the study first, by {command}')
        scores = ImageScores.read(file)
        if scores.candidate_index != self.split.candidate:
            raise ValueError(f'{file} has other candidates than the split: score the study again, by {command}')
        return scores

    def images(self, name: str) -> ImageSet:
        """Return a set of images by its name."""
        return ImageSet(self.cfg, name, self.split_file)

    def on_split(self, split_file: Path) -> 'Study':
        """Return this study on another split."""
        return replace(self, split_file=split_file)

    def encoder_config(self, encoder: str, seed: int) -> Config:
        """Return the config that trains the encoder ``'f'`` or ``'g'``.

        A memory with an entry for each training image gets as many entries as the encoder sees images.
        """
        cfg, images = deepcopy(self.cfg), self.split.part(encoder)
        narrow(innermost(cfg.train_dataloader.dataset), self.split_file, encoder)
        memory = cfg.model.get('memory')
        if memory and _by_image(memory.type):
            memory.length = len(images)
        cfg.randomness = dict(cfg.get('randomness', {}), seed=seed)
        return cfg

    def training(self, encoder: str, seed: int, work_dir: Path | None = None) -> Training:
        """Return the training of an encoder, by default in the study's folder."""
        work_dir = work_dir or self.results / f'seed{seed}' / encoder
        return Training(self.encoder_config(encoder, seed), work_dir)

    def checkpoints(self, seeds: Sequence[int] | None = None) -> dict[int, Checkpoints]:
        """Return the final checkpoints of each pair by its seed, by default of all seeds.

        Raises:
            ValueError: A training is not finished, or there is none.
        """
        trainings = {seed: [self.training(name, seed) for name in ENCODERS] for seed in seeds or self.seeds}
        open_ends = [str(each.work_dir) for pair in trainings.values() for each in pair if not each.finished]
        if open_ends or not trainings:
            raise ValueError(
                f'not trained to the end: {", ".join(open_ends) or self.folder}; run `sslmem.py train` again, or '
                'choose --seeds'
            )
        return {seed: Checkpoints(*(str(each.checkpoint) for each in pair)) for seed, pair in trainings.items()}

    def make_split(self, seed: int | None = None, share: float = 0.1, in_order: bool | None = None) -> Split:
        """Split the config's training set randomly, or in the order of its images, as in the paper on CIFAR.

        Extra images are images of the test set: as many as candidates, or all if there are fewer.

        Args:
            seed: Seed of the draw (default: 0).
            share: Share of candidates, and of independent images, see :func:`ordered_split`.
            in_order: Whether to split in order; None: only CIFAR-10 and CIFAR-100, unless there is a seed.

        Raises:
            ValueError: The config has no test set, the share is out of range, or the images are sorted by class, so
                that a split in order would separate the classes.
        """
        if not self.cfg.get('test_dataloader'):
            raise ValueError('the config has no test_dataloader to take the extra images from: give a split file')
        loaders = self.cfg.train_dataloader, self.cfg.test_dataloader
        train, test = (DATASETS.build(innermost(loader.dataset)) for loader in loaders)
        images, tests = len(train), len(test)
        extra = min(round(share * images), tests)
        if in_order:
            check_order(train)
        elif in_order is None and seed is None:
            in_order = is_mixed_cifar(train)
        if in_order:
            return ordered_split(images, extra, share)
        return drawn_split(images, extra, tests, seed or 0, share)

    def _given(self, path: Path | None, name: str) -> Path:
        if path is None:
            raise ValueError(f'this study has no {name}: give one to Study')
        return path


def _by_image(kind: Any) -> bool:
    """Return whether a memory, given by its class or its name, has an entry for each image."""
    return getattr(kind if isinstance(kind, type) else MEMORIES.get(kind), 'by_image', False)
