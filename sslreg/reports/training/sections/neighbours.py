import torch
from torch import Tensor

from sslreg.reports.page import Section
from sslreg.reports.sheets import Cell, contact_sheet
from sslreg.reports.training.measures import nearest
from sslreg.reports.training.observer import PIXELS, TRAINED, UNTRAINED
from sslreg.reports.training.run import COLOURS, Part, Run, percent, picture, spread

TESTS, NEIGHBOURS = 6, 5


def neighbours(run: Run) -> Part:
    """Nearest training images of a few test images, before and after training."""
    tests = torch.tensor(run.runner.val_loop.dataloader.dataset.get_gt_labels())
    bank = torch.tensor(run.runner.val_loop.bank.dataset.get_gt_labels())
    found = {name: nearest(seen.queries, seen.bank, NEIGHBOURS).cpu() for name, seen in run.observer.probed.items()}
    right = {name: bank[indices] == tests[:, None] for name, indices in found.items()}
    chosen = [tests.tolist().index(label) for label in spread(sorted(set(tests.tolist())), TESTS)]
    contact_sheet(
        run.folder / 'neighbours.png',
        [('test image', 1), (UNTRAINED, NEIGHBOURS), (TRAINED, NEIGHBOURS)],
        [_row(run, query, int(tests[query]), found, right) for query in chosen],
    )
    purity = {name: float(part.double().mean()) for name, part in right.items()}
    text = (
        f'The first test image of each of {len(chosen)} classes, evenly spaced in the list of classes rather than '
        f'picked, with the {NEIGHBOURS} training images nearest to it by the features of the untrained and of the '
        f'trained network. Green frame: the right class; red: another. Over all test images, of the {NEIGHBOURS} '
        f'nearest {percent(purity[UNTRAINED])} are right before training and {percent(purity[TRAINED])} after it; by '
        f'raw pixels, {percent(purity[PIXELS])}.'
    )
    return Section('Nearest neighbours, before and after', text, 'neighbours.png'), dict(neighbour_purity=purity)


def _row(run: Run, query: int, label: int, found: dict[str, Tensor], right: dict[str, Tensor]) -> list[Cell]:
    bank, tests = run.runner.val_loop.bank.dataset, run.runner.val_loop.dataloader.dataset
    return [Cell(picture(tests, query), run.classes[label])] + [
        Cell(picture(bank, int(index)), frame=COLOURS['right' if hit else 'wrong'])
        for name in (UNTRAINED, TRAINED)
        for index, hit in zip(found[name][query], right[name][query], strict=True)
    ]
