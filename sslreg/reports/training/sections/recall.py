from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sslreg.models import QueueMemory
from sslreg.reports.page import Section
from sslreg.reports.sheets import Cell, contact_sheet
from sslreg.reports.training.measures import Views, origins, overlap, recalled
from sslreg.reports.training.observer import TRAINED, UNTRAINED
from sslreg.reports.training.run import COLOURS, Part, Run, picture

MOST, LEAST = 6, 3


class Recalled(NamedTuple):
    """The memory's entries for each image of a batch, the most similar first: ``[B, P]`` each.

    Attributes:
        similarity: Cosine similarity of the entries to the teacher's last view.
        images: Dataset index of the images that the entries came from.
        slots: Their places in the memory.
        student: Places of the entries most similar to the student's embedding of another view.
    """

    similarity: Tensor
    images: Tensor
    slots: Tensor
    student: Tensor


def recall(run: Run) -> Part:
    """What the memory holds that is most and least like a few training images, and from which class that is."""
    trained = _recall(run.views, run.model.memory, run.observer.written)
    untrained_model, written = run.untrained
    untrained = _recall(run.untrained_views, untrained_model.memory, written)
    groups = [('training image, a view', 2), ('most similar entries', MOST), ('least similar', LEAST)]
    contact_sheet(run.folder / 'recall.png', groups, [_row(run, place, trained) for place in run.shown])
    depth = max(trained.images.shape[1] // len(run.classes), 1)
    shares = {UNTRAINED: _shares(run, untrained, depth), TRAINED: _shares(run, trained, depth)}
    text = (
        'Training images, the augmented view of each that the teacher sees, and the memory entries whose embeddings '
        "are most and least similar to that view's, with the cosine similarity. An entry is the embedding of a view "
        'that the teacher saw at an earlier step; what is shown is the whole image. Blue frame: the same image; green: '
        'another image of its class; red: another class.\n\n'
        'The student must predict from one view what the teacher recalls for another. That works only if an embedding '
        'keeps what views of an image share and drops what augmentation changes; images of one class share much of '
        "the former. The table has means over a whole batch: the share of entries of the image's class, other than "
        f"those of the image itself, among the {MOST} and the {depth} most similar ({depth} is a class's share of the "
        f"memory); and how many of the teacher's {depth} are also the student's for another view, which is what the "
        'loss asks for. The untrained network has a memory of its own embeddings.'
    )
    table = [
        ['share in %', f'same class, of {MOST}', f'same class, of {depth}', f'common to both views, of {depth}'],
        *([name, *(f'{100 * share:.0f}' for share in row.values())] for name, row in shares.items()),
    ]
    return Section('What the memory recalls', text, 'recall.png', table), dict(recall=dict(depth=depth, **shares))


def _recall(views: Views, memory: QueueMemory, written: Sequence[int]) -> Recalled:
    source = origins(memory, written)
    key, query = (recalled(part.cpu(), memory.feats.cpu(), source >= 0) for part in views.pair)
    return Recalled(key[0], source[key[1]], key[1], query[1])


def _shares(run: Run, found: Recalled, depth: int) -> dict[str, float]:
    return dict(
        class_nearest=_purity(run, found.images[:, :MOST]),
        class_depth=_purity(run, found.images[:, :depth]),
        common_depth=overlap(found.slots[:, :depth], found.student[:, :depth]),
    )


def _row(run: Run, place: int, found: Recalled) -> list[Cell]:
    """An image, its view and its entries.

    Args:
        run: The run.
        place: Of the image in the observed batch.
        found: Entries of the whole batch.
    """
    query = run.images[place]
    entries = list(zip(found.images[place].tolist(), found.similarity[place].tolist(), strict=True))
    cells = [Cell(picture(run.dataset, query), run.classes[int(run.labels[query])]), Cell(run.key_view(place))]
    return cells + [
        Cell(picture(run.dataset, image), f'{similarity:.2f}', _frame(run, query, image))
        for image, similarity in entries[:MOST] + entries[-LEAST:]
    ]


def _frame(run: Run, query: int, image: int) -> str:
    if image == query:
        return COLOURS['own']
    return COLOURS['right' if run.labels[image] == run.labels[query] else 'wrong']


def _purity(run: Run, images: Tensor) -> float:
    """Share of entries ``[B, P]`` of each image's class, among those of other images."""
    queries = torch.tensor(run.images)[:, None]
    other = images != queries
    same = run.labels[images] == run.labels[queries]
    return float((same & other).sum() / other.sum())
