"""Hooks that log what an encoder memorises during training."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor

from sslreg.arguments import PositiveInt, checked
from sslreg.evaluation.model import load_model
from sslreg.models.adapters import as_encoder
from sslreg.models.checkpoints import check_checkpoint
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap
from sslreg.utils.files import write_arrays

from .consistency import check_training, saved_configs
from .layers import REPRESENTATION, Layers
from .measure import AlignmentOf, alignments, first_view, shared_out
from .score_statistics import quantiles
from .scores import relative_sslmem, sslmem
from .study import Study
from .unit_scores import Loading, UnitScores, score_units
from .units import Rest


class _ScoreHook(Hook):
    """Hook that logs scores every ``interval`` epochs and after the last, and writes them into a file."""

    priority = 'LOW'  # after TeacherEMAHook
    name: str

    @checked
    def __init__(self, interval: PositiveInt) -> None:
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Raise an error for a run without epochs.

        Raises:
            ValueError: The run is iteration-based.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(f'{type(self).__name__} scores after epochs, but an iteration-based run has none')

    def after_train_epoch(self, runner: Runner) -> None:
        """Score, log and write."""
        if self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner):
            model = unwrap(runner.model)
            model.eval()
            with torch.random.fork_rng(devices=[]):  # loaders draw from torch's generator
                found = self.scores(runner, as_encoder(model))
            model.train()
            self._log(runner, found)
            if is_main_process():
                self._write(runner, found)

    def scores(self, runner: Runner, model: Any) -> dict[str, Any]:
        """Return the arrays of each layer; their ``scores`` are logged."""
        raise NotImplementedError

    def _log(self, runner: Runner, found: dict[str, Any]) -> None:
        figures = {
            f'{self.name}/{layer}/{key}': value
            for layer, each in found.items()
            for key, value in _figures(each.scores).items()
        }
        for key, value in figures.items():
            runner.message_hub.update_scalar(key, value)
        means = ', '.join(f'{key} {value:.4f}' for key, value in figures.items() if key.endswith('mean'))
        runner.logger.info(f'after epoch {runner.epoch + 1}: {means}')

    def _write(self, runner: Runner, found: dict[str, Any]) -> None:
        arrays: dict[str, Any] = {
            f'{layer}/{name}': values.numpy() for layer, each in found.items() for name, values in vars(each).items()
        }
        write_arrays(arrays, Path(runner.work_dir, self.name, f'epoch_{runner.epoch + 1}.npz'))


def _figures(scores: Tensor) -> dict[str, float]:
    """Return the mean and quantiles (``'q05'``) of scores."""
    return dict(mean=float(scores.mean())) | {f'q{100 * float(q):02.0f}': x for q, x in quantiles(scores).items()}


@dataclass(frozen=True)
class CandidateScores:
    """Scores of the candidates by a layer, each ``[M]``.

    Attributes:
        scores: SSLMem.
        prime: SSLMem'.
        f: Alignment by f.
        g: Alignment by g.
        index: Index in the training set.
    """

    scores: Tensor
    prime: Tensor
    f: Tensor
    g: Tensor
    index: Tensor


@HOOKS.register_module()
class SSLMemHook(_ScoreHook):
    """SSLMem of the candidates while f is trained, against a reference g that never saw them (arXiv 2401.12233).

    The hook logs ``sslmem/LAYER/mean`` and quantiles from ``q05`` to ``q95``. ``WORK_DIR/sslmem/epoch_N.npz`` has, for
    each candidate, ``LAYER/index``, ``LAYER/scores``, ``LAYER/prime`` (SSLMem'), ``LAYER/f`` and ``LAYER/g``
    (alignment). The views are the same each time. The training itself is not changed.

    Args:
        reference: Checkpoint of g, of the same architecture. A config beside it is checked as by ``sslmem.py score``.
        split: File of the split.
        interval: Epochs between two scorings.
        num_views: Augmentations of an image.
        layers: Patterns of :class:`sslreg.memorization.layers.Layers`.
        alignment: Settings of :class:`sslreg.memorization.measure.AlignmentOf` that differ from its defaults.
        batch_size: Images at a time.
    """

    name = 'sslmem'

    def __init__(
        self,
        reference: str,
        split: str,
        interval: PositiveInt = 1,
        num_views: PositiveInt = 5,
        layers: Sequence[str] = (REPRESENTATION,),
        alignment: dict[str, Any] | None = None,
        batch_size: PositiveInt = 128,
    ) -> None:
        super().__init__(interval)
        self.reference, self.split, self.num_views = reference, split, num_views
        self.layers, self.by, self.batch_size = layers, AlignmentOf(**(alignment or {})), batch_size

    def before_train(self, runner: Runner) -> None:
        """Measure the reference, once.

        Raises:
            FileNotFoundError: There is no split, or no reference.
            ValueError: The reference is of another architecture, or the split is not that of both trainings.
        """
        super().before_train(runner)
        check_checkpoint(self.reference)
        study = Study(runner.cfg, Path(self.split))
        check_training(dict(f=runner.cfg) | saved_configs(dict(g=self.reference)), study)
        self.index = torch.tensor(study.split.candidate)
        self.images = study.images('candidate').views(self.num_views, self.by.against == 'image')
        with torch.random.fork_rng(devices=[]):
            self.of_g = self._alignment(self._reference(runner))

    def _reference(self, runner: Runner) -> Any:
        try:
            device = str(next(runner.model.parameters()).device)
            return load_model(runner.cfg, self.reference, device)
        except ValueError as error:
            raise ValueError(
                f'reference={self.reference!r} is not of the architecture that is trained: {error}'
            ) from error

    def scores(self, runner: Runner, model: Any) -> dict[str, CandidateScores]:
        """Compare f with the reference."""
        pairs = ((layer, f, self.of_g[layer]) for layer, f in self._alignment(model).items())
        return {layer: CandidateScores(sslmem(f, g), relative_sslmem(f, g), f, g, self.index) for layer, f, g in pairs}

    def _alignment(self, model: Any) -> dict[str, Tensor]:
        layers = Layers(model, self.layers)
        layers.order(first_view(self.images, model.data_preprocessor))
        loader = shared_out(self.images, self.batch_size)
        return alignments([layers], loader, model.data_preprocessor, self.by)[0]


@HOOKS.register_module()
class UnitMemHook(_ScoreHook):
    """UnitMem of the units of some layers during training (arXiv 2409.19069).

    The hook logs ``unitmem/LAYER/mean`` and quantiles. ``WORK_DIR/unitmem/epoch_N.npz`` has, for each unit,
    ``LAYER/scores`` and ``LAYER/most``, the place in the set of the image that excites it most.

    Args:
        layers: Patterns of :class:`sslreg.memorization.layers.Layers`, of layers behind a ReLU.
        split: File of a split, or None for ``part='train'`` or ``'test'``.
        part: Name of the images, see :class:`sslreg.memorization.image_sets.ImageSet`.
        interval: Epochs between two scorings.
        num_views: Augmentations of an image.
        rest: ``'mean'`` or ``'median'`` of the other images.
        batch_size: Images at a time.
    """

    name = 'unitmem'

    def __init__(
        self,
        layers: Sequence[str],
        split: str | None = None,
        part: str = 'train',
        interval: PositiveInt = 1,
        num_views: PositiveInt = 10,
        rest: Rest = 'mean',
        batch_size: PositiveInt = 128,
    ) -> None:
        super().__init__(interval)
        self.layers, self.split, self.part = layers, split, part
        self.num_views, self.rest, self.batch_size = num_views, rest, batch_size

    def before_train(self, runner: Runner) -> None:
        """Find images and layers.

        Raises:
            ValueError: There is no such part, or no such layer.
        """
        super().before_train(runner)
        Layers(as_encoder(unwrap(runner.model)), self.layers)
        study = Study(runner.cfg, Path(self.split) if self.split else None)
        self.images = study.images(self.part).views(self.num_views)

    def scores(self, runner: Runner, model: Any) -> dict[str, UnitScores]:
        """Measure UnitMem."""
        return score_units(model, self.layers, self.images, Loading(self.batch_size, 0), self.rest)
