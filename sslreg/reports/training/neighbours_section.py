"""Section with the nearest neighbours of test images before and after training."""

from torch import Tensor

from sslreg.reports.page import Image, Section
from sslreg.reports.sheets import Cell, contact_sheet
from sslreg.utils.spacing import evenly_spaced

from .measures import nearest_rows
from .observer_hook import PIXELS, TRAINED, UNTRAINED
from .run import COLOURS, Run, dataset_image, percent

TESTS, NEIGHBOURS = 6, 5


def neighbours_section(run: Run) -> Section:
    """Show the nearest training images of a few test images, before and after training."""
    tests = run.protocol.test_labels
    bank = run.protocol.train_labels
    found = {
        name: nearest_rows(probed.queries, probed.bank, NEIGHBOURS).cpu()
        for name, probed in run.observer.probed.items()
    }
    right = {name: bank[indices] == tests[:, None] for name, indices in found.items()}
    chosen = [tests.tolist().index(label) for label in evenly_spaced(sorted(set(tests.tolist())), TESTS)]
    path = run.folder / 'neighbours.png'
    contact_sheet(
        path,
        [('test image', 1), (UNTRAINED, NEIGHBOURS), (TRAINED, NEIGHBOURS)],
        [_row(run, query, int(tests[query]), found, right) for query in chosen],
    )
    purity = {name: float(part.double().mean()) for name, part in right.items()}
    text = (
        f'The first test image of each of {len(chosen)} classes, with the {NEIGHBOURS} nearest training images by the '
        'features of the untrained and of the trained network. The classes are evenly spaced in the list of classes, '
        f'not selected by hand. Green frame: same class; red: another class. Among the {NEIGHBOURS} nearest images of '
        f'all test images, {percent(purity[UNTRAINED])} have the same class before training, '
        f'{percent(purity[TRAINED])} after it and {percent(purity[PIXELS])} by raw pixels.'
    )
    picture = Image.read(path, 'Test images and their nearest training images before and after training')
    heading = 'Nearest neighbours, before and after'
    return Section(heading, [picture, text], figures=dict(neighbour_purity=purity))


def _row(run: Run, query: int, label: int, found: dict[str, Tensor], right: dict[str, Tensor]) -> list[Cell]:
    """Return the cells of a test image and its neighbours.

    Args:
        run: The run.
        query: Index of the test image.
        label: Class of the test image.
        found: Indices of the nearest training images ``[M, k]`` by network.
        right: Whether these have the class of the test image.
    """
    bank, tests = run.protocol.train_images, run.protocol.test_images
    return [Cell(dataset_image(tests, query), run.classes[label])] + [
        Cell(dataset_image(bank, int(index)), frame=COLOURS['right' if hit else 'wrong'])
        for name in (UNTRAINED, TRAINED)
        for index, hit in zip(found[name][query], right[name][query], strict=True)
    ]
