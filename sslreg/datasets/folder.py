"""Folders of images."""

from pathlib import Path
from typing import Any

from mmpretrain.datasets import CustomDataset

from sslreg.registry import DATASETS


@DATASETS.register_module()
class ImageFolder(CustomDataset):
    """Folder of images of any depth, or with ``with_label=True`` one folder per class (ImageNet's layout).

    It is mmpretrain's CustomDataset with errors that explain at start what is wrong with a folder.

    Args:
        data_root: Path of the folder.
        data_prefix: Folder below it, e.g. ``'train'``.
        with_label: Whether the names of folders are classes.
        **kwargs: As in CustomDataset.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: The folder has no images, or none in folders of classes.
    """

    def __init__(self, data_root: str, data_prefix: str = '', with_label: bool = True, **kwargs: Any) -> None:
        folder = Path(data_root, data_prefix).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(_missing(folder, Path(data_root).expanduser()))
        try:
            super().__init__(data_root=data_root, data_prefix=data_prefix, with_label=with_label, **kwargs)
        except RuntimeError as error:
            where = 'folders of classes in ' if with_label else ''
            raise ValueError(
                f'no images in {where}{str(folder)!r}; it should hold {", ".join(self.extensions)} files'
            ) from error


def _missing(folder: Path, root: Path) -> str:
    """Return the message for a folder that does not exist below the root of its dataset."""
    if root.is_dir():
        return (
            f'image folder {str(folder)!r} does not exist: the config reads train/CLASS/ and val/CLASS/ in '
            f'{str(root)!r}; to train without labels and without evaluation, give --data-root a folder without train/'
        )
    return (
        f'image folder {str(folder)!r} does not exist (from {Path.cwd()}): give an existing folder by --data-root, or '
        'link your data there'
    )
