from typing import Any

from mmengine.evaluator import BaseMetric
from torch import Tensor

from sslreg.registry import METRICS


@METRICS.register_module()
class ProbeAccuracy(BaseMetric):
    """Top-1 accuracy in percent for each of a probe's scores, e.g. ``knn/k20``.

    Args:
        prefix: Before the names, e.g. ``'knn'``.
    """

    def __init__(self, prefix: str | None = None, collect_device: str = 'cpu') -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)

    def process(self, data_batch: Any, data_samples: list[dict[str, Any]]) -> None:
        """Take batches of ``dict(gt_label [M], scores {name: [M, classes]})``."""
        for batch in data_samples:
            correct: dict[str, Tensor] = {
                name: (scores.argmax(dim=1) == batch['gt_label']) for name, scores in batch['scores'].items()
            }
            names = list(correct)
            rows = zip(*(correct[name].tolist() for name in names), strict=True)
            self.results += [dict(zip(names, row, strict=True)) for row in rows]

    def compute_metrics(self, results: list[dict[str, bool]]) -> dict[str, float]:
        return {name or 'top1': 100 * sum(row[name] for row in results) / len(results) for name in results[0]}
