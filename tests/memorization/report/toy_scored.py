"""A scored study by hand."""

from pathlib import Path

import torch
from mmengine.config import Config

from sslreg.memorization import Study
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.score_settings import Protocol, ScoreSettings
from sslreg.memorization.scored_study import ScoredStudy


def scored(of_f: list[float], name: str = 'a', index: tuple[int, ...] = (4, 5, 6, 7), data: str = 'x') -> ScoredStudy:
    """One seed and layer, four candidates, alignment by g of 1."""
    found = ImageScores(
        ['conv'], [0], ['candidate'] * 4, torch.tensor(index), torch.tensor([[of_f]]), torch.ones(1, 1, 4)
    )
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='PackedImages', data_root=data))))
    settings = ScoreSettings('config.py', 'split.json', Protocol(), '', [])
    return ScoredStudy(name, Study(cfg, Path('split.json'), Path(name)), found, 'conv', settings)
