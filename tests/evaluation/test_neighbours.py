"""Nearest neighbours are those of the whole matrix of similarities, by each way to find them."""

from importlib.util import find_spec

import pytest
import torch
import torch.nn.functional as F

from sslreg.evaluation.probes import neighbours
from sslreg.evaluation.probes.neighbours import by_faiss, by_threshold, by_tops, nearest

needs_faiss = pytest.mark.skipif(find_spec('faiss') is None, reason='needs faiss-cpu (requirements/faiss.txt)')
WAYS = [by_threshold, by_tops, pytest.param(by_faiss, marks=needs_faiss)]


@pytest.fixture(params=WAYS)
def search(request, monkeypatch):
    """Tiles of 16 entries and 4 queries."""
    for budget in ('TILE_BYTES', 'TILE_BYTES_CUDA'):
        monkeypatch.setattr(neighbours, budget, 4 * 16 * 4)
    monkeypatch.setattr(neighbours, 'SEARCHED_QUERIES', 4)
    monkeypatch.setattr(neighbours, 'select', lambda bank: request.param)
    return nearest


@pytest.mark.parametrize('num_entries', [3, 16, 17, 100, 1000])
@pytest.mark.parametrize('num_queries', [1, 4, 9])
def test_equals_brute_force(search, num_entries, num_queries):
    queries, bank = (F.normalize(torch.randn(n, 5), dim=1) for n in (num_queries, num_entries))
    found = search(queries, bank, 3)
    similarity, index = (queries @ bank.T).topk(3, dim=1)
    assert found.entry.equal(index)
    torch.testing.assert_close(found.similarity, similarity)


@pytest.mark.parametrize('descending', [False, True])
def test_the_order_of_the_bank_does_not_matter(search, descending):
    """Entries ever more similar: each tile exceeds all before it."""
    queries, bank = torch.ones(5, 1), torch.arange(1.0, 201.0).sort(descending=descending).values[:, None]
    assert search(queries, bank, 3).similarity.tolist() == [[200, 199, 198]] * 5


def test_equal_entries_are_found_once_each(search):
    bank = F.normalize(torch.randn(10, 5), dim=1).repeat(8, 1)
    found = search(bank[:4], bank, 3)
    torch.testing.assert_close(found.similarity, torch.ones(4, 3))
    assert all(
        len(set(row)) == 3 and {i % 10 for i in row} == {query} for query, row in enumerate(found.entry.tolist())
    )


def test_of_equal_entries_the_first_are_found(search):
    bank = torch.randint(2, (100, 4)).float() * 2 - 1  # products are exact, and few
    queries = torch.randint(2, (9, 4)).float() * 2 - 1
    similarity, entry = (queries @ bank.T).sort(dim=1, descending=True, stable=True)
    found = search(queries, bank, 5)
    assert found.entry.equal(entry[:, :5])
    assert found.similarity.equal(similarity[:, :5])


def test_a_bank_too_small_is_refused():
    with pytest.raises(ValueError, match='a bank of 4 has no 5 neighbours'):
        nearest(torch.randn(2, 3), torch.randn(4, 3), 5)


@pytest.mark.parametrize('installed', [True, False])
def test_faiss_searches_float32_where_it_is_installed(installed, monkeypatch):
    monkeypatch.setattr(neighbours, 'find_spec', lambda name: object() if installed and name == 'faiss' else None)
    assert neighbours.select(torch.zeros(1, 1)) is (by_faiss if installed else by_threshold)
    assert neighbours.select(torch.zeros(1, 1, dtype=torch.float64)) is by_threshold
