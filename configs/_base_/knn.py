"""Weighted k-NN on frozen features, during training and in tools/test.py (the probe of the papers)."""

from sslreg.evaluation import KNNProbe, ProbeAccuracy

probe = dict(type=KNNProbe, ks=(10, 20, 100, 200), temperature=0.07)
val_evaluator = dict(type=ProbeAccuracy, prefix='knn')
test_evaluator = val_evaluator
