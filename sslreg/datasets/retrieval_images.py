"""Datasets of instance retrieval with the relevant images of each query."""

from typing import Any, NamedTuple

from sslreg.registry import DATASETS

from .archives import dataset_root, read_json
from .listed_images import ListedImages
from .revisited_ground_truth import RevisitedQuery, read_ground_truth


class RetrievalQuery(NamedTuple):
    """Query of a dataset and the relevant images.

    Attributes:
        image: Index of the query image.
        positives: Indices of the other images of its instance.
    """

    image: int
    positives: list[int]


@DATASETS.register_module()
class RetrievalImages(ListedImages):
    """Images, some of which are queries to all others.

    ``ground_truth.json`` holds ``labels`` (one per image) and ``queries``, a list of ``{"image": i, "positives":
    [j, ...]}``. Image i is ``images/{i:04d}.jpg``.

    Args:
        data_root: Path of the folder or archive.
        pipeline: Transforms of an image.

    Attributes:
        queries: Queries of the file.

    Raises:
        ValueError: There are no queries; or a query has no positives, or an index out of range or twice. The message
            names the query.
    """

    queries: list[RetrievalQuery]

    def read_list(self) -> list[dict[str, Any]]:
        """Return the images in the order of ``labels``."""
        truth = read_json(dataset_root(self.data_root), 'ground_truth.json', ['labels', 'queries'])
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
        data_root: Path of the folder or archive.
        ground_truth: The official ``gnd_*.pkl`` below ``data_root``, or its content as ``.json`` or ``.json.gz``.
        pipeline: Transforms of an image.
    """

    def __init__(self, data_root: str, ground_truth: str, pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.ground_truth = ground_truth
        super().__init__(data_root, pipeline)

    def read_truth(self) -> dict[str, Any]:
        """Return ``imlist``, ``qimlist`` and ``gnd``."""
        return read_ground_truth(dataset_root(self.data_root), self.ground_truth)

    def read_list(self) -> list[dict[str, Any]]:
        """Return the images in the order of ``imlist``."""
        return [dict(file=f'jpg/{name}.jpg') for name in self.read_truth()['imlist']]


@DATASETS.register_module()
class RevisitedQueries(RevisitedImages):
    """Queries of revisited Oxford or Paris; each has its ``bbx`` (x0, y0, x1, y1 in pixels) for :class:`CropBox`.

    Args:
        data_root: Path of the folder or archive.
        ground_truth: As in :class:`RevisitedImages`.
        pipeline: Transforms of an image.

    Attributes:
        queries: Relevant images of each query, as indices into the database.

    Raises:
        ValueError: A query has neither easy nor hard positives, or an index out of range or in two lists. The message
            names the query.
    """

    queries: list[RevisitedQuery]

    def read_list(self) -> list[dict[str, Any]]:
        """Return the queries in the order of ``qimlist``."""
        truth = self.read_truth()
        lists = [{level: list(map(int, found[level])) for level in RevisitedQuery._fields} for found in truth['gnd']]
        self.queries = [RevisitedQuery(**levels) for levels in lists]
        for name, query in zip(truth['qimlist'], self.queries, strict=True):
            _check(f'{self.ground_truth}: query {name!r}', query.easy + query.hard, query.junk, len(truth['imlist']))
        boxes = [list(map(float, found['bbx'])) for found in truth['gnd']]
        return [dict(file=f'jpg/{name}.jpg', bbx=box) for name, box in zip(truth['qimlist'], boxes, strict=True)]


def _check(query: str, positives: list[int], others: list[int], num_images: int) -> None:
    if not isinstance(positives, list):
        raise ValueError(f'{query} must have a list of numbers of images, not {positives!r}')
    if wrong := [i for i in positives + others if type(i) is not int]:
        raise ValueError(f'{query}: {wrong[0]!r} is no number of an image, an integer')
    if not positives:
        raise ValueError(f'{query} has no positives, so no image is relevant: remove the query')
    indices = positives + others
    if len(set(indices)) < len(indices):
        repeated = next(i for i in indices if indices.count(i) > 1)
        raise ValueError(f'{query} has image {repeated} twice in its lists (or as its own positive)')
    if invalid := [i for i in indices if not 0 <= i < num_images]:
        raise ValueError(f'{query} has image {invalid[0]} in its lists, but there are only {num_images} images')
