"""Roles of the parts of a config: the registry of their ``type``, and the keys that their builder adds or removes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mmengine.optim import OptimWrapper
from mmengine.registry import FUNCTIONS, Registry
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, LogProcessor, TestLoop, ValLoop
from mmpretrain.models import ClsDataPreprocessor, ImageClassifier, SelfSupDataPreprocessor
from mmpretrain.models.selfsup.base import BaseSelfSupervisor
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader

from sslreg import registry as registries
from sslreg.datasets.views import View
from sslreg.engine.optim import clip_grad_norm_per_tensor_

from .fixed_forms import AutoScaleLR, EnvironmentConfig, ProcessesConfig, RandomnessConfig


class Role(NamedTuple):
    """The role of a part of a config.

    Attributes:
        registries: Where its ``type`` is looked up.
        supplied: Arguments that its builder adds.
        further: Keys that its builder removes.
        default: Component of a part without ``type``, or None: such a part must have one.
        is_certain: Whether the part has this role, so that an unknown ``type`` or argument is an error.
        is_complete: Whether it is built from its config and ``supplied`` alone, so that a missing argument is an error.
        needed: Keys that its builder reads without a default.
        takes_name: Whether a text stands for it, the name of a file that holds it.
        kinds: Values of ``type`` where these are no components; the first is the default.
    """

    registries: tuple[Registry, ...] = ()
    supplied: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    default: Any = None
    is_certain: bool = True
    is_complete: bool = True
    needed: tuple[str, ...] = ()
    takes_name: bool = False
    kinds: tuple[str, ...] = ()

    def inherited(self) -> 'Role':
        """Return the role of a part of the component whose key has no role of its own."""
        return Role(self.registries, is_certain=False, is_complete=False)


LOADER = Role(supplied=('batch_size',), further=('num_batch_per_epoch',), default=DataLoader, needed=('sampler',))
HOOK = Role((registries.HOOKS,), further=('priority',))
DATASET = Role((registries.DATASETS,))
FEATURE = Role((registries.FEATURES,))
MODEL = Role((registries.MODELS,))
EVALUATOR = Role((registries.METRICS, registries.EVALUATORS), is_certain=False, is_complete=False)
PROBE = Role((registries.PROBES,))
TRANSFORM = Role((registries.TRANSFORMS,))
LAYER = Role((registries.MODELS,), further=('requires_grad',), is_complete=False)

TOP = {
    'model': MODEL,
    'train_dataloader': LOADER,
    'val_dataloader': LOADER,
    'test_dataloader': LOADER,
    'train_cfg': Role((registries.LOOPS,), ('runner', 'dataloader'), ('by_epoch',), EpochBasedTrainLoop),
    'val_cfg': Role((registries.LOOPS,), ('runner', 'dataloader', 'evaluator'), (), ValLoop),
    'test_cfg': Role((registries.LOOPS,), ('runner', 'dataloader', 'evaluator'), (), TestLoop),
    'optim_wrapper': Role((registries.OPTIM_WRAPPERS,), (), ('constructor', 'paramwise_cfg'), OptimWrapper),
    'param_scheduler': Role((registries.PARAM_SCHEDULERS,), ('optimizer',), ('convert_to_iter_based',)),
    'val_evaluator': EVALUATOR,
    'test_evaluator': EVALUATOR,
    'default_hooks': HOOK,
    'custom_hooks': HOOK,
    'visualizer': Role((registries.VISUALIZERS,)),
    'log_processor': Role((registries.LOG_PROCESSORS,), default=LogProcessor),
    'model_wrapper_cfg': Role((registries.MODEL_WRAPPERS,), ('module',)),
    'auto_scale_lr': Role(default=AutoScaleLR),
    'env_cfg': Role(default=EnvironmentConfig),
    'randomness': Role(default=RandomnessConfig),
}
GROUPS = ('default_hooks',)  # dicts of parts by name
NESTED = {
    'backbone': MODEL,
    'neck': MODEL,
    'head': MODEL,
    'memory': Role((registries.MEMORIES,)),
    'teacher': Role((registries.MODELS,), ('model',)),
    'loss': MODEL,
    'losses': MODEL,
    'mixing': MODEL,
    'norm_cfg': LAYER,
    'act_cfg': LAYER,
    'conv_cfg': LAYER,
    'init_cfg': Role((registries.WEIGHT_INITIALIZERS,), is_complete=False),
    'optimizer': Role((registries.OPTIMIZERS,), ('params',)),
    'dataset': DATASET,
    'pipeline': TRANSFORM,
    'transforms': TRANSFORM,
    'policies': Role((registries.TRANSFORMS,), (), ('magnitude_key', 'magnitude_range'), is_complete=False),
    'views': Role(default=View),
    'sampler': Role((registries.DATA_SAMPLERS,), ('dataset',)),
    'batch_sampler': Role((registries.DATA_SAMPLERS,), ('sampler', 'batch_size')),
    'collate_fn': Role((FUNCTIONS,), is_complete=False),
    'worker_init_fn': Role((FUNCTIONS,), is_complete=False),
    'bank_dataloader': LOADER,
    'dataloader': LOADER._replace(needed=(), is_complete=False),  # changes to the training loader
    'benchmarks': Role((registries.BENCHMARKS,), ('test',), takes_name=True),  # the loop adds val_dataloader's images
    'probe': PROBE,
    'probes': PROBE,
    'kind': FEATURE,
    'kinds': FEATURE,
    'of': FEATURE,
    'vis_backends': Role((registries.VISBACKENDS,), ('save_dir',)),
    'metrics': EVALUATOR,
    'mp_cfg': Role(default=ProcessesConfig),
}
DATASETS_OF_BENCHMARKS = ('train', 'test', 'val', 'database', 'queries', 'distractors')
CLIPPING = {'norm': clip_grad_norm_, 'value': clip_grad_value_, 'per_tensor': clip_grad_norm_per_tensor_}


def role_of(key: str, parent: Role, component: Any, part: Any) -> Role:
    """Return the role of a part of a component.

    Args:
        key: Name of the argument.
        parent: Role of the component.
        component: Class of the component.
        part: The value.
    """
    if key == 'clip_grad' and isinstance(part, Mapping):
        clip = CLIPPING.get(part.get('type', 'norm'))
        return Role(supplied=('parameters', 'params'), further=('type',), default=clip, kinds=(*CLIPPING,))
    if key == 'data_preprocessor':
        default = _preprocessor_of(component)
        return Role(parent.registries, (), (), default, is_certain=default is not None, is_complete=False)
    if key in DATASETS_OF_BENCHMARKS and registries.BENCHMARKS in parent.registries:
        return DATASET
    return NESTED.get(key, parent.inherited()) if component is not None else parent.inherited()


def role_of_loop(loop: Mapping[str, Any], role: Role) -> Role:
    """Return the role of a training loop, whose default depends on its ``by_epoch``."""
    return role._replace(default=EpochBasedTrainLoop if loop.get('by_epoch', True) else IterBasedTrainLoop)


def _preprocessor_of(component: Any) -> Any:
    if isinstance(component, type) and issubclass(component, ImageClassifier):
        return ClsDataPreprocessor
    is_self_supervisor = isinstance(component, type) and issubclass(component, BaseSelfSupervisor)
    return SelfSupDataPreprocessor if is_self_supervisor else None
