"""Image transforms that mmpretrain and mmcv lack or get wrong; images are BGR uint8 arrays ``[H, W, 3]``."""

import logging
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio
from mmengine.logging import print_log
from mmpretrain.datasets.transforms import ColorJitter as MMColorJitter
from PIL import Image
from torch.utils.data import get_worker_info
from torchvision.transforms import functional as F

from sslreg.arguments import Fraction, PositiveInt, checked
from sslreg.registry import TRANSFORMS

from .decoding import decode, seems_dark, values_of_16_bits, why_not_decoded
from .image_files import printable

_warned_of: list[str] = []  # the image that this process warned of


class BrokenImageError(ValueError):
    """Error for an image that cannot be decoded."""


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """Decoder of an image from ``img_bytes`` (packed datasets) or from the file ``img_path`` to BGR uint8.

    Orientations are applied, transparency is dropped, of several pictures the first is taken (docs/data.md).

    Args:
        bits: Bits that the values of 16-bit files use, e.g. 12 for many cameras and scanners; the upper eight are
            kept. A warning says if files seem to use fewer than 16.
        max_pixels: Largest number of pixels of an image; the default is Pillow's.

    Raises:
        BrokenImageError: The image cannot be decoded or has too many pixels; the message names it.
        ValueError: A value of the image has more than ``bits`` bits.
    """

    bits = 16
    max_pixels = 178_956_970

    def __init__(self, bits: int = bits, max_pixels: int = max_pixels) -> None:
        if not 8 < bits <= 16:
            raise ValueError(f'LoadImage.bits={bits} must be from 9 to 16, the bits that values of 16-bit files use')
        if bits != self.bits:  # without arguments it pickles as ever, so that stored features are found
            self.bits = bits
        if max_pixels != self.max_pixels:
            self.max_pixels = max_pixels

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Set ``img``, ``img_shape`` and ``ori_shape``."""
        name = _name(results)
        data = results.pop('img_bytes') if 'img_bytes' in results else fileio.get(results['img_path'])
        img = decode(data) if data else None
        if img is None:
            raise BrokenImageError(f'image {name} ({len(data)} bytes) {why_not_decoded(data)}')
        if img.shape[0] * img.shape[1] > self.max_pixels:
            raise BrokenImageError(
                f'image {name} has {img.shape[1]} x {img.shape[0]} pixels, more than max_pixels={self.max_pixels:,}: '
                'make it smaller, or give LoadImage another max_pixels'
            )
        results['img'] = img = self._scaled(data, img, name)
        results['img_shape'] = results['ori_shape'] = img.shape[:2]
        return results

    def _scaled(self, data: bytes, img: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
        """Return an image of 16 bits that uses fewer of them by its upper eight, any other as it is."""
        values = values_of_16_bits(data) if self.bits < 16 or seems_dark(data, img) else None
        if values is None:
            return img
        if self.bits == 16:
            _warn_of_bits(name, int(values.max()))
            return img
        if values.max() >> self.bits:
            raise ValueError(f'image {name} has the value {values.max()}: more than LoadImage.bits={self.bits} bits')
        return (values >> (self.bits - 8)).astype(np.uint8)


def _name(results: dict[str, Any]) -> str:
    """Return the file of an image for messages."""
    if 'img_path' in results:
        return printable(str(results['img_path']))
    file = f' {printable(str(results["packed_file"]))!r}' if 'packed_file' in results else ''
    return f'number {results.get("sample_idx")} of the packed file{file}'


def _warn_of_bits(name: str, largest: int) -> None:
    """Warn once in a process, and of several workers in the first one, that 16-bit files seem to hold fewer bits."""
    worker = get_worker_info()
    if _warned_of or (worker is not None and worker.id > 0):
        return
    _warned_of.append(name)
    print_log(
        f'the largest of the 16-bit values of image {name} is {largest}, so it is almost black: if its files use fewer '
        f'bits, set LoadImage.bits in the pipeline, e.g. dict(type=LoadImage, bits={max(largest.bit_length(), 9)})',
        logger='current',
        level=logging.WARNING,
    )


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

    @checked
    def __init__(self, prob: Fraction) -> None:
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

    @checked
    def __init__(self, size: PositiveInt, interpolation: str = 'bicubic') -> None:
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
