"""Page that compares studies of the same images."""

from collections.abc import Sequence
from pathlib import Path

from sslreg.memorization.comparison import StudyComparison
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import AGREEMENT_HEADINGS, agreement_cells, both
from sslreg.reports.charts import matrix
from sslreg.reports.page import Image, Section, Table, write_page

from .introduction import DEFINITION, EXPECTED
from .side_by_side import side_by_side_section
from .style import PngPath, png_path


def write_comparison(studies: Sequence[ScoredStudy], found: StudyComparison, out: Path) -> None:
    """Write ``compare.html`` with pictures inside the file, and the pictures as PNG files.

    Args:
        studies: Scored studies of the same images.
        found: Comparison of the studies.
        out: Folder of the page.
    """
    png = png_path(out)
    sections = [side_by_side_section(studies, png), overlap_section(found, png)]
    text = '\n\n'.join([DEFINITION, EXPECTED, *(f'{text}.' for text in found.caveats)])
    title = f'Memorisation: {", ".join(study.name for study in studies)}'
    write_page(out / 'compare.html', title, text, sections)


def overlap_section(found: StudyComparison, png: PngPath) -> Section:
    """Draw and tabulate how far studies memorise the same images.

    Args:
        found: Comparison of the studies.
        png: Returns the file of a picture.
    """
    top, chance = found.pairs[0].top, found.pairs[0].chance
    shares = [[100 * value for value in row] for row in found.overlaps()]
    matrix(png('overlaps'), found.names, shares, 'in both, in %')
    rows = [['studies', *AGREEMENT_HEADINGS]]
    for study in found.studies:
        name = f'{study.name}, seeds'
        rows += [[f'{name} {both(pair.seeds)}', *agreement_cells(pair)] for pair in study.between_seeds]
    rows += [[both(pair.studies), *agreement_cells(pair)] for pair in found.pairs]
    text = (
        f"Share of the {top} most memorised candidates that both studies have in common, and Kendall's tau of their "
        f'ranking, by SSLMem averaged over seeds. By chance {chance:.0%} would be in both. The diagonal is the '
        'mean overlap of two seeds of the same study, if it has several. Two studies of several seeds may agree more, '
        'because averages over seeds have less noise.'
    )
    picture = Image.read(png('overlaps'), 'Overlap of the most memorised candidates of each two studies')
    return Section('Do they memorise the same images?', [picture, text, Table(rows)])
