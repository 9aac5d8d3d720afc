"""ImageNet-1k: one linear probe by LARS on random views, for ResNet-50, as in the code of CARP by MaSSL's author.

    bash tools/dist_test.sh CONFIG CHECKPOINT 8 --benchmarks imagenet_linear_resnet50

Not yet run.
"""

from mmengine.config import read_base

from sslreg.evaluation import Pooled

with read_base():
    from .imagenet_linear import *

benchmark.update(
    kinds=[dict(type=Pooled)],
    lrs=(1.0 * 256 / 2048,),  # 1.0 in all
    weight_decays=(0,),
    optimizers=('lars',),
    batch_size=2048)
reference, reference_source = {}, ''
