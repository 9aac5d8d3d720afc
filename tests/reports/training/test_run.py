"""A finished run as the sections of its report see it."""

import numpy as np
import torch

from sslreg.reports.sheets import to_rgb
from sslreg.reports.training.run import percent
from sslreg.utils.spacing import evenly_spaced

from .runs import observed


def test_items_are_evenly_spaced_from_the_first_to_the_last():
    assert evenly_spaced([0, 1, 2, 3, 4], 3) == [0, 2, 4]
    assert evenly_spaced([7, 8], 5) == [7, 8]


def test_a_share_in_per_cent():
    assert percent(0.534) == '53 %'


def test_blue_comes_last():
    image = torch.stack([torch.full((2, 3), level, dtype=torch.uint8) for level in (1, 2, 3)])
    assert np.array_equal(to_rgb(image)[0, 0], [3, 2, 1])


def test_examples_are_of_different_classes_and_the_trained_network_sees_them(tmp_path):
    run = observed(tmp_path)
    labels = run.labels[run.images][run.example_places].tolist()
    assert len(set(labels)) == len(labels) > 1
    assert run.batch.queries.shape[1] == len(run.images)
    assert not torch.equal(run.batch.queries, run.untrained_batch.queries)
    assert run.main_metric == list(run.observer.curve[-1][1])[-1]
