"""Old dotted names, so that work dirs, checkpoints and configs of earlier versions still load."""

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# Old module, or old module and name, to where it is now.
MOVED = {
    'sslreg.conversion.FORMS': 'sslreg.conversion.CODES',
    'sslreg.conversion.PARTS': 'sslreg.models.checkpoint_weights.TEACHER_AND_STUDENT',
    'sslreg.conversion.backbone_of': 'sslreg.conversion.find_backbone',
    'sslreg.conversion.packed': 'sslreg.conversion.make_checkpoint',
    'sslreg.conversion.read_checkpoint': 'sslreg.models.checkpoints.load_checkpoint',
    'sslreg.conversion.to_form': 'sslreg.conversion.to_code',
    'sslreg.conversion.translated': 'sslreg.conversion.to_timm_names',
    'sslreg.datasets.SplitPart': 'sslreg.memorization.SplitPart',
    'sslreg.datasets.davis': 'sslreg.datasets.davis_clips',
    'sslreg.datasets.listed': 'sslreg.datasets.listed_images',
    'sslreg.datasets.retrieval': 'sslreg.datasets.retrieval_images',
    'sslreg.datasets.split_part': 'sslreg.memorization.split',
    'sslreg.datasets.views.batched': 'sslreg.datasets.views.batched_views',
    'sslreg.datasets.views.color': 'sslreg.datasets.views.colors',
    'sslreg.datasets.views.transforms': 'sslreg.datasets.views.multi_crop',
    'sslreg.downstream.data': 'sslreg.downstream.data_checks',
    'sslreg.downstream.necks': 'sslreg.downstream.pyramids',
    'sslreg.downstream.weights': 'sslreg.downstream.pretrained_weights',
    'sslreg.engine.SSLMemHook': 'sslreg.memorization.SSLMemHook',
    'sslreg.engine.UnitMemHook': 'sslreg.memorization.UnitMemHook',
    'sslreg.engine.encoders': 'sslreg.models.networks',
    'sslreg.engine.hooks.SSLMemHook': 'sslreg.memorization.SSLMemHook',
    'sslreg.engine.hooks.UnitMemHook': 'sslreg.memorization.UnitMemHook',
    'sslreg.engine.hooks.schedule': 'sslreg.engine.hooks.old_schedules',
    'sslreg.engine.hooks.sslmem': 'sslreg.memorization.hooks',
    'sslreg.engine.launch.build_model': 'sslreg.evaluation.model.build_model',
    'sslreg.engine.launch.check_checkpoint': 'sslreg.models.checkpoints.check_checkpoint',
    'sslreg.engine.launch.check_evaluated': 'sslreg.evaluation.model.check_evaluated',
    'sslreg.engine.launch.default_work_dir': 'sslreg.engine.config.default_work_dir',
    'sslreg.engine.launch.evaluated_model': 'sslreg.evaluation.model.load_model',
    'sslreg.engine.launch.initialise': 'sslreg.evaluation.model.initialise',
    'sslreg.engine.launch.innermost': 'sslreg.engine.config.innermost',
    'sslreg.engine.launch.load_config': 'sslreg.utils.config_files.load_config',
    'sslreg.engine.launch.scale_batch': 'sslreg.engine.config.scale_batch',
    'sslreg.engine.launch.use_bfloat16': 'sslreg.engine.config.use_bfloat16',
    'sslreg.engine.launch.use_data_root': 'sslreg.engine.config.use_data_root',
    'sslreg.engine.launch.use_tensorboard': 'sslreg.engine.config.use_tensorboard',
    'sslreg.engine.unwrap': 'sslreg.utils.dist',
    'sslreg.environment': 'sslreg.utils.environment',
    'sslreg.evaluation.benchmarks': 'sslreg.evaluation.protocols',
    'sslreg.evaluation.broken': 'sslreg.evaluation.features.corrupt',
    'sslreg.evaluation.classes': 'sslreg.datasets.classes',
    'sslreg.evaluation.copy_detection': 'sslreg.evaluation.metrics.copy_scores',
    'sslreg.evaluation.davis': 'sslreg.evaluation.metrics.video_segmentation',
    'sslreg.evaluation.encoders': 'sslreg.models.adapters',
    'sslreg.evaluation.export': 'sslreg.evaluation.features.export',
    'sslreg.evaluation.extract': 'sslreg.evaluation.features.extract',
    'sslreg.evaluation.forecast': 'sslreg.evaluation.estimate',
    'sslreg.evaluation.kinds': 'sslreg.evaluation.features.kinds',
    'sslreg.evaluation.missing': 'sslreg.evaluation.missing_data',
    'sslreg.evaluation.neighbours': 'sslreg.evaluation.probes.neighbours',
    'sslreg.evaluation.propagation': 'sslreg.evaluation.metrics.label_propagation',
    'sslreg.evaluation.ranks': 'sslreg.utils.dist',
    'sslreg.evaluation.resume': 'sslreg.evaluation.features.resume',
    'sslreg.evaluation.retrieval': 'sslreg.evaluation.metrics.average_precision',
    'sslreg.evaluation.splits': 'sslreg.datasets.subsets',
    'sslreg.evaluation.store': 'sslreg.evaluation.features.store',
    'sslreg.memorization.Comparison': 'sslreg.memorization.ClaimTest',
    'sslreg.memorization.compare': 'sslreg.memorization.compare_sets',
    'sslreg.memorization.distance': 'sslreg.models.ops.alignment.distance',
    'sslreg.memorization.files': 'sslreg.utils.files',
    'sslreg.memorization.view_alignment': 'sslreg.models.ops.alignment.view_alignment',
    'sslreg.models.anatomy': 'sslreg.models.introspection',
    'sslreg.models.backbones.SSLVisionTransformer': 'sslreg.models.vision_transformer.SSLVisionTransformer',
    'sslreg.models.losses.streamed': 'sslreg.models.ops.streamed_loss',
    'sslreg.visualization': 'sslreg.reports',
    'sslreg.visualization.Look': 'sslreg.reports.PatchMaps',
    'sslreg.visualization.ObserverHook': 'sslreg.reports.training.ObserverHook',
    'sslreg.visualization.ProgressHook': 'sslreg.reports.training.ProgressHook',
    'sslreg.visualization.look': 'sslreg.reports.patch_maps',
    'sslreg.visualization.write_report': 'sslreg.reports.training.write_report',
}


class _MovedModules(MetaPathFinder, Loader):
    """An importer of old module names; Python asks it for modules that it does not find otherwise."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        """Let the old module give the attributes of the new one."""
        new = MOVED[module.__name__]
        warnings.warn(f'{module.__name__} is {new} now', FutureWarning, stacklevel=2)
        _forward(module, import_module(new))


def install() -> None:
    """Let Python import modules by their old names."""
    sys.meta_path.append(_MovedModules())


def forward(package: str) -> None:
    """Let a package also give the names that have moved out of it."""
    _forward(sys.modules[package])


def _forward(module: ModuleType, new: ModuleType | None = None) -> None:
    """Let a module find names that it lacks by :data:`MOVED`, else in the module that replaces it."""

    def find(name: str) -> Any:
        old = f'{module.__name__}.{name}'
        if old in MOVED:
            warnings.warn(f'{old} is {MOVED[old]} now', FutureWarning, stacklevel=2)
            place, _, name = MOVED[old].rpartition('.')
            return getattr(import_module(place), name)
        if new is None:
            raise AttributeError(f'module {module.__name__!r} has no attribute {name!r}')
        return getattr(new, name)

    module.__dict__['__getattr__'] = find
