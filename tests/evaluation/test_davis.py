"""The measures of DAVIS on masks whose values are known."""

import numpy as np
import pytest

from sslreg.evaluation.metrics.video_segmentation import (
    Summary,
    _disk,
    contour,
    contour_accuracy,
    mean_scores,
    region_similarity,
    score_clip,
    summarise,
)

EMPTY = np.zeros((60, 80), dtype=bool)  # diagonal 100


def square(top: int, left: int, side: int = 20) -> np.ndarray:
    mask = EMPTY.copy()
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.mark.parametrize('shift, intersection', [(0, 400), (5, 300), (10, 200), (20, 0)])
def test_region_similarity_of_shifted_squares(shift, intersection):
    assert region_similarity(square(10, 10), square(10, 10 + shift)) == intersection / (800 - intersection)


def test_region_similarity_of_empty_masks():
    assert region_similarity(EMPTY, EMPTY) == 1
    assert region_similarity(EMPTY, square(10, 10)) == region_similarity(square(10, 10), EMPTY) == 0


def test_contour_is_one_pixel_wide():
    """The upper left one of the four pixels around a corner sees the difference."""
    mask = np.zeros((5, 5), dtype=bool)
    mask[2, 2] = True
    assert np.argwhere(contour(mask)).tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    assert not contour(EMPTY).any()
    assert not contour(~EMPTY).any()


def test_contour_ends_at_the_edge_of_the_image():
    mask = np.zeros((4, 4), dtype=bool)
    mask[:, 2:] = True
    assert np.argwhere(contour(mask)).tolist() == [[row, 1] for row in range(4)]


def test_contour_accuracy_of_identical_masks():
    assert contour_accuracy(square(10, 10), square(10, 10)) == 1


@pytest.mark.parametrize('shift, within', [(1, True), (2, True), (3, False)])
def test_contour_within_the_tolerance(shift, within):
    """Tolerances are rounded up: 0.013 of a diagonal of 100 pixels is 2."""
    assert (contour_accuracy(square(10, 10), square(10, 10 + shift), tolerance=0.013) == 1) == within


@pytest.mark.parametrize('shift, within', [((2, 0), True), ((1, 1), True), ((2, 1), False), ((2, 2), False)])
def test_tolerance_is_a_disk(shift, within):
    """Two lone pixels, tolerance 2: the four pixels of one contour have a match in the other's at this shift."""
    ours, theirs = EMPTY.copy(), EMPTY.copy()
    ours[30, 40] = theirs[30 + shift[0], 40 + shift[1]] = True
    corner = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    distance = np.linalg.norm(corner[:, None] - (corner + shift), axis=2)
    matched = (distance.min(axis=1) <= 2).mean()
    assert contour_accuracy(ours, theirs, tolerance=0.015) == matched
    assert _disk(2)[2 + shift[0], 2 + shift[1]] == within


def test_contour_accuracy_of_half_a_contour():
    """A step edge 6 pixels from another in half of the rows, tolerance 1: half of each contour is matched."""
    straight, stepped = np.zeros((2, 60, 80), dtype=bool)
    straight[:, 40:] = True
    stepped[:30, 40:], stepped[30:, 46:] = True, True
    ours, theirs = contour(straight), contour(stepped)
    assert ours.sum() == 60
    # straight: rows 0..30 lie within 1 of the step's upper half; stepped: rows 0..29 and (29, 40)
    precision, recall = 31 / 60, 31 / theirs.sum()
    value = contour_accuracy(straight, stepped, tolerance=0.01)
    assert value == pytest.approx(2 * precision * recall / (precision + recall))


def test_contour_accuracy_of_empty_contours():
    assert contour_accuracy(EMPTY, EMPTY) == 1
    assert contour_accuracy(EMPTY, square(10, 10)) == contour_accuracy(square(10, 10), EMPTY) == 0
    assert contour_accuracy(square(0, 0), square(35, 55)) == 0


def test_summary():
    """Quarters of 9 frames share their edges: frames 0-2 and 6-8."""
    values = np.array([0.9, 0.9, 0.9, 0.5, 0.6, 0.5, 0.3, 0.3, 0.0])
    assert summarise(values) == pytest.approx(Summary(values.mean(), 4 / 9, 0.9 - 0.2))


def test_edges_of_quarters_are_rounded_half_up():
    """The edges of 3 frames are 0, 0.5, 1, 1.5, 2: frames 0-1 and 2."""
    assert summarise(np.array([1.0, 0.5, 0.25])).decay == 0.75 - 0.25


@pytest.mark.parametrize('length', range(1, 120))
def test_quarters_are_those_of_the_official_evaluation(length):
    """The official evaluation numbers frames from 1 on."""
    values = np.random.default_rng(length).random(length)
    edges = np.round(np.linspace(1, length, 5) + 1e-10).astype(int) - 1
    decay = values[edges[0] : edges[1] + 1].mean() - values[edges[3] : edges[4] + 1].mean()
    assert summarise(values).decay == pytest.approx(decay)


def test_truth_scores_100():
    truth = np.stack([square(i, i) * 1 + square(i + 20, i + 20) * 2 for i in range(6)])
    scores = mean_scores(score_clip(truth, truth, 2))
    assert scores == {'J&F': 100, 'J': 100, 'J_recall': 100, 'J_decay': 0, 'F': 100, 'F_recall': 100, 'F_decay': 0}


def test_first_and_last_frame_do_not_count():
    truth = np.stack([square(10, 10)] * 5).astype(int)
    predicted = truth.copy()
    predicted[[0, -1]] = 0
    assert mean_scores(score_clip(predicted, truth, 1))['J&F'] == 100
    predicted[2] = 0
    assert mean_scores(score_clip(predicted, truth, 1))['J'] == pytest.approx(200 / 3)


def test_objects_are_scored_one_by_one():
    truth = np.stack([square(0, 0) * 1 + square(30, 40) * 2] * 3)
    first, second = score_clip(np.where(truth == 2, 0, truth), truth, 2)
    assert (first.j.mean, first.f.mean, second.j.mean, second.f.mean) == (1, 1, 0, 0)


def test_clips_that_cannot_be_scored():
    with pytest.raises(ValueError, match=r'\[4, 6, 8\], the annotated ones \[5, 6, 8\]'):
        score_clip(np.zeros((4, 6, 8)), np.zeros((5, 6, 8)), 1)
    with pytest.raises(ValueError, match='clip of 2 frames'):
        score_clip(np.zeros((2, 6, 8)), np.zeros((2, 6, 8)), 1)


@pytest.mark.parametrize('label', [1, 2, 38, 128, 254])
def test_objects_are_those_of_the_first_frame_by_their_labels(label):
    """Label 128 is one object, not 128 of which 127 are empty and perfect; a late one is not scored."""
    truth = np.stack([square(10, 10)] * 5) * label
    truth[2:, 40:50, 40:50] = 3
    predicted = np.stack([square(10, 20)] * 5) * label
    (score,) = score_clip(predicted, truth)
    assert score.j.mean == pytest.approx(1 / 3)
    assert score == score_clip(predicted == label, truth == label, 1)[0]


def test_what_appears_late_is_outside_of_the_objects():
    truth = np.stack([square(10, 10)] * 4).astype(int)
    truth[1:][:, square(10, 20)] = 2  # covers half of the object
    (score,) = score_clip(np.stack([square(10, 10)] * 4).astype(int), truth)
    assert score.j.mean == 0.5


def test_a_first_frame_without_objects_cannot_be_scored():
    truth = np.stack([EMPTY, square(10, 10), square(10, 10)]).astype(int)
    with pytest.raises(ValueError, match='no object to score: begin the clip where'):
        score_clip(truth, truth)
