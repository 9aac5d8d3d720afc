"""SGD with a cosine of the learning rate to zero, as in single-branch SSL (https://arxiv.org/abs/2404.19289)."""

from torch.optim import SGD

from sslreg.engine import CosineSchedule, SSLOptimWrapper

optim_wrapper = dict(
    type=SSLOptimWrapper,
    optimizer=dict(type=SGD, lr=dict(type=CosineSchedule, start=1.0, end=0.0), momentum=0.9, weight_decay=1e-4))
