"""A head with a further loss on the alignment of views."""

from typing import Any

from mmengine.model import BaseModule
from torch import Tensor

from sslreg.models.recall import Recall
from sslreg.registry import MODELS


@MODELS.register_module()
class AlignedHead(BaseModule):
    """Another head with an added loss on the alignment of an image's views (arXiv 2401.12233, Eq. 3).

    ``weight`` of the alignment may be a schedule, as may the other head's temperatures.

    Args:
        head: Config of a head, for a method with two views at least.
        alignment: Config of an :class:`AlignmentLoss`.
    """

    min_views = 2  # of an image: alignment is that of different ones

    def __init__(self, head: dict[str, Any], alignment: dict[str, Any]) -> None:
        super().__init__()
        self.head: Any = MODELS.build(head)
        self.alignment: Any = MODELS.build(alignment)

    def loss(self, queries: Tensor, keys: Tensor, recall: Recall, **others: Any) -> dict[str, Tensor]:
        """Compute the losses of the other head and add ``loss_alignment``, which MMEngine sums up with ``loss``.

        Args:
            queries: ``[S, B, D]`` unit-norm student embeddings.
            keys: ``[T, B, D]`` keys for the other head.
            recall: Entries of the memory for the other head.
            **others: Further arguments of the other head.

        Returns:
            The terms of the other head; ``loss_alignment``; and ``alignment``, the mean distance without its weight.

        Raises:
            ValueError: There is only one view.
        """
        alignment = self.alignment.alignment(queries)
        losses: dict[str, Tensor] = self.head.loss(queries, keys, recall, **others)
        return losses | dict(loss_alignment=self.alignment.weight * alignment, alignment=alignment.detach())
