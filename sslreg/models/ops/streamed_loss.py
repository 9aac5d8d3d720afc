"""Losses of a softmax over a memory that are computed chunk by chunk."""

from abc import abstractmethod

from torch import Tensor, nn


class StreamedLoss(nn.Module):
    """Loss of an image's logits over all entries of a memory that is computed from chunks of the logits.

    Its value follows from sums over the entries, its gradient at an entry from that entry's logit and the sums. So two
    passes over chunks of a memory give both, and no ``[B, N]`` tensor is kept, see
    :func:`sslreg.models.ops.instance_loss`.
    :meth:`forward` is the plain form, for heads that have all cosines at once.

    Args:
        weight: Factor of the loss.
        temperature: Divisor that turns cosines into logits; None: the head's (1 in :meth:`forward`).

    Attributes:
        name: Name under which the head logs the loss.

    Raises:
        ValueError: ``temperature`` is not positive, or ``weight`` negative.
    """

    name: str

    def __init__(self, weight: float = 1.0, temperature: float | None = None) -> None:
        super().__init__()
        if temperature is not None and not temperature > 0:  # also NaN
            raise ValueError(f'temperature={temperature} must be positive, or None for that of the head')
        if weight < 0:
            raise ValueError(f'{type(self).__name__}: weight={weight} must not be negative')
        self.weight = weight
        self.temperature = temperature

    def forward(self, cosines: Tensor) -> Tensor:
        """Return the weighted mean over images: ``[B, N] -> []``."""
        return self.weight * self.definition(cosines / (self.temperature or 1.0)).mean()

    @abstractmethod
    def definition(self, logits: Tensor) -> Tensor:
        """Compute the loss of each image as the paper writes it, for autograd: ``[B, N] -> [B]``."""

    @abstractmethod
    def sums(self, logits: Tensor) -> list[Tensor]:
        """Sum over a chunk of entries: ``[B, n] -> R x [B]``; the sums of all chunks and ranks are added up.

        The logits may be shifted by any number per image; values and gradients must not depend on it.
        """

    @abstractmethod
    def value(self, sums: Tensor) -> Tensor:
        """Compute the loss of each image from the sums over all entries: ``[R, B] -> [B]``."""

    @abstractmethod
    def grad(self, logits: Tensor, sums: Tensor) -> Tensor:
        """Differentiate :meth:`value` by a chunk of the same logits: ``[B, n], [R, B] -> [B, n]``, a new tensor."""

    def parts(self, sums: Tensor) -> dict[str, Tensor]:
        """Return further terms to log, each ``[B]``, by name."""
        return {}
