"""What an encoder memorises while it is trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import Tensor

from sslreg.evaluation.model import load_model
from sslreg.models.adapters import encoder
from sslreg.models.checkpoints import check_checkpoint
from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

from . import consistency, study, unit_scores
from .layers import REPRESENTATION, Layers
from .measure import AlignmentOf, alignments, first_view, shared_out
from .scores import relative_sslmem, sslmem
from .split import Split
from .units import Rest


class _ScoreHook(Hook):
    """Logs scores every ``interval`` epochs and after the last, and writes them into a file."""

    priority = 'LOW'  # after TeacherEMAHook
    name: str

    def __init__(self, interval: int) -> None:
        if interval < 1:
            raise ValueError(f'interval={interval} must be at least 1')
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Refuse what has no epochs.

        Raises:
            ValueError: The run is iteration-based.
        """
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise ValueError(f'{type(self).__name__} scores after epochs, of which an iteration-based run has none')

    def after_train_epoch(self, runner: Runner) -> None:
        if self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner):
            model = unwrap(runner.model)
            model.eval()
            with torch.random.fork_rng(devices=[]):  # loaders draw from torch's generator
                found = self.scores(runner, encoder(model))
            model.train()
            self._tell(runner, found)

    def scores(self, runner: Runner, model: Any) -> dict[str, dict[str, Tensor]]:
        """Of each layer what is kept, of which ``'scores'`` is logged."""
        raise NotImplementedError

    def _tell(self, runner: Runner, found: dict[str, dict[str, Tensor]]) -> None:
        figures: dict[str, float] = {}
        for layer, columns in found.items():
            facts = unit_scores.described(columns['scores'])
            values = dict(mean=facts['mean']) | {f'q{100 * float(q):02.0f}': x for q, x in facts['quantiles'].items()}
            figures |= {f'{self.name}/{layer}/{key}': value for key, value in values.items()}
        for key, value in figures.items():
            runner.message_hub.update_scalar(key, value)
        means = ', '.join(f'{key} {value:.4f}' for key, value in figures.items() if key.endswith('mean'))
        runner.logger.info(f'after epoch {runner.epoch + 1}: {means}')
        if is_main_process():
            folder = Path(runner.work_dir, self.name)
            folder.mkdir(parents=True, exist_ok=True)
            arrays: dict[str, Any] = {
                f'{layer}/{column}': values.numpy()
                for layer, columns in found.items()
                for column, values in columns.items()
            }
            np.savez(folder / f'epoch_{runner.epoch + 1}.npz', **arrays)


@HOOKS.register_module()
class SSLMemHook(_ScoreHook):
    """SSLMem of the candidates while f is trained, against a reference g that never saw them (arXiv 2401.12233).

    Logged are ``sslmem/LAYER/mean`` and quantiles from ``q05`` to ``q95``. ``WORK_DIR/sslmem/epoch_N.npz`` has of each
    candidate ``LAYER/index``, ``LAYER/scores``, ``LAYER/prime`` (SSLMem'), and ``LAYER/f`` and ``LAYER/g`` (alignment).
    The views are the same each time. The training itself is not changed.

    Args:
        reference: Checkpoint of g, of the same architecture. A config beside it is checked as by the tool.
        split: File of the split.
        interval: In epochs.
        num_views: Augmentations of an image.
        layers: Patterns of :class:`sslreg.memorization.layers.Layers`.
        alignment: Settings of :class:`sslreg.memorization.measure.AlignmentOf` that are not its defaults.
        batch_size: Images at a time.
    """

    name = 'sslmem'

    def __init__(
        self,
        reference: str,
        split: str,
        interval: int = 1,
        num_views: int = 5,
        layers: Sequence[str] = (REPRESENTATION,),
        alignment: dict[str, Any] | None = None,
        batch_size: int = 128,
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
        of_g = consistency.saved_config(self.reference)
        consistency.check_training(dict(f=runner.cfg) | (dict(g=of_g) if of_g else {}), self.split)
        self.index = torch.tensor(Split.read(self.split).candidate)
        self.images = study.viewed(runner.cfg, 'candidate', self.split, self.num_views, self.by.against == 'image')
        with torch.random.fork_rng(devices=[]):
            try:
                device = str(next(runner.model.parameters()).device)
                model = load_model(runner.cfg, self.reference, device)
            except ValueError as error:
                raise ValueError(
                    f'reference={self.reference!r} is not of the architecture that is trained: {error}'
                ) from error
            self.of_g = self._alignment(model)

    def scores(self, runner: Runner, model: Any) -> dict[str, dict[str, Tensor]]:
        of_f = self._alignment(model)
        return {
            layer: dict(
                scores=sslmem(f, self.of_g[layer]),
                prime=relative_sslmem(f, self.of_g[layer]),
                f=f,
                g=self.of_g[layer],
                index=self.index,
            )
            for layer, f in of_f.items()
        }

    def _alignment(self, model: Any) -> dict[str, Tensor]:
        layers = Layers(model, self.layers)
        layers.order(first_view(self.images, model.data_preprocessor))
        loader = shared_out(self.images, self.batch_size)
        return alignments([layers], loader, model.data_preprocessor, self.by)[0]


@HOOKS.register_module()
class UnitMemHook(_ScoreHook):
    """UnitMem of the units of some layers during training (arXiv 2409.19069).

    Logged are ``unitmem/LAYER/mean`` and quantiles. ``WORK_DIR/unitmem/epoch_N.npz`` has of each unit ``LAYER/scores``
    and ``LAYER/most``, the place in the set of the image that excites it most.

    Args:
        layers: Patterns of :class:`sslreg.memorization.layers.Layers`, of layers behind a ReLU.
        split: File of a split, or None for ``part='train'`` or ``'test'``.
        part: Images, as in :func:`sslreg.memorization.study.viewed`.
        interval: In epochs.
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
        interval: int = 1,
        num_views: int = 10,
        rest: Rest = 'mean',
        batch_size: int = 128,
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
        Layers(encoder(unwrap(runner.model)), self.layers)
        self.images = study.viewed(runner.cfg, self.part, self.split, self.num_views)

    def scores(self, runner: Runner, model: Any) -> dict[str, dict[str, Tensor]]:
        found = unit_scores.of_views(model, self.layers, self.images, self.batch_size, 0, self.rest)
        return {layer: each._asdict() for layer, each in found.items()}
