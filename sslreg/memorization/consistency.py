"""Checks that f and g differ in their images alone, and were trained on the images of the split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.registry import type_name

from .config_differences import config_differences
from .image_sets import augmentation
from .split import Split
from .study import Study


def saved_config(checkpoint: Path | str) -> Config | None:
    """Return the training config that lies beside a checkpoint; None without one."""
    found = (Config.fromfile(path) for path in sorted(Path(checkpoint).parent.glob('*.py')))
    return next((cfg for cfg in found if 'train_dataloader' in cfg), None)


def saved_configs(checkpoints: Mapping[str, str]) -> dict[str, Config]:
    """Return the training configs that lie beside the checkpoints of ``'f'`` and ``'g'``, as far as there are any."""
    found = {name: saved_config(path) for name, path in checkpoints.items()}
    return {name: cfg for name, cfg in found.items() if cfg is not None}


def check_training(trainings: Mapping[str, Config], study: Study) -> None:
    """Compare the training configs of f and g with each other, and with the split.

    Args:
        trainings: Configs of ``'f'`` and ``'g'``, as far as they are known.
        study: The study that scores them.

    Raises:
        ValueError: The networks differ in architecture; an encoder was not trained on the images of the split.
    """
    if {'f', 'g'} <= set(trainings):
        found = config_differences(trainings['f'].model.backbone, trainings['g'].model.backbone, 'backbone')
        if found:
            raise ValueError(f'f and g are of different architecture, {", ".join(found)}: they cannot be compared')
    for name, cfg in trainings.items():
        _check_images(name, _trained_images(cfg.train_dataloader.dataset), study)


def warn_augmentations(trainings: Mapping[str, Config], study: Study) -> list[str]:
    """Return a warning for each encoder that was trained on other augmentations than it is scored on."""
    found = {
        name: config_differences(augmentation(training), augmentation(study.cfg), 'augmentation')
        for name, training in trainings.items()
    }
    return [
        f'{name} was trained on other augmentations than it is scored on: {", ".join(texts)}'
        for name, texts in found.items()
        if texts
    ]


def _check_images(name: str, images: set[int] | None, study: Study) -> None:
    """Compare the images that an encoder was trained on (None for all) with the split."""
    split, remedy = study.split, 'give the split that it was trained by'
    own, others = ('candidate', 'independent') if name == 'f' else ('independent', 'candidate')
    for part in (own, 'shared'):
        if images is not None and (never := sorted(set(split.part(part)) - images)):
            raise ValueError(
                f'{name} was never trained on {len(never)} of the {part} images of {str(study.split_file)!r} (first: '
                f'{never[0]}): {remedy}'
            )
    unwanted = split.part(others) if images is None else sorted(set(split.part(others)) & images)
    if unwanted:
        raise ValueError(
            f'{name} was trained on {len(unwanted)} of the {others} images of {str(study.split_file)!r} (first: '
            f'{unwanted[0]}), which only {"g" if name == "f" else "f"} should see: {remedy}'
        )


def _trained_images(dataset: Any) -> set[int] | None:
    """Return the images of the whole training set that a config trains on; None for all."""
    if type_name(dataset.type) == 'SplitPart':
        return set(Split.read(dataset.split).part(dataset.part))
    if 'dataset' in dataset:
        return _trained_images(dataset.dataset)
    indices = dataset.get('indices')
    if indices is None or isinstance(indices, int):
        return set(range(indices)) if indices and indices > 0 else None
    return set(indices)
