import math

import pytest
import torch

from sslreg.memorization import image_alignment, range_normalized, relative_sslmem, sslmem
from sslreg.memorization.scores import delta_layermem, layermem
from sslreg.models.ops.alignment import distance, view_alignment

OF_G, OF_F = torch.tensor([1, 0.8, 0.5]).double(), torch.tensor([0.4, 0.6, 0.55]).double()


def test_scores_of_three_images_worked_by_hand():
    scores = sslmem(OF_F, OF_G)
    assert scores.tolist() == pytest.approx([0.6, 0.2, -0.05])
    assert range_normalized(scores).tolist() == pytest.approx([0.92307692, 0.30769231, -0.07692308])
    assert relative_sslmem(OF_F, OF_G).tolist() == pytest.approx([0.42857143, 0.14285714, -0.04761905])


def test_layermem_is_the_mean_of_sslmem_prime_and_delta_the_step_from_the_layer_before():
    """SSLMem' of two images is 1/2 and 0 by the first layer, 1/2 and 1/2 by the second."""
    found = layermem(torch.ones(2, 2), torch.tensor([[3.0, 1.0], [3.0, 3.0]]))
    assert found.tolist() == [0.25, 0.5]
    assert delta_layermem(found).tolist() == [0.25]


def test_exchanging_the_encoders_turns_the_sign():
    torch.testing.assert_close(sslmem(OF_F, OF_G), -sslmem(OF_G, OF_F))
    torch.testing.assert_close(relative_sslmem(OF_F, OF_G), -relative_sslmem(OF_G, OF_F))


def test_an_image_that_both_align_perfectly_is_not_memorised():
    assert relative_sslmem(torch.zeros(1), torch.zeros(1)).tolist() == [0]


def test_equal_scores_have_no_range():
    with pytest.raises(ValueError, match='all 3 scores are 0.5'):
        range_normalized(torch.full((3,), 0.5))


@pytest.mark.parametrize(
    'kind, expected', [('l2', 5), ('l1', 7), ('cosine', 1 - 0.28), ('angular', math.acos(0.28) / math.pi)]
)
def test_distances_worked_by_hand(kind, expected):
    """Distances of (3, 4) to (0, 0) or, where lengths do not matter, to (-3, 4), at the cosine (-9 + 16) / 25."""
    other = torch.tensor([0.0, 0.0]) if kind.startswith('l') else torch.tensor([-3.0, 4.0])
    assert float(distance(torch.tensor([3.0, 4.0]), other, kind)) == pytest.approx(expected)


def test_small_angles_are_not_lost():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1e-5])
    assert float(distance(a, b, 'angular')) == pytest.approx(1e-5 / math.pi, rel=1e-4)


def test_unknown_distance_is_named():
    with pytest.raises(ValueError, match="distance='l3' must be one of 'l2', 'l1'"):
        distance(torch.ones(2), torch.ones(2), 'l3')


@pytest.mark.parametrize('kind', ['l2', 'l1', 'cosine', 'angular'])
@pytest.mark.parametrize('normalized', [True, False])
def test_view_alignment_is_the_mean_over_all_pairs_of_views(kind, normalized):
    views = torch.randn(4, 3, 6, dtype=torch.double)
    rows = torch.nn.functional.normalize(views, dim=-1) if normalized else views
    pairs = [(i, j) for i in range(4) for j in range(i)]
    expected = torch.stack([torch.stack([distance(rows[i, b], rows[j, b], kind) for b in range(3)]) for i, j in pairs])
    torch.testing.assert_close(view_alignment(views, kind, normalized), expected.mean(dim=0))


def test_image_alignment_compares_views_with_the_image_alone():
    images, views = torch.tensor([[2.0, 0.0]]), torch.tensor([[[0.0, 3.0]], [[1.0, 0.0]]])
    assert image_alignment(images, views).tolist() == pytest.approx([math.sqrt(2) / 2])
    assert image_alignment(images, views, normalized=False).tolist() == pytest.approx([(math.sqrt(13) + 1) / 2])


def test_a_single_view_is_an_error():
    with pytest.raises(ValueError, match='1 view of an image has no other'):
        view_alignment(torch.ones(1, 2, 3))


@pytest.mark.parametrize('num_views', [2, 5])
def test_the_estimate_is_unbiased(num_views):
    """Views x + e of a linear encoder w: w (e - e') has variance 2 w^2, the mean of |w (e - e')| is 2 w / sqrt(pi)."""
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(num_views, 200_000, 1, dtype=torch.double, generator=rng)
    of_f, of_g = (view_alignment(weight * noise, normalized=False) for weight in (0.5, 2.0))
    for alignment, weight in ((of_f, 0.5), (of_g, 2.0)):
        error = float(alignment.std()) / len(alignment) ** 0.5
        assert float(alignment.mean()) == pytest.approx(2 * weight / math.sqrt(math.pi), abs=4 * error)
    assert float(sslmem(of_f, of_g).mean()) == pytest.approx(3 / math.sqrt(math.pi), rel=0.01)
