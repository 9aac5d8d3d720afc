import torch
from torch import Tensor, nn

from sslreg.models.ops.alignment import DISTANCES, Distance, view_alignment
from sslreg.registry import MODELS


@MODELS.register_module()
class AlignmentLoss(nn.Module):
    """Strengthens or limits the alignment of an image's views, and so memorisation (arXiv 2401.12233, Eq. 3).

    Alignment is the mean distance of all pairs of an image's views: what SSLMem compares two encoders by.

    The paper describes a term that limits alignment; its released code has one that strengthens it: minimising
    ``(1 - l) L - l mean(arcsin(cos) / pi)`` with l = 0.1 is minimising ``L + l / (1 - l) A``, with A the angular
    distance, for ``arcsin(cos) / pi`` is ``1/2 - A``. So the sign is yours: ``weight=0.1, distance='angular'`` is about
    what the code does, ``weight=-0.1`` what the text says.

    Args:
        weight: Positive: views are drawn together, more memorisation is expected; negative: they are driven apart. A
            distance of unit vectors is bounded, so the loss is, too.
        distance: ``'l2'``, ``'l1'``, ``'cosine'`` (1 - cos) or ``'angular'`` (the angle divided by pi).

    Raises:
        ValueError: An unknown distance.
    """

    def __init__(self, weight: float, distance: Distance = 'l2') -> None:
        super().__init__()
        if distance not in DISTANCES:
            raise ValueError(f'AlignmentLoss: distance={distance!r} must be one of {", ".join(map(repr, DISTANCES))}')
        self.weight = weight
        self.distance: Distance = distance

    def forward(self, queries: Tensor) -> Tensor:
        """Weighted mean over images: ``[S, B, D] -> []``; see :meth:`alignment`."""
        return self.weight * self.alignment(queries)

    def alignment(self, queries: Tensor) -> Tensor:
        """Without the weight.

        Args:
            queries: Unit-norm embeddings of S views of each image, ``[S, B, D]``.

        Returns:
            A scalar in float32 (float64 for float64 input). Two views that coincide get no gradient from each other.

        Raises:
            ValueError: There is only one view.
        """
        if len(queries) < 2:
            raise ValueError(
                f'AlignmentLoss compares views of an image, of which there is {len(queries)}: set num=2 or more in the '
                "views of the training set, and leave out what takes a single view (the model's mixing)"
            )
        queries = queries.to(torch.promote_types(queries.dtype, torch.float32))
        return view_alignment(queries, self.distance, normalized=False).mean()
