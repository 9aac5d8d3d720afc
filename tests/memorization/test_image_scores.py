import pytest
import torch

from sslreg.memorization.image_scores import ImageScores


def scores() -> ImageScores:
    """Two seeds and two layers of one shared image and two candidates; alignment by f is 0."""
    of_g = torch.tensor([[[9.0, 1, 2], [9, 5, 3]], [[9, 3, 2], [9, 7, 3]]])
    return ImageScores(
        ['a', 'b'], [0, 1], ['shared', 'candidate', 'candidate'], torch.tensor([0, 5, 4]), of_g * 0, of_g
    )


def test_what_is_written_is_read(tmp_path):
    scores().write(tmp_path / 'new' / 'scores.npz')
    found = ImageScores.read(tmp_path / 'new' / 'scores.npz')
    assert (found.layers, found.seeds, found.sets) == (['a', 'b'], [0, 1], ['shared', 'candidate', 'candidate'])
    assert torch.equal(found.of_g, scores().of_g)
    assert found.candidate_index == [5, 4]


def test_candidates_are_means_over_seeds_by_a_layer():
    assert scores().candidates('b').tolist() == [6, 3]
    assert scores().of_layer('b').layers == ['b']
    with pytest.raises(ValueError, match="layer 'c' was not scored; those that were: a, b"):
        scores().of_layer('c')
