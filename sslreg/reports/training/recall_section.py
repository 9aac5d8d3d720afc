"""Section with the memory entries that are most and least similar to training images."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sslreg.models import QueueMemory
from sslreg.reports.page import Image, Section, Table
from sslreg.reports.sheets import Cell, contact_sheet

from .measures import EmbeddedBatch, origins, overlap, sorted_entries
from .observer_hook import TRAINED, UNTRAINED
from .run import COLOURS, Run, dataset_image

MOST, LEAST = 6, 3


class Recalled(NamedTuple):
    """Memory entries for each image of a batch, the most similar first: ``[B, P]`` each.

    Attributes:
        similarity: Cosine similarity of the entries to the teacher's last view.
        images: Dataset index of each entry's image.
        slots: Places of the entries in the memory.
        student: Places in the memory, by similarity to the student's embedding of another view.
    """

    similarity: Tensor
    images: Tensor
    slots: Tensor
    student: Tensor


def recall_section(run: Run) -> Section:
    """Show the memory entries most and least similar to a few training images, and their classes."""
    trained = _recall(run.batch, run.model.memory, run.observer.written)
    untrained_model, written = run.untrained
    untrained = _recall(run.untrained_batch, untrained_model.memory, written)
    groups = [('training image, a view', 2), ('most similar entries', MOST), ('least similar', LEAST)]
    path = run.folder / 'recall.png'
    contact_sheet(path, groups, [_row(run, place, trained) for place in run.example_places])
    depth = max(trained.images.shape[1] // len(run.classes), 1)
    shares = {UNTRAINED: _shares(run, untrained, depth), TRAINED: _shares(run, trained, depth)}
    text = (
        'Training images, the augmented view of each that the teacher gets, and the memory entries most and least '
        "similar to the embedding of that view, with the cosine similarity. An entry is the teacher's embedding of a "
        'view at an earlier step; the picture is the whole image of that view. Blue frame: same image; green: another '
        'image of the same class; red: another class.\n\n'
        "The student predicts from one view the entries that the teacher recalls for another. Therefore an image's "
        'embedding must keep what all its views share and drop what augmentation changes; images of one class share '
        "much of what is kept. The table has means over a whole batch: the share of entries of the image's class, "
        f'without those of the image itself, among the {MOST} and the {depth} most similar entries ({depth} is the '
        f"share of one class in the memory); and the share of the teacher's {depth} entries that are also the "
        "student's for another view, which the loss asks for. The untrained network has a memory of its own embeddings."
    )
    table = [
        ['share in %', f'same class, of {MOST}', f'same class, of {depth}', f'common to both views, of {depth}'],
        *([name, *(f'{100 * share:.0f}' for share in row.values())] for name, row in shares.items()),
    ]
    picture = Image.read(path, 'Training images, a view of each and the memory entries most and least similar to it')
    figures = dict(recall=dict(depth=depth, **shares))
    return Section('What the memory recalls', [picture, Table(table), text], figures=figures)


def _recall(batch: EmbeddedBatch, memory: QueueMemory, written: Sequence[int]) -> Recalled:
    """Sort the entries of a memory by similarity to the views of a batch."""
    source = origins(memory, written)
    key, query = (sorted_entries(part.cpu(), memory.feats.cpu(), source >= 0) for part in batch.pair)
    return Recalled(key[0], source[key[1]], key[1], query[1])


def _shares(run: Run, found: Recalled, depth: int) -> dict[str, float]:
    """Return the mean shares of the table's columns."""
    return dict(
        class_nearest=_purity(run, found.images[:, :MOST]),
        class_depth=_purity(run, found.images[:, :depth]),
        common_depth=overlap(found.slots[:, :depth], found.student[:, :depth]),
    )


def _row(run: Run, place: int, found: Recalled) -> list[Cell]:
    """Return the cells of an image, its view and its entries.

    Args:
        run: The run.
        place: Place of the image in the observed batch.
        found: Entries for the whole batch.
    """
    query = run.images[place]
    entries = list(zip(found.images[place].tolist(), found.similarity[place].tolist(), strict=True))
    cells = [Cell(dataset_image(run.dataset, query), run.classes[int(run.labels[query])]), Cell(run.key_view(place))]
    return cells + [
        Cell(dataset_image(run.dataset, image), f'{similarity:.2f}', _frame(run, query, image))
        for image, similarity in entries[:MOST] + entries[-LEAST:]
    ]


def _frame(run: Run, query: int, image: int) -> str:
    """Return the colour of an entry's frame by how its image relates to the query."""
    if image == query:
        return COLOURS['own']
    return COLOURS['right' if run.labels[image] == run.labels[query] else 'wrong']


def _purity(run: Run, images: Tensor) -> float:
    """Return the share of entries of each image's class among the entries of other images.

    Args:
        run: The run.
        images: Dataset index of each entry's image, ``[B, P]``.
    """
    queries = torch.tensor(run.images)[:, None]
    other = images != queries
    same = run.labels[images] == run.labels[queries]
    return float((same & other).sum() / other.sum())
