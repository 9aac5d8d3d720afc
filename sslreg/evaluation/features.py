"""Feature extraction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce, is_main_process
from rich import get_console
from rich.progress import track
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.datasets import sample_indices


@torch.no_grad()
def collect(
    fn: Callable[[Tensor], Tensor],
    loader: DataLoader[Any],
    preprocess: Callable[..., dict[str, Any]],
    title: str = 'features',
) -> Tensor:
    """Apply a function to a whole dataset: ``[len(dataset), ...]``, rows in dataset order, on all ranks.

    Each rank writes the rows of its images by their ``sample_idx`` and the ranks are summed, so neither the number of
    ranks nor the sampler's order matters.

    Args:
        fn: ``[B, 3, H, W] -> [B, ...]``, e.g. ``model.extract_feat``.
        loader: Gives every image of its dataset exactly once (sampler with ``round_up=False``).
        preprocess: The model's ``data_preprocessor``.
        title: Of the progress bar.

    Raises:
        ValueError: An image was given twice or never.
    """
    return collect_all([fn], loader, preprocess, title)[0]


@torch.no_grad()
def collect_all(
    fns: Sequence[Callable[[Any], Tensor]],
    loader: DataLoader[Any],
    preprocess: Callable[..., dict[str, Any]],
    title: str = 'features',
) -> list[Tensor]:
    """:func:`collect` for several functions, for which each image is read once."""
    dataset: Any = loader.dataset
    rows: list[Tensor] = []
    seen = torch.zeros(len(dataset), dtype=torch.long)
    for batch in progress(loader, title):
        data = preprocess(batch, False)
        outs = [fn(data['inputs']) for fn in fns]
        indices = sample_indices(data['data_samples'])
        rows = rows or [out.new_zeros(len(seen), *out.shape[1:]) for out in outs]
        for row, out in zip(rows, outs, strict=True):
            row[indices.to(row.device)] = out
        seen += torch.bincount(indices, minlength=len(seen))
    return _merge(rows, seen)


def progress(loader: DataLoader[Any], title: str) -> Iterable[Any]:
    """The loader's batches, with a bar on the terminal of the main process."""
    shown = is_main_process() and get_console().is_interactive
    return track(loader, description=title, transient=True, disable=not shown)


def _merge(rows: list[Tensor], seen: Tensor) -> list[Tensor]:
    if not rows:
        raise ValueError(f'a rank got none of the {len(seen)} images: use fewer processes')
    seen = seen.to(rows[0].device)
    all_reduce(seen)
    if (seen != 1).any():
        twice, never = int((seen > 1).sum()), int((seen == 0).sum())
        raise ValueError(
            f'of {len(seen)} images {twice} were given more than once and {never} never: the loader needs '
            'sampler=dict(type=DefaultSampler, shuffle=False, round_up=False) and no drop_last'
        )
    for row in rows:
        all_reduce(row)
    return rows
