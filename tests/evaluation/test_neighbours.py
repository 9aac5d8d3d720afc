"""Nearest neighbours are those of the whole matrix of similarities."""

import pytest
import torch
import torch.nn.functional as F

from sslreg.evaluation import neighbours
from sslreg.evaluation.neighbours import nearest


@pytest.fixture(params=['above', 'tops'])
def small_tiles(request, monkeypatch):
    """Tiles of 16 entries and 4 queries; by each way to find a tile's candidates."""
    monkeypatch.setattr(neighbours, 'TILE_BYTES', 4 * 16 * 8)
    monkeypatch.setattr(neighbours, 'QUERIES', 4)
    if request.param == 'tops':
        monkeypatch.setattr(neighbours, '_above', lambda similarity, threshold: neighbours._tops(similarity, 3))


@pytest.mark.usefixtures('small_tiles')
@pytest.mark.parametrize('num_entries', [3, 16, 17, 100])
@pytest.mark.parametrize('num_queries', [1, 4, 9])
def test_equals_brute_force(num_entries, num_queries):
    queries, bank = (F.normalize(torch.randn(n, 5, dtype=torch.float64), dim=1) for n in (num_queries, num_entries))
    found = nearest(queries, bank, 3)
    similarity, index = (queries @ bank.T).topk(3, dim=1)
    assert found.entry.equal(index)
    torch.testing.assert_close(found.similarity, similarity)


@pytest.mark.usefixtures('small_tiles')
def test_equal_entries_are_found_once_each():
    bank = F.normalize(torch.randn(10, 5), dim=1).repeat(8, 1)
    found = nearest(bank[:4], bank, 3)
    torch.testing.assert_close(found.similarity, torch.ones(4, 3))
    assert all(
        len(set(row)) == 3 and {i % 10 for i in row} == {query} for query, row in enumerate(found.entry.tolist())
    )


def test_a_bank_too_small_is_refused():
    with pytest.raises(ValueError, match='a bank of 4 has no 5 neighbours'):
        nearest(torch.randn(2, 3), torch.randn(4, 3), 5)
