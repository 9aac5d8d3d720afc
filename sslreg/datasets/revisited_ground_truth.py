"""Ground truth of revisited Oxford and Paris, from the official pickles or JSON, without running code of a pickle."""

import codecs
import gzip
import json
import pickle
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from .archives import Root, read_bytes


class RevisitedQuery(NamedTuple):
    """Indices of the database images that show a query's building; junk images are ignored.

    Attributes:
        easy: Images that show it clearly.
        hard: Images that show it under difficult conditions.
        junk: Images that count neither as right nor as wrong.
    """

    easy: list[int]
    hard: list[int]
    junk: list[int]


def read_ground_truth(root: Root, name: str) -> dict[str, Any]:
    """Return ``imlist``, ``qimlist`` and ``gnd`` of a file; no code of a pickle runs.

    Args:
        root: Result of :func:`.archives.dataset_root`.
        name: Path of a ``.pkl``, ``.json`` or ``.json.gz`` file below the root.

    Raises:
        ValueError: The file is damaged, needs more than data types, or is of another kind, e.g. of the first Oxford
            and Paris datasets.
    """
    data = read_bytes(root, name)
    try:
        if name.endswith('.pkl'):
            truth = _DataUnpickler(BytesIO(data), encoding='latin1').load()
        else:
            truth = json.loads(gzip.decompress(data) if name.endswith('.gz') else data)
    except Exception as error:  # a damaged pickle may raise any
        raise ValueError(f'{name!r} below {str(root)!r} is no ground truth: {error}') from error
    if not _is_revisited(truth):
        raise ValueError(
            f'{name!r} below {str(root)!r} is no ground truth of a revisited dataset: it must have '
            'imlist, qimlist and gnd, a list of bbx, easy, hard and junk'
        )
    return truth


class _DataUnpickler(pickle.Unpickler):
    """Unpickler of numbers, strings, lists, dicts and NumPy arrays; it refuses all other types without running code."""

    MAKERS: dict[str, Any] = dict(
        ndarray=np.ndarray,
        dtype=np.dtype,
        _reconstruct=np.zeros(1).__reduce__()[0],
        _frombuffer=np.zeros(1).__reduce_ex__(5)[0],
        scalar=np.float64(0).__reduce__()[0],
    )

    OLD_BYTES: dict[tuple[str, str], Any] = {  # how Python 3 writes an array's bytes in the protocols of Python 2
        ('__builtin__', 'bytes'): bytes,
        ('_codecs', 'encode'): codecs.encode,
    }

    def find_class(self, module: str, name: str) -> Any:
        if module.split('.', maxsplit=1)[0] == 'numpy' and name in self.MAKERS:
            return self.MAKERS[name]
        if (module, name) in self.OLD_BYTES:
            return self.OLD_BYTES[module, name]
        raise pickle.UnpicklingError(f'it asks for {module}.{name}, which data do not need')


def _is_revisited(truth: Any) -> bool:
    if not isinstance(truth, dict) or {'imlist', 'qimlist', 'gnd'} - set(truth):
        return False
    return len(truth['gnd']) == len(truth['qimlist']) and all(
        {'bbx', *RevisitedQuery._fields} <= set(found) for found in truth['gnd']
    )
