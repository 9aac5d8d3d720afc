"""Pictures by ``--draw``: ground truth on the left, predictions on the right, in the colours of the classes."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import BaseDataElement, InstanceData, PixelData
from PIL import Image, ImageColor

from sslreg.downstream import DrawHook
from sslreg.downstream.drawing import (
    PALETTE,
    SHEET_GAP,
    TITLE_HEIGHT,
    WIDTH,
    compose_sheet,
    draw_boxes,
    draw_classes,
    draw_sample,
)

META = dict(classes=('cat', 'dog'), palette=[[255, 0, 0], [0, 0, 255]])
GREY = (100, 100, 100)


@pytest.fixture
def image(tmp_path) -> str:
    """Half as wide as it is drawn."""
    Image.new('RGB', (WIDTH // 2, 120), GREY).save(tmp_path / 'image.png')
    return str(tmp_path / 'image.png')


def colour(label: int) -> tuple[int, ...]:
    return ImageColor.getrgb(PALETTE[label])


def detected(image: str, scores: tuple[float, ...] = (0.9, 0.2)) -> BaseDataElement:
    """A cat at the top left; predicted are a dog at the bottom right and, with less certainty, one at the left."""
    sample = BaseDataElement(metainfo=dict(img_path=image))
    sample.gt_instances = InstanceData(bboxes=torch.tensor([[10.0, 20.0, 60.0, 50.0]]), labels=torch.tensor([0]))
    corners = torch.tensor([[150.0, 70.0, 230.0, 110.0], [10.0, 70.0, 60.0, 110.0]])
    sample.pred_instances = InstanceData(bboxes=corners, labels=torch.tensor([1, 1]), scores=torch.tensor(scores))
    return sample


def segmented(image: str) -> BaseDataElement:
    """The left half is class 0, the right half ignored; predicted is class 1 everywhere."""
    labels = torch.zeros(1, 120, WIDTH // 2, dtype=torch.long)
    sample = BaseDataElement(metainfo=dict(img_path=image))
    sample.pred_sem_seg = PixelData(data=labels + 1)
    labels[..., WIDTH // 4 :] = 255
    sample.gt_sem_seg = PixelData(data=labels)
    return sample


def test_boxes_are_framed_in_their_class_s_colour_at_the_size_of_the_picture(image):
    truth, found = draw_sample(detected(image), META, score=0.5)
    assert truth.size == (WIDTH, 240)
    assert truth.getpixel((20, 70)) == colour(0)  # the left edge at x = 10, twice as large
    assert truth.getpixel((60, 60)) == GREY  # within the frame
    assert found.getpixel((300, 180)) == colour(1)
    assert found.getpixel((20, 70)) == GREY  # the truth is not in the picture of the prediction


def test_boxes_of_low_scores_are_left_out(image):
    left_edge = (20, 180)  # of the uncertain one
    assert draw_sample(detected(image), META, score=0.5)[1].getpixel(left_edge) == GREY
    assert draw_sample(detected(image), META, score=0.1)[1].getpixel(left_edge) == colour(1)


def test_names_and_scores_are_written_above_the_boxes(image, monkeypatch):
    written = []
    monkeypatch.setattr('PIL.ImageDraw.ImageDraw.text', lambda self, at, text, **options: written.append(text))
    draw_sample(detected(image), META, score=0.1)
    assert written == ['cat', 'dog 0.90', 'dog 0.20']


def test_an_image_without_boxes_stays_as_it_is(image):
    picture = draw_boxes(Image.open(image), np.zeros((0, 4)), [], META['classes'])
    assert picture.getcolors() == [(WIDTH * 240, GREY)]


def test_classes_are_laid_over_the_image_and_what_is_ignored_is_not(image):
    truth, found = draw_sample(segmented(image), META, score=0.5)
    assert truth.size == (WIDTH, 240)
    red, _, blue = truth.getpixel((WIDTH // 4, 100))
    assert red > GREY[0] > blue
    assert truth.getpixel((WIDTH * 3 // 4, 100)) == GREY
    red, _, blue = found.getpixel((WIDTH * 3 // 4, 100))
    assert blue > GREY[2] > red


def test_labels_beyond_the_palette_are_ignored():
    labels = np.full((4, 8), 2)
    assert draw_classes(Image.new('RGB', (8, 4), GREY), labels, META['palette']).getcolors() == [(WIDTH * 240, GREY)]


@pytest.mark.parametrize('rows, blocks', [(1, 1), (2, 2), (3, 2)])
def test_rows_stand_in_two_blocks_side_by_side(rows, blocks):
    pictures = [[Image.new('RGB', (WIDTH, 50 + i), (i, 0, 0)), Image.new('RGB', (WIDTH, 50), (i, 9, 0))]
                for i in range(rows)]  # fmt: skip
    page = compose_sheet(pictures, ('ground truth', 'prediction'))
    assert page.width == SHEET_GAP + 2 * blocks * (WIDTH + SHEET_GAP)
    assert page.getpixel((SHEET_GAP, TITLE_HEIGHT)) == (0, 0, 0)
    assert page.getpixel((SHEET_GAP + WIDTH + SHEET_GAP, TITLE_HEIGHT)) == (0, 9, 0)
    last = SHEET_GAP + 2 * (blocks - 1) * (WIDTH + SHEET_GAP)
    assert page.getpixel((last, TITLE_HEIGHT)) == (rows - 1, 0, 0)


@pytest.mark.parametrize('sample', [detected, segmented])
def test_the_hook_draws_as_many_images_as_it_is_told(image, tmp_path, sample, caplog):
    dataset = SimpleNamespace(metainfo=META)
    runner = SimpleNamespace(test_dataloader=SimpleNamespace(dataset=dataset))
    hook = DrawHook(str(tmp_path / 'new/drawn.png'), num=3)
    with caplog.at_level(logging.INFO):
        for batch in range(2):
            hook.after_test_iter(runner, batch, outputs=[sample(image)] * 2)
        hook.after_test_epoch(runner)
    assert Image.open(tmp_path / 'new/drawn.png').height == TITLE_HEIGHT + 2 * (240 + SHEET_GAP)  # blocks of 2 and 1


def test_a_test_without_images_writes_nothing(tmp_path):
    DrawHook(str(tmp_path / 'drawn.png')).after_test_epoch(SimpleNamespace())
    assert not (tmp_path / 'drawn.png').exists()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(out='drawn'), "out='drawn' is no image format"),
        (dict(out='a.png', num=0), 'num=0 must be at least 1 image'),
    ],
)
def test_what_could_not_be_drawn_is_refused_before_the_test(options, message):
    with pytest.raises(ValueError, match=message):
        DrawHook(**options)
