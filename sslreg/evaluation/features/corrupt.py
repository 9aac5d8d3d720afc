"""Handling of images that cannot be decoded, and names of images and datasets."""

from typing import Any

from torch.utils.data import Dataset

from sslreg.datasets import BrokenImageError, collate
from sslreg.datasets.image_files import printable


class SkipBroken(Dataset[Any]):
    """A dataset that gives the index in place of an image that cannot be decoded.

    Args:
        dataset: Dataset whose images may be broken.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        """Return the number of images, broken ones included."""
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        """Return the item, or ``index`` if its image cannot be decoded."""
        try:
            return self.dataset[index]
        except BrokenImageError:
            return index


def collate_readable(batch: list[Any]) -> dict[str, Any]:
    """Return a batch of the images that could be decoded, if any, with the indices of the others in ``broken``."""
    items = [item for item in batch if not isinstance(item, int)]
    return dict(collate(items) if items else {}, broken=[item for item in batch if isinstance(item, int)])


def image_name(dataset: Any, index: int) -> str:
    """Return the file of an image, or its number in a packed dataset."""
    info = dataset.get_data_info(index)
    return str(info.get('img_path') or info.get('file') or f'number {index}')


def image_source(dataset: Any) -> str:
    """Return class and file or folder of a dataset, alike for parts of one: ``'ImageFolder data/imagenet/val'``."""
    prefix = getattr(dataset, 'data_prefix', None) or {}
    path = getattr(dataset, 'ann_file', '') or prefix.get('img_path') or getattr(dataset, 'data_root', '')
    return f'{type(dataset).__name__} {printable(str(path))}'.rstrip(' /')


def dataset_name(dataset: Any) -> str:
    """Return the name of a dataset in logs: ``'50,000 images of ImageFolder data/imagenet/val'``."""
    return f'{len(dataset):,} images of {image_source(dataset)}'
