"""Base of the datasets whose images are listed by a ground truth."""

import zipfile
from pathlib import Path
from typing import Any

from mmpretrain.datasets import BaseDataset

from .archives import check_files, dataset_root, read_bytes
from .found_data import report_found
from .image_files import printable


class ListedImages(BaseDataset):
    """Images listed by a ground truth, in a folder or a zip archive; :class:`LoadImage` decodes them.

    All images must exist, and they keep the order of the list, because the ground truth refers to it. Subclasses
    define ``read_list``.

    Args:
        data_root: Path of the folder or archive.
        pipeline: Transforms of an image.

    Raises:
        FileNotFoundError: The folder, the ground truth or an image does not exist.
        ValueError: The ground truth is invalid.
    """

    def __init__(self, data_root: str, pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.packed = isinstance(dataset_root(data_root), zipfile.Path)
        super().__init__(ann_file='', data_root=data_root, pipeline=pipeline, test_mode=True)

    def read_list(self) -> list[dict[str, Any]]:
        """Return a dict for each image with at least ``file``, its path below ``data_root``."""
        raise NotImplementedError

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the images of :meth:`read_list` after checking that all of them exist."""
        try:
            items = self.read_list()
        except KeyError as error:
            raise ValueError(f'an entry of the ground truth of {self.data_root!r} lacks {error}') from error
        except TypeError as error:
            raise ValueError(
                f'the ground truth of {self.data_root!r} has another form (docs/data.md): {error}'
            ) from error
        check_files(dataset_root(self.data_root), (item['file'] for item in items))
        report_found(f'{type(self).__name__} {printable(self.data_root)}', len(items))
        return items

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Return an image's dict with ``img_bytes`` from an archive, or ``img_path`` in a folder."""
        info = super().get_data_info(idx)
        if self.packed:
            return dict(info, img_bytes=read_bytes(dataset_root(self.data_root), info['file']))
        return dict(info, img_path=self._path(info))

    def prepare_data(self, idx: int) -> Any:
        """Return an image after the pipeline."""
        info = self.get_data_info(idx)
        return self.pipeline(dict(info, img_path=self._path(info)))  # LoadImage names it in errors

    def _path(self, info: dict[str, Any]) -> str:
        return str(Path(self.data_root).expanduser() / info['file'])
