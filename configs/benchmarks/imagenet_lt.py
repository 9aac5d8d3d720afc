"""ImageNet-LT, the long-tailed part of ImageNet-1k: 115,846 training images, 1,280 to 5 per class, and the whole of val.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_lt

``data/imagenet/ImageNet_LT_train.txt``, lines ``train/n01440764/n01440764_190.JPEG 0``, is the list of Liu et al.
(https://arxiv.org/abs/1904.05160, https://github.com/zhmiao/OpenLongTailRecognition-OLTR). Images are found by file name and
have the class of their folder, which must be the list's. ``many``, ``medium`` and ``few`` are classes with more than 100,
20 to 100, and fewer than 20 images. Not yet run.
"""

from mmengine.config import read_base

with read_base():
    from .imagenet import *

benchmark.update(
    probes=[logistic],
    subset=dict(labelled_list_file='data/imagenet/ImageNet_LT_train.txt'),
    by_shots=True)
# SOP's solver of logistic regression stops early; here the minimum is reached (docs/agreement.md).
reference_source = 'poster of MaSSL (arXiv 2407.17486); logistic regression by a solver that stops 5.6 % above the minimum'
reference = {  # the poster says neither the backbone nor the classifier
    'MoCo-v3': {'pooled/logistic/lambda1e-05/top1': 56.7},
    'DINO': {'pooled/logistic/lambda1e-05/top1': 63.7},
    'iBOT': {'pooled/logistic/lambda1e-05/top1': 66.2},
    'MaSSL': {'pooled/logistic/lambda1e-05/top1': 67.9},
}
