import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from mmpretrain.datasets import BaseDataset


@lru_cache(maxsize=4)
def _opened(archive: Path, process: int, changed: int) -> ZipFile:
    """The archive as of a time, opened once by each process: a shared handle has one position for all."""
    return ZipFile(archive)


class Files:
    """Files of a folder or of a zip archive, which stays packed.

    Args:
        root: The folder or the archive.

    Raises:
        FileNotFoundError: There is neither.
        ValueError: The file is no zip archive.
    """

    def __init__(self, root: str) -> None:
        self.root = Path(root).expanduser()
        if not self.root.exists():
            raise FileNotFoundError(
                f'no folder or zip archive {str(self.root)!r} (from {Path.cwd()}): link your data there (docs/data.md)'
            )
        self.packed = self.root.is_file()
        if self.packed:
            self._open()

    def _open(self) -> ZipFile:
        try:
            return _opened(self.root, os.getpid(), self.root.stat().st_mtime_ns)
        except BadZipFile as error:
            raise ValueError(f'{str(self.root)!r} is no folder and no zip archive: {error}') from error

    def has_folder(self, folder: str) -> bool:
        """Whether a folder is there, in an archive with something in it."""
        if self.packed:
            return any(name.startswith(f'{folder}/') for name in self._open().namelist())
        return (self.root / folder).is_dir()

    def below(self, folder: str) -> list[str]:
        """Names of all files right below a folder, sorted."""
        if self.packed:
            names = [Path(name) for name in self._open().namelist() if not name.endswith('/')]
        else:
            names = [path.relative_to(self.root) for path in self.root.joinpath(folder).glob('*') if path.is_file()]
        return sorted(name.as_posix() for name in names if name.parent == Path(folder))

    def check(self, names: Iterable[str]) -> None:
        """Whether all are there.

        Raises:
            FileNotFoundError: Some are not; names the first of them.
        """
        packed = set(self._open().namelist()) if self.packed else set()
        missing = [name for name in names if not (name in packed if self.packed else (self.root / name).is_file())]
        if missing:
            raise FileNotFoundError(f'{str(self.root)!r} lacks {missing[0]!r}, and {len(missing) - 1} more files')

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            FileNotFoundError: It does not exist.
        """
        try:
            return self._open().read(name) if self.packed else (self.root / name).read_bytes()
        except (KeyError, FileNotFoundError) as error:
            raise FileNotFoundError(f'{str(self.root)!r} lacks {name!r}') from error

    def read_json(self, name: str, keys: Iterable[str]) -> dict[str, Any]:
        """A JSON object that has these keys.

        Raises:
            ValueError: It is no JSON, or lacks one of them.
        """
        try:
            content = json.loads(self.read(name))
        except ValueError as error:
            raise ValueError(f'{name!r} below {str(self.root)!r} is no JSON: {error}') from error
        if missing := set(keys) - set(content):
            raise ValueError(f'{name!r} below {str(self.root)!r} lacks {sorted(missing)}')
        return content


class ListedImages(BaseDataset):
    """Images that a ground truth lists, of a folder or a zip archive; :class:`LoadImage` decodes.

    All of them are there and in the order of the list: ground truth counts on it. A dataset defines ``read_list``.

    Args:
        data_root: The folder or the archive.
        pipeline: Transforms of an image.

    Raises:
        FileNotFoundError: The folder, the ground truth or an image does not exist.
        ValueError: The ground truth is wrong.
    """

    def __init__(self, data_root: str, pipeline: list[dict[str, Any]] | tuple[()] = ()) -> None:
        self.files = Files(data_root)
        super().__init__(ann_file='', data_root=data_root, pipeline=pipeline, test_mode=True)

    def read_list(self) -> list[dict[str, Any]]:
        """What is known of each image, at least its ``file``, a name below ``data_root``."""
        raise NotImplementedError

    def load_data_list(self) -> list[dict[str, Any]]:
        try:
            items = self.read_list()
        except KeyError as error:
            raise ValueError(f'an entry of the ground truth of {str(self.files.root)!r} lacks {error}') from error
        self.files.check(item['file'] for item in items)
        return items

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """With ``img_bytes`` out of an archive, or ``img_path``."""
        info = super().get_data_info(idx)
        if self.files.packed:
            return dict(info, img_bytes=self.files.read(info['file']))
        return dict(info, img_path=str(self.files.root / info['file']))

    def prepare_data(self, idx: int) -> Any:
        info = self.get_data_info(idx)
        return self.pipeline(dict(info, img_path=str(self.files.root / info['file'])))  # names what cannot be decoded
