"""Hook that collects what the report on a training run needs."""

import copy
import time
from collections import deque
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from sslreg.datasets import sample_indices
from sslreg.evaluation import Benchmark, ClassificationBenchmark, Metrics
from sslreg.models import MemorySSL, QueueMemory
from sslreg.utils.dist import unwrap

PIXELS, UNTRAINED, TRAINED = 'raw pixels', 'untrained network', 'trained network'


class Probed(NamedTuple):
    """Features of training images ``[N, C]`` and of test images ``[M, C]``, and the metrics of probes on them."""

    bank: Tensor
    queries: Tensor
    metrics: Metrics


class Pixels(nn.Module):
    """Raw pixels in place of a network's features.

    Args:
        data_preprocessor: Preprocessor of the images.
    """

    def __init__(self, data_preprocessor: nn.Module) -> None:
        super().__init__()
        self.data_preprocessor, self.feature_backbone = data_preprocessor, nn.Flatten()

    def extract_feat(self, images: Tensor) -> Tensor:
        """Return the pixels ``[B, C]`` of images."""
        pixels: Tensor = self.feature_backbone(images)
        return pixels


def classification(runner: Runner) -> Benchmark:
    """Return the classification benchmark of the validation.

    Raises:
        ValueError: There is none.
    """
    for each in runner.val_loop.suite:
        if isinstance(each.protocol, ClassificationBenchmark):
            return each
    raise ValueError(
        'the report needs val_cfg=dict(type=BenchmarkValLoop, benchmarks=[dict(type=ClassificationBenchmark, ...)])'
    )


def probe(runner: Runner, network: Any) -> Probed:
    """Evaluate a network by the validation's classification benchmark; keep the first kind of features."""
    benchmark = classification(runner)
    found = runner.val_loop.extractor(network)(list(benchmark.requests.values()))
    feats = dict(zip(benchmark.requests, found, strict=True))
    benchmark.run(network, feats, Path(runner.work_dir))
    return Probed(found[0], found[1], dict(benchmark.metrics))


class ObserverHook(Hook):
    """Recorder of a training run for its report: it keeps everything that is gone when the run is over.

    Attributes:
        untrained: Copy of the model before the first step.
        batch: Training batch of the data loader.
        probed: Results of the probe by name: raw pixels, untrained network, trained network.
        curve: Epoch and metrics of every evaluation; epoch 0 is the untrained network.
        written: Dataset indices of the images in the memory, oldest first.
        seconds: Duration of training, including the evaluations after its epochs.
    """

    priority = 'LOWEST'  # after the teacher has been made the student's copy

    untrained: MemorySSL
    batch: dict[str, Any]
    written: deque[int]
    seconds: float

    def __init__(self) -> None:
        self.probed: dict[str, Probed] = {}
        self.curve: list[tuple[int, Metrics]] = []

    def before_train(self, runner: Runner) -> None:
        """Copy the model and a batch, and evaluate raw pixels and the untrained network.

        Raises:
            TypeError: The memory is not a QueueMemory, so the images of its entries are unknown.
            ValueError: The probe's bank is not the training set.
        """
        model = unwrap(runner.model)
        if not isinstance(model.memory, QueueMemory):
            raise TypeError(f'the report traces the entries of a QueueMemory, not of a {type(model.memory).__name__}')
        protocol: Any = classification(runner).protocol
        images, bank = len(runner.train_dataloader.dataset), len(protocol.train_images)
        if images != bank:
            raise ValueError(
                f'the report shows training images through the bank of the probe, but it has {bank} images '
                f'and the training set {images}: give both the same dataset'
            )
        self.untrained = copy.deepcopy(model).eval()
        self.batch = next(iter(runner.train_dataloader))
        self.written = deque(maxlen=len(model.memory))
        preprocess = model.data_preprocessor
        self.probed[PIXELS] = probe(runner, Pixels(preprocess))
        self.probed[UNTRAINED] = probe(runner, self.untrained)
        self.curve.append((0, self.probed[UNTRAINED].metrics))
        self.start = time.perf_counter()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Record the images written to the memory."""
        self.written.extend(sample_indices(data_batch['data_samples']).tolist())

    def after_val_epoch(self, runner: Runner, metrics: Metrics | None = None) -> None:
        """Record the metrics of an evaluation."""
        self.curve.append((runner.epoch, dict(metrics or {})))

    def after_train(self, runner: Runner) -> None:
        """Stop the clock and evaluate the trained network."""
        self.seconds = time.perf_counter() - self.start
        model = unwrap(runner.model).eval()
        self.probed[TRAINED] = probe(runner, model)
