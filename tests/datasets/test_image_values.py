"""Values that are decoded, compared with Pillow's conversion to RGB, as in torchvision; what is refused is named."""

import io
import logging

import cv2
import numpy as np
import pytest
from PIL import Image

from sslreg.datasets import LoadImage, transforms
from tests.datasets.test_datasets import vast

RAMP = (np.indices((24, 32)).sum(0) * 4).astype(np.uint8)
COLORS = np.stack([RAMP, np.flipud(RAMP), 255 - RAMP], axis=-1)
HALF = np.where(np.arange(32) < 16, 0, 255).astype(np.uint8)[None].repeat(24, axis=0)


def encoded(image, kind='PNG', **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def load(data, **arguments):
    """RGB values."""
    return LoadImage(**arguments).transform(dict(img_bytes=data, img_path='a.png'))['img'][..., ::-1]


def with_alpha(mode):
    image = Image.fromarray(COLORS).convert(mode)
    image.putalpha(Image.fromarray(HALF))
    return image


RGB = Image.fromarray(COLORS)
LIKE_PILLOW = {
    'gray': encoded(RGB.convert('L')),
    'one bit': encoded(RGB.convert('1')),
    'palette': encoded(RGB.convert('P')),
    'transparent palette': encoded(with_alpha('RGBA').quantize(16)),
    'transparency': encoded(with_alpha('RGBA')),
    'transparent gray': encoded(with_alpha('LA')),
    'CMYK': encoded(RGB.convert('CMYK'), 'TIFF'),
    'TGA': encoded(with_alpha('RGBA'), 'TGA'),
    'PCX': encoded(RGB, 'PCX'),
    'GIF': encoded(RGB, 'GIF'),
}


@pytest.mark.parametrize('kind', LIKE_PILLOW)
def test_values_are_those_of_pillow(kind):
    data = LIKE_PILLOW[kind]
    assert np.array_equal(load(data), np.asarray(Image.open(io.BytesIO(data)).convert('RGB')))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'TIFF', 'MPO'])
def test_pictures_are_upright(kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = np.rot90(COLORS, -1)
    loaded = load(encoded(RGB, kind, exif=exif, **(dict(lossless=True) if kind == 'WEBP' else {})))
    assert loaded.shape == upright.shape
    assert np.abs(loaded.astype(int) - upright).mean() < 8


@pytest.fixture
def warnings(monkeypatch):
    found = []
    monkeypatch.setattr(transforms, '_warned_of', [])
    monkeypatch.setattr(transforms, 'print_log', lambda text, **kwargs: found.append((text, kwargs['level'])))
    return found


@pytest.mark.parametrize('suffix', ['.png', '.tiff'])
def test_the_upper_bits_of_16_are_kept(suffix, warnings):
    for values in (COLORS, RAMP[..., None].repeat(3, axis=-1)):
        data = cv2.imencode(suffix, values[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
        assert np.array_equal(load(data), values)
    gray = cv2.imencode(suffix, RAMP.astype(np.uint16) * 257)[1].tobytes()
    assert np.array_equal(load(gray)[..., 0], RAMP)
    assert not warnings


@pytest.mark.parametrize('suffix', ['.png', '.tiff'])
def test_twelve_bits_in_16_are_scaled_or_warned_of(suffix, warnings):
    data = cv2.imencode(suffix, RAMP.astype(np.uint16) * 16)[1].tobytes()
    assert load(data).max() < 16
    load(data)
    ((text, level),) = warnings  # said once
    assert '16-bit values of image a.png is 3456, so it is almost black' in text
    assert 'bits=12' in text
    assert level == logging.WARNING
    assert np.array_equal(load(data, bits=12), RAMP[..., None].repeat(3, axis=-1))
    assert np.array_equal(load(encoded(RGB), bits=12), COLORS)  # eight bits stay
    assert load(encoded(RGB, 'JPEG'), bits=12).max() > 200


def test_a_value_of_more_bits_is_named():
    data = cv2.imencode('.png', RAMP.astype(np.uint16) * 17)[1].tobytes()
    with pytest.raises(ValueError, match=r'image a.png has the value 3672: more than LoadImage.bits=11 bits'):
        load(data, bits=11)
    with pytest.raises(ValueError, match=r'LoadImage.bits=8 must be from 9 to 16'):
        LoadImage(bits=8)


def test_black_pictures_are_not_warned_of(warnings):
    for dtype in (np.uint8, np.uint16):
        load(cv2.imencode('.png', np.zeros((4, 4), dtype))[1].tobytes())
    load(encoded(Image.fromarray(RAMP // 32)))
    assert not warnings


@pytest.mark.parametrize('dtype, mode', [(np.float32, 'F'), (np.int32, 'I')])
def test_values_without_a_range_are_refused(dtype, mode):
    with pytest.raises(ValueError, match=rf"image a.png .* 32 x 24 pixels of mode '{mode}', not 8 or 16 bits: convert"):
        load(encoded(Image.fromarray(RAMP.astype(dtype)), 'TIFF'))


def test_pictures_of_too_many_pixels_are_refused():
    with pytest.raises(ValueError, match=r'image a.png \(\d+ bytes\) has too many pixels .*17179869184 pixels'):
        load(vast())
    with pytest.raises(ValueError, match='image a.png has 32 x 24 pixels, more than max_pixels=767: make it smaller'):
        load(encoded(RGB), max_pixels=767)
    assert load(encoded(RGB), max_pixels=768).shape == (24, 32, 3)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'BMP', 'GIF', 'TIFF', 'WEBP', 'PPM', 'JPEG2000', 'AVIF', 'TGA'])
def test_truncated_pictures_are_refused(kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    assert load(data).shape == (64, 64, 3)
    for share in (0.3, 0.9):
        with pytest.raises(ValueError, match='image a.png .* is broken or in an unknown format'):
            load(data[: int(len(data) * share)])
