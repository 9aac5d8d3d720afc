"""The registries.

Roles that MMEngine knows are children of mmpretrain's registries: with ``default_scope = 'sslreg'`` an unprefixed name
is looked up in sslreg, then mmpretrain, then mmengine. All of them are listed, also those that sslreg adds nothing to
yet, because MMEngine warns about every role that its default scope lacks. Roles of our own (memories, schedules,
probes, benchmarks, features) are roots: two children of one parent cannot share the scope ``sslreg``.
"""

from typing import Any

from mmengine.registry import Registry
from mmpretrain import registry as mmpretrain

MODELS = Registry('model', parent=mmpretrain.MODELS, locations=['sslreg.models'])
MODEL_WRAPPERS = Registry('model_wrapper', parent=mmpretrain.MODEL_WRAPPERS)
WEIGHT_INITIALIZERS = Registry('weight initializer', parent=mmpretrain.WEIGHT_INITIALIZERS)

RUNNERS = Registry('runner', parent=mmpretrain.RUNNERS)
HOOKS = Registry('hook', parent=mmpretrain.HOOKS, locations=['sslreg.engine'])
LOOPS = Registry('loop', parent=mmpretrain.LOOPS, locations=['sslreg.engine'])
LOG_PROCESSORS = Registry('log processor', parent=mmpretrain.LOG_PROCESSORS)
OPTIMIZERS = Registry('optimizer', parent=mmpretrain.OPTIMIZERS)
OPTIM_WRAPPERS = Registry('optimizer_wrapper', parent=mmpretrain.OPTIM_WRAPPERS, locations=['sslreg.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor', parent=mmpretrain.OPTIM_WRAPPER_CONSTRUCTORS, locations=['sslreg.engine']
)
PARAM_SCHEDULERS = Registry('parameter scheduler', parent=mmpretrain.PARAM_SCHEDULERS)
VISUALIZERS = Registry('visualizer', parent=mmpretrain.VISUALIZERS)
VISBACKENDS = Registry('vis_backend', parent=mmpretrain.VISBACKENDS)

DATASETS = Registry('dataset', parent=mmpretrain.DATASETS, locations=['sslreg.datasets'])
DATA_SAMPLERS = Registry('data sampler', parent=mmpretrain.DATA_SAMPLERS)
TRANSFORMS = Registry('transform', parent=mmpretrain.TRANSFORMS, locations=['sslreg.datasets'])

METRICS = Registry('metric', parent=mmpretrain.METRICS, locations=['sslreg.evaluation'])
EVALUATORS = Registry('evaluator', parent=mmpretrain.EVALUATORS)

MEMORIES = Registry('memory', scope='sslreg', locations=['sslreg.models'])
SCHEDULES = Registry('schedule', scope='sslreg', locations=['sslreg.engine'])
PROBES = Registry('probe', scope='sslreg', locations=['sslreg.evaluation'])
BENCHMARKS = Registry('benchmark', scope='sslreg', locations=['sslreg.evaluation'])
FEATURES = Registry('features', scope='sslreg', locations=['sslreg.evaluation'])


def type_name(kind: Any) -> str:
    """The name of a component's class, given the class or what a config has in its place."""
    return str(getattr(kind, '__name__', kind)).rpartition('.')[2]
