"""Patches of two images that correspond, and the lines between them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from sslreg.reports import PatchMaps, correspondence_plot, match


def toy_maps(tokens, attention=None):
    rows, columns = tokens.shape[:2]
    return PatchMaps(torch.ones(1, 2, rows, columns) if attention is None else attention[None, None], tokens[None])


def test_moved_patches_are_matched():
    tokens = torch.randn(4, 6, 16)
    found = match(toy_maps(tokens), toy_maps(tokens.roll((1, 2), dims=(0, 1)) * 3), num=100)
    assert len(found.weight) == 24
    assert ((found.first + torch.tensor([1, 2])) % torch.tensor([4, 6])).equal(found.second)
    torch.testing.assert_close(found.weight, torch.ones(24))


def test_matches_are_mutual_and_ordered_by_attention():
    """Two patches of the first image are nearest to one of the second, which has a nearest of its own."""
    ours = F.normalize(torch.tensor([[[1.0, 0, 0], [1.0, 0.1, 0], [0, 1.0, 0], [0, 0, 1.0]]]), dim=-1)
    theirs = torch.tensor([[[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0]]])
    found = match(
        toy_maps(ours, torch.tensor([[0.1, 0.9, 0.2, 0.4]])), toy_maps(theirs, torch.tensor([[0.5, 0.5, 1.0]])), 3
    )
    assert found.first.tolist() == [[0, 2], [0, 3], [0, 0]] or found.first.tolist() == [[0, 3], [0, 2], [0, 0]]
    assert found.weight.tolist() == pytest.approx([0.2, 0.2, 0.05])
    best = match(toy_maps(ours, torch.tensor([[0.1, 0.9, 0.2, 0.6]])), toy_maps(theirs), 1)
    assert (best.first.tolist(), best.second.tolist(), best.weight.tolist()) == (
        [[0, 3]],
        [[0, 0]],
        pytest.approx([0.6]),
    )
    with pytest.raises(ValueError, match='num=0'):
        match(toy_maps(ours), toy_maps(theirs), 0)


def test_lines_end_at_the_matches(tmp_path):
    tokens = torch.eye(16).view(4, 4, 16)
    matches = match(toy_maps(tokens), toy_maps(tokens), 1)
    matches = matches._replace(first=torch.tensor([[0, 0]]), second=torch.tensor([[3, 3]]))
    black = torch.zeros(3, 32, 32, dtype=torch.uint8)
    correspondence_plot(tmp_path / 'lines.png', (black, black), (toy_maps(tokens), toy_maps(tokens)), matches)
    picture = np.array(Image.open(tmp_path / 'lines.png').convert('RGB')).astype(int)
    height, width = picture.shape[:2]
    for row, x in ((0, 0.5 / 4), (3, 1.06 + 3.5 / 4)):
        assert picture[round((row + 0.5) / 4 * height), round(x / 2.06 * width)].max() > 150
    assert picture[round(0.5 / 4 * height), round(3.5 / 4 / 2.06 * width)].max() < 20
