"""Top-level keys of a config."""

from mmengine.config import Config


def check_keys(cfg: Config) -> None:
    """Raise KeyError if a config given to a training tool lacks the model or the training data."""
    for name in ('model', 'train_dataloader'):
        if not cfg.get(name):
            raise KeyError(
                f'config {cfg.filename or "(text)"} has no {name}: give a config that describes a training run'
            )
