"""Checks that scored studies can be compared: that they have the same images and the same settings."""

from collections.abc import Sequence

from .config_differences import config_differences
from .image_sets import augmentation, training_images
from .scored_study import ScoredStudy
from .split import SPLIT_SETS


def check_same_images(studies: Sequence[ScoredStudy]) -> None:
    """Refuse to compare, image by image, studies of other data or splits.

    Raises:
        ValueError: Two studies are not of the same images.
    """
    first, *others = studies
    for other in others:
        if reason := _other_images(first, other):
            raise ValueError(
                f'{first.folder} and {other.folder} are not of the same images, {reason}: train and score both by one '
                f'split, `sslmem.py train ... --split {first.folder}/split.json`'
            )


def _other_images(a: ScoredStudy, b: ScoredStudy) -> str:
    """Return why two studies are not of the same images; '' if they are."""
    if found := _data_differences(a, b):
        return f'their data differ, {", ".join(found)}'
    for name in SPLIT_SETS:
        of_a, of_b = (set(each.study.split.part(name)) for each in (a, b))
        if of_a != of_b:
            return f'their splits differ, {len(of_a & of_b)} of {len(of_a)} and {len(of_b)} {name} images are in both'
    return ''


def other_candidates(a: ScoredStudy, b: ScoredStudy) -> str:
    """Return why the candidates of two studies are not the same images; '' if they are."""
    if found := _data_differences(a, b):
        return f'they are of other data, {", ".join(found)}'
    if a.index != b.index:
        common = len(set(a.index) & set(b.index))
        return f'they are of other splits, with {common} of {len(a.index)} and {len(b.index)} candidates in common'
    return ''


def caveats(studies: Sequence[ScoredStudy]) -> list[str]:
    """Return a sentence for each study whose scoring differs from that of the first, apart from the training."""
    first, *others = studies
    return [
        f'{first.folder} and {other.folder} were scored differently: {", ".join(found)}'
        for other in others
        if (found := _scoring_differences(first, other))
    ]


def _data_differences(a: ScoredStudy, b: ScoredStudy) -> list[str]:
    return config_differences(training_images(a.cfg), training_images(b.cfg), 'dataset')


def _scoring_differences(a: ScoredStudy, b: ScoredStudy) -> list[str]:
    protocol = config_differences(a.settings.comparable, b.settings.comparable, 'protocol')
    return protocol + config_differences(augmentation(a.cfg), augmentation(b.cfg), 'augmentation')
