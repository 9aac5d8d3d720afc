"""Page on a training run."""

from pathlib import Path
from typing import Any

from mmengine.runner import Runner

from sslreg.reports.page import merge_figures, write_page
from sslreg.utils.files import write_json

from .accuracy_section import accuracy_section, curve_section
from .loss_section import loss_section
from .neighbours_section import neighbours_section
from .observer_hook import ObserverHook
from .recall_section import recall_section
from .run import Run
from .settings_section import settings_section
from .sharpness_section import sharpness_section

SECTIONS = (
    accuracy_section,
    curve_section,
    loss_section,
    neighbours_section,
    recall_section,
    sharpness_section,
    settings_section,
)


def write_report(runner: Runner, observer: ObserverHook, folder: Path, title: str, introduction: str) -> dict[str, Any]:
    """Write ``report.html``, its pictures as PNG files and ``report.json`` to a folder.

    Args:
        runner: Runner after ``train()``, with a ``BenchmarkValLoop`` that classifies images.
        observer: Hook of the runner.
        folder: Existing folder.
        title: Title of the page.
        introduction: First paragraphs, separated by blank lines.

    Returns:
        Content of ``report.json``; ``accuracy`` holds the metrics of pixels, untrained and trained network.
    """
    run = Run(runner, observer, folder)
    sections = [section(run) for section in SECTIONS]
    figures = merge_figures(sections)
    write_page(folder / 'report.html', title, introduction, sections)
    write_json(figures, folder / 'report.json')
    return figures
