"""Dataset of the transfer benchmark, as on MaSSL's poster: short side 256, central 224 px, k-NN and logistic regression on pooled features."""

from mmengine.config import read_base

from sslreg.evaluation import ClassificationBenchmark

with read_base():
    from .imagenet import *
    from .probes import *

benchmark = dict(type=ClassificationBenchmark, kinds=kinds, probes=[knn, logistic])
reference_source = 'poster of MaSSL (arXiv 2407.17486)'
