"""Store of features on disk, under a hash of everything that they depend on."""

import hashlib
import json
import pickle
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn

from sslreg.utils.files import atomic_write, write_json

from .collect import Batch


class FeatureStore:
    """Store of arrays ``[N, ...]`` in a folder, each written atomically and checked when it is read.

    Args:
        folder: Folder, made by the first write.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def load(self, key: str) -> Tensor | None:
        """Return the features under a key, mapped from the disk, or None if they are missing or damaged.

        The whole array is read once for this check.
        """
        array, note = self.folder / f'{key}.npy', self.folder / f'{key}.json'
        try:
            feats = np.load(array, mmap_mode='c')  # c: changes stay in memory
            whole = json.loads(note.read_text())['digest'] == _digest([feats])
        except (OSError, ValueError, KeyError, EOFError):  # EOFError: an empty file
            return None
        return torch.from_numpy(feats) if whole else None

    def save(self, key: str, feats: Tensor, about: dict[str, Any]) -> None:
        """Store features with facts about them for readers."""
        array = feats.cpu().numpy()
        with atomic_write(self.folder / f'{key}.npy') as partial, partial.open('wb') as file:
            np.save(file, array)
        write_json(about | dict(shape=list(array.shape), digest=_digest([array])), self.folder / f'{key}.json')

    def parts(self, key: str) -> 'Parts':
        """Return the parts that an interrupted run has made of the features under a key."""
        return Parts(self.folder / f'{key}.parts')


class Parts:
    """Parts of an extraction, in files that are each written atomically.

    Args:
        folder: Folder, made by the first write.
        seconds: Time between two files; a killed run loses no more.
        size: Size in bytes at which a file is written sooner.
    """

    def __init__(self, folder: Path, seconds: float = 60, size: int = 2**30) -> None:
        self.folder = folder
        self.seconds, self.size = seconds, size

    def load(self) -> Iterator[Batch]:
        """Yield the batches of each file, each image once, without damaged files."""
        done: set[int] = set()
        for file in sorted(self.folder.glob('*.npz')):
            try:
                with np.load(file) as part:
                    indices, *rows = (torch.from_numpy(array) for array in part.values())
            except (OSError, ValueError, EOFError, BadZipFile):
                continue
            fresh = torch.tensor([index not in done for index in indices.tolist()])
            done.update(indices.tolist())
            yield indices[fresh], [row[fresh] for row in rows]

    def kept(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Pass batches on, writing them from time to time and when the run is interrupted."""
        waiting: list[Batch] = []
        last = time.monotonic()
        try:
            for batch in batches:
                if batch[1]:  # broken images are tried again
                    waiting.append(batch)
                size = sum(row.nbytes for _, rows in waiting for row in rows)
                if time.monotonic() - last >= self.seconds or size >= self.size:
                    self._save(waiting)
                    waiting, last = [], time.monotonic()
                yield batch
        except BaseException:
            self._save(waiting)
            raise

    def _save(self, batches: list[Batch]) -> None:
        if not batches:
            return
        columns = zip(*((indices, *rows) for indices, rows in batches), strict=True)
        with atomic_write(self.folder / f'{uuid4().hex}.npz') as partial, partial.open('wb') as file:
            np.savez(file, *(torch.cat(column).cpu().numpy() for column in columns))

    def remove(self) -> None:
        """Delete all parts."""
        shutil.rmtree(self.folder, ignore_errors=True)


def model_hash(model: Any) -> str:
    """Return a hash of the evaluated network: structure, settings, weights and normalisation of images."""
    parts = [model.feature_backbone, model.data_preprocessor]
    return _digest([type(model).__name__, *(value for part in parts for value in (*_settings(part), *_tensors(part)))])


def dataset_hash(dataset: Any) -> str:
    """Return a hash of a dataset: facts about images, their bytes or files' names, sizes and times, and transforms."""
    pipeline = getattr(dataset, 'pipeline', None)
    return _digest([type(dataset).__name__, pickle.dumps(pipeline), *_images(dataset)])


def combine(*texts: str) -> str:
    """Combine several hashes into one key."""
    return _digest(texts)


def _images(dataset: Any) -> Iterable[Any]:
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        for name, value in info.items():
            yield name
            yield value if isinstance(value, (bytes, np.ndarray)) else repr(value)
        if 'img_path' in info:
            stat = Path(info['img_path']).stat()
            yield f'{stat.st_size} {stat.st_mtime_ns}'


def _settings(network: nn.Module) -> Iterable[str]:
    """Yield modules and their public attributes that are numbers, words or flags, which the repr lacks."""
    yield repr(network)
    for name, module in network.named_modules():
        plain = {key: value for key, value in vars(module).items() if isinstance(value, (bool, int, float, str, tuple))}
        yield name + repr(sorted((key, repr(value)) for key, value in plain.items() if not key.startswith('_')))


def _tensors(module: nn.Module) -> Iterable[Any]:
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):  # also those that are not saved
        yield name
        yield tensor


def _digest(parts: Iterable[Any]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        if not isinstance(data, bytes):
            array = data.detach().cpu().numpy() if isinstance(data, Tensor) else data
            digest.update(f'{array.dtype} {array.shape} '.encode())
            data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        digest.update(f'{len(data)} '.encode())
        digest.update(data)
    return digest.hexdigest()
