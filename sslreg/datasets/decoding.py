"""Decoding of images to BGR uint8, by OpenCV or else by Pillow."""

from io import BytesIO
from typing import Any

import cv2
import mmcv
import numpy as np
from PIL import Image, ImageOps

EIGHT_BIT_MODES = ('1', 'L', 'LA', 'La', 'P', 'PA', 'RGB', 'RGBA', 'RGBa', 'RGBX', 'CMYK', 'YCbCr', 'HSV')
JPEG_START = b'\xff\xd8'  # a JPEG has eight bits
DARK = 2**12 >> 8  # below it are all values of 12 bits in files of 16 bits


def decode(data: bytes) -> np.ndarray[Any, Any] | None:
    """Return an image ``[H, W, 3]``; None if OpenCV and Pillow cannot decode it to eight bits.

    Orientations are applied, transparency is dropped, and of several pictures the first is taken. Of 16 bits the upper
    8 are kept.
    """
    try:
        found: np.ndarray[Any, Any] | None = mmcv.imfrombytes(data)
    except cv2.error:  # e.g. a broken header with more pixels than OpenCV allows
        found = None
    return _by_pillow(data) if found is None else found


def _by_pillow(data: bytes) -> np.ndarray[Any, Any] | None:
    try:
        with Image.open(BytesIO(data)) as image:
            if image.mode not in EIGHT_BIT_MODES:
                return None
            return np.ascontiguousarray(np.asarray(ImageOps.exif_transpose(image).convert('RGB'))[..., ::-1])
    except Exception:  # a damaged file may raise any
        return None


def seems_dark(data: bytes, image: np.ndarray[Any, Any]) -> bool:
    """Return whether a decoded image may be of 16-bit values, all below 2 ** 12.

    Args:
        data: The encoded image.
        image: The decoded image.
    """
    return data[:2] != JPEG_START and image.max(initial=0) < DARK


def values_of_16_bits(data: bytes) -> np.ndarray[Any, Any] | None:
    """Return the values ``[H, W, 3]`` uint16 of an encoded image; None if it has eight bits or is black."""
    if data[:2] == JPEG_START:
        return None
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    return values if values is not None and values.dtype == np.uint16 and values.any() else None


def why_not_decoded(data: bytes) -> str:
    """Return why an image cannot be decoded, and the remedy."""
    try:
        with Image.open(BytesIO(data)) as image:
            mode, size = image.mode, image.size
    except Image.DecompressionBombError as error:
        return f'has too many pixels ({error}): make it smaller'
    except Exception:  # a damaged file may raise any
        mode, size = '', (0, 0)
    if mode and mode not in EIGHT_BIT_MODES:
        return f'has {size[0]} x {size[1]} pixels of mode {mode!r}, not 8 or 16 bits: convert it to 8 bits'
    return 'is broken or in an unknown format: replace or remove it'
