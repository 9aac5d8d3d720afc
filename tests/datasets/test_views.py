"""Views against torchvision on PIL images: where they are cut, what happens to their colours, and what is drawn."""

import subprocess
import sys
from importlib import resources
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from mmcv.transforms import RandomApply
from mmengine.dataset import ConcatDataset, RepeatDataset, default_collate
from mmpretrain.datasets import PackInputs
from PIL import Image, ImageOps
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms import functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from sslreg.datasets import (
    BatchedViews,
    ColoredMultiCrop,
    LabelledViews,
    MultiCrop,
    PackViews,
    collate,
    sample_indices,
    set_view_key,
)
from sslreg.datasets.views import Recipe, View, change_colors_of_batch
from sslreg.datasets.views.batched_crops import cut_and_adjust, cut_and_adjust_by_pil
from sslreg.datasets.views.colors.columns import (
    BRIGHTNESS,
    COLUMNS,
    CONTRAST,
    GRAY,
    HUE,
    ORDER,
    SATURATION,
    SIGMA,
    SOLARIZE,
)
from sslreg.datasets.views.colors.cpu import adjust, change_colors
from sslreg.datasets.views.colors.torchvision import adjust_by_torchvision
from sslreg.datasets.views.crop import resized_crop
from sslreg.datasets.views.splitmix import uniform
from sslreg.models import SingleViewPreprocessor, ViewPreprocessor
from tests import toy

STRONG = dict(jitter=dict(brightness=0.8, contrast=0.8, saturation=0.8, hue=0.5), jitter_prob=0.9, gray=0.2)
DINO = dict(jitter=dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1), jitter_prob=0.8, gray=0.2)


def read_photo() -> np.ndarray:
    """``[427, 640, 3]`` BGR."""
    with resources.files('sklearn').joinpath('datasets/images/china.jpg').open('rb') as stream:
        return np.asarray(Image.open(stream))[..., ::-1].copy()


@pytest.fixture(scope='module')
def photo() -> np.ndarray:
    return read_photo()


def draw(views: list[dict], count: int, shape: tuple[int, int] = (32, 32), key: tuple[int, int] | None = (0, 0)):
    """Draw the settings for images 0 to ``count - 1`` of one shape."""
    recipe = Recipe(views)
    recipe.set_key(key)
    return recipe.draw(np.arange(count), np.full(count, shape[0]), np.full(count, shape[1]))


def parts(photo: np.ndarray, count: int, size: int) -> np.ndarray:
    """``[count, 3, size, size]`` cut from all over the photograph."""
    rng = np.random.default_rng(0)
    corners = [(rng.integers(427 - size), rng.integers(640 - size)) for _ in range(count)]
    return np.stack([photo[y : y + size, x : x + size].transpose(2, 0, 1) for y, x in corners])


def settings(**columns: float) -> np.ndarray:
    """A row of ``color`` that does nothing but what is named: columns in lower case, the jitter in the order given."""
    row = np.zeros(COLUMNS, np.float32)
    row[ORDER:GRAY], row[SOLARIZE] = -1, 256
    kinds = dict(brightness=BRIGHTNESS, contrast=CONTRAST, saturation=SATURATION, hue=HUE)
    for place, name in enumerate(name for name in columns if name in kinds):
        row[ORDER + place] = kinds[name]
    for name, value in columns.items():
        row[kinds.get(name, dict(gray=GRAY, sigma=SIGMA, solarize=SOLARIZE).get(name))] = value
    return row


def by_torchvision(view: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Jitter and grayscale by torchvision's functions, with the hue's shift given to PIL's channel itself."""
    image = Image.fromarray(view[::-1].transpose(1, 2, 0))
    for kind in row[ORDER:GRAY].astype(int):
        if kind == HUE:
            h, s, v = image.convert('HSV').split()
            shifted = Image.fromarray(((np.asarray(h).astype(int) + int(row[HUE])) % 256).astype(np.uint8))
            image = Image.merge('HSV', (shifted, s, v)).convert('RGB')
        elif kind >= 0:
            function = (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation)[kind]
            image = function(image, float(row[kind]))
    if row[GRAY]:
        image = F.rgb_to_grayscale(image, num_output_channels=3)
    return np.asarray(image).transpose(2, 0, 1)[::-1]


def test_colours_are_torchvisions_bit_for_bit(photo):
    views = parts(photo, 300, 40)
    color = draw([dict(size=40, **STRONG)], 300).color[:, 0]
    expected = np.stack([by_torchvision(view, row) for view, row in zip(views, color, strict=True)])
    for function in (adjust, adjust_by_torchvision):
        changed = views.copy()
        for view, row in zip(changed, color, strict=True):
            function(view, row)
        assert np.array_equal(changed, expected)
    assert np.array_equal(change_colors_of_batch(torch.from_numpy(views), torch.from_numpy(color)).numpy(), expected)
    assert (expected != views).any(axis=(1, 2, 3)).mean() > 0.8


@pytest.mark.skipif(not find_spec('triton'), reason='Triton is not installed')
def test_the_triton_kernel_is_the_plain_operations_bit_for_bit():
    run = [sys.executable, '-W', 'ignore', '-m', 'tests.datasets.interpret_triton']
    assert subprocess.run(run, capture_output=True, text=True, check=False).stdout == 'equal\n'


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_colours_on_a_gpu_are_those_on_the_cpu(photo):
    views = torch.from_numpy(parts(photo, 300, 40))
    color = draw([dict(size=40, **STRONG)], 300).color[:, 0]
    on_gpu = change_colors_of_batch(views.cuda(), torch.from_numpy(color)).cpu()
    assert torch.equal(on_gpu, change_colors_of_batch(views, torch.from_numpy(color)))


@pytest.mark.slow
@pytest.mark.parametrize('shift', [0, 26, 127, 129, 230])
def test_hue_of_every_colour_is_torchvisions(shift):
    levels = np.arange(2**24, dtype=np.uint32)
    every = np.stack([levels & 255, (levels >> 8) & 255, levels >> 16]).astype(np.uint8).reshape(3, 4096, 4096)
    row = settings(hue=shift)
    expected = by_torchvision(every, row)
    changed = every.copy()
    adjust(changed, row)
    assert np.array_equal(changed, expected)
    rows = torch.from_numpy(row).expand(64, -1)
    batch = torch.from_numpy(every).unflatten(1, (64, 64)).transpose(0, 1)
    changed = change_colors_of_batch(batch, rows).transpose(0, 1).flatten(1, 2).numpy()
    assert np.array_equal(changed, expected)


@pytest.mark.parametrize('sigma', [0.1, 0.7, 1.3, 2.0])
def test_blur_is_within_a_level_of_torchvisions_gaussian(photo, sigma):
    views = parts(photo, 4, 48)
    wide = 2 * int(np.ceil(3 * sigma)) + 1
    expected = gaussian_blur(torch.from_numpy(views), [wide, wide], [sigma, sigma]).int()
    changed = views.copy()
    for view in changed:
        change_colors(view, settings(sigma=sigma))
    assert (torch.from_numpy(changed).int() - expected).abs().max() <= 1
    rows = torch.from_numpy(np.stack([settings(sigma=2.0), *[settings(sigma=sigma)] * 3]))  # others blur more
    batch = change_colors_of_batch(torch.from_numpy(views), rows)
    assert (batch[1:].int() - expected[1:]).abs().max() <= 1
    with torch.autocast('cpu', torch.bfloat16):  # as MMEngine has it around the preparation of data
        assert torch.equal(change_colors_of_batch(torch.from_numpy(views), rows), batch)


def test_solarization_is_pils(photo):
    views = parts(photo, 1, 40)
    expected = np.asarray(ImageOps.solarize(Image.fromarray(views[0].transpose(1, 2, 0)), 128)).transpose(2, 0, 1)
    changed = views[0].copy()
    change_colors(changed, settings(solarize=128))
    assert np.array_equal(changed, expected)
    batch = change_colors_of_batch(torch.from_numpy(views), torch.from_numpy(settings(solarize=128))[None])
    assert np.array_equal(batch[0].numpy(), expected)


def test_blur_comes_after_gray_and_before_solarization(photo):
    view = parts(photo, 1, 40)[0]
    changed = view.copy()
    change_colors(changed, settings(brightness=1.2, gray=1, sigma=1.5, solarize=128))
    expected = view.copy()
    for row in (settings(brightness=1.2), settings(gray=1), settings(sigma=1.5), settings(solarize=128)):
        change_colors(expected, row)
    assert np.array_equal(changed, expected)


@pytest.mark.parametrize('interpolation', ['bicubic', 'bilinear'])
@pytest.mark.parametrize('size', [96, 224])
def test_crops_are_within_four_levels_of_pils_by_rows_and_then_columns(photo, interpolation, size):
    mode = dict(bicubic=Image.Resampling.BICUBIC, bilinear=Image.Resampling.BILINEAR)[interpolation]
    for top, left, height, width in draw([dict(size=size, scale=(0.05, 1.0))], 60, photo.shape[:2]).boxes[:, 0]:
        part = Image.fromarray(np.ascontiguousarray(photo[top : top + height, left : left + width]))
        expected = np.asarray(part.resize((size, height), mode).resize((size, size), mode)).astype(int)
        box = np.array([top, left, height, width])
        view = resized_crop(photo, box, size, False, interpolation)
        assert np.abs(view.numpy() - expected.transpose(2, 0, 1)).max() <= 4
        assert torch.equal(resized_crop(photo, box, size, True, interpolation), view.flip(-1))


@pytest.mark.parametrize('interpolation', ['bicubic', 'bilinear'])
@pytest.mark.parametrize('size', [16, 32, 40])
def test_views_of_small_images_are_pils_bit_for_bit(photo, interpolation, size):
    images = parts(photo, 60, 32)
    view = dict(size=size, scale=(0.05, 1.0), interpolation=interpolation, flip=0.5, **DINO)
    boxes, flips, color = (x[:, 0] for x in draw([view], 60))
    mode = dict(bicubic=Image.Resampling.BICUBIC, bilinear=Image.Resampling.BILINEAR)[interpolation]
    expected = []
    for image, (top, left, height, width), flip, row in zip(images, boxes, flips, color, strict=True):
        part = Image.fromarray(image[::-1, top : top + height, left : left + width].transpose(1, 2, 0))
        pixels = np.asarray(part.resize((size, height), mode).resize((size, size), mode)).transpose(2, 0, 1)[::-1]
        expected.append(by_torchvision(pixels[..., ::-1] if flip else pixels, row))
    columns_first = np.ascontiguousarray(images.transpose(0, 1, 3, 2))
    for function in (cut_and_adjust, cut_and_adjust_by_pil):
        views = np.zeros((60, 3, size, size), np.uint8)
        function(columns_first, boxes, flips, color, interpolation == 'bicubic', views)
        assert np.array_equal(views, expected)


def test_draws_depend_on_seed_epoch_and_index_alone():
    recipe = Recipe([dict(size=8, num=2, flip=0.5, **DINO), dict(size=4, flip=0.5, **DINO)])

    def drawn(indices, key=(3, 5)):
        recipe.set_key(key)
        return recipe.draw(np.array(indices), *np.full((2, len(indices)), 32))

    together = drawn([7, 2, 9])
    for alone, expected in zip(drawn([2]), together, strict=True):
        assert np.array_equal(alone[0], expected[1])
    for other in (drawn([2], key=(4, 5)), drawn([2], key=(3, 6)), drawn([3])):
        assert not np.array_equal(other.color[0], together.color[1])
    assert not np.array_equal(together.color[0, 0], together.color[0, 1])


def test_numbers_are_uniform_and_independent():
    numbers = uniform(np.arange(20000), 20, key=(0, 1))
    assert numbers.min() >= 0
    assert numbers.max() < 1
    histogram = np.stack([np.histogram(column, 20, (0, 1))[0] for column in numbers.T])
    assert (np.abs(histogram - 1000) < 5 * 1000**0.5).all()
    together = np.concatenate([numbers, uniform(np.arange(20000), 20, key=(0, 2)), np.roll(numbers, 1, axis=0)], axis=1)
    correlation = np.corrcoef(together.T) - np.eye(60)
    assert np.abs(correlation).max() < 5 / 20000**0.5


@pytest.mark.parametrize('shape', [(375, 500), (500, 40)])
def test_boxes_are_distributed_as_torchvisions(shape):
    """Also of a narrow image, into which few crops fit."""
    count, scale = 4000, (0.3, 1.0)
    boxes = draw([dict(size=8, scale=scale)], count, shape).boxes[:, 0]
    torch.manual_seed(0)
    image = Image.new('L', shape[::-1])
    reference = np.array([RandomResizedCrop.get_params(image, scale, (3 / 4, 4 / 3)) for _ in range(count)])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 0] + boxes[:, 2] <= shape[0]).all()
    assert (boxes[:, 1] + boxes[:, 3] <= shape[1]).all()
    for ours, theirs in zip(boxes.T, reference.T, strict=True):
        values = np.union1d(ours, theirs)
        gap = np.searchsorted(np.sort(ours), values, 'right') - np.searchsorted(np.sort(theirs), values, 'right')
        assert np.abs(gap).max() / count < 1.95 * (2 / count) ** 0.5  # Kolmogorov-Smirnov, 0.1 %


def test_colours_are_drawn_as_often_and_as_far_as_asked():
    count = 4000
    view = dict(size=16, flip=0.5, **DINO, blur=0.5, solarize=0.3)
    drawn = draw([view], count)
    color = drawn.color[:, 0]
    jittered = color[:, ORDER] >= 0
    for share, expected in (
        (drawn.flips.mean(), 0.5),
        (jittered.mean(), 0.8),
        (color[:, GRAY].mean(), 0.2),
        ((color[:, SIGMA] > 0).mean(), 0.5),
        ((color[:, SOLARIZE] < 256).mean(), 0.3),
    ):
        assert share == pytest.approx(expected, abs=0.03)
    orders, frequency = np.unique(color[jittered, ORDER:GRAY], axis=0, return_counts=True)
    assert len(orders) == 24
    assert frequency.max() < 1.5 * frequency.min() * 1.2
    for column, strength in ((BRIGHTNESS, 0.4), (CONTRAST, 0.4), (SATURATION, 0.2)):
        assert (color[:, column].min(), color[:, column].max()) == pytest.approx((1 - strength, 1 + strength), abs=0.01)
    hue = np.where(color[:, HUE] > 128, color[:, HUE] - 256, color[:, HUE])
    assert (hue.min(), hue.max()) == (-25, 25)  # int(+-0.1 * 255)
    blurred = color[color[:, SIGMA] > 0, SIGMA]
    assert (blurred.min(), blurred.max()) == pytest.approx((0.1, 2.0), abs=0.02)


def test_a_strength_of_zero_is_no_change():
    drawn = draw([dict(size=8, jitter=dict(hue=0.1))], 50)
    assert set(drawn.color[:, 0, ORDER:GRAY].ravel()) == {-1, HUE}


@pytest.mark.parametrize(
    'view, message',
    [
        (dict(size=0), 'size=0 and num=1'),
        (dict(size=8.5), 'size=8.5 of a view must be an integer'),
        (dict(size=8, jitter=[0.4] * 4), 'jitter=.* a dict'),
        (dict(size=8, scale=0.3), r'scale=0.3 must be a range \(smallest, largest\)'),
        (dict(size=8, interpolation='nearest'), "interpolation='nearest'"),
        (dict(size=8, gray=20), 'gray=20 is a probability'),
        (dict(size=8, scale=(0.5, 1.5)), r'scale=\(0.5, 1.5\) must be a range .* above 0 and up to 1.0'),
        (dict(size=8, jitter=dict(hue=0.6)), 'jitter hue=0.6'),
        (dict(size=8, jitter=dict(contrst=0.4)), 'jitter contrst=0.4'),
        (dict(size=6, blur=0.5), 'the blur reads 6 pixels to each side, which must be less than size=6'),
    ],
)
def test_a_wrong_view_is_refused(view, message):
    with pytest.raises(ValueError, match=message):
        View(**view)


def test_an_unknown_setting_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r'views\[1\] has sclae; a view has size, num, scale'):
        Recipe([dict(size=8), dict(size=8, sclae=3)])
    with pytest.raises(ValueError, match=r'views\[1\]: gray=2'):
        Recipe([dict(size=8), dict(size=8, gray=2)])


def test_no_view_is_refused():
    with pytest.raises(ValueError, match='at least one view'):
        Recipe([])


VIEWS = [dict(size=40, flip=0.5, **DINO, blur=1.0, solarize=0.5), dict(size=24, num=2, flip=0.5, **DINO)]


def item(transform, photo, index) -> dict:
    return PackViews()(transform(dict(img=photo, sample_idx=index)))


def test_colours_on_the_device_are_those_of_workers(photo):
    """But for a level where a view is blurred."""
    model = ViewPreprocessor(mean=[0.0] * 3, std=[1.0] * 3, to_rgb=True)
    transforms = ColoredMultiCrop(VIEWS), MultiCrop(VIEWS)
    for transform in transforms:
        transform.set_key((0, 0))
    in_workers, on_device = (
        model(default_collate([item(transform, photo, index) for index in range(12)])) for transform in transforms
    )
    assert on_device['data_samples'].tolist() == list(range(12))
    blurred, *sharp = zip(in_workers['inputs'], on_device['inputs'], strict=True)
    assert (blurred[0] - blurred[1]).abs().max() <= 1
    assert all(torch.equal(*pair) for pair in sharp)
    assert len(sharp) == 2


@pytest.mark.parametrize('reverse', [True, False])
def test_views_are_normalised_in_the_order_of_the_channels_that_the_network_takes(reverse):
    model = ViewPreprocessor(mean=[1.0, 2.0, 3.0], std=[1.0, 2.0, 4.0], to_rgb=reverse)
    view = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 3, 1, 1)  # blue, green, red
    expected = [29.0, 9.0, 1.75] if reverse else [9.0, 9.0, 6.75]
    for inputs in ([view, view], view):
        prepared = model(dict(inputs=inputs))['inputs']
        for each in prepared if isinstance(inputs, list) else [prepared]:
            assert each.flatten().tolist() == expected


def test_views_left_to_the_device_wait_for_no_other_part(photo):
    views = item(MultiCrop(VIEWS), photo, 3)
    assert [tuple(view.shape) for view in views['inputs']] == [(3, 40, 40), (3, 24, 24), (3, 24, 24)]
    assert all(view.dtype == torch.uint8 for view in views['inputs'])
    assert views['color'].shape == (3, COLUMNS)


def test_what_would_forget_the_colours_is_refused(photo):
    with pytest.raises(TypeError, match='ViewsForPackViews'):
        PackInputs()(MultiCrop(VIEWS)(dict(img=photo, sample_idx=0)))
    assert PackInputs()(ColoredMultiCrop(VIEWS)(dict(img=photo, sample_idx=0)))['inputs'][0].shape == (3, 40, 40)


def test_without_a_key_views_come_from_numpys_generator():
    np.random.seed(0)
    first, second = (draw([dict(size=8)], 3, key=None).boxes for _ in range(2))
    np.random.seed(0)
    assert not np.array_equal(first, second)
    assert np.array_equal(draw([dict(size=8)], 3, key=None).boxes, first)


def keyed(dataset, key=(0, 3)):
    set_view_key(dataset, key)
    return dataset


def test_a_key_reaches_into_pipelines_and_wrappers_but_for_those_that_repeat():
    def dataset():
        nested = RandomApply([MultiCrop([dict(size=4)])], prob=1.0)
        return toy.ToyDataset(pipeline=[nested, PackViews()])

    plain, both = keyed(dataset()), keyed(ConcatDataset([dataset(), dataset()]))
    views = plain[5]['inputs'][0]
    assert torch.equal(plain[5]['inputs'][0], views)
    assert torch.equal(both[5]['inputs'][0], views)
    assert not torch.equal(both[24 + 5]['inputs'][0], views)  # another dataset, so another draw
    assert not torch.equal(keyed(plain, (0, 4))[5]['inputs'][0], views)
    repeated = keyed(RepeatDataset(dataset(), times=2))
    assert not torch.equal(repeated[5]['inputs'][0], repeated[24 + 5]['inputs'][0])


def test_a_view_in_strides_is_refused(photo):
    with pytest.raises(ValueError, match='not contiguous'):
        change_colors(photo.transpose(2, 0, 1), settings(gray=1))


def test_another_epoch_gives_other_views(photo):
    transform = MultiCrop(VIEWS)
    transform.set_key((0, 0))
    first = item(transform, photo, 3)['inputs'][0]
    transform.set_key((0, 1))
    second = item(transform, photo, 3)['inputs'][0]
    transform.set_key((0, 0))
    assert not torch.equal(first, second)
    assert torch.equal(first, item(transform, photo, 3)['inputs'][0])


def images(count: int, size: int = 32) -> list[dict]:
    rng = np.random.default_rng(0)
    return [dict(img=rng.integers(0, 256, (size, size, 3), dtype=np.uint8)) for _ in range(count)]


def test_a_batch_of_views_is_that_of_its_images():
    dataset = BatchedViews(images(10), [dict(size=16, num=2, flip=0.5, **DINO), dict(size=8, blur=0.5, sigma=(1, 2))])
    dataset.set_key((0, 0))
    batch = dataset.__getitems__([4, 1, 8])
    assert [tuple(view.shape) for view in batch['inputs']] == [(3, 3, 16, 16)] * 2 + [(3, 3, 8, 8)]
    assert sample_indices(batch['data_samples']).tolist() == [4, 1, 8]
    for whole, alone in zip(batch['inputs'], dataset[1]['inputs'], strict=True):
        assert torch.equal(whole[1], alone)
    assert dataset[1]['data_samples'] == 1
    assert default_collate([dataset[4], dataset[1], dataset[8]]).keys() == batch.keys()


def test_a_loader_that_would_collate_a_whole_batch_is_told_so():
    loader = torch.utils.data.DataLoader(BatchedViews(images(4), [dict(size=8)]), 2, collate_fn=default_collate)
    with pytest.raises(TypeError, match=r'needs collate_fn=dict\(type=collate\)'):
        next(iter(loader))


@pytest.mark.parametrize('num_workers', [0, 1, 2])
def test_workers_make_no_difference(num_workers):
    dataset = BatchedViews(images(10), [dict(size=8, num=2, flip=0.5, **DINO)])
    dataset.set_key((1, 2))
    loader = torch.utils.data.DataLoader(dataset, batch_size=4, num_workers=num_workers, collate_fn=collate)
    views = torch.cat([batch['inputs'][1] for batch in loader])
    assert torch.equal(views, dataset.__getitems__(range(10))['inputs'][1])


@pytest.mark.parametrize('image', [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 1), np.uint8), np.zeros((8, 8, 3))])
def test_images_without_three_channels_of_eight_bits_are_refused(image):
    with pytest.raises(ValueError, match=r'image 0 is .*: BatchedViews takes uint8 \[H, W, 3\]'):
        BatchedViews([dict(img=image)], [dict(size=4)])


def test_images_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match='image 2 is 16 x 16 pixels and image 0 is 32 x 32'):
        BatchedViews([*images(2), *images(1, size=16)], [dict(size=8)])


class Infos(list):
    """A dataset."""

    def get_data_info(self, index: int) -> dict:
        return self[index]


def test_labelled_views_know_the_classes_of_their_images():
    infos = Infos(dict(image, gt_label=3 * (index % 2)) for index, image in enumerate(images(6)))
    plain, labelled = (kind(infos, [dict(size=8, flip=0.5)]) for kind in (BatchedViews, LabelledViews))
    for dataset in (plain, labelled):
        dataset.set_key((0, 0))
    loader = torch.utils.data.DataLoader(labelled, sampler=[5, 1, 2], batch_size=3, collate_fn=collate)
    (batch,) = loader
    assert batch['labels'].tolist() == [3, 3, 0]
    assert labelled[5]['labels'] == 3
    assert torch.equal(batch['inputs'][0], plain.__getitems__([5, 1, 2])['inputs'][0])


def test_images_without_classes_are_no_labelled_views():
    with pytest.raises(ValueError, match='Infos has no labels: .*take BatchedViews'):
        LabelledViews(Infos(images(2)), [dict(size=8)])


def test_a_batch_of_one_view_is_images_with_their_classes():
    """mmpretrain's classifiers take batches of this form."""
    model = SingleViewPreprocessor(mean=[1.0] * 3, std=[2.0] * 3, to_rgb=True)
    view = torch.tensor([10, 20, 30], dtype=torch.uint8).view(1, 3, 1, 1).expand(2, 3, 1, 1)
    batch = dict(inputs=[view], data_samples=torch.tensor([7, 5]), labels=torch.tensor([4, 1]))
    found = model(batch, training=True)
    assert found['inputs'].flatten(1).tolist() == [[14.5, 9.5, 4.5]] * 2
    assert [sample.gt_label.tolist() for sample in found['data_samples']] == [[4], [1]]
    del batch['labels']
    assert model(batch)['data_samples'].tolist() == [7, 5]
    assert torch.equal(model(dict(inputs=view))['inputs'], found['inputs'])


def test_a_model_of_images_takes_no_pairs_of_views_and_mixes_none():
    model = SingleViewPreprocessor(mean=[1.0] * 3, std=[2.0] * 3)
    with pytest.raises(ValueError, match='takes one view of an image, not 2: set num=1'):
        model(dict(inputs=[torch.zeros(1, 3, 1, 1)] * 2))
    with pytest.raises(ValueError, match=r"does not mix images, train_cfg=\{'augments': 'Mixup'\}"):
        SingleViewPreprocessor(batch_augments=dict(augments='Mixup'))
