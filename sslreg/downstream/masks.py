"""Folders of images and masks; importing this module needs mmsegmentation."""

from collections import Counter
from pathlib import Path
from typing import Any

from mmseg.datasets import BaseSegDataset

from sslreg.datasets.image_files import find_images

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')  # that mmcv's LoadImageFromFile decodes


class MaskFolder(BaseSegDataset):
    """Images of any suffix and size in one folder, and masks ``NAME.png`` of the same names in another.

    A mask has the number of its class in each pixel: 0, 1, ... in the order of ``metainfo['classes']``, and 255 where
    there is none. The arguments are those of ``BaseSegDataset``; ``img_suffix`` is not used.

    Raises:
        ValueError: Two images share a mask.
    """

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the images and masks, sorted by name."""
        images, masks = Path(self.data_prefix['img_path']), Path(self.data_prefix['seg_map_path'])
        files = find_images(str(images), lambda name: name.lower().endswith(SUFFIXES)).files
        names = [Path(file).with_suffix(self.seg_map_suffix) for file in files]
        twice = [name for name, number in Counter(names).items() if number > 1]
        if twice:
            raise ValueError(f'{images}: two images have the mask {twice[0]}: rename one of them and its mask')
        shared = dict(label_map=self.label_map, reduce_zero_label=self.reduce_zero_label)
        return [
            dict(img_path=str(images / file), seg_map_path=str(masks / name), seg_fields=[], **shared)
            for file, name in zip(files, names, strict=True)
        ]
