"""MaSSL's loss over a memory: one streamed pass against the operations of the released code.

    python -m benchmarks.loss [--quick] [--json FILE]

The baseline draws the partition on the CPU, clones the memory for the student's and for the teacher's logits, keeps a
softmax of all student logits for a histogram, and for every pair of views permutes the columns of both, splits them
into blocks and computes a softmax and a log-softmax; it reads the loss twice. Both read the memory and compute the loss
and its gradient for 12 views, width 256 and blocks of 16384 entries. On a GPU SSLReg uses an attention kernel, named in
the first lines of the output, and the baseline runs in mixed precision as it was released.
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
SCALE = 2.0**16  # scale of the baseline's loss, so that its gradient does not vanish in fp16; exact
SIZES = {'quick': [(32, 65536)], 'full': [(32, 65536), (64, 131072)]}  # images, entries


def released(queries: Tensor, keys: Tensor, memory: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Return the loss and the gradient of the queries as in the released code, written from a description.

    Args:
        queries: ``[S, B, D]``.
        keys: ``[T, B, D]``.
        memory: ``[L, D]``.
        block: Number of entries of a block; divides L.
    """
    queries = queries.clone().requires_grad_()
    order = torch.multinomial(torch.ones(len(memory)), len(memory), replacement=False).to(memory.device)
    with torch.autocast(memory.device.type, torch.float16, enabled=memory.is_cuda):
        student = queries.flatten(0, 1) @ memory.clone().T / STUDENT_TEMP
        with torch.no_grad():
            teacher = (keys.flatten(0, 1) @ memory.clone().T / TEACHER_TEMP).split(keys.shape[1])
            histogram = student.softmax(dim=1)
        views = student.split(queries.shape[1])
        terms = [
            released_pair(logits, target, order.view(-1, block))
            for j, target in enumerate(teacher)
            for i, logits in enumerate(views)
            if i != j
        ]
        loss = torch.stack(terms).mean()
    loss.item()
    (SCALE * loss).backward()
    loss.item()
    del histogram  # only now: the released code draws it after the step
    return loss, queries.grad / SCALE


def released_pair(student: Tensor, teacher: Tensor, order: Tensor) -> Tensor:
    """Return the cross-entropy of two views, a scalar.

    Args:
        student: Logits ``[B, L]``.
        teacher: Logits ``[B, L]``.
        order: Columns of each block, ``[N, K]``.
    """
    student, teacher = (logits[:, order.flatten()].unflatten(1, order.shape) for logits in (student, teacher))
    return -(teacher.softmax(dim=-1) * student.log_softmax(dim=-1)).sum(dim=-1).mean()


def streamed(head: ViewMemoryHead, memory: QueueMemory, queries: Tensor, keys: Tensor) -> tuple[Tensor, Tensor]:
    """Return SSLReg's loss and the gradient of the queries."""
    queries = queries.clone().requires_grad_()
    loss = head.loss(queries, keys, memory.read(torch.arange(0)))['loss']
    loss.backward()
    return loss, queries.grad


def case(num_images: int, length: int, block: int = BLOCK) -> list[Callable[[], tuple[Tensor, Tensor]]]:
    """Return the baseline and SSLReg on one memory."""
    torch.manual_seed(0)
    memory = QueueMemory(length, WIDTH, num_blocks=length // block).to(DEVICE)
    head = ViewMemoryHead(dict(type='ViewMemoryCELoss'), STUDENT_TEMP, TEACHER_TEMP)
    queries, keys = (F.normalize(torch.randn(n, num_images, WIDTH, device=DEVICE), dim=-1) for n in (VIEWS, 2))
    return [partial(released, queries, keys, memory.feats, block), partial(streamed, head, memory, queries, keys)]


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    rows = [
        compare(f'B = {num_images}, K = {length:,}', *case(num_images, length), args.rounds)
        for num_images, length in SIZES['quick' if args.quick else 'full']
    ]
    report(f'{VIEWS} views, width {WIDTH}, blocks of {BLOCK:,}', rows, args.json)


if __name__ == '__main__':
    main()
