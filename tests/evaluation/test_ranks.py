"""Two ranks together compute the results of one process."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from torch import nn

from sslreg.datasets import sample_indices
from sslreg.engine import BenchmarkValLoop
from sslreg.evaluation import KNNProbe, LinearProbe, LogisticProbe
from sslreg.evaluation.metrics import class_accuracy
from sslreg.evaluation.probes.neighbours import nearest_over_ranks
from sslreg.registry import BENCHMARKS
from sslreg.utils.dist import own_rows
from tests import toy
from tests.evaluation.test_classification import data

SIZES = [(41, 4), (7, 5), (1, 1)]  # of the bank, and k: shards of two ranks may have fewer than k entries, or none
CLASSES = 6


def signs(length: int, seed: int) -> torch.Tensor:
    """Few different features of norm 1 whose products are exact: many neighbours are equally near."""
    return torch.randint(2, (length, 4), generator=torch.Generator().manual_seed(seed)) - 0.5


def made_up(length: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    labels = torch.arange(length) % CLASSES
    return torch.eye(CLASSES)[labels] + 0.7 * torch.randn(length, CLASSES, generator=rng), labels


def _neighbours(length: int, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows = own_rows(length)
    return tuple(nearest_over_ranks(signs(20, 0), signs(length, 1)[rows], rows.start, k))


def _probes() -> dict[str, torch.Tensor]:
    """Return the results of all probes in float64, where the order of sums does not matter."""
    feats, labels = made_up(301, 0)
    scores = {}
    for probe in (
        KNNProbe((1, 7)),
        LogisticProbe((1e-1, 1e-2), tolerance=1e-13),
        LinearProbe((0.1, 1.0, 3.0), (0,), epochs=5),
    ):
        probe.fit(feats.double(), labels)
        scores |= probe.scores(made_up(50, 1)[0].double())
    return scores


def _logistic() -> torch.Tensor:
    """Return the results of a fit with a flat minimum, where sums in another order would end elsewhere."""
    feats, labels = made_up(301, 0)
    probe = LogisticProbe((1e-5,))
    probe.fit(feats, labels)
    return probe.predict(made_up(50, 1)[0])


def _benchmark() -> dict[str, float]:
    (train, labels), (test, own) = made_up(301, 0), made_up(200, 1)
    names = [dict(data(each.tolist(), num_classes=CLASSES)) for each in (labels, own)]
    probes = [dict(type='KNNProbe', ks=(1, 5)), dict(type='LogisticProbe'), dict(type='LinearProbe', epochs=5)]
    bench = BENCHMARKS.build(
        dict(type='ClassificationBenchmark', train=names[0], test=names[1], kinds=[dict(type='Pooled')], probes=probes)
    )
    bench.wanted()
    return {str(metric): value for metric, value in bench.run({'pooled/train': train, 'pooled/test': test}).items()}


class MeanColour(nn.Module):
    """Two features of 24 images whose colours differ little."""

    def __init__(self) -> None:
        super().__init__()
        self.feature_backbone = nn.Identity()

    def data_preprocessor(self, batch, training):
        return dict(batch, inputs=batch['inputs'].float(), data_samples=sample_indices(batch['data_samples']))

    def extract_feat(self, images):
        return images.mean(dim=(2, 3))


def _loop() -> dict[str, float]:
    """The loop of training, on the images of the runner of the toy."""
    with DefaultScope.overwrite_default_scope('sslreg'), TemporaryDirectory() as folder:
        cfg = toy.config(Path(folder))
        cfg.val_cfg.benchmarks[0].probes = [dict(type='KNNProbe', ks=(1, 3, 9))]
        runner = SimpleNamespace(build_dataloader=Runner.build_dataloader, seed=0, _randomness_cfg={}, cfg=cfg)
        runner.work_dir = folder
        loop = BenchmarkValLoop(runner, cfg.val_dataloader, {}, cfg.val_cfg.benchmarks)
        return {str(metric): value for metric, value in loop.evaluate(MeanColour()).items()}


def _refused() -> list[str]:
    feats, labels = made_up(40, 0)
    feats[-1] = torch.nan  # of the last rank
    messages = []
    for probe in (KNNProbe((1,)), LogisticProbe(), LinearProbe()):
        with pytest.raises(ValueError, match='1 of 40 images have features that are not finite') as error:
            probe.fit(feats, labels)
        messages.append(str(error.value))
    return messages


def results(rank: int):
    class_accuracy.ROWS = 5
    return [_neighbours(*size) for size in SIZES], _probes(), _benchmark(), _loop(), _refused(), _logistic()


@pytest.mark.slow
def test_two_ranks_find_and_learn_what_one_does(run_ranks, monkeypatch):
    monkeypatch.setattr(class_accuracy, 'ROWS', 5)  # the ranks set it themselves
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as they have
    neighbours, scores, metrics, loop, messages, logits = results(0)
    torch.set_num_threads(threads)
    for rank in run_ranks(results):
        for found, expected in zip(rank[0], neighbours, strict=True):
            assert found[0].equal(expected[0])
            assert found[1].equal(expected[1])
        torch.testing.assert_close(rank[1], scores, rtol=1e-4, atol=1e-5)
        assert rank[2] == metrics
        assert rank[3] == loop
        assert rank[4] == messages
        assert rank[5].equal(logits)


@pytest.mark.parametrize('length, k', SIZES)
def test_of_equally_near_entries_the_first_are_found(length, k):
    similarity = (signs(20, 0) @ signs(length, 1).T).tolist()
    expected = [sorted(range(length), key=lambda i, row=row: (-row[i], i))[:k] for row in similarity]
    assert _neighbours(length, k)[1].tolist() == expected
