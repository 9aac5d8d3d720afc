"""A memory's part of a training step never waits for the GPU: torch raises where something would.

python -m benchmarks.no_wait
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F

from sslreg.models import CorrectedInstanceMemory, InstanceHead, QueueMemory, ViewMemoryHead


@contextmanager
def no_wait() -> Iterator[None]:
    """Whatever makes the host wait for the device is an error within."""
    torch.cuda.set_sync_debug_mode('error')
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode('default')


def queue(device: str) -> Callable[[], None]:
    """Recall, MaSSL's loss and its gradient, and the update."""
    memory = QueueMemory(65536, 256, num_blocks=4).to(device)
    head = ViewMemoryHead(dict(type='ViewMemoryCELoss')).to(device)
    queries, keys = (F.normalize(torch.randn(views, 8, 256, device=device), dim=-1) for views in (4, 2))
    queries.requires_grad_()
    indices = torch.arange(8, device=device)

    def step() -> None:
        head.loss(queries, keys, memory.read_in_place(indices))['loss'].backward()
        memory.update(keys[-1], indices)

    return step


def instance(device: str) -> Callable[[], None]:
    """The same of single-branch SSL with the corrected update."""
    memory = CorrectedInstanceMemory(50000, 128).to(device)
    head = InstanceHead(0.2, [dict(type='ReleasedSqrtKLLoss')]).to(device)
    queries = F.normalize(torch.randn(1, 512, 128, device=device), dim=-1).requires_grad_()
    indices = torch.randperm(len(memory), device=device)[:512]

    def step() -> None:
        head.loss(queries, queries.detach(), memory.read_in_place(indices))['loss'].backward()
        memory.update(queries[0], indices)

    return step


STEPS = dict(queue=queue, instance=instance)


def main() -> None:
    if not torch.cuda.is_available():
        raise SystemExit('benchmarks.no_wait needs a GPU')
    for name, build in STEPS.items():
        step = build('cuda')
        step()  # libraries are initialised once, which waits
        with no_wait():
            step()
        print(f'{name}: no wait')


if __name__ == '__main__':
    main()
