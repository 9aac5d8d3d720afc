from mmengine.config import Config

from sslreg.memorization.training import Training


def test_a_training_is_finished_when_its_last_checkpoint_is_noted_and_there(tmp_path):
    training = Training(Config(dict(train_cfg=dict(max_epochs=2))), tmp_path)
    assert training.checkpoint == tmp_path / 'epoch_2.pth'
    (tmp_path / 'epoch_2.pth').touch()
    assert not training.finished  # it may be half written
    (tmp_path / 'last_checkpoint').write_text('elsewhere/epoch_1.pth')
    assert not training.finished
    (tmp_path / 'last_checkpoint').write_text('elsewhere/epoch_2.pth')  # the folder may have been moved
    assert training.finished
    (tmp_path / 'epoch_2.pth').unlink()
    assert not training.finished


def test_a_training_by_iterations(tmp_path):
    assert Training(Config(dict(train_cfg=dict(max_iters=9))), tmp_path).checkpoint.name == 'iter_9.pth'
