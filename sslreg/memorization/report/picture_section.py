"""Which candidates are memorised most and least: pictures and classes."""

from collections import Counter
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope

from sslreg.memorization import study as studies
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.tables import fixed
from sslreg.reports.page import boxed, paragraphs, picture, table
from sslreg.reports.sheets import Cell, contact_sheet
from sslreg.reports.training.run import rgb

from .style import Part, Png, numbered, over_seeds

COLUMNS = 8
BLANK = Cell(np.full((1, 1, 3), 255, np.uint8))
TOP = 100  # of whose classes there is a table
CLASSES = 20  # in the table
ENDS = dict(most=True, least=False)  # whether the highest scores come first


def pictures(study: ScoredStudy, png: Png, top: int) -> Part:
    """Contact sheets of both ends, and the classes there."""
    number = min(top, len(study.candidates) // 2)
    places = {end: ranked(study, number, highest) for end, highest in ENDS.items()}
    figures: dict[str, Any] = {
        end: [dict(image=study.index[place], sslmem=float(study.candidates[place])) for place in found]
        for end, found in places.items()
    }
    body = ''
    with DefaultScope.overwrite_default_scope('sslreg'):
        if studies.has_views(study.cfg):
            _sheets(study, places, png)
            body += ''.join(picture(png(end), f'The {number} {end} memorised candidates') for end in ENDS)
        labels, names = _classes(study)
    text = (
        f'The {numbered(number, "candidate")} with the highest scores and the {number} with the lowest, in this order, '
        f'without augmentation; below each its SSLMem ({over_seeds(study.scores.seeds)}).'
    )
    if not body:
        text += (
            ' There are no pictures, as the config has no views by BatchedViews, MultiCrop or ColoredMultiCrop, and so '
            'does not say what an image without augmentation is. The images are named in report.json.'
        )
    body += paragraphs(text)
    if labels:
        figures['classes'] = classes(study, labels, names)
        body += _table(figures['classes'], len(study.candidates))
    return Part('The most and the least memorised candidates', body, figures)


def ranked(study: ScoredStudy, number: int, highest: bool) -> list[int]:
    """Places among the candidates of the highest or the lowest scores, from the end of the ranking on."""
    found: list[int] = study.candidates.argsort(descending=highest, stable=True)[:number].tolist()
    return found


def _sheets(study: ScoredStudy, places: dict[str, list[int]], png: Png) -> None:
    """The images as the networks get them, before normalisation: as large as a view, the middle of longer ones."""
    dataset = studies.viewed(study.cfg, 'candidate', study.split_file, num_views=0, plain=True)
    for end, found in places.items():
        cells = [Cell(rgb(dataset[place]['inputs'][0]), fixed(float(study.candidates[place]), 3)) for place in found]
        columns = min(COLUMNS, len(cells))
        cells += [BLANK] * (-len(cells) % columns)
        rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
        contact_sheet(png(end), [(f'{end} memorised', columns)], rows, dpi=180)


def _classes(study: ScoredStudy) -> tuple[list[int], list[str]]:
    """Class of each candidate, and names of all classes; nothing where images have none."""
    dataset = studies.files(study.cfg, 'candidate', study.split_file)
    infos = [dataset.get_data_info(place) for place in range(len(dataset))]
    if any('gt_label' not in info for info in infos):
        return [], []
    labels = [int(info['gt_label']) for info in infos]
    return labels, list(dataset.metainfo.get('classes') or map(str, range(max(labels) + 1)))


def classes(study: ScoredStudy, labels: list[int], names: list[str]) -> dict[str, Any]:
    """Of each class the candidates, how many of them are among the ``top`` at both ends, and their mean score."""
    top = min(TOP, len(labels) // 2)
    counts = {end: Counter(labels[place] for place in ranked(study, top, high)) for end, high in ENDS.items()}
    of = torch.tensor(labels)
    rows = [
        dict(
            name=names[label],
            candidates=number,
            most=counts['most'][label],
            least=counts['least'][label],
            mean=float(study.candidates[of == label].mean()),
        )
        for label, number in Counter(labels).items()
    ]
    return dict(top=top, classes=sorted(rows, key=lambda row: (row['most'], row['mean']), reverse=True))


def _table(found: dict[str, Any], candidates: int) -> str:
    top, rows = found['top'], found['classes']
    head = ['class', 'candidates', 'by chance', f'of the {top} most', f'of the {top} least', 'mean SSLMem']
    cells = [
        [
            row['name'],
            str(row['candidates']),
            fixed(top * row['candidates'] / candidates, 1),
            str(row['most']),
            str(row['least']),
            fixed(row['mean']),
        ]
        for row in rows[:CLASSES]
    ]
    text = (
        f'Classes among the {top} most and the {top} least memorised candidates; by chance as many of either as the '
        'class has of all candidates.'
    )
    if len(rows) > CLASSES:
        text += f' Shown are the {CLASSES} of {len(rows)} classes that are most often among the most memorised.'
    return paragraphs(text) + boxed('results', table([head, *cells]))
