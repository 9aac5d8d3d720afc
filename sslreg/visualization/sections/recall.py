from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sslreg.models import QueueMemory
from sslreg.visualization.html import Section
from sslreg.visualization.measures import Views, origins, recalled
from sslreg.visualization.observer import TRAINED, UNTRAINED
from sslreg.visualization.run import COLOURS, Part, Run, picture
from sslreg.visualization.sheets import Cell, contact_sheet

MOST, LEAST = 6, 3


class Recalled(NamedTuple):
    """The memory's entries for each of a batch's keys, the most similar first: ``[B, P]`` both."""

    similarity: Tensor
    images: Tensor


def recall(run: Run) -> Part:
    """What the memory holds that is most and least like a few training images, and from which class that is."""
    trained = _recall(run.views, run.model.memory, run.observer.written)
    untrained_model, written = run.untrained
    before = _recall(run.untrained_views, untrained_model.memory, written)
    groups = [('training image, a view', 2), ('most similar entries', MOST), ('least similar', LEAST)]
    contact_sheet(run.folder / 'recall.png', groups, [_row(run, place, trained) for place in run.shown])
    purity = {
        UNTRAINED: _purity(run, before.images[:, :MOST]),
        TRAINED: _purity(run, trained.images[:, :MOST]),
        'chance': _purity(run, trained.images),
    }
    text = (
        'Training images, the augmented view of each that the teacher sees, and the memory entries whose embeddings '
        "are most and least similar to that view's, with the cosine similarity. An entry is the embedding of a view "
        'that the teacher saw at an earlier step; what is shown is the whole image. Blue frame: the same image; green: '
        'another image of its class; red: another class.\n\n'
        'The student must predict from one view what the teacher recalls for another. That works only if an embedding '
        'keeps what views of an image share and drops what augmentation changes; images of one class share much of '
        f'the former. Over the whole batch, {purity[TRAINED]:.0%} of the {MOST} most similar entries, those of the '
        'image itself aside, are of its class; with the untrained network and a memory of its own embeddings '
        f"{purity[UNTRAINED]:.0%}, by chance {purity['chance']:.0%}.")
    return Section('What the memory recalls', text, 'recall.png'), dict(recall_purity=purity)


def _recall(views: Views, memory: QueueMemory, written: Sequence[int]) -> Recalled:
    source = origins(memory, written)
    similarity, slots = recalled(views.keys[-1].cpu(), memory.feats.cpu(), source >= 0)
    return Recalled(similarity, source[slots])


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
    return cells + [Cell(picture(run.dataset, image), f'{similarity:.2f}', _frame(run, query, image))
                    for image, similarity in entries[:MOST] + entries[-LEAST:]]


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
