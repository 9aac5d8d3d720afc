"""Section on the loss of a training run."""

import math

from sslreg.reports.page import Image, Section
from sslreg.reports.plots import Line, Panel, level, line_panels, smooth

from .run import COLOURS, Run


def loss_section(run: Run) -> Section:
    """Draw the loss, its limits (collapse and the teacher's entropy) and the spread of the queries."""
    history = {name: run.history(name) for name in ('loss', 'teacher_entropy', 'query_std')}
    limit, per_epoch = math.log(run.num_entries), len(run.runner.train_dataloader)
    last = run.runner.iter  # the history may be shorter: a checkpoint keeps the last steps only
    upper = [
        level([last - len(history['loss']) + 1, last], limit, f'collapse: {limit:.2f}', color=COLOURS['limit']),
        *_curve(history['loss'], 'loss', COLOURS['student'], per_epoch, last),
        *_curve(history['teacher_entropy'], "teacher's entropy", COLOURS['teacher'], per_epoch, last),
    ]
    lower = _curve(history['query_std'], '', COLOURS['trained'], per_epoch, last)
    legend = dict(loc='lower left', bbox_to_anchor=(0, 1), ncols=3)
    xlabel = f'training step ({per_epoch} are an epoch)'
    panels = [Panel(upper, '' if lower else xlabel, 'nats', legend=legend)]
    if lower:
        panels.append(Panel(lower, xlabel, 'spread of queries', axes=dict(ylim=(0, 1.05))))
    path = run.folder / 'loss.png'
    line_panels(path, panels, size=(8, 2.8))
    text = (
        "The loss is the cross-entropy between the teacher's and the student's weights of the "
        f'{run.num_entries} memory entries in a block. A run collapses if all images get the same embedding; its loss '
        f'then stays at the dashed line ln {run.num_entries} = {limit:.2f}, because all entries are equally similar to '
        "every image. The teacher's entropy (drawn for its last view) is a lower bound of the loss. The gap between "
        'both curves measures how far the student disagrees with the teacher. A falling entropy means that the teacher '
        'gives its weight to fewer entries. Both curves may rise at first: the memory starts with random directions, '
        "and the teacher's temperature rises during the warm-up.\n\n"
        'The lower curve is the spread of the embeddings in a batch: 1 if they point in all directions, 0 after a '
        'collapse. Thin lines are single steps, thick lines the mean over an epoch.'
    )
    picture = Image.read(path, "Loss, teacher's entropy and spread of the queries over the training steps")
    figures = dict(collapse_loss=limit, history=history)
    return Section('Does it learn, or collapse?', [picture, text], figures=figures)


def _curve(values: list[float], label: str, colour: str, window: int, last: int) -> list[Line]:
    """Draw the values of the steps up to ``last`` thinly and their running mean thickly."""
    if not values:
        return []
    steps = range(last - len(values) + 1, last + 1)
    return [
        Line(steps, values, '', dict(color=colour, alpha=0.3, linewidth=0.8)),
        Line(steps, smooth(values, window), label, dict(color=colour, linewidth=2)),
    ]
