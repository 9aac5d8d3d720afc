"""Check that memories and colour changes never wait for the GPU; torch raises an error if they do.

python -m benchmarks.no_wait
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.data import MULTICROP
from sslreg.datasets.views import Recipe
from sslreg.models import CorrectedInstanceMemory, InstanceHead, QueueMemory, ViewMemoryHead, ViewPreprocessor


@contextmanager
def no_wait() -> Iterator[None]:
    """Raise an error whenever the CPU waits for the GPU in the body."""
    torch.cuda.set_sync_debug_mode('error')
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode('default')


def queue(device: str) -> Callable[[], None]:
    """Return a step of MaSSL: recall, loss with gradient, and update."""
    memory = QueueMemory(65536, 256, num_blocks=4).to(device)
    head = ViewMemoryHead(dict(type='ViewMemoryCELoss')).to(device)
    queries, keys = (F.normalize(torch.randn(views, 8, 256, device=device), dim=-1) for views in (4, 2))
    queries.requires_grad_()
    indices = torch.arange(8, device=device)

    def step() -> None:
        head.loss(queries, keys, memory.read(indices))['loss'].backward()
        memory.update(keys[-1], indices)

    return step


def instance(device: str) -> Callable[[], None]:
    """Return a step of single-branch SSL with the corrected update."""
    memory = CorrectedInstanceMemory(50000, 128).to(device)
    head = InstanceHead(0.2, [dict(type='ReleasedSqrtKLLoss')]).to(device)
    queries = F.normalize(torch.randn(1, 512, 128, device=device), dim=-1).requires_grad_()
    indices = torch.randperm(len(memory), device=device)[:512]

    def step() -> None:
        head.loss(queries, queries.detach(), memory.read(indices))['loss'].backward()

    return step


def colors(device: str) -> Callable[[], Tensor]:
    """Return the preparation of a batch of views with all colour changes."""
    color = torch.from_numpy(
        Recipe([dict(MULTICROP[1], blur=0.5)] * 2).draw(np.arange(64), *np.full((2, 64), 300)).color
    )
    views = [torch.randint(0, 256, (64, 3, 96, 96), dtype=torch.uint8, device=device) for _ in range(2)]
    preprocessor = ViewPreprocessor(mean=[0.0] * 3, std=[1.0] * 3, to_rgb=True).to(device)
    return lambda: preprocessor(dict(inputs=views, color=color))['inputs'][0]


STEPS: dict[str, Callable[[str], Callable[[], object]]] = dict(queue=queue, instance=instance, colors=colors)


def main() -> None:
    """Run each step in :func:`no_wait`."""
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
