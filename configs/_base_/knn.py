"""Weighted k-NN on frozen features, during training and in tools/test.py (the probe of the papers).

A dataset's file sets ``val_cfg.benchmarks[0].train``; the images to classify are those of ``val_dataloader`` and
``test_dataloader``.
"""

from sslreg.engine import BenchmarkTestLoop, BenchmarkValLoop
from sslreg.evaluation import ClassificationBenchmark, KNNProbe, Pooled

knn = dict(type=KNNProbe, ks=(10, 20, 100, 200), temperature=0.07)
val_cfg = dict(
    type=BenchmarkValLoop,
    benchmarks=[dict(type=ClassificationBenchmark, kinds=[dict(type=Pooled)], probes=[knn])])
test_cfg = dict(type=BenchmarkTestLoop)  # the benchmarks of val_cfg
val_evaluator = dict()  # MMEngine requires it; the benchmarks compute the metrics
test_evaluator = dict()
