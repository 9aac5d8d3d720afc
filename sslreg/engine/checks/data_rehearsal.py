"""Reading and preprocessing of two images before training, to find transforms that do not fit each other."""

from collections.abc import Mapping, Sequence
from traceback import walk_tb
from types import TracebackType
from typing import Any

from torch import Tensor
from torch.utils.data import IterableDataset

from sslreg.arguments import shortened_text
from sslreg.registry import type_name
from sslreg.utils.errors import is_expected, message_of
from sslreg.utils.random_state import same_random_numbers

from .build_errors import Part, parts, values_of


def first_batch(loader: Any, place: str, cfg: Any) -> Any:
    """Return a batch of the first two images of a loader, made in this process; no random number is used up.

    Args:
        loader: The loader.
        place: Dotted key of its config.
        cfg: The whole config.

    Raises:
        ValueError: The dataset or the collate function fails; the message names the transform.
    """
    dataset = loader.dataset
    if isinstance(dataset, IterableDataset) or len(dataset) == 0:
        return None
    indices = [0, min(1, len(dataset) - 1)]
    with same_random_numbers():
        items = read_items(dataset, indices, f'{place}.dataset', cfg)
        try:
            return loader.collate_fn(items)
        except Exception as error:
            raise _refusal(f'{place}.collate_fn', 'cannot make a batch of the first two images', error) from error


def read_items(dataset: Any, indices: Sequence[int], place: str, cfg: Any) -> Any:
    """Return items of a dataset as a loader reads them.

    Args:
        dataset: The dataset.
        indices: Places of the items.
        place: Dotted key of its config.
        cfg: The whole config.

    Raises:
        ValueError: A transform fails; the message names it.
    """
    try:
        if hasattr(dataset, '__getitems__'):
            return dataset.__getitems__(indices)
        return [dataset[index] for index in indices]
    except Exception as error:
        where, kind = _transform(error.__traceback__, dataset, place)
        if isinstance(error, OSError) or (is_expected(error) and where in str(error)):
            raise
        part = next((part.cfg for part in parts(Part('', cfg)) if part.place == where), {})
        raise _refusal(where, f'{kind} with {values_of(part)} fails on the first images', error) from error


def check_inputs(batch: Any, place: str) -> None:
    """Raise KeyError if a batch has no images under the name that models read.

    Args:
        batch: The batch, as a loader collates it.
        place: Dotted key of its dataset.
    """
    if not isinstance(batch, Mapping) or 'inputs' not in batch:
        found = ', '.join(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
        raise KeyError(
            f"{place}.pipeline gives {shortened_text(found, 200)} and no 'inputs' for the model: end it with "
            'dict(type=PackInputs), or with dict(type=PackViews) after MultiCrop'
        )


def view_shapes(batch: Any) -> list[tuple[int, int]]:
    """Return height and width of each view in a batch; empty if they are not the same for all images."""
    inputs = batch.get('inputs') if isinstance(batch, Mapping) else None
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    if not isinstance(inputs, (list, tuple)) or not all(isinstance(view, Tensor) and view.ndim == 4 for view in inputs):
        return []
    return [(int(view.shape[2]), int(view.shape[3])) for view in inputs]


def preprocess(preprocessor: Any, batch: Any, place: str, training: bool = True) -> None:
    """Pass a batch through the model's preprocessor.

    Args:
        preprocessor: The preprocessor.
        batch: The batch, as a loader collates it.
        place: Dotted key of the batch's loader or dataset.
        training: Whether the batch is for training.

    Raises:
        ValueError: It fails.
    """
    try:
        with same_random_numbers():
            preprocessor(batch, training)
    except Exception as error:
        kind = type(preprocessor).__name__
        raise _refusal('model.data_preprocessor', f'{kind} fails on a batch of {place}', error) from error


def _refusal(place: str, what: str, error: Exception) -> ValueError:
    return ValueError(f'{place}: {what}: {type(error).__name__}: {shortened_text(message_of(error), 300)}')


def _transform(trace: TracebackType | None, dataset: Any, place: str) -> tuple[str, str]:
    """Return the dotted key and the class of the transform that raised an error, or those of the dataset."""
    owners = {id(dataset): (place, type_name(type(dataset)))}
    while getattr(dataset, 'dataset', None) is not None:
        dataset, place = dataset.dataset, f'{place}.dataset'
        owners[id(dataset)] = (place, type_name(type(dataset)))
    for number, transform in enumerate(getattr(getattr(dataset, 'pipeline', None), 'transforms', ())):
        owners[id(transform)] = (f'{place}.pipeline.{number}', type_name(type(transform)))
    found = owners[next(iter(owners))]
    for frame, _ in walk_tb(trace):
        found = owners.get(id(frame.f_locals.get('self')), found)
    return found
