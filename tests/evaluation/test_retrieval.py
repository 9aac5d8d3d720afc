"""Scores of retrieval: by hand, walked along the list, against scikit-learn, and on the real ground truth."""

import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import average_precision_score

from sslreg.datasets import RetrievalQuery, RevisitedQuery
from sslreg.datasets.archives import dataset_root
from sslreg.datasets.revisited_ground_truth import read_ground_truth
from sslreg.evaluation.metrics import average_precision as retrieval
from sslreg.evaluation.metrics.average_precision import (
    average_precision,
    precision_at,
    ranks_of,
    retrieval_scores,
    revisited_scores,
    similarities,
    trapezoid_average_precision,
)

GROUND_TRUTH = Path(__file__).parents[2] / 'data' / 'revisitop_gnd'


def test_junk_is_taken_out_of_the_ranking():
    order = torch.tensor([4, 0, 2, 1, 3, 5])
    assert ranks_of([0, 1], order, junk=[4, 2]).tolist() == [0, 1]
    assert ranks_of([5, 1], order, junk=[0]).tolist() == [2, 4]
    assert ranks_of([5, 1], order, junk=[]).tolist() == [3, 5]


def test_trapezoids_by_hand():
    assert trapezoid_average_precision(torch.tensor([0, 1])) == 1
    # Precision rises from 0/2 to 1/3 at the third place and from 1/4 to 2/5 at the fifth.
    expected = ((0 / 2 + 1 / 3) / 2 + (1 / 4 + 2 / 5) / 2) / 2
    assert trapezoid_average_precision(torch.tensor([2, 4])) == pytest.approx(expected)


def test_precision_at_k_stops_at_the_last_positive():
    ranks = torch.tensor([0, 2])
    assert [precision_at(ranks, k) for k in (1, 2, 3, 5, 10)] == [1, 1 / 2, 2 / 3, 2 / 3, 2 / 3]
    assert precision_at(torch.tensor([2, 4]), 1) == 0


def walked(order: list[int], positives: set[int], junk: set[int]) -> float:
    """Area below precision over recall, from precision 1 at recall 0, one result after another."""
    area, old_recall, old_precision, found, seen = 0.0, 0.0, 1.0, 0, 0
    for image in order:
        if image in junk:
            continue
        seen += 1
        found += image in positives
        recall, precision = found / len(positives), found / seen
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


@pytest.mark.parametrize('num_positives', [1, 2, 7])
@pytest.mark.parametrize('num_junk', [0, 3, 20])
def test_trapezoids_equal_the_walk_along_the_list(num_positives, num_junk):
    for _ in range(20):
        order, images = torch.randperm(30), torch.randperm(30).tolist()
        positives, junk = images[:num_positives], images[10 : 10 + num_junk]
        value = trapezoid_average_precision(ranks_of(positives, order, junk))
        assert value == pytest.approx(walked(order.tolist(), set(positives), set(junk)))


@pytest.mark.parametrize('levels', [2, 5, 10**6])
def test_average_precision_is_scikit_learns(levels):
    """Also among equal scores, of which 2 levels have many."""
    for num_relevant in (1, 5, 40):
        scores = (torch.rand(60) * levels).floor()
        relevant = torch.arange(60) < num_relevant
        assert average_precision(scores, relevant) == pytest.approx(average_precision_score(relevant, scores))


def test_average_precision_of_nothing_is_an_error():
    with pytest.raises(ValueError, match='none of 4 images is relevant'):
        average_precision(torch.rand(4), torch.zeros(4, dtype=torch.bool))


def test_similarities_are_cosines_whatever_the_tiles(monkeypatch):
    monkeypatch.setattr(retrieval, 'RANKED_QUERIES', 3)
    queries, database = torch.randn(7, 5), torch.randn(11, 5)
    expected = F.cosine_similarity(queries[:, None], database[None], dim=2)
    torch.testing.assert_close(torch.stack(list(similarities(queries, database))), expected)


def test_features_that_are_not_finite_are_an_error():
    with pytest.raises(ValueError, match=r'1 of 3 images \(database\) are not finite'):
        next(similarities(torch.ones(2, 2), torch.tensor([[1.0, 1], [torch.nan, 0], [0, 0]])))


def test_a_query_does_not_find_itself():
    """Features on a circle at 0, 10, 30 and 90 degrees; the query at 0 sees the others in this order."""
    angles = torch.deg2rad(torch.tensor([0.0, 10, 30, 90]))
    feats = torch.stack([angles.cos(), angles.sin()], dim=1)
    assert retrieval_scores(feats, [RetrievalQuery(0, [1])]) == {'mAP': 1, 'P@1': 1}
    scores = retrieval_scores(feats, [RetrievalQuery(0, [2, 3]), RetrievalQuery(3, [2])])
    assert scores['mAP'] == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1) / 2)
    assert scores['P@1'] == 0.5


def test_first_hits_that_are_equally_similar_count_by_share():
    """All features are alike, and 2 of the 4 other images are right, wherever they are."""
    for positives in ([1, 2], [3, 4]):
        assert retrieval_scores(torch.ones(5, 3), [RetrievalQuery(0, positives)])['P@1'] == 0.5


def test_half_precision_is_searched_in_float32():
    feats = torch.nn.functional.normalize(torch.ones(1, 64) + 0.02 * torch.randn(40, 64), dim=1)
    queries = [RetrievalQuery(i, [(i + 1) % 40]) for i in range(40)]
    assert retrieval_scores(feats.half(), queries)['mAP'] == retrieval_scores(feats.half().float(), queries)['mAP']


def test_difficulties_by_hand():
    """The ranking is 0 to 5; the second query has no hard positive and does not count there."""
    database = torch.tensor([[1.0, 0.1 * i] for i in range(6)])
    queries = torch.tensor([[1.0, 0.0]] * 2)
    truth = [RevisitedQuery(easy=[1], hard=[3], junk=[0]), RevisitedQuery(easy=[2], hard=[], junk=[0, 1])]
    scores = revisited_scores(queries, database, truth)
    assert [scores[f'{level}/queries'] for level in ('easy', 'medium', 'hard')] == [2, 2, 1]
    # First query: easy [1 2 4 5], medium [1 2 3 4 5], hard [2 3 4 5]; the second's first is right.
    assert scores['easy/mAP'] == 1
    assert scores['medium/mAP'] == pytest.approx(((1 + (1 / 2 + 2 / 3) / 2) / 2 + 1) / 2)
    assert scores['hard/mAP'] == pytest.approx((0 / 1 + 1 / 2) / 2)
    assert scores['medium/mP@5'] == pytest.approx((2 / 3 + 1) / 2)
    assert (scores['hard/mP@1'], scores['hard/mP@10']) == (0, 1 / 2)


def test_a_difficulty_without_any_positive_has_no_means():
    scores = revisited_scores(torch.ones(1, 2), torch.ones(2, 2), [RevisitedQuery(easy=[0], hard=[], junk=[])])
    assert scores['hard/queries'] == 0
    assert 'hard/mAP' not in scores


@pytest.fixture(params=['roxford5k', 'rparis6k'])
def ground_truth(request):
    if not (GROUND_TRUTH / f'gnd_{request.param}.json.gz').is_file():
        pytest.skip('needs data/revisitop_gnd/gnd_*.json.gz (docs/data.md)')
    content = read_ground_truth(dataset_root(GROUND_TRUTH), f'gnd_{request.param}.json.gz')
    queries = [RevisitedQuery(**{name: each[name] for name in RevisitedQuery._fields}) for each in content['gnd']]
    return request.param, len(content['imlist']), queries


def test_counts_of_the_real_ground_truth(ground_truth):
    name, num_images, queries = ground_truth
    totals = [sum(len(getattr(query, level)) for query in queries) for level in RevisitedQuery._fields]
    expected = dict(roxford5k=(4993, [3029, 2497, 1356]), rparis6k=(6322, [6874, 10350, 7153]))
    assert (num_images, totals) == expected[name]
    assert len(queries) == 70


def test_perfect_features_score_1_on_the_real_ground_truth(ground_truth):
    """One dimension per query, in which its positives have a part and no others."""
    _, num_images, queries = ground_truth
    database = torch.full((num_images, 71), 0.0)
    database[:, 70] = 0.1
    for number, query in enumerate(queries):
        database[query.easy + query.hard, number] = 1
    scores = revisited_scores(torch.eye(70, 71), database, queries)
    counted = {level: scores.pop(f'{level}/queries') for level in ('easy', 'medium', 'hard')}
    assert set(scores.values()) == {1.0}
    assert counted == dict(
        easy=sum(bool(query.easy) for query in queries), medium=70, hard=sum(bool(query.hard) for query in queries)
    )


def test_random_features_score_the_share_of_positives(ground_truth):
    """A random ranking has the precision of the share of positives at any place, a little more at the first ones."""
    _, num_images, queries = ground_truth
    scores = revisited_scores(torch.randn(70, 64), torch.randn(num_images, 64), queries)
    share = sum(len(query.easy + query.hard) / (num_images - len(query.junk)) for query in queries) / 70
    assert share < scores['medium/mAP'] < 1.5 * share
    print(json.dumps({name: round(100 * score, 2) for name, score in scores.items() if 'mAP' in name}))
