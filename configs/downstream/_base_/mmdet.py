"""What all detectors here share: mmdet's runtime, checkpoints that load everywhere, a check of what is loaded."""

_base_ = 'mmdet::_base_/default_runtime.py'

default_hooks = dict(checkpoint=dict(type='sslreg.engine.PlainCheckpointHook', max_keep_ckpts=2))
custom_hooks = [dict(type='sslreg.downstream.PretrainedHook')]
randomness = dict(seed=0)
