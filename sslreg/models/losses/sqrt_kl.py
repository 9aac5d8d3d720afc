from typing import Any

import torch
from torch import Tensor

from sslreg.models.ops.streamed_loss import StreamedLoss
from sslreg.registry import MODELS

DIRECTIONS = ('p_u', 'u_p')
SPLITS = ('entropy', 'renyi')


@MODELS.register_module()
class SqrtKLLoss(StreamedLoss):
    """Kullback-Leibler divergence between a softmax p and its renormalised root u (arXiv 2404.19289).

    ``KL(p || u) = sum p log p - sum p log u = (H_1/2(p) - H(p)) / 2`` with ``u = sqrt(p) / sum sqrt(p)``, H the entropy
    and H_1/2 Renyi's of order 1/2. It is 0 if p is uniform on its support, a single entry included. The root is never
    taken: u is the softmax at double temperature, so logits of +-300 are no danger.

    The defaults are the formula as it stands: the divergence of the head's own softmax, with its whole gradient. The
    released code differs twice, see :class:`ReleasedSqrtKLLoss`.

    The paper divides the loss into L1, which raises the entropy, and L2, which sharpens; which terms these are is not
    established from our sources. Both readings add up to the loss and are logged:

    * ``split='entropy'``: ``L1 = sum p log p``, ``L2 = -sum p log u``, as the released code computes it;
    * ``split='renyi'``: ``L1 = sum p log p / 2``, ``L2 = log sum sqrt(p)``.

    Args:
        weight: Lambda. The published 20 belongs to :class:`ReleasedSqrtKLLoss`; at temperature 0.2, 0.3 to 0.8 is as
            strong.
        temperature: Of the logits; None: the head's.
        direction: ``'p_u'`` for KL(p || u), ``'u_p'`` for KL(u || p), which is not divided.
        detach: Take u as a constant in the gradient.
        split: Which L1 and L2, see above.
        l1_weight, l2_weight: For ablations; the loss is ``l1_weight * L1 + l2_weight * L2``.

    Raises:
        ValueError: An unknown direction or split, parts of the other direction weighted, a temperature <= 0.
    """

    name = 'sqrt_kl'

    def __init__(
        self,
        weight: float = 1.0,
        temperature: float | None = None,
        direction: str = 'p_u',
        detach: bool = False,
        split: str = 'entropy',
        l1_weight: float = 1.0,
        l2_weight: float = 1.0,
    ) -> None:
        super().__init__(weight, temperature)
        for name, value, known in (('direction', direction, DIRECTIONS), ('split', split, SPLITS)):
            if value not in known:
                raise ValueError(f'{name}={value!r} must be one of {", ".join(map(repr, known))}')
        if direction == 'u_p' and (l1_weight, l2_weight) != (1.0, 1.0):
            raise ValueError(f"l1_weight={l1_weight} and l2_weight={l2_weight} need direction='p_u'")
        self.direction = direction
        self.detach = detach
        self.split = split
        self.l1_weight = l1_weight
        self.l2_weight = l2_weight

    def definition(self, logits: Tensor) -> Tensor:
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
        """Sums of exp(l), exp(l/2), and of l times the first (or the second for KL(u || p))."""
        root = (logits / 2).exp_()
        root_sum = root.sum(dim=1)
        if self.direction == 'u_p':
            mean = torch.linalg.vecdot(root, logits)
            return [root.square_().sum(dim=1), root_sum, mean]
        exp = root.square_()
        return [exp.sum(dim=1), root_sum, torch.linalg.vecdot(exp, logits)]

    def value(self, sums: Tensor) -> Tensor:
        if self.direction == 'u_p':
            log_sum, log_root_sum, mean = _statistics(sums, mean_of=1)
            return log_sum - log_root_sum - mean / 2
        parts = self.parts(sums)
        return self.l1_weight * parts['l1'] + self.l2_weight * parts['l2']

    def parts(self, sums: Tensor) -> dict[str, Tensor]:
        if self.direction == 'u_p':
            return {}
        log_sum, log_root_sum, mean = _statistics(sums, mean_of=0)
        if self.split == 'entropy':
            return dict(l1=mean - log_sum, l2=log_root_sum - mean / 2)
        return dict(l1=(mean - log_sum) / 2, l2=log_root_sum - log_sum / 2)

    def grad(self, logits: Tensor, sums: Tensor) -> Tensor:
        """With E the mean logit: ``c1 p (l - E_p l) + c2 (u - p)``, or ``p - u - c3 u (l - E_u l)``."""
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
    """SqrtKLLoss as in the authors' released code: on the cosines themselves (temperature 1), u a constant.

    Its gradient is that of half the negative entropy. The paper's lambda = 20 belongs to it: at the head's temperature
    of 0.2 the same loss is 25 times as large to second order.
    """

    def __init__(self, weight: float = 1.0, temperature: float = 1.0, detach: bool = True, **kwargs: Any) -> None:
        super().__init__(weight, temperature, detach=detach, **kwargs)


def _statistics(sums: Tensor, mean_of: int) -> tuple[Tensor, Tensor, Tensor]:
    """``log sum exp l``, ``log sum exp l/2`` and the mean of l under p (``mean_of=0``) or u (1): each ``[B]``."""
    return sums[0].log(), sums[1].log(), sums[2] / sums[mean_of]
