"""Instance discrimination."""

from collections.abc import Sequence
from typing import Any

from mmengine.model import BaseModule
from torch import Tensor, nn

from sslreg.arguments import Positive, checked
from sslreg.models.losses import StreamedLoss
from sslreg.models.ops import instance_loss
from sslreg.models.recall import Recall
from sslreg.registry import MODELS

from .statistics import spread


@MODELS.register_module()
class InstanceHead(BaseModule):
    """Head that tells each image from all others by its entry in the memory (NPID, arXiv 1805.01978; 2404.19289).

    The loss is the cross-entropy of the softmax over all recalled entries, plus further losses of that softmax. Nothing
    of the size of batch times memory is stored, see :mod:`sslreg.models.ops.instance`.

    Args:
        temperature: Tau of the cross-entropy, and of the losses without a temperature of their own.
        losses: Configs of further losses, e.g. ``[dict(type=ReleasedSqrtKLLoss, weight=20)]``.

    Raises:
        ValueError: ``temperature`` is not positive; or two losses have one name.
        TypeError: A loss is no :class:`StreamedLoss`.
    """

    @checked
    def __init__(self, temperature: Positive = 0.2, losses: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__()
        self.temperature = temperature
        self.losses: Any = nn.ModuleList(MODELS.build(loss) for loss in losses)
        for loss in self.losses:
            if not isinstance(loss, StreamedLoss):
                raise TypeError(f'a loss of InstanceHead must be a StreamedLoss, which {type(loss).__name__} is not')
        names: list[str] = [str(loss.name) for loss in self.losses]
        if len(set(names)) < len(names) or {'ce', 'own_ratio', 'query_std'} & set(names) or 'loss' in ' '.join(names):
            raise ValueError(f'losses are logged by their names, {names}: each must differ, and contain no "loss"')

    def loss(self, queries: Tensor, keys: Tensor, recall: Recall, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Compute the loss and its terms.

        Args:
            queries: ``[S, B, D]`` unit-norm embeddings; the loss is the mean over views.
            keys: ``[T, B, D]``; not used, the images' entries take their place.
            recall: Entries of the memory: one block, with the column of each image's own entry. Not copied.
            labels: ``[B, B]`` share of image i that belongs to the entry of image j (CutMix); None: the identity.

        Returns:
            ``loss``; ``ce`` and the other terms without their weights; ``own_ratio``, the probability of an image's own
            entry divided by that of a random choice; ``query_std``, the spread of the queries (0: collapsed).
        """
        result = instance_loss(queries, recall, self.temperature, [*self.losses], labels)
        return dict(loss=result.loss, **result.values, query_std=spread(queries))
