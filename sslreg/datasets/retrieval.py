"""Datasets of instance retrieval, with what is to be found for each query."""

import codecs
import gzip
import json
import pickle
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np

from sslreg.registry import DATASETS

from .listed import Files, ListedImages


class RetrievalQuery(NamedTuple):
    """An image of the dataset and the other images of its instance."""

    image: int
    positives: list[int]


class RevisitedQuery(NamedTuple):
    """Images of the database by how they show a query's building; junk is neither right nor wrong."""

    easy: list[int]
    hard: list[int]
    junk: list[int]


@DATASETS.register_module()
class RetrievalImages(ListedImages):
    """Images of which some are queries to all others.

    ``ground_truth.json`` holds ``labels`` (one per image) and ``queries``, a list of ``{"image": i, "positives":
    [j, ...]}``. Image i is ``images/{i:04d}.jpg``.

    Attributes:
        queries: As in the file.

    Raises:
        ValueError: There are none, or one has no positives, or an index out of range or twice; names it.
    """

    queries: list[RetrievalQuery]

    def read_list(self) -> list[dict[str, Any]]:
        truth = self.files.read_json('ground_truth.json', ['labels', 'queries'])
        self.queries = [RetrievalQuery(query['image'], query['positives']) for query in truth['queries']]
        if not self.queries:
            raise ValueError(f'the ground truth of {self.data_root!r} has no queries')
        for query in self.queries:
            _check(f'{self.data_root}: query image {query.image}', query.positives, [query.image], len(truth['labels']))
        return [dict(file=f'images/{i:04d}.jpg') for i in range(len(truth['labels']))]


@DATASETS.register_module()
class RevisitedImages(ListedImages):
    """Database of revisited Oxford or Paris (Radenovic et al., CVPR 2018): images ``jpg/NAME.jpg`` of ``imlist``.

    Args:
        ground_truth: The official ``gnd_*.pkl`` below ``data_root``, or the same as ``.json`` or ``.json.gz``.
    """

    def __init__(self, data_root: str, ground_truth: str, pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.ground_truth = ground_truth
        super().__init__(data_root, pipeline)

    def read_list(self) -> list[dict[str, Any]]:
        return [dict(file=f'jpg/{name}.jpg') for name in read_ground_truth(self.files, self.ground_truth)['imlist']]


@DATASETS.register_module()
class RevisitedQueries(RevisitedImages):
    """Queries of revisited Oxford or Paris; each has its ``bbx`` (x0, y0, x1, y1 in pixels) for :class:`CropBox`.

    Args:
        ground_truth: As in :class:`RevisitedImages`.

    Attributes:
        queries: What is to be found for each, as indices into the database.

    Raises:
        ValueError: A query has neither easy nor hard positives, or an index out of range or in two lists; names it.
    """

    queries: list[RevisitedQuery]

    def read_list(self) -> list[dict[str, Any]]:
        truth = read_ground_truth(self.files, self.ground_truth)
        lists = [{level: list(map(int, found[level])) for level in RevisitedQuery._fields} for found in truth['gnd']]
        self.queries = [RevisitedQuery(**levels) for levels in lists]
        for name, query in zip(truth['qimlist'], self.queries, strict=True):
            _check(f'{self.ground_truth}: query {name!r}', query.easy + query.hard, query.junk, len(truth['imlist']))
        boxes = [list(map(float, found['bbx'])) for found in truth['gnd']]
        return [dict(file=f'jpg/{name}.jpg', bbx=box) for name, box in zip(truth['qimlist'], boxes, strict=True)]


def _check(query: str, positives: list[int], others: list[int], num_images: int) -> None:
    if not positives:
        raise ValueError(f'{query} has no positives, so nothing can be found: leave it out')
    listed = positives + others
    if len(set(listed)) < len(listed):
        twice = next(i for i in listed if listed.count(i) > 1)
        raise ValueError(f'{query} has image {twice} twice in its lists (or as its own positive)')
    if wrong := [i for i in listed if not 0 <= i < num_images]:
        raise ValueError(f'{query} has image {wrong[0]} in its lists, but there are only {num_images} images')


class _DataUnpickler(pickle.Unpickler):
    """Numbers, strings, lists, dicts and NumPy's arrays; a pickle that asks for anything else is refused, not run."""

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


def read_ground_truth(files: Files, name: str) -> dict[str, Any]:
    """``imlist``, ``qimlist`` and ``gnd`` of the revisited datasets, from a pickle or JSON; runs no code of the file.

    Raises:
        ValueError: It is damaged, asks for more than data, or is of another kind (as the first Oxford and Paris).
    """
    data = files.read(name)
    try:
        if name.endswith('.pkl'):
            truth = _DataUnpickler(BytesIO(data), encoding='latin1').load()
        else:
            truth = json.loads(gzip.decompress(data) if name.endswith('.gz') else data)
    except Exception as error:  # a damaged pickle may raise any
        raise ValueError(f'{name!r} below {str(files.root)!r} is no ground truth: {error}') from error
    if not _is_revisited(truth):
        raise ValueError(
            f'{name!r} below {str(files.root)!r} is no ground truth of a revisited dataset: that has '
            'imlist, qimlist and gnd, a list of bbx, easy, hard and junk'
        )
    return truth
