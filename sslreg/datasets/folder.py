from pathlib import Path
from typing import Any

from mmpretrain.datasets import CustomDataset

from sslreg.registry import DATASETS


@DATASETS.register_module()
class ImageFolder(CustomDataset):
    """A folder of images of any depth, or with ``with_label=True`` one folder per class (ImageNet's layout).

    mmpretrain's CustomDataset that says at start what is wrong with a folder.

    Args:
        data_root: The folder.
        data_prefix: A folder below it, e.g. ``'train'``.
        with_label: Take the folders' names as classes.
        **kwargs: As in CustomDataset.

    Raises:
        FileNotFoundError: The folder does not exist.
        ValueError: It holds no images, or not in folders of classes.
    """

    def __init__(self, data_root: str, data_prefix: str = '', with_label: bool = True, **kwargs: Any) -> None:
        folder = Path(data_root, data_prefix).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(
                f'image folder {str(folder)!r} does not exist (from {Path.cwd()}): give an existing '
                'one by --data-root, or link your data there'
            )
        try:
            super().__init__(data_root=data_root, data_prefix=data_prefix, with_label=with_label, **kwargs)
        except RuntimeError as error:
            where = 'folders of classes in ' if with_label else ''
            raise ValueError(
                f'no images in {where}{str(folder)!r}; it should hold {", ".join(self.extensions)} files'
            ) from error
