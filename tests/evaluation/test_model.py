"""Models to evaluate."""

import shutil

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

import sslreg
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
    wrapped = {f'module.{name}': value for name, value in untrained.state_dict().items()}
    torch.save(dict(state_dict=wrapped), tmp_path / 'wrapped.pth')  # as DistributedDataParallel's own state is
    assert (load_model(cfg, str(tmp_path / 'wrapped.pth'), 'cpu').feature_backbone.conv.weight == 3).all()
    cfg.model.memory.length = 32
    with pytest.raises(ValueError, match='the checkpoint is not of this MemorySSL'):
        load_model(cfg, str(tmp_path / 'a.pth'), 'cpu')


def test_the_network_as_it_is_initialised_is_told_in_one_line(tmp_path, capsys):
    MMLogger.get_instance('told', log_level='INFO')
    load_model(toy.config(tmp_path), None, 'cpu')
    told = ''.join(capsys.readouterr())
    assert told.strip().endswith('no checkpoint: the network is evaluated as its config makes it')
    assert len(told.strip().splitlines()) == 1


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A work dir of the toy, with its checkpoints and the config that MMEngine dumps."""
    work_dir = tmp_path_factory.mktemp('run')
    toy.train(work_dir, epochs=1)
    return work_dir


def test_a_checkpoint_alone_brings_its_config(trained):
    images = torch.rand(2, 3, 8, 8)
    alone = sslreg.load_model(trained / 'epoch_1.pth')
    (config,) = trained.glob('*.py')
    both = sslreg.load_model(str(config), checkpoint=str(trained / 'epoch_1.pth'))
    assert torch.equal(alone.extract_feat(images), both.extract_feat(images))
    assert not torch.equal(alone.extract_feat(images), sslreg.load_model(config).extract_feat(images))


def test_the_config_in_a_checkpoint_goes_before_the_one_beside_it(trained, tmp_path):
    checkpoint = torch.load(trained / 'epoch_1.pth', weights_only=True)
    checkpoint['meta']['cfg'] = checkpoint['meta']['cfg'].replace('64.0', '32.0')
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    shutil.copy(next(trained.glob('*.py')), tmp_path)
    assert (sslreg.load_model(tmp_path / 'epoch_1.pth').data_preprocessor.std == 32).all()
    del checkpoint['meta']['cfg']
    torch.save(checkpoint, tmp_path / 'epoch_1.pth')
    assert (sslreg.load_model(tmp_path / 'epoch_1.pth').data_preprocessor.std == 64).all()


@pytest.mark.parametrize('number', [0, 2])
def test_a_checkpoint_without_one_config_says_so(trained, tmp_path, number):
    checkpoint = torch.load(trained / 'epoch_1.pth', weights_only=True)
    torch.save(checkpoint['state_dict'], tmp_path / 'weights.pth')
    for i in range(number):
        (tmp_path / f'{i}.py').touch()
    with pytest.raises(ValueError, match=rf"has no config .* {number} .py files instead of one: .*checkpoint='.*pth'"):
        sslreg.load_model(tmp_path / 'weights.pth')


def test_what_does_not_exist_is_named():
    with pytest.raises(FileNotFoundError, match="checkpoint 'none.pth' does not exist"):
        sslreg.load_model('none.pth')
    with pytest.raises(FileNotFoundError, match="config 'none.py' does not exist"):
        sslreg.load_model('none.py', checkpoint='none.pth')
