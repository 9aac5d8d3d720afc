"""Every downstream config parses, survives a dump, names its command, and takes what its pre-training writes."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from sslreg.downstream import configure
from sslreg.downstream.pretrained_weights import check_all_used, matching_tensors
from sslreg.models.pretrained_parts import find_targets

from .trial import configs, load, task_of, without_values

pytestmark = pytest.mark.usefixtures('downstream')
every_config = pytest.mark.parametrize('path', configs('mmdet') + configs('mmseg'), ids=lambda path: path.stem)


@every_config
def test_dumped_config_is_the_same(path):
    cfg = load(path)
    assert Config.fromstring(cfg.pretty_text, '.py').to_dict() == cfg.to_dict()


@every_config
def test_config_names_its_command(path):
    assert f'bash tools/downstream/dist_train_{task_of(path)}.sh {path} CHECKPOINT' in path.read_text()


@every_config
def test_network_has_a_place_for_every_pretrained_tensor(path, pretrained_shapes):
    """The network has its full width; names and shapes are compared."""
    state: dict[str, torch.Tensor] = pretrained_shapes(path.stem)
    cfg = load(path)
    configure.use_weights(cfg, 'a.pth', None)
    with without_values(), DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    fresh = cfg.custom_hooks[0].get('fresh', ())
    loaded = [(target, matching_tensors(target, state, fresh)) for target in find_targets(model)]
    assert loaded
    check_all_used(loaded, {'a.pth': state})
