"""A hook that sees to it that a backbone starts from what was pre-trained."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from rich.console import Console
from rich.table import Table
from torch import Tensor

from sslreg.registry import HOOKS
from sslreg.utils.dist import unwrap

from .weights import Target, changed, check, check_used, read, targets


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Refuses weights that do not fit, and says what was loaded.

    The weights themselves are MMEngine's business, ``init_cfg=dict(type='Pretrained', checkpoint=FILE,
    prefix='teacher.module.backbone.')``, which by itself passes over tensors of other shapes and names with a warning.

    Args:
        fresh: Beginnings of names in the model, ``'roi_head.shared_head.norm.'``, of what starts anew on purpose.
        random: A start at random is wanted, as a control; without it, a model that loads nothing is an error.
    """

    def __init__(self, fresh: Sequence[str] = (), random: bool = False) -> None:
        self.fresh = tuple(fresh)
        self.random = random
        self.loaded: list[tuple[Target, dict[str, Tensor]]] = []

    def before_run(self, runner: Runner) -> None:
        """Before MMEngine loads: compare the files with the model.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is no checkpoint, has nothing by this prefix, or is another network's; or nothing at all is
                to be loaded.
        """
        if not isinstance(runner._train_loop, BaseLoop):
            return  # a test, which loads the whole model
        found = targets(unwrap(runner.model))
        if found and self.random:
            raise ValueError(f'PretrainedHook(random=True), but {found[0].name} has an init_cfg of type Pretrained')
        if not found and not self.random:
            raise ValueError(
                "nothing would be loaded: no part of the model has init_cfg=dict(type='Pretrained', checkpoint=FILE, "
                "prefix='teacher.module.backbone.')"
            )
        states: dict[str, dict[str, Tensor]] = {}
        for target in found:
            states.setdefault(target.checkpoint, {} if target.checkpoint in states else read(target))
            self.loaded.append((target, check(target, states[target.checkpoint], self.fresh)))
        check_used(self.loaded, states)

    def before_train(self, runner: Runner) -> None:
        """After MMEngine has loaded: see that it has, and report. A resumed run has gone on from there.

        Raises:
            RuntimeError: Tensors are not what the file has.
        """
        if runner._resume or runner._load_from:
            return
        if self.random:
            print_log('No pre-trained weights: the backbone starts at random', 'current')
            return
        others = changed(self.loaded)
        if others:
            raise RuntimeError(
                f'{len(others)} tensors are not as in the checkpoint after initialisation (first: {others[0]})'
            )
        print_log('\n' + _printed(report(self.loaded)), 'current')
        self.loaded = []


def report(loaded: Sequence[tuple[Target, dict[str, Tensor]]]) -> Table:
    """A line for each part of each target: how many tensors came from which prefix."""
    table = Table('part of the model', 'tensors', 'values', 'in the file', title='Pre-trained weights')
    for target, tensors in loaded:
        own = target.module.state_dict()
        counts = Counter(name.partition('.')[0] for name in tensors)
        for part, count in counts.items():
            numbers = [value.numel() for name, value in tensors.items() if name.partition('.')[0] == part]
            resampled = part in own and own[part].shape != tensors[part].shape
            note = ', interpolated' if resampled else ''
            table.add_row(f'{target.name}.{part}', str(count), f'{sum(numbers):,}', f'{target.prefix}{part}{note}')
        anew = Counter(name.partition('.')[0] for name in own if name not in tensors)
        for part, count in anew.items():
            table.add_row(f'{target.name}.{part}', str(count), '', '- (starts anew)')
    table.caption = ', '.join(dict.fromkeys(target.checkpoint for target, _ in loaded))
    return table


def _printed(table: Any) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
