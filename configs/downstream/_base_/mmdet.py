"""Settings of all detectors: mmdet's runtime, checkpoints that load everywhere, and a check of the loaded weights."""

_base_ = 'mmdet::_base_/default_runtime.py'

default_hooks = dict(checkpoint=dict(type='sslreg.engine.PlainCheckpointHook', max_keep_ckpts=2))
custom_hooks = [dict(type='sslreg.downstream.PretrainedHook')]
randomness = dict(seed=0)
