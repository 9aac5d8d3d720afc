"""Datasets of copy detection: a database, and altered copies of some of its images as queries."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.registry import DATASETS

from .archives import dataset_root, file_names, read_json
from .listed_images import ListedImages


@DATASETS.register_module()
class CopyDatabase(ListedImages):
    """Images ``database/{i:04d}.jpg`` for each entry of ``database`` in ``ground_truth.json``."""

    def read_list(self) -> list[dict[str, Any]]:
        """Return the images of the database."""
        truth = read_json(dataset_root(self.data_root), 'ground_truth.json', ['database', 'queries'])
        return [dict(file=f'database/{i:04d}.jpg') for i in range(len(truth['database']))]


@DATASETS.register_module()
class CopyQueries(ListedImages):
    """Images ``queries/{query:04d}.jpg`` for each entry of ``queries`` in ``ground_truth.json``.

    An entry is ``{"query": 0, "original": 7, "attack": "rotate"}``; ``original`` is null for a distractor, a query
    that is a copy of no image.

    Attributes:
        originals: Index into the database of each query's original, or None.
        attacks: Name of the alteration of each query.

    Raises:
        ValueError: An original is not in the database, or no query has an original.
    """

    originals: list[int | None]
    attacks: list[str]

    def read_list(self) -> list[dict[str, Any]]:
        """Return the queries in the order of the file."""
        truth = read_json(dataset_root(self.data_root), 'ground_truth.json', ['database', 'queries'])
        self.originals = [query['original'] for query in truth['queries']]
        self.attacks = [query['attack'] for query in truth['queries']]
        if set(self.originals) <= {None}:
            raise ValueError(f'none of the {len(self.originals)} queries of {self.data_root!r} has an original')
        for query in truth['queries']:
            if query['original'] is None:
                continue
            if type(query['original']) is not int or not 0 <= query['original'] < len(truth['database']):
                raise ValueError(
                    f'{self.data_root}: query {query["query"]} is a copy of image {query["original"]!r}, but the '
                    f'database has {len(truth["database"])} images'
                )
        return [dict(file=f'queries/{query["query"]:04d}.jpg') for query in truth['queries']]


@DATASETS.register_module()
class CopydaysImages(ListedImages):
    """Images of some folders of INRIA Copydays (Douze et al., CIVR 2009), one folder after another.

    The folder ``original`` is the database. The file names of a copy and of its original begin with the same four
    characters.

    Args:
        data_root: Path of the folder or archive.
        blocks: Names of the folders, e.g. ``['strong', 'jpegqual/3', 'crops/80']``.
        pipeline: Transforms of an image.

    Attributes:
        originals: Index of each image's original in the sorted folder ``original``.
        attacks: Folder of each image.

    Raises:
        ValueError: A folder has no images, or an image has not exactly one original; the message names it.
    """

    originals: list[int]
    attacks: list[str]

    def __init__(self, data_root: str, blocks: Sequence[str], pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.blocks = blocks
        super().__init__(data_root, pipeline)

    def read_list(self) -> list[dict[str, Any]]:
        """Return the images of the folders."""
        names = [(block, name) for block in self.blocks for name in self._images(block)]
        prefixes = [Path(name).name[:4] for name in self._images('original')]
        for _, name in names:
            if prefixes.count(Path(name).name[:4]) != 1:
                raise ValueError(
                    f'{name!r} below {self.data_root!r} has {prefixes.count(Path(name).name[:4])} originals '
                    f'{Path(name).name[:4]}*.jpg in original/, but must have one'
                )
        self.originals = [prefixes.index(Path(name).name[:4]) for _, name in names]
        self.attacks = [block for block, _ in names]
        return [dict(file=name) for _, name in names]

    def _images(self, block: str) -> list[str]:
        files = file_names(dataset_root(self.data_root), block)
        names = [f'{block}/{name}' for name in files if name.lower().endswith('.jpg')]
        if not names:
            raise ValueError(f'{self.data_root!r} has no {block}/*.jpg: unpack Copydays there, or remove the block')
        return names
