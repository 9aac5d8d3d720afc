"""Sections on the accuracy of the probe, after training and after every epoch."""

from sslreg.evaluation import Metric
from sslreg.reports.page import Image, Section, Table
from sslreg.reports.plots import Line, Panel, level, line_panels

from .observer_hook import PIXELS, TRAINED, UNTRAINED
from .run import COLOURS, Run


def accuracy_section(run: Run) -> Section:
    """Tabulate the probe's accuracy on raw pixels, untrained and trained network."""
    rows = {name: probed.metrics for name, probed in run.observer.probed.items()}
    names = [metric for metric in rows[TRAINED] if metric.role == 'main']
    table = [
        ['accuracy in %', *map(metric_title, names)],
        *([name, *(f'{metrics[metric]:.1f}' for metric in names)] for name, metrics in rows.items()),
    ]
    test, train = len(run.protocol.test_images), len(run.protocol.train_images)
    text = (
        f'Weighted k-nearest-neighbour classification: the k most similar of {train} training images vote for the '
        f'class of each of {test} test images. Labels are used only here, never in training. Guessing would give '
        f'{100 / len(run.classes):.1f} %. Raw pixels show the accuracy of plain similarity; the untrained network '
        'shows the accuracy of the architecture alone.'
    )
    return Section('Accuracy before and after training', [Table(table), text], figures=dict(accuracy=rows))


def curve_section(run: Run) -> Section:
    """Draw the probe's accuracy after every epoch."""
    epochs = [epoch for epoch, _ in run.observer.curve]
    values = [metrics[run.main_metric] for _, metrics in run.observer.curve]
    probed = {name: probed.metrics[run.main_metric] for name, probed in run.observer.probed.items()}
    lines = [
        Line(epochs, values, TRAINED, dict(color=COLOURS['trained'], linewidth=2, marker='o', markersize=3.5)),
        level(epochs, probed[UNTRAINED], UNTRAINED, color=COLOURS['untrained']),
        level(epochs, probed[PIXELS], PIXELS, color=COLOURS['pixels'], linestyle=':', linewidth=1.8),
        level(epochs, 100 / len(run.classes), 'guessing', color=COLOURS['limit'], linestyle=':'),
    ]
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=4)
    panel = Panel(
        lines, 'epoch', f'accuracy in %, {metric_title(run.main_metric)}', axes=dict(ylim=(0, None)), legend=legend
    )
    path = run.folder / 'accuracy.png'
    line_panels(path, [panel], size=(8, 3.4))
    text = (
        "k-NN accuracy of the teacher's features on the test images after every epoch; epoch 0 is the untrained "
        'network. The loss does not use classes: they separate because the loss relates views through the memory.'
    )
    curve = [dict[str, float](epoch=epoch) | dict(metrics.items()) for epoch, metrics in run.observer.curve]
    picture = Image.read(path, 'Accuracy of the probe after every epoch')
    return Section('Accuracy over training', [picture, text], figures=dict(curve=curve))


def metric_title(metric: Metric) -> str:
    """Return the hyperparameters of a metric, ``'k = 20'``; the name of a metric without any."""
    return ', '.join(f'{name} = {value}' for name, value in metric.parameters.items()) or metric
