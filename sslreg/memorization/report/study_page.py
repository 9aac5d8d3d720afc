"""Page on one scored study, or on several studies one after the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.memorization.scored_study import ScoredStudy
from sslreg.reports.page import Section, merge_figures, write_page
from sslreg.utils.files import write_json

from .introduction import introduction
from .layer_section import layer_section
from .picture_section import picture_section
from .pruning_section import pruning_section
from .removal_section import removal_section
from .set_sections import claim_section, set_section
from .side_by_side import agreement_section, side_by_side_section
from .study_section import study_section
from .style import PngPath, png_path


def write_memorization(studies: Sequence[ScoredStudy], out: Path, top: int = 32) -> dict[str, Any]:
    """Write ``report.html`` with pictures inside the file, the pictures as PNG files, and ``report.json``.

    Args:
        studies: One study, or several to show side by side and one after the other.
        out: Folder of the page.
        top: Largest number of candidates in a contact sheet; 0 leaves out pictures and classes and reads no data.

    Returns:
        Content of ``report.json``: all figures of the page.
    """
    out.mkdir(parents=True, exist_ok=True)
    common, sections = _sections(studies, out, top)
    if len(studies) == 1:
        content = sections[studies[0].name]
    else:
        content = [*common, *(Section(name, own) for name, own in sections.items())]
    write_page(out / 'report.html', f'Memorisation: {" and ".join(sections)}', introduction(studies), content)
    found = dict(
        layer=studies[0].layer,
        studies=[_summary(study) | merge_figures(sections[study.name]) for study in studies],
        **merge_figures(common),
    )
    write_json(found, out / 'report.json')
    return found


def _sections(studies: Sequence[ScoredStudy], out: Path, top: int) -> tuple[list[Section], dict[str, list[Section]]]:
    """Return the sections on several studies together, and those on each study by its name."""
    if len(studies) == 1:
        return [], {studies[0].name: _study_sections(studies[0], png_path(out), top)}
    common = [side_by_side_section(studies, png_path(out)), agreement_section(studies)]
    return common, {study.name: _study_sections(study, png_path(out, f'{study.name}_'), top) for study in studies}


def _study_sections(study: ScoredStudy, png: PngPath, top: int) -> list[Section]:
    """Return the sections on a study, without those it has no results for."""
    sections = [
        set_section(study, png),
        claim_section(study, png),
        picture_section(study, png, top) if top else None,
        layer_section(study, png),
        removal_section(study, png),
        pruning_section(study, png),
        study_section(study, png),
    ]
    return [section for section in sections if section is not None]


def _summary(study: ScoredStudy) -> dict[str, Any]:
    """Return name and seeds of a study."""
    return dict(name=study.name, seeds=study.scores.seeds)
