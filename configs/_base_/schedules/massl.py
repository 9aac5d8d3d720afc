"""AdamW as in MaSSL and DINO: cosine schedules of learning rate and weight decay, gradients clipped per tensor."""

from torch.optim import AdamW

from sslreg.engine import CosineSchedule, MatrixDecayConstructor, SSLOptimWrapper

optim_wrapper = dict(
    type=SSLOptimWrapper,
    constructor=MatrixDecayConstructor,
    optimizer=dict(
        type=AdamW,
        lr=dict(type=CosineSchedule, start=2e-3, end=1e-6),
        weight_decay=dict(type=CosineSchedule, start=0.04, end=0.4)),
    clip_grad=dict(type='per_tensor', max_norm=3.0))
