"""The head of MaSSL."""

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from sslreg.arguments import Positive, checked
from sslreg.models.losses import ViewMemoryCELoss
from sslreg.models.recall import Recall
from sslreg.registry import MODELS

from .statistics import spread


@MODELS.register_module()
class ViewMemoryHead(BaseModule):
    """Head that compares the similarities of student and teacher to the memory (MaSSL, arXiv 2407.17486, section 3).

    Args:
        loss: Config of a loss of ``(queries [S, B, D], keys [T, B, D], blocks [N, K, D])``.
        student_temp: Temperature of the student's similarities.
        teacher_temp: Temperature of the teacher's; usually a schedule.

    Raises:
        ValueError: A temperature is not positive.
    """

    @checked
    def __init__(self, loss: dict[str, Any], student_temp: Positive = 0.1, teacher_temp: Positive = 0.07) -> None:
        super().__init__()
        self.loss_module = MODELS.build(loss)
        self.student_temp = student_temp
        self.teacher_temp = teacher_temp

    @property
    def min_views(self) -> int:
        """Number of views of an image that the loss needs at least."""
        return 2 if isinstance(self.loss_module, ViewMemoryCELoss) else 1

    def loss(self, queries: Tensor, keys: Tensor, recall: Recall) -> dict[str, Tensor]:
        """Compute the loss and statistics that show whether a run collapses.

        Args:
            queries: ``[S, B, D]`` unit-norm student embeddings; views 0..T-1 are the teacher's.
            keys: ``[T, B, D]`` unit-norm teacher embeddings.
            recall: Entries of the memory. :class:`ViewMemoryCELoss` reads them in place, any other loss gets a copy.

        Returns:
            ``loss``; ``teacher_entropy`` of the last key view in nats (ln K: all entries are equally similar; 0: one
            entry has all the weight) and its ``teacher_max_prob``; ``agreement``, the share of images for which the
            student, given another view, finds the same entry most similar as the teacher; ``query_std``, the
            :func:`spread` of the queries over the batch (1: as wide as the sphere allows; 0: collapsed). With a loss
            of your own, only ``loss`` and ``query_std``.
        """
        queries_by_temp, keys_by_temp = queries / self.student_temp, keys / self.teacher_temp
        if not isinstance(self.loss_module, ViewMemoryCELoss):
            return dict(loss=self.loss_module(queries_by_temp, keys_by_temp, recall.blocks), query_std=spread(queries))
        terms = self.loss_module.terms(queries_by_temp, keys_by_temp, recall.entries, recall.order)
        return dict(**terms._asdict(), query_std=spread(queries))
