import pytest
import torch
import torch.nn.functional as F

from sslreg.models import QueueMemory


def entries(*values: float) -> torch.Tensor:
    return torch.tensor(values)[:, None]


def write(memory: QueueMemory, *values: float) -> None:
    memory.update(entries(*values), torch.arange(len(values)))


def test_starts_with_unit_rows():
    norms = QueueMemory(length=64, feat_dim=8).feats.norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(64))


def test_overwrites_the_oldest_entries_across_the_seam():
    memory = QueueMemory(length=5, feat_dim=1)
    write(memory, 1, 2, 3)
    assert memory.feats[:3, 0].tolist() == [1, 2, 3]
    write(memory, 4, 5, 6)
    assert memory.feats[:, 0].tolist() == [6, 2, 3, 4, 5]
    assert memory.cursor == 1
    write(memory, 7, 8, 9, 10, 11)
    assert memory.feats[:, 0].tolist() == [11, 7, 8, 9, 10]


@pytest.mark.parametrize('batch', [1, 3, 7, 16])
def test_holds_the_latest_entries_whatever_the_batch(batch):
    memory = QueueMemory(length=16, feat_dim=1)
    for step in range(20):
        write(memory, *range(step * batch, (step + 1) * batch))
    latest = range(20 * batch - 16, 20 * batch)
    assert sorted(memory.feats[:, 0].tolist()) == list(latest)


def test_blocks_partition_the_memory():
    memory = QueueMemory(length=12, feat_dim=1, num_blocks=3)
    write(memory, *range(12))
    blocks = memory.read(torch.arange(2)).blocks
    assert blocks.shape == (3, 4, 1)
    assert sorted(blocks.flatten().tolist()) == list(range(12))
    assert blocks.flatten().tolist() != list(range(12))


def test_every_update_draws_another_partition_and_every_read_the_same():
    memory = QueueMemory(length=12, feat_dim=1, num_blocks=3)
    write(memory, *range(12))
    first = memory.read(torch.arange(2)).blocks
    torch.testing.assert_close(memory.read(torch.arange(2)).blocks, first)
    write(memory, 0)
    assert not torch.equal(memory.read(torch.arange(2)).blocks, first)


def test_partitions_are_uniform():
    """Over many steps an entry is in each of 4 blocks equally often (chi-square of 3 degrees, p > 0.001)."""
    memory = QueueMemory(length=8, feat_dim=1, num_blocks=4)
    memory.feats[:, 0] = torch.arange(8.0)
    counts = torch.zeros(4)
    for _ in range(2000):
        counts[(memory.read(torch.arange(1)).blocks[..., 0] == 0).any(dim=1).nonzero()] += 1
        memory._step += 1
    assert ((counts - 500) ** 2 / 500).sum() < 16.27


def test_unshuffled_blocks_keep_the_order_of_the_queue():
    memory = QueueMemory(length=6, feat_dim=1, num_blocks=2, shuffle=False)
    write(memory, *range(6))
    assert memory.read(torch.arange(1)).blocks[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_recalls_a_copy():
    for shuffle in (True, False):
        memory = QueueMemory(length=4, feat_dim=2, shuffle=shuffle)
        before = memory.feats.clone()
        memory.read(torch.arange(1)).blocks.zero_()
        torch.testing.assert_close(memory.feats, before)


def test_a_resumed_memory_goes_on_alike():
    memory, resumed = QueueMemory(8, 4, num_blocks=2), QueueMemory(8, 4, num_blocks=2)
    for _ in range(3):
        memory.update(F.normalize(torch.randn(3, 4)), torch.arange(3))
    resumed.load_state_dict(memory.state_dict())
    for _ in range(3):
        torch.testing.assert_close(resumed.read(torch.arange(1)).blocks, memory.read(torch.arange(1)).blocks)
        feats = F.normalize(torch.randn(3, 4))
        memory.update(feats, torch.arange(3))
        resumed.update(feats, torch.arange(3))


def test_stores_no_gradient_and_float32():
    memory = QueueMemory(4, 2)
    memory.update(torch.randn(2, 2, dtype=torch.bfloat16, requires_grad=True), torch.arange(2))
    assert not memory.feats.requires_grad
    assert memory.feats.dtype == torch.float32


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(length=10, feat_dim=4, num_blocks=3), 'length=10 must divide into num_blocks=3'),
        (dict(length=10, feat_dim=4, num_blocks=0), 'num_blocks=0'),
        (dict(length=0, feat_dim=4), 'length=0'),
        (dict(length=8, feat_dim=0), 'feat_dim=0'),
    ],
)
def test_rejects_what_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        QueueMemory(**arguments)


def test_rejects_a_batch_longer_than_the_queue():
    memory = QueueMemory(length=4, feat_dim=1)
    with pytest.raises(ValueError, match='batch of 5 images does not fit a queue of length=4'):
        memory.check(batch_size=5, num_images=100)
    with pytest.raises(ValueError, match='batch of 5'):
        write(memory, 1, 2, 3, 4, 5)


def test_rejects_embeddings_of_another_width():
    with pytest.raises(ValueError, match=r'feats \[2, 3\] must be \[2, 4\]'):
        QueueMemory(length=8, feat_dim=4).update(torch.randn(2, 3), torch.arange(2))


def _twenty_steps(rank: int) -> dict[str, torch.Tensor]:
    """Write this rank's halves of 20 global batches of 6; the contents and the last partition."""
    torch.manual_seed(0)
    memory = QueueMemory(length=50, feat_dim=4, num_blocks=5)
    for step in range(20):
        batch = F.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(step)))
        memory.update(batch[3 * rank : 3 * rank + 3], torch.arange(3))
    return dict(memory.state_dict(), blocks=memory.read(torch.arange(3)).blocks)


@pytest.mark.slow
def test_two_ranks_equal_each_other_and_one_process_with_the_global_batch(run_ranks):
    first, second = run_ranks(_twenty_steps)
    torch.manual_seed(0)
    memory = QueueMemory(length=50, feat_dim=4, num_blocks=5)
    for step in range(20):
        write_batch = F.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(step)))
        memory.update(write_batch, torch.arange(6))
    alone = dict(memory.state_dict(), blocks=memory.read(torch.arange(3)).blocks)
    for name, value in alone.items():
        assert torch.equal(first[name], value), name
        assert torch.equal(second[name], value), name
