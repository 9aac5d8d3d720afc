"""The observer of a run keeps what its report needs."""

import pytest
from mmengine.runner import Runner

from sslreg.models import Recall
from sslreg.models.memories import BaseMemory
from sslreg.registry import MEMORIES
from sslreg.reports.training import ObserverHook
from tests import toy


def test_the_observer_keeps_the_model_and_the_scores_of_before_and_after(tmp_path):
    observer = ObserverHook()
    runner = Runner.from_cfg(toy.config(tmp_path))
    runner.register_hook(observer)
    runner.train()
    assert observer.untrained.memory.num_updates == 0
    assert list(observer.probed) == ['raw pixels', 'untrained network', 'trained network']
    assert [epoch for epoch, _ in observer.curve] == [0, 1, 2]
    assert observer.curve[-1][1] == observer.probed['trained network'].metrics
    assert len(observer.written) == len(runner.model.memory)


@MEMORIES.register_module(force=True)
class ConstantMemory(BaseMemory):
    def read(self, indices):
        return Recall(self.feats)

    def write(self, feats, indices):
        pass


def test_the_observer_refuses_a_memory_whose_entries_it_cannot_trace(tmp_path):
    memory = dict(_delete_=True, type='ConstantMemory', length=16, feat_dim=4)
    runner = Runner.from_cfg(toy.config(tmp_path, model__memory=memory))
    runner.register_hook(ObserverHook())
    with pytest.raises(TypeError, match='QueueMemory, not of a ConstantMemory'):
        runner.train()
