"""The weights in checkpoints of all codes, by one function that every tool uses."""

import ast
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EMAHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader, Runner
from torch import nn
from torch.utils.checkpoint import checkpoint

from sslreg.evaluation.model import build_model, load_model
from sslreg.memorization.image_scores import ImageScores
from sslreg.models.checkpoint_weights import fitted, unwrapped, weights_of
from sslreg.models.checkpoints import load_checkpoint
from tests import toy

STATE = {'conv.weight': torch.ones(2), 'conv.bias': torch.zeros(1)}
RAW = {name: value + 1 for name, value in STATE.items()}


def prefixed(prefix, state=STATE):
    return {prefix + name: value for name, value in state.items()}


FORMS = {
    'the tensors': STATE,
    "OpenMMLab's": dict(state_dict=STATE, meta=dict(epoch=1)),
    'DeiT and MAE': dict(model=STATE, optimizer=dict(state={}), epoch=3),
    'timm with an average': dict(state_dict=RAW, state_dict_ema=STATE, arch='resnet18'),
    'DeiT with an average': dict(model=RAW, model_ema=STATE),
    'timm without an average': dict(state_dict=STATE, state_dict_ema=None),
    "MMEngine's EMAHook": dict(state_dict=STATE, ema_state_dict=prefixed('module.', RAW) | dict(steps=torch.tensor(3))),
    'DINO': dict(teacher=STATE, student=RAW, epoch=1),
    'distributed': dict(state_dict=prefixed('module.')),
    'compiled': prefixed('_orig_mod.'),
    'distributed, compiled': dict(model=prefixed('module._orig_mod.')),
    'compiled, distributed, twice': dict(model=prefixed('_orig_mod.module._orig_mod.module.')),
    'a compiled part': dict(
        state_dict={'conv._orig_mod.weight': STATE['conv.weight'], 'conv.bias': STATE['conv.bias']}
    ),
}


@pytest.mark.parametrize('form', FORMS)
def test_the_weights_of_every_form_are_found(form, tmp_path):
    torch.save(FORMS[form], tmp_path / 'file.pth')
    weights = weights_of(load_checkpoint(tmp_path / 'file.pth'))
    assert weights.keys() == STATE.keys()
    assert all(value.equal(STATE[name]) for name, value in weights.items())
    for_mmengine = CheckpointLoader.load_checkpoint(str(tmp_path / 'file.pth'))['state_dict']
    assert all(value.equal(STATE[name]) for name, value in for_mmengine.items())


def test_the_student_is_not_the_average():
    assert weights_of(FORMS['timm with an average'], 'student')['conv.bias'].equal(RAW['conv.bias'])
    assert weights_of(FORMS['DINO'], 'student')['conv.bias'].equal(RAW['conv.bias'])
    with pytest.raises(ValueError, match='holds no student: use --part teacher'):
        weights_of(dict(teacher=STATE), 'student')


def test_a_part_of_a_model_may_be_called_module():
    assert unwrapped('teacher.module.backbone.conv.weight') == 'teacher.module.backbone.conv.weight'
    assert unwrapped('module.teacher.module._orig_mod.conv.weight') == 'teacher.module.conv.weight'


def test_names_that_differ_in_a_wrapper_are_the_models():
    model = nn.ModuleDict(dict(teacher=nn.ModuleDict(dict(module=nn.Linear(1, 1))), head=nn.Linear(1, 1)))
    names = ['teacher.weight', 'teacher.bias', 'head.module.weight', 'head.bias']
    found = fitted(model, {name: torch.tensor(float(i)) for i, name in enumerate(names)})
    assert list(found) == ['teacher.module.weight', 'teacher.module.bias', 'head.weight', 'head.bias']
    same = {'head.module.weight': torch.ones(1), 'head.weight': torch.ones(1)}
    assert fitted(model, same) is same


def test_versions_of_modules_are_kept(tmp_path):
    class Versioned(nn.Linear):
        _version = 7

    model = nn.ModuleDict(dict(teacher=nn.ModuleDict(dict(module=Versioned(1, 1)))))
    torch.save(nn.ModuleDict(dict(module=model)).state_dict(), tmp_path / 'file.pth')
    weights = fitted(model, weights_of(load_checkpoint(tmp_path / 'file.pth')))
    assert weights._metadata['teacher.module'] == dict(version=7)
    state = OrderedDict({'teacher.weight': torch.ones(1)})
    state._metadata = {'teacher': dict(version=5)}
    assert fitted(model, weights_of(state))._metadata == {'teacher': dict(version=5)}


@pytest.mark.parametrize('prefix', ['', 'module.', '_orig_mod.', 'module._orig_mod.'])
def test_every_way_to_a_model_takes_the_same_files(prefix, tmp_path):
    """Evaluation, and a run that resumes: MMEngine's own loading skips names that it does not know."""
    cfg = toy.config(tmp_path / 'run', epochs=1, val_cfg=None, val_dataloader=None, val_evaluator=None)
    model = build_model(cfg)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_()
    torch.save(dict(state_dict=prefixed(prefix, model.state_dict())), tmp_path / 'file.pth')
    loaded = load_model(cfg, tmp_path / 'file.pth')
    cfg.load_from = str(tmp_path / 'file.pth')
    runner = Runner.from_cfg(cfg)
    runner.load_or_resume()
    for found in (loaded, runner.model):
        assert all(value.equal(model.state_dict()[name]) for name, value in found.state_dict().items())


def test_the_objects_of_mmengine_and_numpy_are_read(tmp_path):
    """A checkpoint of mmselfsup's or mmdet's training has the logged scalars, and DINO's numpy's numbers."""
    scalars = dict(loss=HistoryBuffer([1.0, 2.0], [1, 1]))
    more = dict(lr=np.float64(0.1), step=np.int64(3), means=np.arange(3.0), runtime=defaultdict(list))
    torch.save(dict(state_dict=STATE, message_hub=dict(log_scalars=scalars) | more), tmp_path / 'file.pth')
    hub = load_checkpoint(tmp_path / 'file.pth')['message_hub']
    assert hub['log_scalars']['loss'].mean() == 1.5
    assert (hub['lr'], hub['step'], hub['means'].tolist()) == (0.1, 3, [0, 1, 2])


class Harmful:
    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (getattr, (HistoryBuffer, '__init__'))


def test_no_message_advises_to_run_the_code_of_a_file(tmp_path):
    """Neither our reader nor MMEngine's, which resumes, tests and fine-tunes."""
    files = dict(config=Config(dict(a=1)), function=torch.nn.functional.relu, private=Harmful('x'), partial=checkpoint)
    for name, value in files.items():
        path = tmp_path / f'{name}.pth'
        torch.save(dict(state_dict=STATE, more=value), path)
        for read in (load_checkpoint, CheckpointLoader.load_checkpoint):
            with pytest.raises(
                ValueError, match=rf'{name}.pth. (holds an object of|is damaged or no checkpoint)'
            ) as error:
                read(str(path))
            text = str(error.value)
            assert '\n' not in text
            assert not any(word in text for word in ('weights_only', 'add_safe_globals', 'allowlist', 'trust'))
            assert error.value.__cause__ is None
            assert error.value.__suppress_context__
    (tmp_path / 'page.pth').write_text('<html>')
    with pytest.raises(ValueError, match='page.pth. is damaged or no checkpoint that can be read .*: get it again'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'page.pth'))


def test_an_average_of_mmengine_is_what_is_evaluated(tmp_path):
    """Its hook swaps the average into ``state_dict``."""
    cfg = toy.config(tmp_path, epochs=1)
    cfg.custom_hooks = [dict(type='EMAHook', momentum=0.5)]
    runner = Runner.from_cfg(cfg)
    runner.train()
    (hook,) = (hook for hook in runner.hooks if isinstance(hook, EMAHook))
    model = load_model(cfg, tmp_path / 'epoch_1.pth')
    for name, value in hook.ema_model.module.named_parameters():
        assert model.get_parameter(name).equal(value), name


ROOT = Path(__file__).parents[2]
GUARDED = {  # the only places that read files of torch and numpy; they replace the errors, or take another file
    'torch.load': ['sslreg/models/safe_loading.py'],
    'np.load': ['sslreg/datasets/array_files.py', 'sslreg/evaluation/features/store.py', 'sslreg/utils/files.py'],
}


@pytest.mark.parametrize('call', GUARDED)
def test_files_are_read_where_errors_are_replaced(call):
    sources = [path for folder in ('sslreg', 'tools') for path in sorted((ROOT / folder).rglob('*.py'))]
    calls = [path for path in sources if any(ast.unparse(node.func) == call for node in _calls(path))]
    assert [str(path.relative_to(ROOT)) for path in calls] == GUARDED[call]


def _calls(path):
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def test_scores_that_are_damaged_are_named(tmp_path):
    np.savez(tmp_path / 'objects.npz', layers=np.array([dict()], dtype=object))
    np.savez(tmp_path / 'other.npz', a=np.zeros(2))
    (tmp_path / 'text.npz').write_text('no archive')
    for name in ('objects', 'other', 'text'):
        with pytest.raises(ValueError, match=rf'{name}.npz. is damaged or no file of sslreg .*: delete it') as error:
            ImageScores.read(tmp_path / f'{name}.npz')
        assert 'allow_pickle' not in str(error.value)
