"""Numbers that the evaluation programs of other groups print for inputs drawn here; none of their code is needed.

The programs were run once, in float64 unless another type is named; docs/agreement.md has repositories and commits.
"""

import numpy as np
import pytest
import torch
from PIL import Image

from sslreg.datasets import DavisClip, RevisitedQuery
from sslreg.evaluation import KNNProbe
from sslreg.evaluation.metrics.average_precision import revisited_scores
from sslreg.evaluation.metrics.copy_scores import copy_scores
from sslreg.evaluation.metrics.label_propagation import propagate, to_label_map
from sslreg.evaluation.metrics.video_segmentation import mean_scores, score_clip

RANKING = [  # images of a database of 30
    RevisitedQuery(easy=[3, 7], hard=[1, 12, 20], junk=[0, 5]),
    RevisitedQuery(easy=[], hard=[4, 9], junk=[2]),
    RevisitedQuery(easy=[11], hard=[], junk=[6, 8, 29]),
    RevisitedQuery(easy=[14, 15], hard=[16], junk=[]),
]


def classes():
    """A bank of 40 features of 5 classes, its labels, and 3 queries."""
    rng = np.random.default_rng(0)
    labels, centres = np.arange(40) % 5, rng.normal(size=(5, 6))
    bank = centres[labels] + rng.normal(size=(40, 6))
    queries = centres[[0, 1, 2]] + rng.normal(size=(3, 6))
    return map(torch.from_numpy, (bank, labels, queries))


def search():
    """Features of 4 queries and of a database of 30 images."""
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.normal(size=(4, 8))), torch.from_numpy(rng.normal(size=(30, 8)))


def clip():
    """Masks and predictions that lag behind: two objects, a third from the third frame on, pixels of no label."""
    truth, predicted = np.zeros((2, 9, 60, 80), np.uint8)
    for t in range(9):
        for maps, lag in ((truth, 0), (predicted, 1)):
            s = max(t - lag, 0)
            maps[t, 8 + s : 28 + s, 6 + 2 * s : 30 + 2 * s] = 1
            maps[t, 34:52, 60 - 3 * s : 74 - 3 * s] = 2
        if t >= 2:
            truth[t, 2:14, 50:76] = 3
        truth[t, 56:, :] = 255
    predicted[5:, 34:52] = 0
    return truth, predicted


def video():
    """Features ``[6, 4, 6, 5]`` of patches that move to the right, and a label ``[3, 4, 6]``."""
    rng = np.random.default_rng(2)
    base = rng.normal(size=(4, 6, 5))
    feats = np.stack([np.roll(base, t, axis=1) + 0.7 * rng.normal(size=(4, 6, 5)) for t in range(6)])
    classes = rng.integers(0, 3, size=(4, 6))
    label = np.stack([classes == k for k in range(3)])
    return torch.from_numpy(feats).float(), torch.from_numpy(label).float()


@pytest.mark.parametrize(
    'k, temperature, first_query',
    [
        (10, 0.07, [0.132876159315, 0.526935046532, 0.0, 0.142934265151, 0.197254529002]),
        (20, 0.07, [0.129848259004, 0.52752737935, 0.0, 0.141671983335, 0.200952378311]),
        (10, 0.02, [0.014027054011, 0.958565121023, 0.0, 0.018108353844, 0.009299471123]),
    ],
)
def test_knn_votes_are_dinos(k, temperature, first_query):
    bank, labels, queries = classes()
    probe = KNNProbe(ks=(k,), temperature=temperature)
    probe.fit(bank, labels)
    votes = probe.predict(queries)[0]
    assert (votes / votes.sum()).tolist() == pytest.approx(first_query, abs=1e-12)


def test_scores_of_revisited_oxford_are_revisitops():
    queries, database = search()
    scores = revisited_scores(queries, database, RANKING)
    assert [scores[f'{level}/queries'] for level in ('easy', 'medium', 'hard')] == [3, 4, 3]
    found = [scores[f'{level}/{measure}'] for level in ('easy', 'medium', 'hard') for measure in ('mAP', 'mP@10')]
    assert found == pytest.approx(
        [0.06953350119952288, 0.08095238, 0.09514822357948956, 0.11071429, 0.06467731811934711, 0.06666667], abs=1e-8
    )
    assert scores['medium/mAP'] == pytest.approx(0.09514822357948956, abs=1e-15)


def test_scores_of_copies_are_those_of_isc_and_dino():
    queries, database = search()
    three = copy_scores(queries, database, [4, 9, 17, None], ['any'] * 4)
    assert three['uAP'] == pytest.approx(0.01876443134365021, abs=1e-15)
    four = copy_scores(queries, database, [4, 9, 17, 28], ['any'] * 4)
    assert four['mAP_top20'] == pytest.approx(0.007352941176470588, abs=1e-15)  # ranks 29, 22, 25 and 16


def test_masks_are_scored_as_by_davis2017(tmp_path):
    """The third object, which is not in the first frame, is not scored; pixels of no label are background."""
    truth, predicted = clip()
    masks = written(tmp_path, truth).masks()
    assert mean_scores(score_clip(predicted, masks)) == pytest.approx(
        {
            'J&F': 48.78091624667724,
            'J': 57.09957198158903,
            'J_recall': 78.57142857142857,
            'J_decay': 32.173421224846495,
            'F': 40.46226051176546,
            'F_recall': 50,
            'F_decay': 21.4502700270027,
        },
        abs=1e-12,
    )


def written(folder, labels):
    for kind in ('JPEGImages', 'Annotations'):
        (folder / kind / '480p' / 'clip').mkdir(parents=True)
    for i, label_map in enumerate(labels):
        mask = Image.fromarray(label_map)
        Image.new('RGB', mask.size).save(folder / f'JPEGImages/480p/clip/{i:05}.jpg')
        mask.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0] + [90] * 3 * 253)
        mask.save(folder / f'Annotations/480p/clip/{i:05}.png')
    return DavisClip(str(folder), 'clip')


def test_labels_are_propagated_as_by_dino():
    """In float32, with 2 frames beside the first, radius 2 and 5 voters, then enlarged to pixels."""
    weights = propagate(*video(), num_last=2, radius=2, topk=5, temperature=0.1)
    sums = weights[5].sum(dim=(1, 2)).tolist()
    assert sums == pytest.approx([10.027926445007324, 5.786177158355713, 8.185897827148438], rel=1e-6)
    assert weights[3, :, 2, 4].tolist() == pytest.approx([0.01289020, 0.23029318, 0.75681662], abs=1e-7)
    maps = [to_label_map(frame, (16, 24), (20, 30)) for frame in weights]
    assert [int(one.sum()) for one in maps] == [579, 475, 386, 532, 505, 493]
    assert maps[5].flatten().bincount().tolist() == [312, 83, 205]
