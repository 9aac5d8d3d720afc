"""Instance discrimination over a bank of one entry per image: two streamed passes against autograd on all logits.

    python -m benchmarks.instance [--quick] [--json FILE]

The baseline computes ``[B, N]`` logits, torch's cross-entropy, SqrtKL as in the released code, and the update as a
matrix product with the softmax. Both compute the loss, its gradient and the update of the bank: the moving average, or
in rows with "all rows" the corrected update. In the last row the baseline is SSLReg's step with the moving average, so
a ratio of 0.8 means that the corrected update costs 25 % more.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.measure import arguments, compare, report
from sslreg.models import CorrectedInstanceMemory, InstanceHead, InstanceMemory, LearningRecall

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
TEMP, MOMENTUM, WEIGHT = 0.2, 0.5, 20.0
SIZES = dict(quick=200_000, full=1_280_000)  # entries; 1.28 million is ImageNet-1k


def plain(queries: Tensor, bank: Tensor, indices: Tensor, weight: float, rows: str | None) -> Tensor:
    """Return the gradient of the queries ``[B, D]`` after loss, backward pass and update with autograd on all logits.

    Args:
        queries: ``[B, D]``.
        bank: ``[N, D]``, changed in place.
        indices: ``[B]``.
        weight: Weight of SqrtKL; 0 leaves it out.
        rows: ``'all'`` for the corrected update, None for the moving average.
    """
    queries = queries.clone().requires_grad_()
    cosines = queries @ bank.T
    loss = F.cross_entropy(cosines / TEMP, indices)
    if weight:
        log_p = cosines.log_softmax(dim=1)
        p = log_p.exp()
        u = p.detach().sqrt()
        u = u / u.sum(dim=1, keepdim=True)
        loss = loss + weight * (p * (log_p - u.log())).sum(dim=1).mean()
    loss.backward()
    with torch.no_grad():
        if rows == 'all':
            probs = (cosines / TEMP).softmax(dim=1)
            probs[torch.arange(len(indices), device=DEVICE), indices] -= 1
            bank.copy_(F.normalize(MOMENTUM * bank - (1 - MOMENTUM) * probs.T @ queries, dim=1))
        else:
            bank[indices] = F.normalize(MOMENTUM * bank[indices] + (1 - MOMENTUM) * queries, dim=1)
    return queries.grad


def streamed(head: InstanceHead, memory: InstanceMemory, queries: Tensor, indices: Tensor) -> None:
    """Run SSLReg's loss, backward pass and update."""
    queries = queries[None].clone().requires_grad_()
    recall = memory.read(indices)
    head.loss(queries, queries.detach(), recall)['loss'].backward()
    if not isinstance(recall, LearningRecall):  # the corrected update is a part of the loss
        memory.update(queries[0], indices)


def case(num_images: int, length: int, feat_dim: int, weight: float, rows: str | None) -> list[Callable[[], object]]:
    """Return the baseline and SSLReg, each with its own bank."""
    cls = CorrectedInstanceMemory if rows == 'all' else InstanceMemory
    memory = cls(length, feat_dim, MOMENTUM).to(DEVICE)
    head = InstanceHead(TEMP, [dict(type='ReleasedSqrtKLLoss', weight=weight)] if weight else [])
    queries = F.normalize(torch.randn(num_images, feat_dim, device=DEVICE), dim=1)
    indices = torch.randperm(length)[:num_images].to(DEVICE)
    baseline = partial(plain, queries, memory.feats.clone(), indices, weight, rows)
    return [baseline, partial(streamed, head, memory, queries, indices)]


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    length = SIZES['quick' if args.quick else 'full']
    terms = {'CE': (0.0, None), 'CE + SqrtKL': (WEIGHT, None), 'CE + SqrtKL, all rows': (WEIGHT, 'all')}
    rows = []
    for name, (weight, update) in terms.items():
        torch.manual_seed(0)
        rows.append(compare(name, *case(64, length, 128, weight, update), args.rounds))
    torch.manual_seed(0)
    average, all_rows = (case(64, length, 128, WEIGHT, update)[1] for update in (None, 'all'))
    rows.append(compare('all rows vs. average', average, all_rows, args.rounds))
    report(f'64 images, {length:,} entries of width 128', rows, args.json)


if __name__ == '__main__':
    main()
