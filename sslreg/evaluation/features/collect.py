"""Collection of rows for a whole dataset, in the order of the dataset."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from mmengine.dist import all_gather_object, all_reduce
from torch import Tensor
from torch.utils.data import DataLoader

from sslreg.utils.progress import progress

Batch = tuple[Tensor, Sequence[Tensor]]  # indices [B], and rows [B, ...] for each function, or none of broken images


def collect(
    fn: Callable[[Tensor], Tensor],
    loader: DataLoader[Any],
    preprocess: Callable[..., dict[str, Any]],
    title: str = 'features',
) -> Tensor:
    """Apply a function to a whole dataset; return ``[len(dataset), ...]``, rows in dataset order, on all ranks.

    Each rank writes the rows of its images by their ``sample_idx`` and the ranks are summed, so neither the number of
    ranks nor the sampler's order matters.

    Args:
        fn: Function ``[B, 3, H, W] -> [B, ...]``, e.g. ``model.extract_feat``.
        loader: Loader that gives every image of its dataset exactly once (sampler with ``round_up=False``).
        preprocess: The model's ``data_preprocessor``, e.g. :class:`ViewPreprocessor`: it gives ``inputs`` and, as
            ``data_samples``, the dataset index ``[B]`` of each image.
        title: Title of the progress bar.

    Raises:
        ValueError: An image was given twice or never.
    """
    dataset: Any = loader.dataset
    return merge(outputs([fn], loader, preprocess, title), len(dataset))[0]


@torch.no_grad()
def outputs(
    fns: Sequence[Callable[[Any], Tensor]],
    loader: DataLoader[Any],
    preprocess: Callable[..., dict[str, Any]],
    title: str = 'features',
) -> Iterator[Batch]:
    """Yield the indices of each batch with the outputs of several functions; see :func:`collect`."""
    for batch in progress(loader, title):
        if broken := batch.pop('broken', None):
            yield torch.tensor(broken), []
        if 'inputs' in batch:
            data = preprocess(batch, False)
            yield data['data_samples'], [fn(data['inputs']) for fn in fns]


def merge(batches: Iterable[Batch], length: int) -> list[Tensor]:
    """Merge the batches of all ranks into rows ``[length, ...]`` for each function; rows of broken images are NaN.

    Raises:
        ValueError: An image was given twice or never.
    """
    rows: list[Tensor] = []
    seen, broken = torch.zeros(2, length, dtype=torch.long)
    for indices, outs in batches:
        counts = torch.bincount(indices, minlength=length)
        seen += counts
        if not outs:
            broken += counts
            continue
        rows = rows or [out.new_zeros(length, *out.shape[1:]) for out in outs]
        for row, out in zip(rows, outs, strict=True):
            row[indices.to(row.device)] = out
    return _summed(_or_like_others(rows, length), seen, broken)


def _or_like_others(rows: list[Tensor], length: int) -> list[Tensor]:
    """Return the rows; on a rank without images, zeros of the other ranks' shapes."""
    layout = [(row.shape[1:], row.dtype, row.device.type) for row in rows]
    found: list[Any] = next((each for each in all_gather_object(layout) if each), [])
    if not found:
        raise ValueError(f'none of the {length} images could be read')
    return rows or [torch.zeros(length, *shape, dtype=dtype, device=device) for shape, dtype, device in found]


def _summed(rows: list[Tensor], seen: Tensor, broken: Tensor) -> list[Tensor]:
    counts = torch.stack([seen, broken]).to(rows[0].device)
    all_reduce(counts)
    seen, broken = counts
    if (seen != 1).any():
        twice, never = int((seen > 1).sum()), int((seen == 0).sum())
        raise ValueError(
            f'of {len(seen)} images {twice} were given more than once and {never} never: the loader needs '
            'sampler=dict(type=DefaultSampler, shuffle=False, round_up=False) and no drop_last'
        )
    for row in rows:
        all_reduce(row)
        if broken.any():
            row[(broken > 0).to(row.device)] = torch.nan
    return rows


def is_broken(feats: Tensor) -> Tensor:
    """Return a mask ``[N]`` of the rows of ``[N, ...]`` whose images could not be decoded: these rows are NaN."""
    return feats.flatten(1)[:, 0].isnan()
