"""The training of one encoder of a study."""

from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config


@dataclass(frozen=True)
class Training:
    """A training by a config, in a work dir.

    Attributes:
        cfg: Config of the encoder's training.
        work_dir: Folder of its checkpoints; the config is written beside it.
    """

    cfg: Config
    work_dir: Path

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint, which exists when the training is finished."""
        loop = self.cfg.train_cfg
        return self.work_dir / (f'iter_{loop.max_iters}.pth' if 'max_iters' in loop else f'epoch_{loop.max_epochs}.pth')

    @property
    def finished(self) -> bool:
        """Whether the last checkpoint exists and is complete: MMEngine notes its name after writing it."""
        note, last = self.work_dir / 'last_checkpoint', self.checkpoint
        return note.is_file() and Path(note.read_text().strip()).name == last.name and last.is_file()
