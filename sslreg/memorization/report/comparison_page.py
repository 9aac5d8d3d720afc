"""A page on studies of the same images, without the sections of each."""

from collections.abc import Sequence
from pathlib import Path

from sslreg.memorization.comparison import StudyComparison
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import AGREEMENT_HEADINGS, agreement_cells, both
from sslreg.reports.page import boxed, document, paragraphs, picture, table, titled
from sslreg.reports.plots import matrix

from .introduction import DEFINITION, EXPECTED
from .side_by_side import side_by_side
from .style import Part, Png


def write_comparison(studies: Sequence[ScoredStudy], found: StudyComparison, out: Path) -> None:
    """Write ``compare.html``, one file with its pictures in it, and the pictures by themselves.

    Args:
        studies: Of the same images.
        found: Their comparison.
        out: The folder.
    """

    def png(name: str) -> Path:
        return out / f'{name}.png'

    parts = [side_by_side(studies, png), same_images(found, len(studies[0].index), png)]
    body = ''.join(titled(part.heading, part.body) for part in parts)
    text = '\n\n'.join([DEFINITION, EXPECTED, *(f'{text}.' for text in found.caveats)])
    title = f'Memorisation: {", ".join(study.name for study in studies)}'
    (out / 'compare.html').write_text(document(title, paragraphs(text) + body), encoding='utf-8')


def same_images(found: StudyComparison, number: int, png: Png) -> Part:
    """The overlap of the most memorised of ``number`` candidates of each study with each, and how they are ranked."""
    top = found.pairs[0].top
    shares = [[100 * value for value in row] for row in found.overlaps()]
    matrix(png('overlaps'), found.names, shares, 'in both, in %')
    rows = [['studies', *AGREEMENT_HEADINGS]]
    for study in found.studies:
        name = f'{study.name}, seeds'
        rows += [[f'{name} {both(pair.seeds)}', *agreement_cells(pair)] for pair in study.between_seeds]
    rows += [[both(pair.studies), *agreement_cells(pair)] for pair in found.pairs]
    text = (
        f'Of the {top} most memorised candidates of each the share that both have, and how alike these are ranked, by '
        f'SSLMem; of studies the mean over seeds. By chance {top / number:.0%} would be in both. On the diagonal is '
        'the overlap of single seeds of a study, the mean over pairs of them, where there are several; studies of '
        'several seeds may agree more than that, for their means have less noise.'
    )
    body = picture(png('overlaps'), 'Overlap of the most memorised candidates of each study with each')
    return Part('Do they memorise the same images?', body + paragraphs(text) + boxed('results', table(rows)), {})
