import torch
from torch import Tensor

from sslreg.reports.page import Section
from sslreg.reports.plots import Line, Panel, level, line_panels
from sslreg.reports.training.measures import Views, distributions
from sslreg.reports.training.observer import TRAINED, UNTRAINED
from sslreg.reports.training.run import COLOURS, Part, Run


def sharpness(run: Run) -> Part:
    """How teacher and student weigh a block's entries for two views of an image, before and after training."""
    weights = {UNTRAINED: _weights(run, run.untrained_views), TRAINED: _weights(run, run.views)}
    place = run.shown[0]
    panels = [_panel(name, teacher[place], student[place]) for name, (teacher, student) in weights.items()]
    line_panels(run.folder / 'sharpness.png', panels, columns=2, size=(4.6, 4.2))
    numbers = {
        name: dict(
            teacher_entropy=cross_entropy(teacher, teacher),
            student_entropy=cross_entropy(student, student),
            cross_entropy=cross_entropy(teacher, student),
        )
        for name, (teacher, student) in weights.items()
    }
    text = (
        'What the loss compares, for the first image above and one block of the memory: the similarities of the '
        "teacher's embedding of one view, and of the student's of another, to every entry, divided by their "
        'temperatures, through a softmax. Entries are in the order of the weight that the teacher gives them; dots are '
        "the student's weights of the same entries: the nearer to the teacher's line, the lower the loss. At the "
        'dashed line all entries weigh the same. The untrained network has a memory of its own embeddings. The table '
        'has the means over a whole batch.'
    )
    table = [
        ['mean in nats', "teacher's entropy", "student's entropy", 'cross-entropy'],
        *([name, *(f'{value:.2f}' for value in row.values())] for name, row in numbers.items()),
    ]
    section = Section('What teacher and student see in a block', text, 'sharpness.png', table)
    return section, dict(distributions=numbers)


def cross_entropy(target: Tensor, predicted: Tensor) -> float:
    """Mean over ``[B, K]`` distributions, in nats; of a distribution with itself it is the entropy."""
    return float(torch.special.xlogy(target, predicted).sum(dim=-1).neg().mean())


def _weights(run: Run, views: Views) -> tuple[Tensor, Tensor]:
    """Teacher's weights of the first block for its last view and student's for another: ``[B, K]`` each."""
    head, block = run.head, views.blocks[0].cpu()
    key, query = (part.cpu() for part in views.pair)
    return distributions(key, block, head.teacher_temp), distributions(query, block, head.student_temp)


def _panel(name: str, teacher: Tensor, student: Tensor) -> Panel:
    order = teacher.argsort(descending=True)
    rank = range(1, len(order) + 1)
    lines = [
        Line(
            rank,
            student[order],
            f'student, entropy {cross_entropy(student, student):.2f} nats',
            dict(color=COLOURS['student'], linestyle='', marker='.', markersize=4),
        ),
        Line(
            rank,
            teacher[order],
            f'teacher, entropy {cross_entropy(teacher, teacher):.2f} nats',
            dict(color=COLOURS['teacher'], linewidth=2),
        ),
        level(rank, 1 / len(order), 'all entries alike', color=COLOURS['limit'], linewidth=1),
    ]
    title = f'{name}: cross-entropy {cross_entropy(teacher, student):.2f} nats'
    legend = dict(title=title, alignment='left', loc='lower left', bbox_to_anchor=(0, 1), markerscale=2)
    return Panel(lines, "entry, in order of the teacher's weight", 'weight', axes=dict(yscale='log'), legend=legend)
