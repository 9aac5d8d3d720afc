"""Files of features for other programs."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from sslreg.datasets.image_files import printable
from sslreg.utils.files import atomic_write

from .collect import is_broken
from .corrupt import image_name
from .kinds import kind_text
from .wanted import Wanted


class FeatureTable(NamedTuple):
    """Features of the images that could be decoded.

    Attributes:
        features: ``[N, ...]`` float32.
        paths: File of each image, or its number in a packed dataset.
        labels: ``[N]``, if the dataset has labels.
        about: Facts about their origin; can be written as JSON.
    """

    features: np.ndarray[Any, Any]
    paths: list[str]
    labels: np.ndarray[Any, Any] | None
    about: dict[str, Any]


def feature_table(wanted: Wanted, feats: Tensor, about: dict[str, Any]) -> FeatureTable:
    """Return the table of the features ``[N, ...]`` of a request, without broken images; ``about`` names these."""
    dataset = wanted.dataset
    lost = is_broken(feats)
    kept = (~lost).numpy()
    names = np.array([image_name(dataset, i) for i in range(len(feats))])
    labels = np.array(dataset.get_gt_labels())[kept] if 'gt_label' in dataset.get_data_info(0) else None
    about = about | dict(
        kind=kind_text(wanted.kind),
        dataset=type(dataset).__name__,
        transforms=[re.sub(r' object at 0x\w+', '', str(each)) for each in dataset.pipeline.transforms],
        broken=names[~kept].tolist(),
    )
    return FeatureTable(feats[~lost].numpy() if lost.any() else feats.numpy(), names[kept].tolist(), labels, about)


def check_format(path: Path) -> None:
    """Raise an error unless a file of this name can be written.

    Raises:
        ValueError: The suffix is neither ``.npz`` nor ``.parquet``.
        ImportError: pyarrow is not installed.
    """
    if path.suffix not in ('.npz', '.parquet'):
        raise ValueError(f'{str(path)!r} must end in .npz or .parquet')
    if path.suffix == '.parquet':
        try:
            import pyarrow  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f'{str(path)!r} needs pyarrow, which is not installed: `pip install pyarrow`, or write '
                f'{str(path.with_suffix(".npz"))!r}'
            ) from error


def write_table(table: FeatureTable, path: Path) -> None:
    """Write ``.npz`` (``features``, ``paths``, ``labels``, ``about`` as JSON) or ``.parquet``, atomically.

    Parquet has the columns ``path``, ``label`` and ``features``, lists of equal length, row by row; ``about`` is in the
    schema's metadata, with the ``shape`` of an image's features.
    """
    with atomic_write(path) as partial:
        (_write_parquet if path.suffix == '.parquet' else _write_npz)(table, partial)


def _write_npz(table: FeatureTable, path: Path) -> None:
    arrays: dict[str, Any] = dict(features=table.features, paths=table.paths, about=json.dumps(table.about))
    if table.labels is not None:
        arrays['labels'] = table.labels
    with path.open('wb') as file:
        np.savez(file, **arrays)


def _write_parquet(table: FeatureTable, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    length = table.features[0].size
    feats = pa.FixedSizeListArray.from_arrays(pa.array(table.features.reshape(-1)), length)
    labels = {} if table.labels is None else dict(label=pa.array(table.labels))
    about = json.dumps(table.about | dict(shape=table.features.shape[1:]))
    columns = pa.table(
        dict(path=pa.array(list(map(printable, table.paths))), **labels, features=feats), metadata=dict(about=about)
    )
    parquet.write_table(columns, path)
