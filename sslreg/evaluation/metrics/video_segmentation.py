"""The measures of DAVIS: Perazzi et al., CVPR 2016 (section 5), and Pont-Tuset et al., arXiv 1704.00675 (section 5).

Masks are arrays of booleans ``[H, W]``, label maps arrays of integers in which 0 is background and others are objects.
Values are those of davis2017-evaluation (docs/agreement.md).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from sslreg.evaluation.metric import Metric, Metrics

Array = np.ndarray[Any, Any]
CLIP_MEASURES = ('J&F', 'J', 'F')


class Summary(NamedTuple):
    """Summary of a measure over the frames of a clip: all in [0, 1], but decay in [-1, 1].

    Attributes:
        mean: Mean over the frames.
        recall: Share of the frames with more than 0.5.
        decay: Mean over the first quarter less the mean over the last.
    """

    mean: float
    recall: float
    decay: float


class ObjectScore(NamedTuple):
    """Region similarity J and contour accuracy F of one object in a clip."""

    j: Summary
    f: Summary


def region_similarity(predicted: Array, truth: Array) -> float:
    """Return J, the intersection over union of two masks; 1 if both are empty."""
    union = np.count_nonzero(predicted | truth)
    return np.count_nonzero(predicted & truth) / union if union else 1.0


def contour_accuracy(predicted: Array, truth: Array, tolerance: float = 0.008) -> float:
    """Return F, the harmonic mean of the precision and the recall of a mask's contour.

    A pixel of one contour is matched if the other has one within ``ceil(tolerance x diagonal)`` pixels: a disk of this
    radius stands for the bipartite matching of the paper, as in the official evaluation.

    Args:
        predicted: Mask ``[H, W]``.
        truth: Mask ``[H, W]``.
        tolerance: Share of the image's diagonal.

    Returns:
        F; 1 if neither mask has a contour, 0 if only one has.
    """
    disk = _disk(int(np.ceil(tolerance * np.linalg.norm(truth.shape))))
    ours, theirs = contour(predicted), contour(truth)
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    precision, recall = _near(ours, theirs, disk), _near(theirs, ours, disk)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def contour(mask: Array) -> Array:
    """Return the pixels ``[H, W]`` that differ from a neighbour right, below, or right below: one pixel wide."""
    padded = np.pad(mask, ((0, 1), (0, 1)), mode='edge')
    here = padded[:-1, :-1]
    edges: Array = (here != padded[:-1, 1:]) | (here != padded[1:, :-1]) | (here != padded[1:, 1:])
    return edges


def _disk(radius: int) -> Array:
    squares = np.arange(-radius, radius + 1) ** 2
    return (squares[:, None] + squares <= radius**2).astype(np.uint8)


def _near(pixels: Array, others: Array, disk: Array) -> float:
    """Return the share of ``pixels`` with one of the ``others`` within the disk."""
    return float(cv2.dilate(others.astype(np.uint8), disk)[pixels].mean())


def summarise(values: Array) -> Summary:
    """Summarise a measure in F frames, ``[F]``. Neighbouring quarters share a frame, as in the official evaluation."""
    edges = np.floor(np.linspace(0, len(values) - 1, 5) + 0.5 + 1e-10).astype(int)  # halves are rounded up
    first, last = values[: edges[1] + 1], values[edges[3] :]
    return Summary(float(values.mean()), float((values > 0.5).mean()), float(first.mean() - last.mean()))


def objects_of(label_map: Array) -> list[int]:
    """Return the labels of the objects in a label map, ascending, without 0, the background."""
    return [int(label) for label in np.unique(label_map) if label]


def check_clip_length(truth: Array) -> None:
    """Raise ValueError if no frame is left to score of the label maps ``[F, H, W]``."""
    if len(truth) < 3:
        raise ValueError(f'a clip of {len(truth)} frames has none between the first and the last; 3 are needed')


def score_clip(predicted: Array, truth: Array, objects: Sequence[int] | int | None = None) -> list[ObjectScore]:
    """Score the label maps ``[F, H, W]`` of a clip object by object.

    The first frame, which is given, and the last are left out, as in the official semi-supervised evaluation. The
    objects are those of the first annotated frame. Others that appear later are not scored; their pixels are outside
    of all objects. The official evaluation expects labels 1..N without gaps and scores a label that is missing between
    them as a perfect object; here only labels that occur are objects, e.g. the one label 128 of a grey mask.

    Args:
        predicted: Predicted label maps.
        truth: Annotated label maps.
        objects: Labels of the objects to score, or the number of objects 1..N; by default those of the first frame.

    Raises:
        ValueError: The maps differ in shape, there are less than 3 frames, or no objects.
    """
    if predicted.shape != truth.shape:
        raise ValueError(
            f'predicted label maps are {list(predicted.shape)}, the annotated ones {list(truth.shape)}: both must have '
            'the frames and pixels of the clip'
        )
    check_clip_length(truth)
    if isinstance(objects, int):
        objects = range(1, objects + 1)
    labels = objects_of(truth[0]) if objects is None else objects
    if not labels:
        raise ValueError('the first annotated frame has no object to score: begin the clip where the object is seen')
    return [_score_object(predicted[1:-1] == label, truth[1:-1] == label) for label in labels]


def _score_object(predicted: Array, truth: Array) -> ObjectScore:
    """Score masks ``[F, H, W]``."""
    frames = list(zip(predicted, truth, strict=True))
    j, f = (np.array([measure(*pair) for pair in frames]) for measure in (region_similarity, contour_accuracy))
    return ObjectScore(summarise(j), summarise(f))


def mean_scores(scores: list[ObjectScore]) -> Metrics:
    """Average over objects, in per cent: ``J&F``, ``J``, ``J_recall``, ``J_decay`` and the same of ``F``."""
    j, f = (100 * np.mean([score[measure] for score in scores], axis=0) for measure in (0, 1))
    parts = {
        Metric(letter + suffix, higher_is_better=suffix != '_decay'): float(value)
        for letter, summary in (('J', j), ('F', f))
        for suffix, value in zip(('', '_recall', '_decay'), summary, strict=True)
    }
    return {Metric('J&F'): float(j[0] + f[0]) / 2} | parts


def clip_scores(clip: str, scores: list[ObjectScore]) -> Metrics:
    """Average over the objects of a clip, in per cent: ``CLIP/J&F``, ``CLIP/J`` and ``CLIP/F``."""
    means = mean_scores(scores)
    return {Metric(measure, group=clip): means[Metric(measure)] for measure in CLIP_MEASURES}
