"""Hand-made scores of two shared images and four candidates."""

import torch

from sslreg.memorization import Split
from sslreg.memorization.image_scores import ImageScores

SPLIT = Split(shared=[0, 1], candidate=[4, 5, 6, 7], independent=[8, 9], extra=[0])
SETS = ['shared'] * 2 + ['candidate'] * 4


def scores(*of_f: list[float], index: tuple[int, ...] = (4, 5, 6, 7)) -> ImageScores:
    """Two shared images of 0 and four candidates, whose SSLMem is 1 minus what is given, by seeds 3, 4 and so on."""
    rows = torch.tensor([[1.0, 1.0, *row] for row in of_f])[:, None]
    seeds = list(range(3, 3 + len(of_f)))
    return ImageScores(['conv'], seeds, SETS, torch.tensor([0, 1, *index]), rows, torch.ones_like(rows))
