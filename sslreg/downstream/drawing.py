"""Pictures of predictions beside the ground truth."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from PIL import Image, ImageDraw, ImageFont

from sslreg.registry import HOOKS

PALETTE = ['#e6194b', '#3cb44b', '#4363d8', '#f58231', '#911eb4', '#46f0f0', '#f032e6', '#bcf60c', '#008080', '#9a6324']
WIDTH = 480  # width of a picture in a sheet, px
SHEET_GAP = 8  # space between pictures, px
TITLE_HEIGHT = 30  # height of the titles of columns, px


@HOOKS.register_module()
class DrawHook(Hook):
    """Pictures of the first test images: ground truth on the left, prediction on the right.

    Detection is drawn as boxes with class and score, segmentation as transparent colours of classes.

    Args:
        out: Path of the picture, written at the end of the test; the suffix selects the format.
        num: Number of images.
        score: Boxes with lower scores are left out.

    Raises:
        ValueError: The suffix is no image format, or ``num`` is less than 1.
    """

    def __init__(self, out: str, num: int = 8, score: float = 0.5) -> None:
        self.out = Path(out)
        if self.out.suffix.lower() not in Image.registered_extensions():
            raise ValueError(f'the suffix of out={out!r} is no image format: write e.g. drawn.png')
        if num < 1:
            raise ValueError(f'num={num} must be at least 1 image to draw')
        self.num = num
        self.score = score
        self.rows: list[list[Image.Image]] = []

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Draw the images of a batch until there are enough."""
        if is_main_process():
            meta = runner.test_dataloader.dataset.metainfo
            self.rows += [draw_sample(sample, meta, self.score) for sample in outputs[: self.num - len(self.rows)]]

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Write the picture."""
        if not self.rows:
            return
        self.out.parent.mkdir(parents=True, exist_ok=True)
        compose_sheet(self.rows, ('ground truth', 'prediction')).save(self.out)
        print_log(f'{len(self.rows)} images are drawn in {self.out}', 'current')
        self.rows = []


def draw_sample(sample: Any, meta: dict[str, Any], score: float) -> list[Image.Image]:
    """Return the pictures of the ground truth and the prediction of an image.

    Args:
        sample: Data sample of mmdet or mmsegmentation, with ``img_path`` and boxes in px of that image.
        meta: The dataset's ``classes`` and, for segmentation, ``palette``.
        score: As in :class:`DrawHook`.
    """
    image = Image.open(sample.img_path).convert('RGB')
    if 'pred_sem_seg' in sample:
        parts = [sample.gt_sem_seg, sample.pred_sem_seg]
        return [draw_classes(image, part.data[0].cpu().numpy(), meta['palette']) for part in parts]
    found = sample.pred_instances[sample.pred_instances.scores >= score]
    names = meta['classes']
    return [draw_boxes(image, _corners(part.bboxes), part.labels.tolist(), names, part.get('scores'))
            for part in (sample.gt_instances, found)]  # fmt: skip


def draw_boxes(
    image: Image.Image, corners: np.ndarray, labels: Sequence[int], names: Sequence[str], scores: Any = None
) -> Image.Image:
    """Return the image, ``WIDTH`` px wide, with boxes, names of classes and scores.

    Args:
        image: The image.
        corners: Boxes ``[N, 4]``, (x1, y1, x2, y2) in px of the image.
        labels: Class of each box, N.
        names: Names of the classes.
        scores: Score of each box, ``[N]``, or None.
    """
    scale = WIDTH / image.width
    picture = image.resize((WIDTH, round(image.height * scale)))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=12)
    texts = [names[label] if scores is None else f'{names[label]} {score:.2f}' for label, score in
             zip(labels, [0.0] * len(labels) if scores is None else scores.tolist(), strict=True)]  # fmt: skip
    for corner, label, text in zip(corners * scale, labels, texts, strict=True):
        colour = PALETTE[label % len(PALETTE)]
        draw.rectangle(corner.tolist(), outline=colour, width=2)
        x, y = float(corner[0]), max(0.0, float(corner[1]) - 14)
        draw.rectangle(draw.textbbox((x, y), text, font=font), fill=colour)
        draw.text((x, y), text, fill='white', font=font)
    return picture


def draw_classes(image: Image.Image, labels: np.ndarray, palette: Sequence[Sequence[int]]) -> Image.Image:
    """Return the image, ``WIDTH`` px wide, under the transparent colours of classes.

    Args:
        image: The image.
        labels: Class of each pixel, ``[H, W]``; ignored pixels (255) keep their colour.
        palette: RGB colour of each class.
    """
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(palette)] = palette
    mask = Image.fromarray(np.where(labels < len(palette), 150, 0).astype(np.uint8))
    painted = Image.fromarray(colours[labels.astype(np.uint8)])
    blended = Image.composite(Image.blend(image.resize(mask.size), painted, 0.6), image.resize(mask.size), mask)
    return blended.resize((WIDTH, round(image.height * WIDTH / image.width)))


def compose_sheet(rows: Sequence[Sequence[Image.Image]], titles: Sequence[str]) -> Image.Image:
    """Return a sheet of all rows in two blocks side by side, with titles above the columns.

    Args:
        rows: Pictures of each row.
        titles: Title of each column.
    """
    per_block = math.ceil(len(rows) / 2)
    blocks = [block for block in (rows[:per_block], rows[per_block:]) if block]
    height = max(sum(max(each.height for each in line) + SHEET_GAP for line in block) for block in blocks)
    columns = len(titles)
    page = Image.new('RGB', ((WIDTH + SHEET_GAP) * columns * len(blocks) + SHEET_GAP, height + TITLE_HEIGHT), 'white')
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for i, block in enumerate(blocks):
        left = SHEET_GAP + i * columns * (WIDTH + SHEET_GAP)
        for j, title in enumerate(titles):
            draw.text((left + j * (WIDTH + SHEET_GAP), 5), title, fill='black', font=font)
        top = TITLE_HEIGHT
        for line in block:
            for j, picture in enumerate(line):
                page.paste(picture, (left + j * (WIDTH + SHEET_GAP), top))
            top += max(each.height for each in line) + SHEET_GAP
    return page


def _corners(corners: Any) -> np.ndarray:
    """Return ``[N, 4]`` from a tensor, or from mmdet's box class."""
    return np.asarray(getattr(corners, 'tensor', corners).cpu(), dtype=float).reshape(-1, 4)
