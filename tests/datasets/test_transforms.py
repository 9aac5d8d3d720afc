import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import functional as F

from sslreg.datasets import ColorJitter, CropBox, LongestSide, RandomGrayscale, RGBToBGR


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)


@pytest.mark.parametrize('hue', [-0.5, -0.1, -1 / 255, 0.1, 0.5])
def test_hue_is_right_on_numpy_2(hue):
    """Against a shift of the H channel modulo 256, which is what torchvision does; mmcv's raises for hue < 0."""
    img = noise(16, 16)
    jittered = ColorJitter(hue=(hue, hue)).transform(dict(img=img.copy()))['img']
    h, s, v = Image.fromarray(img[..., ::-1]).convert('HSV').split()
    shifted = Image.fromarray(((np.asarray(h).astype(int) + int(hue * 255)) % 256).astype(np.uint8))
    expected = np.asarray(Image.merge('HSV', (shifted, s, v)).convert('RGB'))[..., ::-1]
    assert np.array_equal(jittered, expected)


def test_all_four_are_applied_in_the_drawn_order_with_torchvisions_arithmetic():
    jitter = ColorJitter(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
    functions = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue)
    img, orders = noise(8, 8), set()
    for seed in range(20):
        np.random.seed(seed)
        jittered = jitter.transform(dict(img=img.copy()))['img']
        np.random.seed(seed)
        order, *factors = jitter._rand_params()
        expected = Image.fromarray(img[..., ::-1])
        for index in order:
            expected = functions[index](expected, factors[index])
        assert np.array_equal(jittered, np.asarray(expected)[..., ::-1])
        orders.add(tuple(order))
    assert len(orders) > 10


def test_nothing_to_jitter_changes_nothing():
    img = noise(4, 4)
    assert np.array_equal(ColorJitter().transform(dict(img=img.copy()))['img'], img)


def test_gray_is_torchvisions_and_as_frequent_as_asked():
    img, gray = noise(8, 8), 0
    expected = np.asarray(F.rgb_to_grayscale(Image.fromarray(img[..., ::-1]), num_output_channels=3))
    np.random.seed(0)
    for _ in range(1000):
        out = RandomGrayscale(prob=0.2).transform(dict(img=img.copy()))['img']
        assert np.array_equal(out, img) or np.array_equal(out, expected)
        gray += not np.array_equal(out, img)
    assert 160 < gray < 240  # 200 +- 3 standard deviations
    with pytest.raises(ValueError, match='prob=2'):
        RandomGrayscale(prob=2)


def test_channels_are_reversed():
    img = noise(4, 4)
    assert np.array_equal(RGBToBGR().transform(dict(img=img))['img'], img[..., [2, 1, 0]])


@pytest.mark.parametrize('size', [(300, 200), (201, 333), (64, 64), (20, 900), (50, 40)])
def test_longest_side_is_pils_thumbnail(size):
    img = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    expected = Image.fromarray(img[..., ::-1])
    expected.thumbnail((64, 64), Image.Resampling.LANCZOS)
    results = LongestSide(size=64, interpolation='lanczos').transform(dict(img=img))
    assert np.array_equal(results['img'][..., ::-1], np.array(expected))
    assert max(results['img'].shape) == min(64, max(size))
    assert results['img_shape'] == results['img'].shape[:2]


def test_crop_box_is_rounded_and_stays_in_the_image():
    img = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    crop = CropBox().transform(dict(img=img, bbx=[1.6, -2, 6.4, 4.1]))['img']
    assert np.array_equal(crop, img[0:4, 2:6])
    assert np.array_equal(CropBox().transform(dict(img=img, bbx=[4, 3, 100, 100]))['img'], img[3:, 4:])
    with pytest.raises(ValueError, match='no pixel of image a.jpg of 8 x 6 pixels'):
        CropBox().transform(dict(img=img, bbx=[8, 0, 12, 4], img_path='a.jpg'))
