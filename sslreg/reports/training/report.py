import json
from pathlib import Path
from typing import Any

from mmengine.runner import Runner

from sslreg.reports.page import page

from .observer import ObserverHook
from .run import Run
from .sections import accuracies, loss, neighbours, recall, score, settings, sharpness


def write_report(runner: Runner, observer: ObserverHook, folder: Path, title: str, lede: str) -> dict[str, Any]:
    """Write ``report.html``, its plots and ``report.json`` to a folder.

    Args:
        runner: After ``train()``, with a ``ProbeValLoop``.
        observer: A hook of the runner.
        folder: Exists.
        title: Of the page.
        lede: First paragraphs, separated by blank lines.

    Returns:
        What is in ``report.json``; ``accuracy`` holds the metrics of pixels, untrained and trained network.
    """
    run = Run(runner, observer, folder)
    parts = [part(run) for part in (accuracies, score, loss, neighbours, recall, sharpness, settings)]
    figures = {key: value for _, numbers in parts for key, value in numbers.items()}
    (folder / 'report.html').write_text(page(title, lede, [section for section, _ in parts]), encoding='utf-8')
    (folder / 'report.json').write_text(json.dumps(figures, indent=1) + '\n', encoding='utf-8')
    return figures
