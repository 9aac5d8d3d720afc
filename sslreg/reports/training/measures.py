"""What a report shows of a model, as functions of tensors."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.evaluation.probes import neighbours
from sslreg.models import MemorySSL, QueueMemory
from sslreg.models.memory_ssl import embed_views


class Views(NamedTuple):
    """One batch as the loss sees it: ``queries [S, B, D]``, ``keys [T, B, D]`` and a memory's ``blocks [N, K, D]``."""

    queries: Tensor
    keys: Tensor
    blocks: Tensor

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """The teacher's embedding of its last view and the student's of another, ``[B, D]`` each."""
        return self.keys[-1], self.queries[0 if len(self.keys) > 1 else 1]


def nearest(queries: Tensor, bank: Tensor, k: int) -> Tensor:
    """Rows of ``bank [N, C]`` that are most similar by cosine to each of ``queries [M, C]``, best first: ``[M, k]``."""
    return neighbours.nearest(F.normalize(queries, dim=1), F.normalize(bank, dim=1), k).entry


@torch.no_grad()
def see(model: MemorySSL, views: Sequence[Tensor]) -> Views:
    """Embed V views ``[B, 3, H, W]`` with the batch statistics of training, and without a trace on the model."""
    model = copy.deepcopy(model).train()
    teacher = model.student if model.teacher is None else model.teacher.module
    queries = embed_views(model.student, list(views))
    keys = embed_views(teacher, list(views[: model.num_key_views]))
    return Views(queries, keys, model.memory.read(torch.arange(len(views[0]))).blocks)


@torch.no_grad()
def fill_memory(model: MemorySSL, loader: DataLoader[Any]) -> tuple[MemorySSL, list[int]]:
    """A copy of a model whose memory holds embeddings of its own only: training steps that change no weight.

    Args:
        model: Left as it is.
        loader: Of training batches; read until the memory is full.

    Returns:
        The copy, and the dataset indices of the images that its memory was given, oldest first.
    """
    model = copy.deepcopy(model).train()
    written: list[int] = []
    while len(written) < len(model.memory):
        for batch in loader:
            data = model.data_preprocessor(batch, True)
            model(**data, mode='loss')
            written += data['data_samples'].tolist()
    return model, written


def origins(memory: QueueMemory, written: Sequence[int]) -> Tensor:
    """Image that each entry of a queue came from, ``[length]``; -1 for an entry of the random start.

    Args:
        memory: The queue.
        written: Dataset indices of the latest images written, oldest first.
    """
    recent = torch.tensor(list(written)[-len(memory) :], dtype=torch.long)
    slots = (int(memory.cursor) - len(recent) + torch.arange(len(recent))) % len(memory)
    return torch.full((len(memory),), -1).scatter(0, slots, recent)


def overlap(first: Tensor, second: Tensor) -> float:
    """Mean share of the slots ``first [B, P]`` that are in the same row of ``second [B, P]``."""
    return float((first[:, :, None] == second[:, None, :]).any(dim=2).double().mean())


def distributions(embeddings: Tensor, block: Tensor, temperature: float) -> Tensor:
    """Probabilities ``[B, K]`` of a block's entries ``[K, D]`` for embeddings ``[B, D]``, float64."""
    return (embeddings.double() @ block.double().T / temperature).softmax(dim=1)


def recalled(keys: Tensor, memory: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Entries by similarity to each key, the most similar first.

    Args:
        keys: ``[B, D]`` embeddings.
        memory: ``[length, D]`` entries.
        known: ``[length]`` bool, the entries to look at.

    Returns:
        Similarities ``[B, P]`` and slots ``[B, P]`` of the P known entries.
    """
    slots = known.nonzero().flatten()
    similarity, order = (keys @ memory[slots].T).sort(dim=1, descending=True)
    return similarity, slots[order]
