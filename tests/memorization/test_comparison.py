"""Studies of the same images side by side, against figures worked out by hand."""

import math

import pytest
import torch
from mmengine.config import Config

from sslreg.memorization import Split, comparison, tables
from sslreg.memorization.comparison import Images
from sslreg.memorization.image_scores import Scores

SETS = ['shared'] * 2 + ['candidate'] * 4
SPLIT = Split(shared=[0, 1], candidate=[4, 5, 6, 7], independent=[8, 9], extra=[0])


def scores(*of_f: list[float], index: tuple[int, ...] = (4, 5, 6, 7)) -> Scores:
    """Two shared images of 0 and four candidates, whose SSLMem is 1 minus what is given, by seeds 3, 4 and so on."""
    rows = torch.tensor([[1.0, 1.0, *row] for row in of_f])[:, None]
    seeds = list(range(3, 3 + len(of_f)))
    return Scores(['conv'], seeds, SETS, torch.tensor([0, 1, *index]), rows, torch.ones_like(rows))


def images(folder: str = 'a', split: Split = SPLIT, data: str = 'x', gray: float = 0.2, **protocol) -> Images:
    cfg = dict(train_dataloader=dict(dataset=dict(views=[dict(gray=gray)], dataset=dict(data_root=data, pipeline=[]))))
    return Images(folder, Config(cfg), split, dict(num_views=5, layers=[folder]) | protocol)


def test_sets_of_a_study_are_those_of_its_scores():
    found = comparison.of_study(scores([0.5, 0.25, 0.25, 0.5], [0.5, 0.5, 0.75, 0.75]))
    assert found['seeds'] == [3, 4]
    means = found['sets']['candidate']['sslmem']
    assert means['mean'] == pytest.approx((0.625 + 0.375) / 2)
    assert means['std'] == pytest.approx(0.25 / 2**0.5)
    assert found['sets']['shared']['sslmem_prime']['mean'] == 0
    (test,) = found['tests']
    assert (test['higher'], test['lower'], test['difference']) == ('candidate', 'shared', pytest.approx(0.5))


def test_two_studies_agree_by_the_means_over_their_seeds():
    """Of a 5 and 4 lead, by 0.6 and 0.5; of b 4 and 5, by 0.8 and 0.7: both the same two, ranked the other way."""
    a = scores([0.6, 0.2, 0.9, 0.9], [0.4, 0.6, 0.9, 0.9])
    b = scores([0.2, 0.3, 0.9, 0.8])
    (pair,) = comparison.compare(dict(a=a, b=b), top=2)['pairs']
    assert (pair['studies'], pair['top'], pair['overlap'], pair['tau']) == (['a', 'b'], 2, 1, pytest.approx(-1))
    (pair,) = comparison.compare(dict(a=a, b=scores([0.9, 0.2, 0.3, 0.9])), top=2)['pairs']
    assert pair['overlap'] == 0.5
    assert math.isnan(pair['tau'])  # of one image in both
    assert comparison.compare(dict(a=a, b=b))['pairs'][0]['top'] == 4


def test_images_are_told_by_their_index_not_by_their_place():
    a, b = scores([0.1, 0.2, 0.3, 0.4]), scores([0.4, 0.3, 0.2, 0.1], index=(7, 6, 5, 4))
    torch.testing.assert_close(comparison.candidates(a), comparison.candidates(b))
    (pair,) = comparison.compare(dict(a=a, b=b), top=4)['pairs']
    assert pair['tau'] == pytest.approx(1)


def test_overlaps_have_the_seeds_of_a_study_on_the_diagonal():
    """Of a seeds 3 and 4 share one of two images, 3 and 5 both, 4 and 5 one; b has one seed."""
    a = scores([0.1, 0.2, 0.9, 0.9], [0.1, 0.9, 0.2, 0.9], [0.2, 0.1, 0.9, 0.9])
    found = comparison.compare(dict(a=a, b=scores([0.9, 0.9, 0.1, 0.2])), top=2)
    assert [(pair['seeds'], pair['overlap']) for pair in found['studies'][0]['between_seeds']] == [
        ([3, 4], 0.5),
        ([3, 5], 1),
        ([4, 5], 0.5),
    ]
    (own, other), (back, none) = comparison.overlaps(found)
    assert (own, other, back) == (pytest.approx(2 / 3), 0, 0)
    assert math.isnan(none)
    means, shares, ranks = tables.of_comparison(found | dict(layer='conv'))
    assert [list(column.cells) for column in shares.columns] == [['a', 'b'], ['67%', '0%'], ['0%', '']]
    assert list(means.columns[0].cells) == ['a', 'b']
    assert list(ranks.columns[0].cells) == ['a and b']


def test_studies_of_the_same_images_may_differ_in_all_else():
    turned = SPLIT._replace(shared=[1, 0])
    comparison.check_same_images([images(), images('b', turned, gray=0.5, num_views=3), images('c')])
    assert comparison.caveats([images(), images('b'), images('c', gray=0.5, num_views=3)]) == [
        'a and c were scored differently: protocol.num_views=5 and 3, augmentation[0].gray=0.2 and 0.5'
    ]


@pytest.mark.parametrize(
    'other, reason',
    [
        (dict(split=SPLIT._replace(candidate=[2, 3, 4, 5, 6])), '3 of 4 and 5 candidate images are in both'),
        (dict(split=SPLIT._replace(extra=[1])), '0 of 1 and 1 extra images are in both'),
        (dict(data='y'), "their data differ, dataset.data_root='x' and 'y'"),
    ],
)
def test_studies_of_other_images_are_refused_by_their_folders(other, reason):
    with pytest.raises(ValueError, match=f'a and work/c are not of the same images, .*{reason}: .* --split a/split'):
        comparison.check_same_images([images(), images('b'), images('work/c', **other)])
