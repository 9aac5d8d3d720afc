"""Section on the most and the least memorised candidates: pictures and classes."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope

from sslreg.memorization.image_sets import has_views
from sslreg.memorization.score_statistics import to_json
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import fixed
from sslreg.reports.page import Block, Image, Section, Table
from sslreg.reports.sheets import Cell, contact_sheet, to_rgb

from .style import PngPath, numbered, over_seeds

GRID_COLUMNS = 8
BLANK = Cell(np.full((1, 1, 3), 255, np.uint8))
CLASS_CANDIDATES = 100  # candidates at each end that the table of classes counts
MAX_CLASSES = 20  # rows of the table of classes
HIGHEST_FIRST = dict(most=True, least=False)  # whether the highest scores come first


@dataclass(frozen=True)
class ClassCount:
    """Candidates of one class.

    Attributes:
        name: Name of the class.
        candidates: Number of its candidates.
        most: Number of them among the most memorised.
        least: Number of them among the least memorised.
        mean: Their mean SSLMem.
    """

    name: str
    candidates: int
    most: int
    least: int
    mean: float


@dataclass(frozen=True)
class ClassCounts:
    """Candidates by class.

    Attributes:
        top: Number of candidates that count as most, and as least, memorised.
        classes: The classes, that with the most memorised candidates first.
    """

    top: int
    classes: list[ClassCount]


def picture_section(study: ScoredStudy, png: PngPath, top: int) -> Section:
    """Show the most and the least memorised candidates and tabulate their classes.

    Args:
        study: The study.
        png: Returns the file of a picture.
        top: Largest number of candidates in each picture.
    """
    number = min(top, len(study.candidates) // 2)
    places = {end: ranked(study, number, highest) for end, highest in HIGHEST_FIRST.items()}
    figures: dict[str, Any] = {
        end: [dict(image=study.index[place], sslmem=float(study.candidates[place])) for place in found]
        for end, found in places.items()
    }
    content: list[Block] = []
    with DefaultScope.overwrite_default_scope('sslreg'):
        if has_views(study.cfg):
            _sheets(study, places, png)
            content += [Image.read(png(end), f'The {number} {end} memorised candidates') for end in HIGHEST_FIRST]
        labels, names = _classes(study)
    text = (
        f'The {numbered(number, "candidate")} with the highest and the {number} with the lowest scores, without '
        f'augmentation. The number below each picture is its SSLMem ({over_seeds(study.scores.seeds)}).'
    )
    if not content:
        text += (
            ' There are no pictures: the size of an image without augmentation is only known if the config makes views '
            'by BatchedViews, MultiCrop or ColoredMultiCrop. report.json lists the images.'
        )
    content.append(text)
    if labels:
        counts = class_counts(study, labels, names)
        figures['classes'] = to_json(counts)
        content += _class_table(counts, len(study.candidates))
    return Section('The most and the least memorised candidates', content, figures=figures)


def ranked(study: ScoredStudy, number: int, highest: bool) -> list[int]:
    """Return the places among the candidates of the highest or the lowest scores, the extreme score first."""
    found: list[int] = study.candidates.argsort(descending=highest, stable=True)[:number].tolist()
    return found


def _sheets(study: ScoredStudy, places: dict[str, list[int]], png: PngPath) -> None:
    """Draw the images before normalisation, resized and cropped to the size of a view."""
    dataset = study.study.images('candidate').views(0, plain=True)
    for end, found in places.items():
        cells = [Cell(to_rgb(dataset[place]['inputs'][0]), fixed(float(study.candidates[place]), 3)) for place in found]
        columns = min(GRID_COLUMNS, len(cells))
        cells += [BLANK] * (-len(cells) % columns)
        rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
        contact_sheet(png(end), [(f'{end} memorised', columns)], rows, dpi=180)


def _classes(study: ScoredStudy) -> tuple[list[int], list[str]]:
    """Return the class of each candidate and the names of all classes; empty lists if images have no classes."""
    dataset = study.study.images('candidate').files()
    infos = [dataset.get_data_info(place) for place in range(len(dataset))]
    if any('gt_label' not in info for info in infos):
        return [], []
    labels = [int(info['gt_label']) for info in infos]
    return labels, list(dataset.metainfo.get('classes') or map(str, range(max(labels) + 1)))


def class_counts(study: ScoredStudy, labels: list[int], names: list[str]) -> ClassCounts:
    """Count the candidates of each class, also among the ``top`` most and least memorised, and average their scores."""
    top = min(CLASS_CANDIDATES, len(labels) // 2)
    counts = {end: Counter(labels[place] for place in ranked(study, top, high)) for end, high in HIGHEST_FIRST.items()}
    label_of = torch.tensor(labels)
    rows = [
        ClassCount(
            names[label],
            number,
            counts['most'][label],
            counts['least'][label],
            float(study.candidates[label_of == label].mean()),
        )
        for label, number in Counter(labels).items()
    ]
    return ClassCounts(top, sorted(rows, key=lambda row: (row.most, row.mean), reverse=True))


def _class_table(found: ClassCounts, candidates: int) -> list[Block]:
    """Return text and table on the classes."""
    top, rows = found.top, found.classes
    head = ['class', 'candidates', 'by chance', f'of the {top} most', f'of the {top} least', 'mean SSLMem']
    cells = [
        [
            row.name,
            str(row.candidates),
            fixed(top * row.candidates / candidates, 1),
            str(row.most),
            str(row.least),
            fixed(row.mean),
        ]
        for row in rows[:MAX_CLASSES]
    ]
    text = (
        f'Classes of the {top} most and the {top} least memorised candidates. “by chance” is the number expected if '
        'memorisation did not depend on the class.'
    )
    if len(rows) > MAX_CLASSES:
        text += (
            f' The table has the {MAX_CLASSES} of {len(rows)} classes that are most frequent among the most memorised.'
        )
    return [text, Table([head, *cells])]
