from typing import Any

import torch
from mmengine.model import BaseModule
from torch import Tensor

from sslreg.models.losses.view_memory_ce import logits
from sslreg.models.memories import MemoryBlocks
from sslreg.registry import MODELS

from .statistics import spread


@MODELS.register_module()
class ViewMemoryHead(BaseModule):
    """Compares how student and teacher relate their views to the memory (MaSSL, arXiv 2407.17486, section 3).

    Args:
        loss: Config of a loss of ``(queries [S, B, D], keys [T, B, D], blocks [N, K, D])``.
        student_temp: Temperature of the student's similarities.
        teacher_temp: Temperature of the teacher's; usually scheduled (``ScheduleHook(target='head.teacher_temp')``).

    Raises:
        ValueError: A temperature is not positive.
    """

    def __init__(self, loss: dict[str, Any], student_temp: float = 0.1, teacher_temp: float = 0.07) -> None:
        super().__init__()
        for name, temp in (('student_temp', student_temp), ('teacher_temp', teacher_temp)):
            if temp <= 0:
                raise ValueError(f'{name}={temp} must be positive')
        self.loss_module = MODELS.build(loss)
        self.student_temp = student_temp
        self.teacher_temp = teacher_temp

    def loss(self, queries: Tensor, keys: Tensor, blocks: MemoryBlocks | Tensor) -> dict[str, Tensor]:
        """The loss and what tells whether a run collapses.

        Args:
            queries: ``[S, B, D]`` unit-norm student embeddings; views 0..T-1 are the teacher's.
            keys: ``[T, B, D]`` unit-norm teacher embeddings.
            blocks: What the memory recalled: its ``feats [N, K, D]``, alone or in :class:`MemoryBlocks`.

        Returns:
            ``loss``; ``teacher_entropy`` in nats (ln K: the teacher tells no entry from another; 0: it always picks
            one) of the last key view; ``query_std``, the spread of the queries over the batch times sqrt(D) (1: as
            wide as the sphere allows; 0: collapsed).
        """
        feats = blocks if isinstance(blocks, Tensor) else blocks.feats
        loss = self.loss_module(queries / self.student_temp, keys / self.teacher_temp, feats)
        return dict(
            loss=loss, teacher_entropy=_entropy(keys[-1:] / self.teacher_temp, feats), query_std=spread(queries)
        )


@torch.no_grad()
def _entropy(keys: Tensor, blocks: Tensor) -> Tensor:
    """Mean entropy of the keys' distributions over the entries of a block, in nats."""
    log_q = logits(keys, blocks).log_softmax(dim=-1)
    return -(log_q.exp() * log_q).sum(dim=-1).mean()
