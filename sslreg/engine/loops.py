"""Validation and test by a probe on frozen features."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from mmengine.dist import broadcast, get_rank, get_world_size
from mmengine.runner import Runner, TestLoop, ValLoop
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sslreg.datasets.classes import check_classes
from sslreg.engine.sharded import gathered_for_evaluation
from sslreg.evaluation.features.collect import collect
from sslreg.evaluation.probes import BaseProbe
from sslreg.models.adapters import as_encoder
from sslreg.registry import LOOPS, PROBES
from sslreg.utils.dist import unwrap

ROWS = 8192  # of queries at a time: each rank has the scores of all of them


class Probed(NamedTuple):
    """Features of the bank ``[N, C]`` and of the queries ``[M, C]``, and a probe's metrics on them."""

    bank: Tensor
    queries: Tensor
    metrics: dict[str, float]


class ProbeLoop:
    """What both loops share: fit a probe to the features of one dataset (the bank) and score it on another.

    Args:
        runner: The runner.
        dataloader: Of the images to classify.
        evaluator: Of ``ProbeAccuracy`` or other metrics of ``dict(gt_label, scores)``.
        bank_dataloader: Of the labelled images that the probe learns from, with the same transform.
        probe: Config of a probe.

    Both samplers need ``round_up=False``, so that each image counts once on any number of ranks.
    """

    runner: Runner
    dataloader: DataLoader[Any]
    evaluator: Any

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        evaluator: Any,
        bank_dataloader: DataLoader[Any] | dict[str, Any],
        probe: dict[str, Any],
    ) -> None:
        super().__init__(runner, dataloader, evaluator)  # type: ignore[call-arg]  # of MMEngine's loop
        self.bank = runner.build_dataloader(bank_dataloader, seed=runner.seed)
        self.probe: BaseProbe = PROBES.build(probe)
        self.probe.check(len(self.bank.dataset))
        check_classes(self.bank.dataset, self.dataloader.dataset)

    def run_as(self, phase: str) -> dict[str, float]:
        """Evaluate the model as it is, calling the hooks of ``'val'`` or ``'test'``, and return the metrics."""
        self.runner.call_hook(f'before_{phase}')
        self.runner.call_hook(f'before_{phase}_epoch')
        model = unwrap(self.runner.model)
        model.eval()
        share_buffers(model)
        shown = as_encoder(model)
        with gathered_for_evaluation(shown):
            metrics = self.probe_features(shown.extract_feat, shown.data_preprocessor).metrics
        self.runner.call_hook(f'after_{phase}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{phase}')
        return metrics

    def probe_features(self, fn: Callable[[Tensor], Tensor], preprocess: Callable[..., dict[str, Any]]) -> Probed:
        """Score any features of the loop's images; see :func:`run_probe`."""
        return run_probe(fn, preprocess, self.bank, self.dataloader, self.probe, self.evaluator)


@LOOPS.register_module()
class ProbeValLoop(ProbeLoop, ValLoop):
    """A probe as the validation during training; see :class:`ProbeLoop`."""

    def run(self) -> dict[str, float]:
        return self.run_as('val')


@LOOPS.register_module()
class ProbeTestLoop(ProbeLoop, TestLoop):
    """A probe as what ``tools/test.py`` runs; see :class:`ProbeLoop`."""

    def run(self) -> dict[str, float]:
        return self.run_as('test')


def run_probe(
    fn: Callable[[Tensor], Tensor],
    preprocess: Callable[..., dict[str, Any]],
    bank: DataLoader[Any],
    queries: DataLoader[Any],
    probe: BaseProbe,
    evaluator: Any,
) -> Probed:
    """Extract features, fit, predict; each rank gives the evaluator its share of the rows, every n-th.

    Args:
        fn: What maps images to features, ``[B, 3, H, W] -> [B, C]``.
        preprocess: The model's ``data_preprocessor``.
        bank: Of the labelled images that the probe learns from.
        queries: Of the images to classify.
        probe: The probe.
        evaluator: Of metrics of ``dict(gt_label, scores)``.
    """
    bank_feats, feats = collect(fn, bank, preprocess), collect(fn, queries, preprocess)
    probe.fit(bank_feats, labels(bank, bank_feats))
    gt_labels = labels(queries, feats)
    for begin in range(0, len(feats), ROWS):
        scores = probe.scores(feats[begin : begin + ROWS])
        own = slice((get_rank() - begin) % get_world_size(), None, get_world_size())
        sample = dict(
            gt_label=gt_labels[begin : begin + ROWS][own],
            scores={name: each[own] for name, each in scores.items()},
        )
        evaluator.process(data_samples=[sample])
    return Probed(bank_feats, feats, evaluator.evaluate(len(feats)))


def share_buffers(model: nn.Module) -> None:
    """Give every rank the buffers of rank 0, which are the ones in the checkpoint.

    Batch norm's running statistics are each rank's own; most other buffers, the memories above all, are equal already.
    The entries of a sharded memory stay where they are.
    """
    apart = getattr(model, '_ddp_params_and_buffers_to_ignore', [])
    for name, buffer in model.named_buffers():
        if name not in apart:
            broadcast(buffer)


def labels(loader: DataLoader[Any], feats: Tensor) -> Tensor:
    """``[N]`` class indices of a loader's dataset, on the device of its features."""
    dataset: Any = loader.dataset
    return torch.tensor(dataset.get_gt_labels(), device=feats.device)
