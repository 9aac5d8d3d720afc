"""A few photographs in the forms of COCO, VOC, ADE20K, Cityscapes and CamVid, small; their classes are arbitrary."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

SIZE = (96, 72)  # width, height
PHOTOGRAPHS = [  # of scikit-image; what is in them, by hand: left, top, right, bottom as shares of the sides
    ('astronaut', [(0.05, 0.03, 0.72, 1.0), (0.55, 0.68, 0.98, 1.0)]),  # with her helmet
    ('chelsea', [(0.0, 0.0, 0.85, 1.0)]),
    ('coffee', [(0.29, 0.05, 0.68, 0.78), (0.54, 0.55, 0.68, 0.82)]),  # and a spoon
]
NUM = len(PHOTOGRAPHS)


@cache
def photograph(name: str) -> np.ndarray:
    return np.asarray(Image.fromarray(getattr(data, name)()).resize(SIZE))


def picture(index: int, num_classes: int) -> tuple[np.ndarray, np.ndarray, list[tuple[int, list[int]]]]:
    """An image, its classes per pixel (-1: nothing), and boxes (class, [x, y, width, height])."""
    name, shares = PHOTOGRAPHS[index]
    labels = np.full(SIZE[::-1], -1)
    boxes = []
    for number, share in enumerate(shares):
        kind = (index + 2 * number) % num_classes
        left, top, right, bottom = (round(part * side) for part, side in zip(share, SIZE * 2, strict=True))
        labels[top:bottom, left:right] = kind
        boxes.append((kind, [left, top, right - left, bottom - top]))
    return photograph(name), labels, boxes


def _save(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


def coco(root: Path, classes: tuple[str, ...], parts: dict[str, str], images: str) -> None:
    """``parts``: annotation file -> folder of images, ``images`` of it within root."""
    for ann_file, folder in parts.items():
        rows, annotations = [], []
        for index in range(NUM):
            image, _, boxes = picture(index, len(classes))
            name = f'{index:012d}.jpg'
            _save(root / images / folder / name, image)
            rows.append(dict(id=index + 1, file_name=name, width=SIZE[0], height=SIZE[1]))
            for kind, (x, y, w, h) in boxes:
                outline = [x, y, x + w, y, x + w, y + h, x, y + h]
                annotations.append(dict(id=len(annotations) + 1, image_id=index + 1, category_id=kind + 1, iscrowd=0,
                                        bbox=[x, y, w, h], area=w * h, segmentation=[outline]))  # fmt: skip
        categories = [dict(id=i + 1, name=name) for i, name in enumerate(classes)]
        path = root / ann_file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(dict(images=rows, annotations=annotations, categories=categories)))


def voc(root: Path, classes: tuple[str, ...]) -> None:
    """Detection, 2007 and 2012."""
    for year in ('VOC2007', 'VOC2012'):
        for part in ('trainval', 'test'):
            names = [f'{part}{index}' for index in range(NUM)]
            for index, name in enumerate(names):
                image, _, boxes = picture(index, len(classes))
                _save(root / year / 'JPEGImages' / f'{name}.jpg', image)
                objects = ''.join(
                    f'<object><name>{classes[kind]}</name><difficult>0</difficult><bndbox><xmin>{x + 1}</xmin>'
                    f'<ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>'
                    for kind, (x, y, w, h) in boxes
                )
                size = f'<size><width>{SIZE[0]}</width><height>{SIZE[1]}</height><depth>3</depth></size>'
                path = root / year / 'Annotations' / f'{name}.xml'
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f'<annotation>{size}{objects}</annotation>')
            listed = root / year / 'ImageSets/Main' / f'{part}.txt'
            listed.parent.mkdir(parents=True, exist_ok=True)
            listed.write_text('\n'.join(names) + '\n')


Paths = Callable[[int], tuple[str, str]]


def masks(root: Path, num_classes: int, paths: Paths, value: Callable[[np.ndarray], np.ndarray]) -> None:
    """``paths(index)``: of image and mask; ``value``: classes (-1: nothing) -> what the mask has."""
    for index in range(NUM):
        image, labels, _ = picture(index, num_classes)
        where, mask = paths(index)
        _save(root / where, image)
        _save(root / mask, value(labels).astype(np.uint8))


def ade20k(root: Path) -> None:
    """0 is nothing, classes count from 1."""
    for part in ('training', 'validation'):
        masks(
            root, 150, lambda i, part=part: (f'images/{part}/{i}.jpg', f'annotations/{part}/{i}.png'), lambda x: x + 1
        )


def voc12aug(root: Path) -> None:
    """0 is the background, classes count from 1."""
    for part, folder in (('train', 'SegmentationClass'), ('aug', 'SegmentationClassAug'), ('val', 'SegmentationClass')):
        masks(root, 20, lambda i, part=part, folder=folder: (f'JPEGImages/{part}{i}.jpg', f'{folder}/{part}{i}.png'),
              lambda x: x + 1)  # fmt: skip
        listed = root / 'ImageSets/Segmentation' / f'{part}.txt'
        listed.parent.mkdir(parents=True, exist_ok=True)
        listed.write_text(''.join(f'{part}{i}\n' for i in range(NUM)))


def cityscapes(root: Path) -> None:
    """255 is nothing."""
    for part in ('train', 'val'):
        masks(root, 19, lambda i, part=part: (f'leftImg8bit/{part}/a/a_{i}_leftImg8bit.png',
              f'gtFine/{part}/a/a_{i}_gtFine_labelTrainIds.png'), lambda x: np.where(x < 0, 255, x))  # fmt: skip


def camvid(root: Path) -> None:
    """11 is nothing."""
    for part in ('train', 'val', 'test'):
        masks(root, 11, lambda i, part=part: (f'{part}/images/{i}.jpg', f'{part}/masks/{i}.png'),
              lambda x: np.where(x < 0, 11, x))  # fmt: skip


def own_masks(root: Path) -> None:
    """Two classes; images of several suffixes and sizes, as people have them."""
    for part in ('train', 'val', 'test'):
        for index, suffix in enumerate(('jpg', 'png', 'JPEG')):
            image, labels, _ = picture(index, 2)
            crop = slice(0, SIZE[1] - 8 * index)
            _save(root / part / f'images/{index}.{suffix}', image[crop])
            _save(root / part / f'masks/{index}.png', np.where(labels < 0, 255, labels)[crop].astype(np.uint8))
