"""Hook that shows the progress of a training run in the terminal."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sslreg.evaluation.metric import with_metrics
from sslreg.utils.console import show


class ProgressHook(Hook):
    """Progress bar over the training steps with the latest loss and score; without a terminal, a line per evaluation.

    The bar stops during an evaluation, because rich shows one live display at a time. The score is the last main
    metric (k-NN: top-1 with the largest k).
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.bar = Progress(
            TextColumn('training'),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn('{task.fields[loss]}', markup=False),
            TextColumn('{task.fields[score]}', markup=False),
            TimeElapsedColumn(),
            TextColumn('left'),
            TimeRemainingColumn(),
            transient=True,
            disable=not get_console().is_interactive,
        )

    def before_train(self, runner: Runner) -> None:
        """Start the bar."""
        self.task = self.bar.add_task('training', total=runner.max_iters, loss='', score='')
        self.bar.start()

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Advance the bar and show the loss."""
        self.bar.update(self.task, completed=runner.iter + 1, loss=f'loss {outputs["loss"].item():.3f}')

    def before_val_epoch(self, runner: Runner) -> None:
        """Stop the bar for the evaluation's own."""
        self.bar.stop()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Show the score and start the bar again."""
        name, value = [item for item in with_metrics(metrics or {}).items() if item[0].role == 'main'][-1]
        self.bar.update(self.task, score=f'{name} {value:.1f} %')
        if self.bar.disable:
            loss = self.bar.tasks[self.task].fields['loss']
            show(f'epoch {runner.epoch} of {runner.max_epochs}: {loss}, {name} {value:.1f} %')
        self.bar.start()

    def after_train(self, runner: Runner) -> None:
        """Remove the bar."""
        self.bar.stop()
