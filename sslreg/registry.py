"""The registries: one for each role of a component in a config.

Roles that MMEngine has are children of mmpretrain's registries: with ``default_scope = 'sslreg'`` a name without a
prefix is looked up in sslreg, then mmpretrain, then MMEngine. All of these roles are listed, even where sslreg adds
nothing to them, because MMEngine warns about every role that the default scope lacks. Roles of sslreg (memories,
schedules, probes, benchmarks, features) have no parent: two children of one parent cannot share the scope ``sslreg``.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mmengine.registry import Registry, build_model_from_cfg
from mmpretrain import registry as mmpretrain

from sslreg import scheduled
from sslreg.arguments import check_arguments, missing_argument, parameters_of, suggestion, takes_number

MAX_LISTED = 30  # an error lists the names in a registry up to this number


def build(cfg: Any, registry: Registry, default_args: dict[str, Any] | None = None) -> Any:
    """Build a component like MMEngine, but check its type and argument names first and suggest similar ones.

    Args:
        cfg: Config of the component.
        registry: The registry to look ``type`` up in, and its parents.
        default_args: Arguments that ``cfg`` may override.

    Raises:
        KeyError: The type is not registered.
        TypeError: The component has no argument of a name in the config, or needs a number instead of a dict.
    """
    if isinstance(cfg, dict) and 'type' in cfg:
        with registry.switch_scope_and_registry(cfg.get('_scope_')) as own:
            component = own.get(cfg['type']) if isinstance(cfg['type'], str) else cfg['type']
            _check(cfg, component, own)
        if missing := missing_argument(component, [*cfg, *(default_args or {})]):
            raise missing
    unchecked = registry.parent.build_func if registry.parent else build_model_from_cfg
    return unchecked(cfg, registry=registry, default_args=default_args)


def build_component(cfg: Any, registry: Registry, default_args: dict[str, Any] | None = None) -> Any:
    """Build as :func:`build`; a number may also be the config of a schedule.

    The component is constructed with the schedule's first value, and knows nothing of the schedule, which is noted at
    it (:func:`sslreg.scheduled.note`). ``ScheduledValuesHook`` moves the number during training.

    Raises:
        ValueError: The component refuses a value that its schedule reaches.
    """
    if not isinstance(cfg, dict):
        return build(cfg, registry, default_args)
    numbers, schedules = scheduled.split(cfg, SCHEDULES)
    component = build(numbers, registry, default_args)

    def constructor(name: str) -> Callable[[float], Any]:
        return lambda value: build(numbers | {name: value}, registry, default_args)

    for name, schedule in schedules.items():
        scheduled.check_range(f'{type(component).__name__}: {name}', schedule, constructor(name))
    if schedules:
        scheduled.note(component, schedules)
    return component


def find(kind: Any, registries: Iterable[Registry]) -> Any:
    """Return the component of a ``type``: itself, or the one that the first registry to know its name has, or None."""
    if not isinstance(kind, str):
        return kind
    for each in registries:
        _names(each)  # imports the modules of its parents too, which Registry.get leaves out
    return next((found for each in registries if (found := each.get(kind))), None)


def unknown_type(kind: Any, registry: Registry) -> str:
    """Return the sentence on a type that no component has."""
    names = _names(registry)
    hint = suggestion(kind, names) or (f'; it has {", ".join(names)}.' if len(names) < MAX_LISTED else '.')
    return (
        f'{kind} is not in the {registry.scope}::{registry.name} registry{hint} '
        "Name a class of your own with its module, type='my_module.MyClass', or import it by custom_imports"
    )


def _check(cfg: dict[str, Any], component: Any, registry: Registry) -> None:
    """Raise KeyError if a component does not exist, TypeError if it lacks an argument of the config."""
    if component is None:
        raise KeyError(unknown_type(cfg['type'], registry))
    _refuse_other_dicts(cfg, component)
    check_arguments(component, cfg)


def _refuse_other_dicts(cfg: dict[str, Any], component: Any) -> None:
    """Raise TypeError if a dict that is no schedule stands where a number does."""
    parameters = parameters_of(component).named
    for name in set(cfg) & set(parameters):
        if isinstance(cfg[name], dict) and takes_number(parameters[name]):
            raise TypeError(
                f'{type_name(component)}: {name}={cfg[name]} must be a number or the config of a schedule'
                f'{suggestion(type_name(cfg[name].get("type", "")), SCHEDULES.module_dict)}'
            )


def _names(registry: Registry | None) -> list[str]:
    """Return the names registered in a registry and its parents."""
    if registry is None:
        return []
    registry.import_from_location()
    return [*registry.module_dict, *_names(registry.parent)]


def child(name: str, parent: Registry, locations: Sequence[str] = ()) -> Registry:
    """Return a registry of sslreg below one of mmpretrain; it checks arguments and then builds as its parent does."""
    return Registry(name, parent=parent, locations=list(locations), build_func=build)


MODELS = Registry('model', parent=mmpretrain.MODELS, locations=['sslreg.models'], build_func=build_component)
MODEL_WRAPPERS = child('model_wrapper', mmpretrain.MODEL_WRAPPERS)
WEIGHT_INITIALIZERS = child('weight initializer', mmpretrain.WEIGHT_INITIALIZERS)

RUNNERS = child('runner', mmpretrain.RUNNERS)
HOOKS = child('hook', mmpretrain.HOOKS, locations=['sslreg.engine', 'sslreg.memorization'])
LOOPS = child('loop', mmpretrain.LOOPS, locations=['sslreg.engine'])
LOG_PROCESSORS = child('log processor', mmpretrain.LOG_PROCESSORS)
OPTIMIZERS = child('optimizer', mmpretrain.OPTIMIZERS)
OPTIM_WRAPPERS = child('optimizer_wrapper', mmpretrain.OPTIM_WRAPPERS, locations=['sslreg.engine'])
OPTIM_WRAPPER_CONSTRUCTORS = child(
    'optimizer wrapper constructor', mmpretrain.OPTIM_WRAPPER_CONSTRUCTORS, locations=['sslreg.engine']
)
PARAM_SCHEDULERS = child('parameter scheduler', mmpretrain.PARAM_SCHEDULERS)
VISUALIZERS = child('visualizer', mmpretrain.VISUALIZERS)
VISBACKENDS = child('vis_backend', mmpretrain.VISBACKENDS)

DATASETS = child('dataset', mmpretrain.DATASETS, locations=['sslreg.datasets', 'sslreg.memorization'])
DATA_SAMPLERS = child('data sampler', mmpretrain.DATA_SAMPLERS)
TRANSFORMS = child('transform', mmpretrain.TRANSFORMS, locations=['sslreg.datasets'])

METRICS = child('metric', mmpretrain.METRICS)
EVALUATORS = child('evaluator', mmpretrain.EVALUATORS)

MEMORIES = Registry('memory', scope='sslreg', locations=['sslreg.models'], build_func=build_component)
SCHEDULES = Registry('schedule', scope='sslreg', locations=['sslreg.engine'], build_func=build)
PROBES = Registry('probe', scope='sslreg', locations=['sslreg.evaluation'], build_func=build)
BENCHMARKS = Registry('benchmark', scope='sslreg', locations=['sslreg.evaluation'], build_func=build)
FEATURES = Registry('features', scope='sslreg', locations=['sslreg.evaluation'], build_func=build)


def type_name(kind: Any) -> str:
    """Return the class name of a component, given its class or its dotted name in a config."""
    return str(getattr(kind, '__name__', kind)).rpartition('.')[2]
