"""Image transforms that mmpretrain and mmcv lack or get wrong; images are BGR uint8 arrays ``[H, W, 3]``."""

from typing import Any

import cv2
import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio
from mmpretrain.datasets.transforms import ColorJitter as MMColorJitter
from PIL import Image
from torchvision.transforms import functional as F

from sslreg.registry import TRANSFORMS


class BrokenImageError(ValueError):
    """Error for an image that cannot be decoded."""


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Decoder of an image from ``img_bytes`` (packed datasets) or from the file ``img_path``.

    Raises:
        BrokenImageError: The image cannot be decoded; the message names it.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Set ``img``, ``img_shape`` and ``ori_shape``."""
        name = results.get('img_path', f'number {results.get("sample_idx")} of the packed file')
        data = results.pop('img_bytes') if 'img_bytes' in results else fileio.get(results['img_path'])
        img = _decode(data) if data else None
        if img is None:
            raise BrokenImageError(
                f'image {name} ({len(data)} bytes) is broken or in an unknown format: replace or remove it'
            )
        results['img'] = img
        results['img_shape'] = results['ori_shape'] = img.shape[:2]
        return results


def _decode(data: bytes) -> np.ndarray[Any, Any] | None:
    try:
        return mmcv.imfrombytes(data)
    except cv2.error:  # e.g. a broken header with more pixels than OpenCV allows
        return None


@TRANSFORMS.register_module()
class ColorJitter(MMColorJitter):
    """Changes of brightness, contrast, saturation and hue in random order, with torchvision's arithmetic.

    mmpretrain's class calls ``mmcv.adjust_hue``, which raises OverflowError for every negative shift on numpy 2
    (``np.uint8`` of a negative number). This class has the same arguments and draws the same random numbers.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the colours of ``img``."""
        order, *factors = self._rand_params()
        adjust = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
        img = Image.fromarray(results['img'][..., ::-1])
        for index in order:
            if factors[index] is not None:
                img = adjust[index](img, factors[index])
        results['img'] = np.array(img)[..., ::-1]
        return results


@TRANSFORMS.register_module()
class RandomGrayscale(BaseTransform):
    """Random conversion to grayscale with three equal channels.

    It uses PIL's rounded weights; mmcv's class rounds down.

    Args:
        prob: Probability of the conversion.
    """

    def __init__(self, prob: float) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob={prob} must be between 0 and 1')
        self.prob = prob

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Convert ``img`` with the given probability."""
        if np.random.rand() < self.prob:
            gray = np.array(Image.fromarray(results['img'][..., ::-1]).convert('L'))
            results['img'] = np.repeat(gray[..., None], 3, axis=2)
        return results


@TRANSFORMS.register_module()
class RGBToBGR(BaseTransform):
    """Reversal of the channels, for datasets that give RGB (mmpretrain's CIFAR10 and CIFAR100)."""

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Reverse the channels of ``img``."""
        results['img'] = np.ascontiguousarray(results['img'][..., ::-1])
        return results


@TRANSFORMS.register_module()
class LongestSide(BaseTransform):
    """Resize of larger images so that their longer side is ``size`` pixels; small images are not enlarged.

    It is PIL's ``Image.thumbnail``, antialiased. mmcv's ``Resize(keep_ratio=True)`` and mmpretrain's ``ResizeEdge``
    enlarge small images.

    Args:
        size: Longest side in pixels.
        interpolation: A name of ``PIL.Image.Resampling``, e.g. ``'bicubic'``.
    """

    def __init__(self, size: int, interpolation: str = 'bicubic') -> None:
        self.size = size
        self.resample = Image.Resampling[interpolation.upper()]

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize ``img`` and set ``img_shape``."""
        img = Image.fromarray(results['img'])
        img.thumbnail((self.size, self.size), self.resample)
        results['img'] = np.array(img)
        results['img_shape'] = results['img'].shape[:2]
        return results


@TRANSFORMS.register_module()
class CropBox(BaseTransform):
    """Crop to the box ``bbx`` (x0, y0, x1, y1 in pixels, rounded) of a query of the revisited datasets.

    Raises:
        ValueError: The box is outside of the image.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop ``img`` and set ``img_shape``."""
        x0, y0, x1, y1 = (max(round(edge), 0) for edge in results['bbx'])
        img = results['img'][y0:y1, x0:x1]
        if not img.size:
            height, width = results['img'].shape[:2]
            raise ValueError(
                f'the box {results["bbx"]} has no pixel of image {results.get("img_path")} of {width} x {height} pixels'
            )
        results['img'] = np.ascontiguousarray(img)
        results['img_shape'] = img.shape[:2]
        return results
