"""Clips of videos with masks in the layout of DAVIS (Perazzi et al. 2016; Pont-Tuset et al. 2017)."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import Path as ZipPath
from zipfile import is_zipfile

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import BaseDataset
from PIL import Image

from sslreg.registry import DATASETS, TRANSFORMS


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
        self.clip, self.resolution = clip, resolution
        frames = self._folder(data_root, 'JPEGImages')
        if not frames.is_dir():
            raise FileNotFoundError(f'{data_root} has no frames {frames}: is it the {resolution} package of DAVIS?')
        self.names = sorted(file.name[:-4] for file in frames.iterdir() if file.name.endswith('.jpg'))
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def _folder(self, data_root: str, kind: str) -> Path | ZipPath:
        """Opened anew, since an open archive can neither be pickled nor shared by processes."""
        return davis_root(data_root) / kind / self.resolution / self.clip

    def load_data_list(self) -> list[dict[str, Any]]:
        frames = self._folder(self.data_root, 'JPEGImages')
        return [dict(img_bytes=(frames / f'{name}.jpg').read_bytes()) for name in self.names]

    def masks(self) -> np.ndarray[Any, Any]:
        """Labels of all frames, ``[F, H, W]`` uint8: 0 is background, 1..N are objects.

        Raises:
            FileNotFoundError: A frame has no mask.
            ValueError: A mask is no label map, or there is no object at all.
        """
        folder = self._folder(self.data_root, 'Annotations')
        files = [folder / f'{name}.png' for name in self.names]
        if missing := [file for file in files if not file.is_file()]:
            raise FileNotFoundError(f'{len(missing)} of {len(files)} frames have no mask, the first {missing[0]}')
        labels = np.stack([_label_map(file) for file in files])
        values = np.unique(labels)
        if len(values) < 2:
            raise ValueError(f'{folder}: all masks are {values}, so there is no object to follow')
        if 255 in values:  # white is the object of DAVIS 2016, and in 2017 what belongs to none
            labels = (labels == 255).astype(np.uint8) if len(values) == 2 else np.where(labels == 255, 0, labels)
        return labels


def davis_root(data_root: str) -> Path | ZipPath:
    """What holds ``JPEGImages``: a folder, or the like of one in an archive, maybe below ``DAVIS``.

    Raises:
        FileNotFoundError: There is neither.
    """
    path = Path(data_root).expanduser()
    root = ZipPath(path) if path.is_file() and is_zipfile(path) else path
    for folder in (root, root / 'DAVIS'):
        if (folder / 'JPEGImages').is_dir():
            return folder
    raise FileNotFoundError(
        f'{data_root!r} (from {Path.cwd()}) is no folder and no zip archive with JPEGImages/ or DAVIS/JPEGImages/: '
        'give the path of DAVIS-2017-trainval-480p.zip or of what is unpacked from it'
    )


def clip_names(data_root: str, file: str) -> list[str]:
    """Names of clips, one a line, from a file of the package, e.g. ``ImageSets/2017/val.txt``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is empty.
    """
    path = davis_root(data_root) / file
    if not path.is_file():
        raise FileNotFoundError(f'{data_root} has no list of clips {file}')
    names = path.read_text(encoding='utf-8').split()
    if not names:
        raise ValueError(f'the list of clips {path} is empty')
    return names


def _label_map(file: Path | ZipPath) -> np.ndarray[Any, Any]:
    """Indices into the palette, or grey values."""
    with Image.open(BytesIO(file.read_bytes())) as image:
        if image.mode == 'P':
            return np.array(image)
        colors = np.array(image.convert('RGB'))
    if (colors != colors[..., :1]).any():
        raise ValueError(f'{file} is a colour image: masks are PNGs with a palette, or black and white')
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
