"""A scored study by hand."""

from pathlib import Path

import torch
from mmengine.config import Config

from sslreg.memorization.image_scores import Scores
from sslreg.memorization.scored_study import ScoredStudy


def scored(of_f: list[float], name: str = 'a', index: tuple[int, ...] = (4, 5, 6, 7), data: str = 'x') -> ScoredStudy:
    """One seed and layer, four candidates, alignment by g of 1."""
    found = Scores(['conv'], [0], ['candidate'] * 4, torch.tensor(index), torch.tensor([[of_f]]), torch.ones(1, 1, 4))
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='PackedImages', data_root=data))))
    return ScoredStudy(name, Path(name), cfg, Path('split.json'), found, 'conv', {})
