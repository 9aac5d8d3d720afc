"""Validation and test by benchmarks on frozen features."""

import shutil
from collections.abc import Sequence
from inspect import signature
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import barrier, broadcast, is_main_process
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from sslreg.engine.sharded import gathered_for_evaluation
from sslreg.evaluation import Benchmark, Extractor, Metrics, Suite
from sslreg.models.adapters import as_encoder
from sslreg.registry import BENCHMARKS, LOOPS
from sslreg.utils.dist import unwrap
from sslreg.utils.earlier_configs import benchmark_of


class BenchmarkLoop(BaseLoop):
    """Loop that runs benchmarks on the model as it is: any protocol, also during training.

    Metrics have the names that ``tools/test.py --benchmarks`` gives them, e.g. ``pooled/knn/k20/top1``, which is also
    the one for ``save_best`` of ``CheckpointHook``. Benchmarks that are named instead of described have their name in
    front: ``davis_mini/J&F``. Features are extracted anew each time, and are not stored.

    Args:
        runner: The runner.
        dataloader: Loader of test images. Benchmarks without ``test`` classify its dataset, and its batch size and
            workers are those of all features. Each image counts once on any number of processes.
        evaluator: Unused: MMEngine requires ``val_evaluator`` and ``test_evaluator``, which are ``dict()``.
        benchmarks: Config of a benchmark, registry ``BENCHMARKS``, and names of others in ``configs/benchmarks``; by
            default those of the config's ``val_cfg``.

    Raises:
        ValueError: There are no benchmarks, or several configs without a name.
        MissingDataError: Benchmarks cannot run.
    """

    phase: str

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader[Any] | dict[str, Any],
        evaluator: Any = None,
        benchmarks: Sequence[dict[str, Any] | str] | dict[str, Any] | str | None = None,
    ) -> None:
        super().__init__(runner, dataloader)
        if benchmarks is None:
            benchmarks = (runner.cfg.get('val_cfg') or {}).get('benchmarks')
        if not benchmarks:
            raise ValueError(f'{type(self).__name__} needs benchmarks=[dict(type=...)], here or in val_cfg')
        benchmarks = [benchmarks] if isinstance(benchmarks, (str, dict)) else benchmarks
        configs = [each for each in benchmarks if not isinstance(each, str)]
        if len(configs) > 1:
            raise ValueError(
                f'{len(configs)} benchmarks have no name, which tells their metrics apart: write all but one into '
                "files, and name these, e.g. benchmarks=[dict(type=...), 'mine/faces.py']"
            )
        described = [Benchmark(self.name, Config(dict(benchmark=self._with_test(config)))) for config in configs]
        named = Suite.load(each for each in benchmarks if isinstance(each, str))
        self.suite = Suite([*described, *named])
        self.suite.prepare()

    @property
    def name(self) -> str:
        """Name of the benchmark that the config describes, in logs and errors; its metrics have no name in front."""
        return f'{self.phase}_cfg'

    def _with_test(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the config of a benchmark with the loop's dataset as ``test``, if it takes one and has none."""
        kind = config['type'] if isinstance(config['type'], type) else BENCHMARKS.get(config['type'])
        takes_test = kind is not None and 'test' in signature(kind).parameters
        return dict(config, test=self.dataloader.dataset) if takes_test and 'test' not in config else dict(config)

    def run(self) -> Metrics:
        """Evaluate the model, calling the hooks of validation or test; return the metrics by name."""
        self.runner.call_hook(f'before_{self.phase}')
        self.runner.call_hook(f'before_{self.phase}_epoch')
        model = unwrap(self.runner.model)
        model.eval()
        share_buffers(model)
        network = as_encoder(model)
        with gathered_for_evaluation(network):
            metrics = self.evaluate(network)
        self.runner.call_hook(f'after_{self.phase}_epoch', metrics=metrics)
        self.runner.call_hook(f'after_{self.phase}')
        return metrics

    def evaluate(self, network: Any) -> Metrics:
        """Return the metrics of a network with ``extract_feat``, ``feature_backbone`` and ``data_preprocessor``."""
        state = Path(self.runner.work_dir, f'{self.phase}_state')  # of protocols that train, until they end
        self.suite.run(self.extractor(network), state)
        barrier()
        if is_main_process():
            shutil.rmtree(state, ignore_errors=True)
        return self.metrics

    @property
    def metrics(self) -> Metrics:
        """Metrics of the latest evaluation."""
        return {
            metric if each.name == self.name else metric.of_benchmark(each.name): value
            for each in self.suite
            for metric, value in each.metrics.items()
        }

    def extractor(self, network: Any) -> Extractor:
        """Return an extractor of features with the settings of the loop's loader."""
        loader = self.dataloader
        return Extractor(network, None, loader.batch_size, loader.num_workers, pin_memory=loader.pin_memory)


@LOOPS.register_module()
class BenchmarkValLoop(BenchmarkLoop):
    """Benchmarks as the validation during training; see :class:`BenchmarkLoop`."""

    phase = 'val'


@LOOPS.register_module()
class BenchmarkTestLoop(BenchmarkLoop):
    """Benchmarks as the test that ``tools/test.py CONFIG CHECKPOINT`` runs; see :class:`BenchmarkLoop`."""

    phase = 'test'


class EarlierProbeLoop(BenchmarkLoop):
    """Loop in the form that configs of earlier versions have: one probe, with a loader of the images it learns from.

    Args:
        runner: The runner.
        dataloader: Loader of the images to classify.
        evaluator: Unused.
        bank_dataloader: Loader of the labelled images that the probe learns from.
        probe: Config of the probe.
    """

    def __init__(self, runner: Runner, dataloader: Any, evaluator: Any, bank_dataloader: Any, probe: Any) -> None:
        super().__init__(runner, dataloader, evaluator, [benchmark_of(bank_dataloader, probe)])


@LOOPS.register_module()
class ProbeValLoop(EarlierProbeLoop, BenchmarkValLoop):
    """Validation in configs of earlier versions; see :class:`EarlierProbeLoop`."""


@LOOPS.register_module()
class ProbeTestLoop(EarlierProbeLoop, BenchmarkTestLoop):
    """Test in configs of earlier versions; see :class:`EarlierProbeLoop`."""


def share_buffers(model: nn.Module) -> None:
    """Give every rank the buffers of rank 0, which are the ones in the checkpoint.

    Running statistics of batch norm differ between ranks; most other buffers, the memories above all, are equal
    already. The entries of a sharded memory stay where they are.
    """
    apart = getattr(model, '_ddp_params_and_buffers_to_ignore', [])
    for name, buffer in model.named_buffers():
        if name not in apart:
            broadcast(buffer)
