"""Section on the weights that teacher and student give the entries of a memory block."""

import torch
from torch import Tensor

from sslreg.reports.page import Image, Section, Table
from sslreg.reports.plots import Line, Panel, level, line_panels

from .measures import EmbeddedBatch, distributions
from .observer_hook import TRAINED, UNTRAINED
from .run import COLOURS, Run


def sharpness_section(run: Run) -> Section:
    """Draw the weights that teacher and student give a block's entries, before and after training."""
    weights = {UNTRAINED: _weights(run, run.untrained_batch), TRAINED: _weights(run, run.batch)}
    place = run.example_places[0]
    panels = [_panel(name, teacher[place], student[place]) for name, (teacher, student) in weights.items()]
    path = run.folder / 'sharpness.png'
    line_panels(path, panels, columns=2, size=(4.6, 4.2))
    numbers = {
        name: dict(
            teacher_entropy=cross_entropy(teacher, teacher),
            student_entropy=cross_entropy(student, student),
            cross_entropy=cross_entropy(teacher, student),
        )
        for name, (teacher, student) in weights.items()
    }
    text = (
        'Input of the loss for the first image above and one block of the memory: the similarities of an embedding to '
        'all entries are divided by a temperature and go through a softmax, which gives the weight of each entry. The '
        'teacher embeds one view, the student another. Entries are in order of the weight by the teacher; dots are the '
        "student's weights of the same entries. The closer they are to the teacher's line, the lower is the loss. At "
        'the dashed line all entries have the same weight. The untrained network has a memory of its own embeddings. '
        'The table has the means over a whole batch.'
    )
    table = [
        ['mean in nats', "teacher's entropy", "student's entropy", 'cross-entropy'],
        *([name, *(f'{value:.2f}' for value in row.values())] for name, row in numbers.items()),
    ]
    picture = Image.read(path, 'Weights of the entries of a block by teacher and student')
    heading = 'Weights of the entries by teacher and student'
    return Section(heading, [picture, Table(table), text], figures=dict(distributions=numbers))


def cross_entropy(target: Tensor, predicted: Tensor) -> float:
    """Return the mean cross-entropy of ``[B, K]`` distributions in nats; the entropy if both are the same."""
    return float(torch.special.xlogy(target, predicted).sum(dim=-1).neg().mean())


def _weights(run: Run, batch: EmbeddedBatch) -> tuple[Tensor, Tensor]:
    """Return the weights ``[B, K]`` of the first block by the teacher, for its last view, and by the student."""
    head, block = run.head, batch.blocks[0].cpu()
    key, query = (part.cpu() for part in batch.pair)
    return distributions(key, block, head.teacher_temp), distributions(query, block, head.student_temp)


def _panel(name: str, teacher: Tensor, student: Tensor) -> Panel:
    """Draw the weights ``[K]`` that teacher and student give the entries, sorted by the teacher's."""
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
