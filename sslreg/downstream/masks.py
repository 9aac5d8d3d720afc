"""Folders of images and masks; importing this module needs mmsegmentation."""

from pathlib import Path
from typing import Any

from mmseg.datasets import BaseSegDataset

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
        paths = [path for path in sorted(images.rglob('*')) if _is_image(path.relative_to(images))]
        names = [path.relative_to(images).with_suffix(self.seg_map_suffix) for path in paths]
        twice = next((name for number, name in enumerate(names[1:]) if name == names[number]), None)
        if twice:
            raise ValueError(f'{images}: two images have the mask {twice}: rename one of them and its mask')
        shared = dict(label_map=self.label_map, reduce_zero_label=self.reduce_zero_label)
        return [
            dict(img_path=str(path), seg_map_path=str(masks / name), seg_fields=[], **shared)
            for path, name in zip(paths, names, strict=True)
        ]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not any(part.startswith('.') for part in path.parts)
