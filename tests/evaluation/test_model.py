"""Models to evaluate."""

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

from sslreg.evaluation.model import load_model
from tests import toy


def test_the_evaluated_model_is_the_runners_with_the_weights_of_a_checkpoint(tmp_path):
    """A preprocessor beside the model, as the Runner takes it; untrained, the teacher is the student."""
    model = toy.model()
    cfg = Config(dict(data_preprocessor=model.pop('data_preprocessor'), model=model))
    untrained = load_model(cfg, None, 'cpu')
    assert not untrained.training
    assert untrained.data_preprocessor.mean.flatten().tolist() == [127.5] * 3
    for name, value in untrained.student.state_dict().items():
        assert torch.equal(value, untrained.teacher.module.state_dict()[name]), name
    untrained.teacher.module.backbone.conv.weight.data.fill_(3)
    torch.save(dict(state_dict=untrained.state_dict()), tmp_path / 'a.pth')
    trained = load_model(cfg, str(tmp_path / 'a.pth'), 'cpu')
    assert (trained.feature_backbone.conv.weight == 3).all()
    cfg.model.memory.length = 32
    with pytest.raises(ValueError, match='the checkpoint is not of this MemorySSL'):
        load_model(cfg, str(tmp_path / 'a.pth'), 'cpu')


def test_the_network_as_it_is_initialised_is_told_in_one_line(tmp_path, capsys):
    MMLogger.get_instance('told', log_level='INFO')
    load_model(toy.config(tmp_path), None, 'cpu')
    told = ''.join(capsys.readouterr())
    assert told.strip().endswith('no checkpoint: the network is evaluated as its config makes it')
    assert len(told.strip().splitlines()) == 1
