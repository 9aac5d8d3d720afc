"""A hook that checks that a backbone starts from its pre-trained weights."""

from collections import Counter
from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from rich.table import Table
from torch import Tensor

from sslreg.models.pretrained_parts import Target, find_targets, read_tensors
from sslreg.registry import HOOKS
from sslreg.utils.console import to_text
from sslreg.utils.dist import unwrap

from .pretrained_weights import changed_tensors, check_all_used, matching_tensors


@HOOKS.register_module()
class PretrainedHook(Hook):
    """Guard that refuses pre-trained weights that do not fit the model, and logs what was loaded.

    MMEngine loads the weights itself, by ``init_cfg=dict(type='Pretrained', checkpoint=FILE,
    prefix='teacher.module.backbone.')``; without this hook it skips tensors with other shapes or names with a mere
    warning.

    Args:
        fresh: Prefixes of names in the model, e.g. ``'roi_head.shared_head.norm.'``, that are initialised anew on
            purpose.
        random: Whether the backbone starts at random, as a control; otherwise a model that loads nothing is an error.
    """

    def __init__(self, fresh: Sequence[str] = (), random: bool = False) -> None:
        self.fresh = tuple(fresh)
        self.random = random
        self.loaded: list[tuple[Target, dict[str, Tensor]]] = []

    def before_run(self, runner: Runner) -> None:
        """Compare the checkpoints with the model, before MMEngine loads them.

        Args:
            runner: The runner of the training.

        Raises:
            FileNotFoundError: A checkpoint does not exist.
            ValueError: A file is no checkpoint, has no tensors with the prefix, or is of another network; or nothing
                is to be loaded.
        """
        if not isinstance(runner._train_loop, BaseLoop):
            return  # a test, which loads the whole model
        found = find_targets(unwrap(runner.model))
        if found and self.random:
            raise ValueError(
                f'PretrainedHook(random=True), but {found[0].name} has an init_cfg of type Pretrained: remove it'
            )
        if not found and not self.random:
            raise ValueError(
                "nothing would be loaded: no part of the model has init_cfg=dict(type='Pretrained', checkpoint=FILE, "
                "prefix='teacher.module.backbone.')"
            )
        states: dict[str, dict[str, Tensor]] = {}
        for target in found:
            if target.checkpoint not in states:
                states[target.checkpoint] = read_tensors(target)
            self.loaded.append((target, matching_tensors(target, states[target.checkpoint], self.fresh)))
        check_all_used(self.loaded, states)

    def before_train(self, runner: Runner) -> None:
        """Check after MMEngine's loading that the model has the tensors, and log them; skip resumed runs.

        Args:
            runner: The runner of the training.

        Raises:
            RuntimeError: Tensors differ from the checkpoint.
        """
        if runner._resume or runner._load_from:
            return
        if self.random:
            print_log('No pre-trained weights: the backbone starts at random', 'current')
            return
        differing = changed_tensors(self.loaded)
        if differing:
            raise RuntimeError(
                f'{len(differing)} tensors are not as in the checkpoint after initialisation (first: {differing[0]})'
            )
        print_log('\n' + to_text(loading_table(self.loaded)), 'current')
        self.loaded = []


def loading_table(loaded: Sequence[tuple[Target, dict[str, Tensor]]]) -> Table:
    """Return a table with the number of tensors and their prefix for each part of each target.

    Args:
        loaded: Targets with their tensors.
    """
    table = Table('part of the model', 'tensors', 'values', 'in the file', title='Pre-trained weights')
    for target, tensors in loaded:
        current = target.module.state_dict()
        counts = Counter(name.partition('.')[0] for name in tensors)
        for part, count in counts.items():
            numbers = [value.numel() for name, value in tensors.items() if name.partition('.')[0] == part]
            resampled = part in current and current[part].shape != tensors[part].shape
            note = ', interpolated' if resampled else ''
            table.add_row(f'{target.name}.{part}', str(count), f'{sum(numbers):,}', f'{target.prefix}{part}{note}')
        fresh = Counter(name.partition('.')[0] for name in current if name not in tensors)
        for part, count in fresh.items():
            table.add_row(f'{target.name}.{part}', str(count), '', '- (starts anew)')
    table.caption = ', '.join(dict.fromkeys(target.checkpoint for target, _ in loaded))
    return table
