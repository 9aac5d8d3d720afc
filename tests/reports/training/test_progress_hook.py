"""Progress of a training run in the terminal."""

from types import SimpleNamespace

from mmengine.runner import Runner

from sslreg.reports.training import ProgressHook
from tests import toy


def test_without_a_terminal_there_is_a_line_for_each_evaluation(tmp_path, capsys):
    runner = Runner.from_cfg(toy.config(tmp_path))
    runner.register_hook(ProgressHook())
    runner.train()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith('epoch ')]
    assert [line.split(':')[0] for line in lines] == ['epoch 1 of 2', 'epoch 2 of 2']
    assert all('loss ' in line and line.endswith(' %') for line in lines)


def test_the_score_is_the_last_main_metric(capsys):
    hook = ProgressHook()
    hook.before_train(SimpleNamespace(max_iters=1))
    metrics = {f'pooled/knn/k{k}/top{n}': k + n for k in (10, 20) for n in (1, 5)}
    hook.after_val_epoch(SimpleNamespace(epoch=1, max_epochs=2), metrics)
    assert 'pooled/knn/k20/top1 21.0 %' in capsys.readouterr().out
