"""The alignment of views as a loss."""

import torch
from torch import Tensor, nn

from sslreg.arguments import checked
from sslreg.models.ops.alignment import Distance, view_alignment
from sslreg.registry import MODELS


@MODELS.register_module()
class AlignmentLoss(nn.Module):
    """Loss that strengthens or limits the alignment of views, and so memorisation (arXiv 2401.12233, Eq. 3).

    Alignment is the mean distance of all pairs of an image's views; SSLMem compares two encoders by it.

    The paper describes a term that limits alignment; its released code has one that strengthens it: minimising
    ``(1 - l) L - l mean(arcsin(cos) / pi)`` with l = 0.1 is minimising ``L + l / (1 - l) A``, with A the angular
    distance, because ``arcsin(cos) / pi`` is ``1/2 - A``. Choose the sign: ``weight=0.1, distance='angular'`` is about
    the code, ``weight=-0.1`` the text.

    Args:
        weight: Factor of the loss. Positive: views are drawn together, and more memorisation is expected; negative:
            they are driven apart. The loss is bounded, as the distance of unit vectors is.
        distance: ``'l2'``, ``'l1'``, ``'cosine'`` (1 - cos) or ``'angular'`` (the angle divided by pi).

    Raises:
        ValueError: ``distance`` is unknown.
    """

    @checked
    def __init__(self, weight: float, distance: Distance = 'l2') -> None:
        super().__init__()
        self.weight = weight
        self.distance: Distance = distance

    def forward(self, queries: Tensor) -> Tensor:
        """Return the weighted mean over images, ``[S, B, D] -> []``; see :meth:`alignment`."""
        return self.weight * self.alignment(queries)

    def alignment(self, queries: Tensor) -> Tensor:
        """Return the mean over images without the weight.

        Args:
            queries: Unit-norm embeddings of S views of each image, ``[S, B, D]``.

        Returns:
            A scalar in float32 (float64 for float64 input). Two views that coincide get no gradient from each other.

        Raises:
            ValueError: There is only one view.
        """
        if len(queries) < 2:
            raise ValueError(
                f'AlignmentLoss compares views of an image, but there is only {len(queries)}: set num=2 or more in the '
                'views of the training set, and leave out model.mixing, which takes a single view'
            )
        queries = queries.to(torch.promote_types(queries.dtype, torch.float32))
        return view_alignment(queries, self.distance, normalized=False).mean()
