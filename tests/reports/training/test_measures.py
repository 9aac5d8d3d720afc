import copy

import torch

from sslreg.models import QueueMemory
from sslreg.reports.training.measures import (
    embed_batch,
    fill_memory,
    nearest_rows,
    origins,
    overlap,
    sorted_entries,
)
from tests import toy


def test_nearest_ranks_by_the_angle_alone():
    bank = torch.tensor([[0.0, 1.0], [9.0, 9.0], [0.1, 0.0]])
    assert nearest_rows(torch.tensor([[2.0, 0.1], [0.0, 5.0]]), bank, 2).tolist() == [[2, 1], [0, 1]]


def test_origins_follow_a_queue_across_the_seam():
    memory, written = QueueMemory(length=5, feat_dim=5), []
    for batch in ([0, 1, 2], [3, 4, 2], [1]):
        memory.update(torch.eye(5)[batch], torch.tensor(batch))
        written += batch
        source = origins(memory, written)
        known = source >= 0
        assert known.sum() == min(len(written), 5)
        assert torch.equal(memory.feats[known], torch.eye(5)[source[known]])


def test_sorted_entries_sorts_the_known_entries():
    memory = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    similarity, slots = sorted_entries(
        torch.tensor([[0.0, 1.0], [-1.0, 0.0]]), memory, torch.tensor([True, False, True])
    )
    assert slots[1].tolist() == [2, 0]
    assert similarity.tolist() == [[0, 0], [1, -1]]


def test_overlap_counts_common_slots_row_by_row():
    assert overlap(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[2, 5], [4, 3]])) == 0.75


def test_looking_leaves_no_trace_on_the_model(tmp_path):
    runner = toy.train(tmp_path, epochs=1)
    before = copy.deepcopy(toy.state(runner))
    batch = next(iter(runner.train_dataloader))
    embedded = embed_batch(runner.model, runner.model.data_preprocessor(batch, True)['inputs'])
    assert [list(part.shape) for part in embedded] == [[3, 8, 4], [2, 8, 4], [2, 8, 4]]
    filled, written = fill_memory(runner.model, runner.train_dataloader)
    assert len(written) >= len(filled.memory)
    assert not torch.equal(filled.memory.feats, runner.model.memory.feats)
    assert toy.state(runner).keys() == before.keys()
    for name, value in toy.state(runner).items():
        assert torch.equal(value, before[name]), name
