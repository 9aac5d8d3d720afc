import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sslreg.memorization.scored_study import ScoredStudy
from sslreg.reports.page import document, paragraphs, titled

from .introduction import lede
from .layer_section import layers
from .picture_section import pictures
from .pruning_section import pruning
from .removal_section import removal
from .set_sections import sets, tests
from .settings_section import settings
from .side_by_side import agreements, side_by_side
from .style import Part, Png


def write_memorization(studies: Sequence[ScoredStudy], out: Path, top: int = 32) -> dict[str, Any]:
    """Write ``report.html``, one file with its pictures in it, the pictures by themselves, and ``report.json``.

    Args:
        studies: One, or several to be compared, whose sections follow each other.
        out: The folder.
        top: Candidates in a contact sheet; with 0 there are none, nor classes, and the data are not read.

    Returns:
        What is in ``report.json``: all figures of the page.
    """
    out.mkdir(parents=True, exist_ok=True)
    several = len(studies) > 1
    common = [side_by_side(studies, _png(out)), agreements(studies)] if several else []
    own = {study.name: _parts(study, _png(out, f'{study.name}_' if several else ''), top) for study in studies}
    body = ''.join(titled(part.heading, part.body) for part in common)
    for name, parts in own.items():
        body += ''.join(titled(f'{name}: {part.heading}' if several else part.heading, part.body) for part in parts)
    title = f'Memorisation: {" and ".join(own)}'
    (out / 'report.html').write_text(document(title, paragraphs(lede(studies)) + body), encoding='utf-8')
    found = dict(
        layer=studies[0].layer,
        studies=[dict(name=study.name, seeds=study.scores.seeds) | _figures(own[study.name]) for study in studies],
        **_figures(common),
    )
    (out / 'report.json').write_text(json.dumps(found, indent=1) + '\n', encoding='utf-8')
    return found


def _parts(study: ScoredStudy, png: Png, top: int) -> list[Part]:
    found = [
        sets(study, png),
        tests(study, png),
        pictures(study, png, top) if top else None,
        layers(study, png),
        removal(study, png),
        pruning(study, png),
        settings(study, png),
    ]
    return [part for part in found if part is not None]


def _png(out: Path, prefix: str = '') -> Png:
    return lambda name: out / f'{prefix.replace("/", "_")}{name}.png'


def _figures(parts: Sequence[Part]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.figures.items()}
