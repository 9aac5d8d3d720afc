"""SqrtKL, the divergence of a softmax from its root."""

from typing import Any, Literal

import torch
from torch import Tensor

from sslreg.arguments import Positive, checked
from sslreg.models.ops.streamed_loss import StreamedLoss
from sslreg.registry import MODELS


@MODELS.register_module()
class SqrtKLLoss(StreamedLoss):
    """Kullback-Leibler divergence between a softmax p and its renormalised root u (arXiv 2404.19289).

    ``KL(p || u) = sum p log p - sum p log u = (H_1/2(p) - H(p)) / 2`` with ``u = sqrt(p) / sum sqrt(p)``, H the entropy
    and H_1/2 Renyi's entropy of order 1/2. It is 0 if p is uniform on its support, also on a single entry. The root is
    computed as the softmax at double temperature, so logits of +-300 are no problem.

    The defaults are the paper's formula: the divergence of the head's own softmax, with its whole gradient. The
    released code differs in two points, see :class:`ReleasedSqrtKLLoss`.

    The paper divides the loss into L1, which raises the entropy, and L2, which sharpens. Our sources do not say which
    terms these are. Both readings add up to the loss and are logged:

    * ``split='entropy'``: ``L1 = sum p log p``, ``L2 = -sum p log u``, as the released code computes it;
    * ``split='renyi'``: ``L1 = sum p log p / 2``, ``L2 = log sum sqrt(p)``.

    Args:
        weight: Lambda. The published 20 belongs to :class:`ReleasedSqrtKLLoss`; 0.3 to 0.8 is as strong at temperature
            0.2.
        temperature: Temperature of the logits; None: the head's.
        direction: ``'p_u'`` for KL(p || u), ``'u_p'`` for KL(u || p), which has no parts L1 and L2.
        detach: Treat u as a constant in the gradient.
        split: Definition of L1 and L2, see above.
        l1_weight: Factor of L1, for ablations: the loss is ``l1_weight * L1 + l2_weight * L2``.
        l2_weight: Factor of L2.

    Raises:
        ValueError: ``direction`` or ``split`` is unknown; L1 or L2 is weighted with ``direction='u_p'``; or
            ``temperature`` is not positive.
    """

    name = 'sqrt_kl'

    @checked
    def __init__(
        self,
        weight: float = 1.0,
        temperature: Positive | None = None,
        direction: Literal['p_u', 'u_p'] = 'p_u',
        detach: bool = False,
        split: Literal['entropy', 'renyi'] = 'entropy',
        l1_weight: float = 1.0,
        l2_weight: float = 1.0,
    ) -> None:
        super().__init__(weight, temperature)
        if direction == 'u_p' and (l1_weight, l2_weight) != (1.0, 1.0):
            raise ValueError(f"l1_weight={l1_weight} and l2_weight={l2_weight} need direction='p_u'")
        self.direction = direction
        self.detach = detach
        self.split = split
        self.l1_weight = l1_weight
        self.l2_weight = l2_weight

    def definition(self, logits: Tensor) -> Tensor:
        """Compute the loss of each image by the formula above: ``[B, N] -> [B]``."""
        log_p, log_u = logits.log_softmax(dim=-1), (logits / 2).log_softmax(dim=-1)
        if self.direction == 'u_p':
            log_u = log_u.detach() if self.detach else log_u
            return (log_u.exp() * (log_u - log_p)).sum(dim=-1)
        p_log_p = (log_p.exp() * log_p).sum(dim=-1)
        if self.split == 'entropy':
            target = log_u.detach() if self.detach else log_u
            l1, l2 = p_log_p, -(log_p.exp() * target).sum(dim=-1)
        else:
            l1, l2 = p_log_p / 2, (log_p / 2).logsumexp(dim=-1)
            l2 = l2.detach() if self.detach else l2
        return self.l1_weight * l1 + self.l2_weight * l2

    def sums(self, logits: Tensor) -> list[Tensor]:
        """Sum exp(l), exp(l/2), and l times the first (for KL(u || p): l times the second); see the base class."""
        root = (logits / 2).exp_()
        root_sum = root.sum(dim=1)
        if self.direction == 'u_p':
            mean = torch.linalg.vecdot(root, logits)
            return [root.square_().sum(dim=1), root_sum, mean]
        exp = root.square_()
        return [exp.sum(dim=1), root_sum, torch.linalg.vecdot(exp, logits)]

    def value(self, sums: Tensor) -> Tensor:
        """Compute the loss of each image from the sums: ``[3, B] -> [B]``."""
        if self.direction == 'u_p':
            log_sum, log_root_sum, mean = _statistics(sums, mean_of=1)
            return log_sum - log_root_sum - mean / 2
        parts = self.parts(sums)
        return self.l1_weight * parts['l1'] + self.l2_weight * parts['l2']

    def parts(self, sums: Tensor) -> dict[str, Tensor]:
        """Return L1 and L2 ``[B]`` of each image, for KL(p || u)."""
        if self.direction == 'u_p':
            return {}
        log_sum, log_root_sum, mean = _statistics(sums, mean_of=0)
        if self.split == 'entropy':
            return dict(l1=mean - log_sum, l2=log_root_sum - mean / 2)
        return dict(l1=(mean - log_sum) / 2, l2=log_root_sum - log_sum / 2)

    def grad(self, logits: Tensor, sums: Tensor) -> Tensor:
        """Compute ``c1 p (l - E_p l) + c2 (u - p)``, or ``p - u - c3 u (l - E_u l)``, with E the mean logit."""
        log_sum, log_root_sum, mean = _statistics(sums, mean_of=int(self.direction == 'u_p'))
        if self.direction == 'u_p':
            u = torch.sub(logits / 2, log_root_sum[:, None]).exp_()
            grad = torch.sub(logits, log_sum[:, None]).exp_().sub_(u)
            return grad if self.detach else grad.addcmul_(u, logits - mean[:, None], value=-0.25)
        log_p = logits - log_sum[:, None]
        p = log_p.exp()
        c1 = self.l1_weight - self.l2_weight / 2 if self.split == 'entropy' else self.l1_weight / 2
        c2 = 0.0 if self.detach else self.l2_weight / 2
        if c2 == 0:
            return log_p.sub_((mean - log_sum)[:, None]).mul_(p).mul_(c1)
        u = torch.sub(logits / 2, log_root_sum[:, None]).exp_()
        return log_p.sub_((mean - log_sum)[:, None]).mul_(c1).sub_(c2).mul_(p).add_(u, alpha=c2)


@MODELS.register_module()
class ReleasedSqrtKLLoss(SqrtKLLoss):
    """SqrtKLLoss as in the authors' released code: of the cosines themselves (temperature 1), with u as a constant.

    Its gradient is that of half the negative entropy. The paper's lambda = 20 belongs to this loss: at the head's
    temperature of 0.2 the same loss is 25 times as large to second order.

    Args:
        weight: As in :class:`SqrtKLLoss`.
        temperature: As in :class:`SqrtKLLoss`.
        detach: As in :class:`SqrtKLLoss`.
        **kwargs: Other arguments of :class:`SqrtKLLoss`.
    """

    @checked
    def __init__(self, weight: float = 1.0, temperature: Positive = 1.0, detach: bool = True, **kwargs: Any) -> None:
        super().__init__(weight, temperature, detach=detach, **kwargs)


def _statistics(sums: Tensor, mean_of: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return ``log sum exp l``, ``log sum exp l/2`` and the mean l under p (``mean_of=0``) or u (1), each ``[B]``."""
    return sums[0].log(), sums[1].log(), sums[2] / sums[mean_of]
