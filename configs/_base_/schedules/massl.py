"""AdamW as MaSSL and DINO train: cosines of learning rate and weight decay, gradients clipped tensor by tensor."""

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
