"""Predictions beside the ground truth, as pictures."""

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
WIDTH = 480  # of a picture in a sheet, px
GAP = 8  # between pictures, px
HEADER = 30  # for the titles of columns, px


@HOOKS.register_module()
class DrawHook(Hook):
    """While testing, draw the first images: ground truth on the left, prediction on the right.

    Boxes with class and score for detection, transparent colours of classes for segmentation.

    Args:
        out: The picture that is written when the test ends; its suffix says in which format.
        num: How many images.
        score: Boxes of lower scores are left out.

    Raises:
        ValueError: No format has this suffix, or there is nothing to draw.
    """

    def __init__(self, out: str, num: int = 8, score: float = 0.5) -> None:
        self.out = Path(out)
        if self.out.suffix.lower() not in Image.registered_extensions():
            raise ValueError(f'out={out!r} names no format of pictures by its suffix: drawn.png does')
        if num < 1:
            raise ValueError(f'num={num} images are nothing to draw: at least 1')
        self.num = num
        self.score = score
        self.rows: list[list[Image.Image]] = []

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        if is_main_process():
            meta = runner.test_dataloader.dataset.metainfo
            self.rows += [row(sample, meta, self.score) for sample in outputs[: self.num - len(self.rows)]]

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        if not self.rows:
            return
        self.out.parent.mkdir(parents=True, exist_ok=True)
        sheet(self.rows, ('ground truth', 'prediction')).save(self.out)
        print_log(f'{len(self.rows)} images are drawn in {self.out}', 'current')
        self.rows = []


def row(sample: Any, meta: dict[str, Any], score: float) -> list[Image.Image]:
    """Ground truth and prediction of an image.

    Args:
        sample: mmdet's or mmsegmentation's, with ``img_path`` and boxes in px of that image.
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
    """Frames ``[N, 4]`` (x1, y1, x2, y2 in px of the image) with names and scores, at ``WIDTH``."""
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
    """Classes ``[H, W]`` in their colours over the image, at ``WIDTH``; what is ignored (255) stays as it is."""
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(palette)] = palette
    mask = Image.fromarray(np.where(labels < len(palette), 150, 0).astype(np.uint8))
    painted = Image.fromarray(colours[labels.astype(np.uint8)])
    together = Image.composite(Image.blend(image.resize(mask.size), painted, 0.6), image.resize(mask.size), mask)
    return together.resize((WIDTH, round(image.height * WIDTH / image.width)))


def sheet(rows: Sequence[Sequence[Image.Image]], titles: Sequence[str]) -> Image.Image:
    """Rows of pictures in two blocks side by side, with titles above the columns."""
    per_block = math.ceil(len(rows) / 2)
    blocks = [block for block in (rows[:per_block], rows[per_block:]) if block]
    height = max(sum(max(each.height for each in line) + GAP for line in block) for block in blocks)
    columns = len(titles)
    page = Image.new('RGB', ((WIDTH + GAP) * columns * len(blocks) + GAP, height + HEADER), 'white')
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=16)
    for i, block in enumerate(blocks):
        left = GAP + i * columns * (WIDTH + GAP)
        for j, title in enumerate(titles):
            draw.text((left + j * (WIDTH + GAP), 5), title, fill='black', font=font)
        top = HEADER
        for line in block:
            for j, picture in enumerate(line):
                page.paste(picture, (left + j * (WIDTH + GAP), top))
            top += max(each.height for each in line) + GAP
    return page


def _corners(corners: Any) -> np.ndarray:
    """``[N, 4]`` from a tensor, or from mmdet's boxes around one."""
    return np.asarray(getattr(corners, 'tensor', corners).cpu(), dtype=float).reshape(-1, 4)
