"""Whether f and g are alike but for their images, and were trained on those that a split says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from sslreg.registry import type_name

from . import study
from .split import Split


def differences(a: Any, b: Any, name: str = '') -> list[str]:
    """Where two parts of configs differ: ``'views[0].gray=0.2 and 0.5'``."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [*a, *(key for key in b if key not in a)]
        return [text for key in keys for text in differences(a.get(key), b.get(key), f'{name}.{key}')]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [text for place, (one, other) in pairs for text in differences(one, other, f'{name}[{place}]')]
    same = a == b or (isinstance(a, (str, type)) and isinstance(b, (str, type)) and type_name(a) == type_name(b))
    return [] if same else [f'{name}={a!r} and {b!r}']


def saved_config(checkpoint: Path | str) -> Config | None:
    """The config of a training that lies beside its checkpoint, where there is one."""
    found = (Config.fromfile(path) for path in sorted(Path(checkpoint).parent.glob('*.py')))
    return next((cfg for cfg in found if 'train_dataloader' in cfg), None)


def check_training(trainings: dict[str, Config], split_file: Path | str) -> None:
    """Compare the configs of f's and g's training with each other, and with the split.

    Args:
        trainings: By ``'f'`` and ``'g'``, as far as they are known.
        split_file: By which images are scored.

    Raises:
        ValueError: The networks are of different architecture; an encoder was not trained on what the split says.
    """
    if {'f', 'g'} <= set(trainings):
        found = differences(trainings['f'].model.backbone, trainings['g'].model.backbone, 'backbone')
        if found:
            raise ValueError(f'f and g are of different architecture, {", ".join(found)}: they cannot be compared')
    split = Split.read(split_file)
    for name, cfg in trainings.items():
        own, others = ('candidate', 'independent') if name == 'f' else ('independent', 'candidate')
        seen = _seen(cfg.train_dataloader.dataset)
        for part in (own, 'shared'):
            if seen is not None and (never := sorted(set(split.part(part)) - seen)):
                raise ValueError(
                    f'{name} was never trained on {len(never)} of the {part} images of {str(split_file)!r} (first: '
                    f'{never[0]}): give the split that it was trained by'
                )
        unwanted = split.part(others) if seen is None else sorted(set(split.part(others)) & seen)
        if unwanted:
            raise ValueError(
                f'{name} was trained on {len(unwanted)} of the {others} images of {str(split_file)!r} (first: '
                f'{unwanted[0]}), which only {"g" if name == "f" else "f"} should see: give the split that it was '
                'trained by'
            )


def warnings(cfg: Config, trainings: Mapping[str, Config]) -> list[str]:
    """In which augmentations an encoder was trained that differ from those that it is scored on."""
    found = {
        name: differences(study.augmentation(training), study.augmentation(cfg), 'augmentation')
        for name, training in trainings.items()
    }
    return [
        f'{name} was trained on other augmentations than it is scored on: {", ".join(texts)}'
        for name, texts in found.items()
        if texts
    ]


def _seen(dataset: Any) -> set[int] | None:
    """Images of the whole training set that a config trains on; None for all."""
    if type_name(dataset.type) == 'SplitPart':
        return set(Split.read(dataset.split).part(dataset.part))
    if 'dataset' in dataset:
        return _seen(dataset.dataset)
    indices = dataset.get('indices')
    if indices is None or isinstance(indices, int):
        return set(range(indices)) if indices and indices > 0 else None
    return set(indices)
