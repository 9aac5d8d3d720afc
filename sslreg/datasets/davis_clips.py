"""Video clips with masks in the layout of DAVIS (Perazzi et al. 2016; Pont-Tuset et al. 2017)."""

from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import BaseDataset
from PIL import Image

from sslreg.arguments import PositiveInt, checked
from sslreg.registry import DATASETS, TRANSFORMS

from .archives import Root, dataset_root, file_names, read_bytes

VOID = 255
MAX_OBJECTS = 100  # DAVIS has at most 10; soft edges or JPEG make hundreds of shades


@DATASETS.register_module()
class DavisClip(BaseDataset):
    """Frames of one clip of DAVIS 2016 or 2017 in order, from a folder or the packed zip archive.

    Frames are ``JPEGImages/480p/CLIP/NNNNN.jpg``, masks ``Annotations/480p/CLIP/NNNNN.png``, with or without the
    archive's outer folder ``DAVIS``. :class:`LoadImage` decodes frames; :meth:`masks` reads the masks.

    Args:
        data_root: Path of the folder or archive.
        clip: Name of the clip.
        resolution: Name of the folder, ``'480p'`` or ``'Full-Resolution'``.
        **kwargs: As in mmpretrain's BaseDataset.

    Raises:
        FileNotFoundError: The folder, archive or clip does not exist.
    """

    def __init__(self, data_root: str, clip: str, resolution: str = '480p', **kwargs: Any) -> None:
        self.frames, self.annotations = (f'{kind}/{resolution}/{clip}' for kind in ('JPEGImages', 'Annotations'))
        files = file_names(davis_root(data_root), self.frames)
        self.names = [Path(file).stem for file in files if file.endswith('.jpg')]
        if not self.names:
            raise FileNotFoundError(
                f'{data_root} has no frames {self.frames}: check the name of the clip, and that the archive is the one '
                f'of {resolution}'
            )
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the encoded frames."""
        root = davis_root(self.data_root)
        return [dict(img_bytes=read_bytes(root, f'{self.frames}/{name}.jpg')) for name in self.names]

    def masks(self) -> np.ndarray[Any, Any]:
        """Return the labels of all frames, ``[F, H, W]`` uint8: 0 is background, others are objects.

        Files are PNGs with a palette, whose indices are the labels, or black and white or grey. White (255) is the
        object of DAVIS 2016 if all masks are black and white; in label maps it marks pixels of no known label, which
        are background, as in davis2017-evaluation.

        Raises:
            FileNotFoundError: A frame has no mask.
            ValueError: A mask is no label map, or the first mask has no object.
        """
        root = davis_root(self.data_root)
        existing = set(file_names(root, self.annotations))
        files = [f'{self.annotations}/{name}.png' for name in self.names]
        if missing := [file for file in files if Path(file).name not in existing]:
            raise FileNotFoundError(f'{len(missing)} of {len(files)} frames have no mask, the first {missing[0]}')
        labels = _without_void(np.stack([_label_map(file, read_bytes(root, file)) for file in files]))
        _check_first(files[0], labels[0])
        return labels


def _without_void(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return label maps ``[F, H, W]`` where 255 became object 1 of black and white masks, else background."""
    if set(np.unique(labels).tolist()) <= {0, VOID}:
        return (labels == VOID).astype(np.uint8)
    return np.where(labels == VOID, 0, labels)


def _check_first(file: str, label_map: np.ndarray[Any, Any]) -> None:
    """Raise ValueError if the first mask has no object, or so many labels that they must be shades of grey."""
    num_objects = len(np.unique(label_map[label_map > 0]))
    if not num_objects:
        raise ValueError(f'{file}: the first mask has no object to follow; begin the clip where the object is seen')
    if num_objects > MAX_OBJECTS:
        raise ValueError(
            f'{file} has {num_objects} labels, more than {MAX_OBJECTS}, as images with soft edges have: save masks as '
            'PNGs of labels, without interpolation or JPEG compression'
        )


def davis_root(data_root: str) -> Root:
    """Return the folder that has ``JPEGImages``: the top of the folder or archive, or its folder ``DAVIS``.

    Args:
        data_root: Path of the folder or archive.

    Raises:
        FileNotFoundError: Neither has it.
    """
    top = dataset_root(data_root)
    for root in (top, top / 'DAVIS'):
        if (root / 'JPEGImages').is_dir():
            return root
    raise FileNotFoundError(
        f'{data_root!r} (from {Path.cwd()}) has neither JPEGImages/ nor DAVIS/JPEGImages/: '
        'give the path of DAVIS-2017-trainval-480p.zip, or of the folder unpacked from it'
    )


def clip_names(data_root: str, file: str) -> list[str]:
    """Return the names of clips listed in a file of the dataset.

    Args:
        data_root: Path of the folder or archive.
        file: File with one name per line, e.g. ``ImageSets/2017/val.txt``.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is empty.
    """
    names = read_bytes(davis_root(data_root), file).decode().split()
    if not names:
        raise ValueError(f'the list of clips {file} of {data_root} is empty')
    return names


def _label_map(name: str, data: bytes) -> np.ndarray[Any, Any]:
    """Return indices into the palette, or grey values."""
    with Image.open(BytesIO(data)) as image:
        if image.mode == 'P':
            return np.array(image)
        colors = np.array(image.convert('RGB'))
    if (colors != colors[..., :1]).any():
        raise ValueError(f'{name} is a colour image: masks must be PNGs with a palette, or black and white')
    return colors[..., 0]


def frame_size(height: int, width: int, short: int, multiple: int) -> tuple[int, int]:
    """Return the height and width of a resized frame.

    Args:
        height: Height of the frame.
        width: Width of the frame.
        short: Short side of the result.
        multiple: The long side is rounded down to a multiple of this number.
    """
    long = short * max(height, width) // min(height, width) // multiple * multiple
    return (long, short) if height > width else (short, long)


@TRANSFORMS.register_module()
class ResizeFrame(BaseTransform):
    """Bilinear resize of a frame to a given short side, as in DINO's evaluation on DAVIS (480, 64).

    Args:
        short: Short side in pixels; a multiple of the patch size.
        multiple: The long side in pixels is rounded down to a multiple of this number, itself a multiple of the patch
            size.

    Raises:
        ValueError: The long side would be zero.
    """

    @checked
    def __init__(self, short: PositiveInt = 480, multiple: PositiveInt = 64) -> None:
        if multiple > short:
            raise ValueError(f'multiple={multiple} must be between 1 and short={short}')
        self.short, self.multiple = short, multiple

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize ``img`` and set ``img_shape``."""
        height, width = results['img'].shape[:2]
        height, width = frame_size(height, width, self.short, self.multiple)
        results['img'] = cv2.resize(results['img'], (width, height))
        results['img_shape'] = (height, width)
        return results
