"""Datasets of copy detection: a database and altered copies of some of its images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.registry import DATASETS

from .listed import ListedImages


@DATASETS.register_module()
class CopyDatabase(ListedImages):
    """Images ``database/{i:04d}.jpg``, as many as ``ground_truth.json`` lists in ``database``."""

    def read_list(self) -> list[dict[str, Any]]:
        truth = self.files.read_json('ground_truth.json', ['database', 'queries'])
        return [dict(file=f'database/{i:04d}.jpg') for i in range(len(truth['database']))]


@DATASETS.register_module()
class CopyQueries(ListedImages):
    """Images ``queries/{query:04d}.jpg`` of ``queries`` in ``ground_truth.json``.

    That is a list of ``{"query": 0, "original": 7, "attack": "rotate"}``; ``original`` is null where the database has
    none.

    Attributes:
        originals: Index into the database of each query's original, or None.
        attacks: What was done to each.

    Raises:
        ValueError: An original is not in the database, or no query has one.
    """

    originals: list[int | None]
    attacks: list[str]

    def read_list(self) -> list[dict[str, Any]]:
        truth = self.files.read_json('ground_truth.json', ['database', 'queries'])
        self.originals = [query['original'] for query in truth['queries']]
        self.attacks = [query['attack'] for query in truth['queries']]
        if set(self.originals) <= {None}:
            raise ValueError(f'none of the {len(self.originals)} queries of {self.data_root!r} has an original')
        for query in truth['queries']:
            if query['original'] is not None and not 0 <= query['original'] < len(truth['database']):
                raise ValueError(
                    f'{self.data_root}: query {query["query"]} is a copy of image {query["original"]}, but the '
                    f'database has {len(truth["database"])} images'
                )
        return [dict(file=f'queries/{query["query"]:04d}.jpg') for query in truth['queries']]


@DATASETS.register_module()
class CopydaysImages(ListedImages):
    """Images of INRIA Copydays (Douze et al., CIVR 2009): some of its folders, one after another.

    The folder ``original`` is the database. A copy has the first four characters of its original's file name.

    Args:
        blocks: The folders, e.g. ``['strong', 'jpegqual/3', 'crops/80']``.

    Attributes:
        originals: Index into ``original``, sorted by name, of each image's original.
        attacks: The folder of each.

    Raises:
        ValueError: A folder has no images, or an image not exactly one original; names it.
    """

    originals: list[int]
    attacks: list[str]

    def __init__(self, data_root: str, blocks: Sequence[str], pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.blocks = blocks
        super().__init__(data_root, pipeline)

    def read_list(self) -> list[dict[str, Any]]:
        names = [(block, name) for block in self.blocks for name in self._images(block)]
        prefixes = [Path(name).name[:4] for name in self._images('original')]
        for _, name in names:
            if prefixes.count(Path(name).name[:4]) != 1:
                raise ValueError(
                    f'{name!r} below {self.data_root!r} has {prefixes.count(Path(name).name[:4])} originals '
                    f'{Path(name).name[:4]}*.jpg, not one'
                )
        self.originals = [prefixes.index(Path(name).name[:4]) for _, name in names]
        self.attacks = [block for block, _ in names]
        return [dict(file=name) for _, name in names]

    def _images(self, block: str) -> list[str]:
        names = [name for name in self.files.below(block) if name.lower().endswith('.jpg')]
        if not names:
            raise ValueError(f'{self.data_root!r} has no {block}/*.jpg: unpack Copydays there, or leave the block out')
        return names
