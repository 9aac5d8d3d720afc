"""The probes of MaSSL's poster on pooled features: weighted k-NN, and logistic regression (arXiv 2407.17486)."""

from sslreg.evaluation import KNNProbe, LogisticProbe, Pooled

kinds = [dict(type=Pooled)]
knn = dict(type=KNNProbe, ks=(10, 20, 100, 200), temperature=0.07)
logistic = dict(type=LogisticProbe, lambdas=(1e-5,))
