"""Scores of copy detection: by hand, and scikit-learn's average precision of all pairs."""

import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score

from sslreg.evaluation.metrics import average_precision as retrieval
from sslreg.evaluation.metrics.copy_scores import (
    copy_scores,
    holidays_average_precision,
    learn_whitening,
    mean_average_precision,
    rank_originals,
)


def on_circle(*degrees: float) -> torch.Tensor:
    angles = torch.deg2rad(torch.tensor(degrees))
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_scores_by_hand():
    """Database at 0, 40 and 90 degrees; the third query has no original but is the closest to anything."""
    database, queries = on_circle(0, 40, 90), on_circle(5, 15, 89)
    scores = copy_scores(queries, database, [0, 1, None], ['crop', 'text', 'crop'])
    # The originals are at 5 and 25 degrees. Closer than the first: one pair (1 degree); than the second: 15 as well.
    assert scores['uAP'] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (scores['crop/mAP'], scores['text/mAP'], scores['mAP']) == (1, 1 / 2, 3 / 4)
    assert scores['text/mAP_top20'] == pytest.approx(1 / 4)


@pytest.mark.parametrize('num_queries,num_images', [(5, 3), (40, 25), (7, 200)])
def test_uap_is_scikit_learns_over_all_pairs(num_queries, num_images, monkeypatch):
    monkeypatch.setattr(retrieval, 'RANKED_QUERIES', 3)
    queries, database = torch.randn(num_queries, 6).double(), torch.randn(num_images, 6).double()
    database[1] = database[0]  # the same image twice: equal scores
    originals = [None if i % 3 == 2 else i % num_images for i in range(num_queries)]
    for i, original in enumerate(originals):
        if original is not None and i % 2:
            queries[i] += 2 * database[original]
    pairs = torch.stack(list(retrieval.similarities(queries, database)))
    right = torch.zeros_like(pairs, dtype=torch.bool)
    for i, original in enumerate(originals):
        if original is not None:
            right[i, original] = True
    scores = copy_scores(queries, database, originals, ['any'] * num_queries)
    assert scores['uAP'] == pytest.approx(average_precision_score(right.flatten(), pairs.flatten()), abs=1e-12)
    with_original = right.any(dim=1)
    each = [average_precision_score(*row) for row in zip(right[with_original], pairs[with_original], strict=True)]
    assert scores['mAP'] == scores['any/mAP'] == pytest.approx(sum(each) / len(each), abs=1e-12)


def test_a_collapsed_model_scores_the_worst_rank():
    """All features alike: no order among them may help."""
    scores = copy_scores(torch.ones(4, 3), torch.ones(10, 3), [0, 1, 2, 3], ['any'] * 4)
    assert scores['mAP'] == scores['uAP'] == pytest.approx(1 / 10)


def test_published_average_precision_of_one_original():
    """Trapezoids: precision 0 before the original; nothing counts beyond the 20th place."""
    ranks = torch.tensor([0, 1, 19, 20, 500])
    assert holidays_average_precision(ranks) == pytest.approx((1 + 1 / 4 + 1 / 40) / 5)
    assert mean_average_precision(ranks) == pytest.approx((1 + 1 / 2 + 1 / 20 + 1 / 21 + 1 / 501) / 5)


def test_queries_without_any_original_are_an_error():
    with pytest.raises(ValueError, match='none of 2 queries has an original'):
        rank_originals(torch.ones(2, 3), torch.ones(4, 3), [None, None])


def test_whitening_is_scikit_learns_up_to_signs():
    feats = torch.randn(200, 6).double() @ torch.randn(6, 6).double() + 3
    new = torch.randn(20, 6).double()
    reference = PCA(whiten=True).fit(feats.numpy())
    expected = torch.from_numpy(reference.transform(new.numpy())).abs() * (200 / 199) ** 0.5  # divides by N - 1
    torch.testing.assert_close(learn_whitening(feats)(new).flip(1).abs(), expected)


def test_directions_without_variance_are_not_blown_up():
    feats = torch.randn(100, 4)
    feats[:, 3] = feats[:, 2]
    white = learn_whitening(feats)(feats)
    assert white.isfinite().all()
    assert white.std(dim=0).max() < 1.1


def test_whitening_of_too_few_images_is_an_error():
    with pytest.raises(ValueError, match='8 dimensions needs more than 8 images, got 8'):
        learn_whitening(torch.randn(8, 8))
