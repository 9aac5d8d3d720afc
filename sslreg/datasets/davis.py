"""Clips of videos with masks in the layout of DAVIS (Perazzi et al. 2016; Pont-Tuset et al. 2017)."""

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import BaseDataset
from PIL import Image

from sslreg.registry import DATASETS, TRANSFORMS

from .listed import Files


@DATASETS.register_module()
class DavisClip(BaseDataset):
    """The frames of one clip of DAVIS 2016 or 2017 in their order, from a folder or the zip archive as it is.

    Frames are ``JPEGImages/480p/CLIP/NNNNN.jpg``, masks ``Annotations/480p/CLIP/NNNNN.png``; the archive's outer folder
    ``DAVIS`` may be there or not. :class:`LoadImage` decodes frames; masks are read by :meth:`masks`.

    Args:
        data_root: The folder or the archive.
        clip: Name of the clip.
        resolution: Name of the folder, ``'480p'`` or ``'Full-Resolution'``.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: There is no such folder, archive or clip.
    """

    def __init__(self, data_root: str, clip: str, resolution: str = '480p', **kwargs: Any) -> None:
        self.files, root = davis_files(data_root)
        self.frames, self.annotations = (f'{root}{kind}/{resolution}/{clip}' for kind in ('JPEGImages', 'Annotations'))
        self.names = [Path(name).stem for name in self.files.below(self.frames) if name.endswith('.jpg')]
        if not self.names:
            raise FileNotFoundError(f'{data_root} has no frames {self.frames}: is it the package of {resolution}?')
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        return [dict(img_bytes=self.files.read(f'{self.frames}/{name}.jpg')) for name in self.names]

    def masks(self) -> np.ndarray[Any, Any]:
        """Labels of all frames, ``[F, H, W]`` uint8: 0 is background, 1..N are objects.

        Raises:
            FileNotFoundError: A frame has no mask.
            ValueError: A mask is no label map, or there is no object at all.
        """
        files = [f'{self.annotations}/{name}.png' for name in self.names]
        there = set(self.files.below(self.annotations))
        if missing := [file for file in files if file not in there]:
            raise FileNotFoundError(f'{len(missing)} of {len(files)} frames have no mask, the first {missing[0]}')
        labels = np.stack([_label_map(file, self.files.read(file)) for file in files])
        values = np.unique(labels)
        if len(values) < 2:
            raise ValueError(f'{self.annotations}: all masks are {values}, so there is no object to follow')
        if 255 in values:  # white is the object of DAVIS 2016, and in 2017 what belongs to none
            labels = (labels == 255).astype(np.uint8) if len(values) == 2 else np.where(labels == 255, 0, labels)
        return labels


def davis_files(data_root: str) -> tuple[Files, str]:
    """Files of a folder or an archive, and what comes before the name ``JPEGImages`` there: nothing, or ``DAVIS/``.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    files = Files(data_root)
    for root in ('', 'DAVIS/'):
        if files.has_folder(f'{root}JPEGImages'):
            return files, root
    raise FileNotFoundError(
        f'{data_root!r} (from {Path.cwd()}) has neither JPEGImages/ nor DAVIS/JPEGImages/: '
        'give the path of DAVIS-2017-trainval-480p.zip or of what is unpacked from it'
    )


def clip_names(data_root: str, file: str) -> list[str]:
    """Names of clips, one a line, from a file of the package, e.g. ``ImageSets/2017/val.txt``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is empty.
    """
    files, root = davis_files(data_root)
    names = files.read(f'{root}{file}').decode().split()
    if not names:
        raise ValueError(f'the list of clips {file} of {data_root} is empty')
    return names


def _label_map(name: str, data: bytes) -> np.ndarray[Any, Any]:
    """Indices into the palette, or grey values."""
    with Image.open(BytesIO(data)) as image:
        if image.mode == 'P':
            return np.array(image)
        colors = np.array(image.convert('RGB'))
    if (colors != colors[..., :1]).any():
        raise ValueError(f'{name} is a colour image: masks are PNGs with a palette, or black and white')
    return colors[..., 0]


def frame_size(height: int, width: int, short: int, multiple: int) -> tuple[int, int]:
    """Height and width with the short side ``short`` and the long one rounded down to a multiple."""
    long = short * max(height, width) // min(height, width) // multiple * multiple
    return (long, short) if height > width else (short, long)


@TRANSFORMS.register_module()
class ResizeFrame(BaseTransform):
    """Bilinear resize to a short side, the long one rounded down to a multiple (DINO's evaluation on DAVIS: 480, 64).

    Args:
        short: Of both sides in pixels; a multiple of the patch size.
        multiple: Of the long side in pixels; of the patch size too.

    Raises:
        ValueError: The long side would be nothing.
    """

    def __init__(self, short: int = 480, multiple: int = 64) -> None:
        if not 0 < multiple <= short:
            raise ValueError(f'multiple={multiple} must be between 1 and short={short}')
        self.short, self.multiple = short, multiple

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        before = results['img'].shape
        height, width = frame_size(before[0], before[1], self.short, self.multiple)
        results['img'] = cv2.resize(results['img'], (width, height))
        results['img_shape'] = (height, width)
        return results
