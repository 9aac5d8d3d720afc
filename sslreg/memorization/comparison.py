"""Studies of the same images: how much each memorised of the four sets, and whether they memorised the same images."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from mmengine.config import Config
from torch import Tensor

from sslreg.engine.config import innermost

from .consistency import differences
from .image_scores import Scores
from .split import SPLIT_SETS, Split
from .study import augmentation
from .summary import TOP, agreement, between_seeds, summary


class Images(NamedTuple):
    """What the images of a study are.

    Attributes:
        folder: Of the study.
        cfg: Its config.
        split: Its split.
        protocol: By which it was scored, as in ``scores.json``.
    """

    folder: str
    cfg: Config
    split: Split
    protocol: dict[str, Any]


def compare(studies: Mapping[str, Scores], top: int = TOP) -> dict[str, Any]:
    """What ``compare.json`` says of studies of the same images, by their scores of one layer each.

    Args:
        studies: By name, with one layer.
        top: Of how many most memorised candidates the agreement is measured; of all, if there are fewer.
    """
    return dict(
        studies=[dict(name=name, **of_study(scores, top)) for name, scores in studies.items()],
        pairs=[
            dict(studies=[a, b], **agreement(candidates(studies[a]), candidates(studies[b]), top))
            for a, b in combinations(studies, 2)
        ],
    )


def of_study(scores: Scores, top: int = TOP) -> dict[str, Any]:
    """``seeds``, ``sets``, ``tests`` as in ``scores.json``; ``between_seeds``, the agreement of each two of them."""
    (found,) = summary(scores).values()
    pairs = between_seeds(scores, top)
    return dict(seeds=scores.seeds, sets=found['sets'], tests=found['tests'], between_seeds=pairs)


def candidates(scores: Scores) -> Tensor:
    """SSLMem ``[M]`` of the candidates in the order of the training set, the mean over seeds; of one layer."""
    (layer,) = scores.layers
    return scores.candidates(layer)[scores.index[scores.among('candidate')].argsort()]


def overlaps(found: Mapping[str, Any]) -> list[list[float]]:
    """Overlap of each study with each, ``[n][n]``, of :func:`compare`.

    On the diagonal that of its own seeds, the mean over pairs of them; NaN where there is only one. The others are of
    means over seeds, which have less noise, and may be higher.
    """
    names = [study['name'] for study in found['studies']]
    matrix = [[float('nan')] * len(names) for _ in names]
    for place, study in enumerate(found['studies']):
        if pairs := study['between_seeds']:
            matrix[place][place] = sum(pair['overlap'] for pair in pairs) / len(pairs)
    for pair in found['pairs']:
        a, b = map(names.index, pair['studies'])
        matrix[a][b] = matrix[b][a] = pair['overlap']
    return matrix


def check_same_images(studies: Sequence[Images]) -> None:
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


def _other_images(a: Images, b: Images) -> str:
    """Why two studies are not of the same images; '' if they are."""
    if found := differences(training_images(a.cfg), training_images(b.cfg), 'dataset'):
        return f'their data differ, {", ".join(found)}'
    for name in SPLIT_SETS:
        of_a, of_b = (set(study.split.part(name)) for study in (a, b))
        if of_a != of_b:
            return f'their splits differ, {len(of_a & of_b)} of {len(of_a)} and {len(of_b)} {name} images are in both'
    return ''


def training_images(cfg: Config) -> dict[str, Any]:
    """The dataset that a config trains on, without what is done to its images."""
    config = innermost(cfg.train_dataloader.dataset)
    return {key: value for key, value in config.items() if key != 'pipeline'}


def caveats(studies: Sequence[Images]) -> list[str]:
    """In which respects, beside what was trained, studies were scored differently than the first."""
    first, *others = studies
    return [
        f'{first.folder} and {other.folder} were scored differently: {", ".join(found)}'
        for other in others
        if (found := _ways(first, other))
    ]


def _ways(a: Images, b: Images) -> list[str]:
    of_a, of_b = ({key: value for key, value in each.protocol.items() if key != 'layers'} for each in (a, b))
    views = differences(augmentation(a.cfg), augmentation(b.cfg), 'augmentation')
    return differences(of_a, of_b, 'protocol') + views
