"""MaSSL's loss over a memory: one streamed pass against the operations of the released code.

    python -m benchmarks.loss [--quick] [--json FILE]

The rival draws the partition on the host, computes all logits, permutes their columns, and takes a softmax and a
log-softmax for every pair of views, with one more softmax for a histogram that it logs. Both recall the memory, compute
the loss and its gradient: 12 views, width 256, blocks of 16384 entries.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.measure import arguments, compare, report
from sslreg.models import QueueMemory, ViewMemoryHead

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
STUDENT_TEMP, TEACHER_TEMP = 0.1, 0.05
VIEWS, WIDTH, BLOCK = 12, 256, 16384
SIZES = {'quick': [(32, 65536)], 'full': [(32, 65536), (64, 131072)]}  # images, entries


def released(queries: Tensor, keys: Tensor, memory: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Loss, and gradient of the queries ``[S, B, D]``, as the released code computes them.

    Args:
        queries: ``[S, B, D]``.
        keys: ``[T, B, D]``.
        memory: ``[L, D]``.
        block: Entries of a block; it divides L.
    """
    queries = queries.clone().requires_grad_()
    num_images, num_blocks = queries.shape[1], len(memory) // block
    order = torch.multinomial(torch.ones(len(memory)), len(memory), replacement=False).to(memory.device)
    student = queries.flatten(0, 1) @ memory.clone().T / STUDENT_TEMP
    with torch.no_grad():
        teacher = keys.flatten(0, 1) @ memory.clone().T / TEACHER_TEMP
        student.softmax(dim=1)  # for the histogram
    student_blocks = student[:, order].unflatten(1, (num_blocks, block)).split(num_images)
    teacher_blocks = teacher[:, order].unflatten(1, (num_blocks, block)).split(num_images)
    terms = [
        -(target.softmax(dim=-1) * logits.log_softmax(dim=-1)).sum(dim=-1).mean()
        for j, target in enumerate(teacher_blocks)
        for i, logits in enumerate(student_blocks)
        if i != j
    ]
    loss = torch.stack(terms).mean()
    loss.backward()
    return loss, queries.grad


def streamed(head: ViewMemoryHead, memory: QueueMemory, queries: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    queries = queries.clone().requires_grad_()
    loss = head.loss(queries, keys, memory.read_in_place(torch.arange(0)))['loss']
    loss.backward()
    return loss, queries.grad


def case(num_images: int, length: int, block: int = BLOCK) -> list[Callable[[], tuple[Tensor, Tensor]]]:
    """The released operations and ours, on one memory."""
    torch.manual_seed(0)
    memory = QueueMemory(length, WIDTH, num_blocks=length // block).to(DEVICE)
    head = ViewMemoryHead(dict(type='ViewMemoryCELoss'), STUDENT_TEMP, TEACHER_TEMP)
    queries, keys = (F.normalize(torch.randn(n, num_images, WIDTH, device=DEVICE), dim=-1) for n in (VIEWS, 2))
    return [partial(released, queries, keys, memory.feats, block), partial(streamed, head, memory, queries, keys)]


def main() -> None:
    args = arguments(__doc__.split('\n')[0])
    rows = [
        compare(f'B = {num_images}, K = {length:,}', *case(num_images, length), args.rounds)
        for num_images, length in SIZES['quick' if args.quick else 'full']
    ]
    report(f'{VIEWS} views, width {WIDTH}, blocks of {BLOCK:,}', rows, args.json)


if __name__ == '__main__':
    main()
