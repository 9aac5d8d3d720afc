"""How good the features are: the probe's accuracy, at the end and over the epochs."""

import re

from sslreg.reports.page import Section
from sslreg.reports.plots import Line, Panel, level, line_panels
from sslreg.reports.training.observer import PIXELS, TRAINED, UNTRAINED
from sslreg.reports.training.run import COLOURS, Part, Run


def accuracies(run: Run) -> Part:
    """Top-1 accuracy of the probe on pixels, untrained and trained network."""
    rows = {name: probed.metrics for name, probed in run.observer.probed.items()}
    names = list(rows[TRAINED])
    table = [
        ['accuracy in %', *map(metric_title, names)],
        *([name, *(f'{metrics[metric]:.1f}' for metric in names)] for name, metrics in rows.items()),
    ]
    test, train = len(run.runner.val_loop.dataloader.dataset), len(run.runner.val_loop.bank.dataset)
    text = (
        f'Weighted k-nearest-neighbour classification: each of {test} test images takes the class for which its k '
        f'most similar among {train} training images vote. Labels are used here only, never in training. '
        f'Guessing would give {100 / len(run.classes):.1f} %. Raw pixels show how far plain resemblance goes; the '
        'untrained network, how far the architecture goes by itself.'
    )
    return Section('What training brought', text, table=table), dict(accuracy=rows)


def score(run: Run) -> Part:
    """The probe's accuracy after every epoch."""
    epochs = [epoch for epoch, _ in run.observer.curve]
    values = [metrics[run.score] for _, metrics in run.observer.curve]
    probed = {name: probed.metrics[run.score] for name, probed in run.observer.probed.items()}
    lines = [
        Line(epochs, values, TRAINED, dict(color=COLOURS['trained'], linewidth=2, marker='o', markersize=3.5)),
        level(epochs, probed[UNTRAINED], UNTRAINED, color=COLOURS['untrained']),
        level(epochs, probed[PIXELS], PIXELS, color=COLOURS['pixels'], linestyle=':', linewidth=1.8),
        level(epochs, 100 / len(run.classes), 'guessing', color=COLOURS['limit'], linestyle=':'),
    ]
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=4)
    panel = Panel(lines, 'epoch', f'accuracy in %, {metric_title(run.score)}', axes=dict(ylim=(0, None)), legend=legend)
    line_panels(run.folder / 'accuracy.png', [panel], size=(8, 3.4))
    text = (
        "k-NN accuracy of the teacher's features on the test images after every epoch; epoch 0 is the untrained "
        'network. The loss knows nothing of the classes: that they come apart is what relating views through the '
        'memory brings about.'
    )
    curve = [dict(epoch=epoch) | metrics for epoch, metrics in run.observer.curve]
    return Section('Accuracy over training', text, 'accuracy.png'), dict(curve=curve)


def metric_title(name: str) -> str:
    """``'knn/k20'`` -> ``'k = 20'``; other names stay."""
    return re.sub(r'^.*/k(\d+)$', r'k = \1', name)
