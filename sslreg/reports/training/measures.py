"""Measures of a model and its memory for reports, as functions of tensors."""

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


class EmbeddedBatch(NamedTuple):
    """Input of the loss for one batch.

    Attributes:
        queries: Student's embeddings of all views, ``[S, B, D]``.
        keys: Teacher's embeddings of its views, ``[T, B, D]``.
        blocks: Blocks of the memory, ``[N, K, D]``.
    """

    queries: Tensor
    keys: Tensor
    blocks: Tensor

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """Teacher's embedding of its last view and student's embedding of another, ``[B, D]`` each."""
        return self.keys[-1], self.queries[0 if len(self.keys) > 1 else 1]


def nearest_rows(queries: Tensor, bank: Tensor, k: int) -> Tensor:
    """Find the rows of a bank with the highest cosine similarity to each query.

    Args:
        queries: Features ``[M, C]``.
        bank: Features ``[N, C]``.
        k: Number of rows for each query.

    Returns:
        Row numbers ``[M, k]``, the most similar first.
    """
    return neighbours.nearest(F.normalize(queries, dim=1), F.normalize(bank, dim=1), k).entry


@torch.no_grad()
def embed_batch(model: MemorySSL, views: Sequence[Tensor]) -> EmbeddedBatch:
    """Embed V views ``[B, 3, H, W]`` with the batch statistics of training; the model stays unchanged."""
    model = copy.deepcopy(model).train()
    teacher = model.student if model.teacher is None else model.teacher.module
    queries = embed_views(model.student, list(views))
    keys = embed_views(teacher, list(views[: model.num_key_views]))
    return EmbeddedBatch(queries, keys, model.memory.read(torch.arange(len(views[0]))).blocks)


@torch.no_grad()
def fill_memory(model: MemorySSL, loader: DataLoader[Any]) -> tuple[MemorySSL, list[int]]:
    """Fill the memory of a copy of a model with its own embeddings, by training steps that change no weight.

    Args:
        model: Model to copy; stays unchanged.
        loader: Training batches, read until the memory is full.

    Returns:
        The copy, and the dataset indices of the images written to its memory, oldest first.
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
    """Find the image of each entry of a queue.

    Args:
        memory: The queue.
        written: Dataset indices of the latest images written, oldest first.

    Returns:
        Dataset indices ``[length]``; -1 for entries of the random start.
    """
    recent = torch.tensor(list(written)[-len(memory) :], dtype=torch.long)
    slots = (int(memory.cursor) - len(recent) + torch.arange(len(recent))) % len(memory)
    return torch.full((len(memory),), -1).scatter(0, slots, recent)


def overlap(first: Tensor, second: Tensor) -> float:
    """Return the mean share of the slots ``first [B, P]`` that are in the same row of ``second [B, P]``."""
    return float((first[:, :, None] == second[:, None, :]).any(dim=2).double().mean())


def distributions(embeddings: Tensor, block: Tensor, temperature: float) -> Tensor:
    """Return the probabilities ``[B, K]`` of a block's entries ``[K, D]`` for embeddings ``[B, D]``, in float64."""
    return (embeddings.double() @ block.double().T / temperature).softmax(dim=1)


def sorted_entries(keys: Tensor, memory: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """Sort memory entries by similarity to each key, the most similar first.

    Args:
        keys: Embeddings ``[B, D]``.
        memory: Entries ``[length, D]``.
        known: Mask ``[length]`` of the entries to sort.

    Returns:
        Similarities ``[B, P]`` and slots ``[B, P]`` of the P known entries.
    """
    slots = known.nonzero().flatten()
    similarity, order = (keys @ memory[slots].T).sort(dim=1, descending=True)
    return similarity, slots[order]
