"""A page on studies of the same images, without the sections of each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.memorization.comparison import overlaps
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.tables import AGREEMENT, both, row_of_pair
from sslreg.reports.page import boxed, document, paragraphs, picture, table, titled
from sslreg.reports.plots import matrix

from .introduction import DEFINITION, EXPECTED
from .side_by_side import side_by_side
from .style import Part, Png


def write_comparison(studies: Sequence[ScoredStudy], found: dict[str, Any], out: Path) -> None:
    """Write ``compare.html``, one file with its pictures in it, and the pictures by themselves.

    Args:
        studies: Of the same images.
        found: What ``compare.json`` says of them, see :func:`sslreg.memorization.comparison.compare`.
        out: The folder.
    """

    def png(name: str) -> Path:
        return out / f'{name}.png'

    parts = [side_by_side(studies, png), same_images(found, len(studies[0].index), png)]
    body = ''.join(titled(part.heading, part.body) for part in parts)
    text = '\n\n'.join([DEFINITION, EXPECTED, *(f'{text}.' for text in found['caveats'])])
    title = f'Memorisation: {", ".join(study.name for study in studies)}'
    (out / 'compare.html').write_text(document(title, paragraphs(text) + body), encoding='utf-8')


def same_images(found: dict[str, Any], number: int, png: Png) -> Part:
    """The overlap of the most memorised of ``number`` candidates of each study with each, and how they are ranked."""
    names = [study['name'] for study in found['studies']]
    top = found['pairs'][0]['top']
    matrix(png('overlaps'), names, [[100 * value for value in row] for row in overlaps(found)], 'in both, in %')
    rows = [['studies', *AGREEMENT]]
    for study in found['studies']:
        name = f'{study["name"]}, seeds'
        rows += [row_of_pair(f'{name} {both(pair["seeds"])}', pair) for pair in study['between_seeds']]
    rows += [row_of_pair(both(pair['studies']), pair) for pair in found['pairs']]
    text = (
        f'Of the {top} most memorised candidates of each the share that both have, and how alike these are ranked, by '
        f'SSLMem; of studies the mean over seeds. By chance {top / number:.0%} would be in both. On the diagonal is '
        'the overlap of single seeds of a study, the mean over pairs of them, where there are several; studies of '
        'several seeds may agree more than that, for their means have less noise.'
    )
    body = picture(png('overlaps'), 'Overlap of the most memorised candidates of each study with each')
    return Part('Do they memorise the same images?', body + paragraphs(text) + boxed('results', table(rows)), {})
