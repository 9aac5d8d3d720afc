"""Weights that init_cfg names are loaded last, completely, by name, or refused."""

import re

import pytest
import timm
import torch
from mmengine.model import PretrainedInit
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.models import ResNet

from sslreg.evaluation.model import initialise
from sslreg.models import Encoder, MemorySSL, ProjectionNeck, ResNet9, SSLVisionTransformer, TimmBackbone
from sslreg.models.pretrained_loading import pretrained_last
from tests import toy

ARCH = dict(embed_dims=24, num_layers=2, num_heads=2, feedforward_channels=48)
FORMS = {
    'dict': lambda file, **more: dict(type='Pretrained', checkpoint=file, **more),
    'list': lambda file, **more: [dict(type='Pretrained', checkpoint=file, **more)],
    'class': lambda file, **more: dict(type=PretrainedInit, checkpoint=file, **more),
    'path': lambda file, **more: dict(type='mmengine.model.PretrainedInit', checkpoint=file, **more),
    'with others': lambda file, **more: [
        dict(type='Constant', layer=['Linear', 'Conv2d', 'BatchNorm2d'], val=3.0),
        dict(type='Pretrained', checkpoint=file, **more),
    ],
}


def vit(**options):
    return SSLVisionTransformer(**(dict(arch=ARCH, img_size=32, patch_size=8, out_type='cls_token') | options))


def resnet(**options):
    return ResNet(depth=18, stem_channels=8, base_channels=8, **options)


def neck(**options):
    return ProjectionNeck(in_channels=8, hid_channels=4, out_channels=2, **options)


def tiny_timm(**options):
    return TimmBackbone(
        'vit_tiny_patch16_224', img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2, **options
    )


NETWORKS = dict(vit=vit, resnet=resnet, neck=neck, timm=tiny_timm, resnet9=ResNet9)


def random(network):
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_()
    return network


def saved(network, folder, prefix='', wrap=lambda state: state):
    torch.save(wrap({prefix + name: value for name, value in network.state_dict().items()}), folder / 'file.pth')
    return str(folder / 'file.pth')


def assert_same(network, source):
    own = network.state_dict()
    for name, value in source.state_dict().items():
        assert own[name].equal(value), name


@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('name', NETWORKS)
def test_whatever_is_in_the_file_is_in_the_network(name, form, tmp_path):
    source = random(NETWORKS[name]())
    network = NETWORKS[name](init_cfg=FORMS[form](saved(source, tmp_path)))
    with pretrained_last(network):  # mmpretrain's ResNet does not do it itself
        network.init_weights()
    assert_same(network, source)
    assert network.init_cfg is not None


@pytest.mark.parametrize('form', FORMS)
def test_the_parts_of_a_method_are_loaded_and_the_others_initialised(form, tmp_path, capfd):
    """Student, neck and the whole model; the teacher's names, the student's, those of a wrapper in the file."""
    backbone, source = dict(type='SSLVisionTransformer', arch=ARCH, img_size=32, patch_size=8), random(vit())
    file = saved(source, tmp_path, 'module.teacher.module.backbone.', lambda state: dict(state_dict=state))
    cfg = toy.model(
        backbone=backbone | dict(init_cfg=FORMS[form](file, prefix='teacher.module.backbone')),
        neck=dict(type='ProjectionNeck', in_channels=24, hid_channels=16, out_channels=4),
    )
    model = MemorySSL(**{name: value for name, value in cfg.items() if name != 'type'})
    initialise(model)
    assert_same(model.backbone, source)
    assert model.neck.mlp[0].weight.std() < 0.03
    assert 'backbone: 30 of 30 tensors loaded from' in ''.join(capfd.readouterr())
    whole = MemorySSL(**{name: value for name, value in cfg.items() if name != 'type'})
    whole.backbone.init_cfg, whole.init_cfg = None, FORMS[form](saved(random(model), tmp_path))
    whole.init_weights()
    assert_same(whole, model)


def test_a_run_of_another_models_method_loads_them_last(tmp_path):
    """mmpretrain's ResNet overwrites the last norm of each block unless init_cfg is a dict."""
    source = random(resnet())
    cfg = toy.config(tmp_path / 'run', epochs=1)
    cfg.model = dict(
        type='SimCLR',
        data_preprocessor=dict(type='ViewPreprocessor', mean=[127.5] * 3, std=[64.0] * 3),
        backbone=dict(
            type='ResNet', depth=18, stem_channels=8, base_channels=8, init_cfg=FORMS['list'](saved(source, tmp_path))
        ),
        neck=dict(type='NonLinearNeck', in_channels=64, hid_channels=8, out_channels=4),
        head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss')),
    )
    cfg.train_dataloader.dataset.pipeline[0].num_views = [2]
    cfg.optim_wrapper = dict(type='SSLOptimWrapper', optimizer=dict(type='SGD', lr=0.0))
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.default_hooks.checkpoint = None
    runner = Runner.from_cfg(cfg)
    runner.train()
    for name, value in source.named_parameters():
        assert runner.model.backbone.get_parameter(name).equal(value), name


def test_names_of_other_codes_are_refused_with_the_command(tmp_path):
    network = timm.create_model('vit_tiny_patch16_224', img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2)
    file = saved(network, tmp_path)
    for form in FORMS.values():
        with pytest.raises(
            ValueError, match=rf'2 of the 30 tensors .* tools/convert_checkpoint.py {re.escape(file)} --to'
        ):
            vit(init_cfg=form(file)).init_weights()


def test_another_prefix_is_named(tmp_path):
    file = saved(vit(), tmp_path, 'backbone.')
    with pytest.raises(ValueError, match=r"has 0 of the 30 tensors .*: set model.init_cfg.prefix to 'backbone.'"):
        vit(init_cfg=FORMS['dict'](file)).init_weights()


def test_another_architecture_is_refused(tmp_path):
    file = saved(vit(arch=ARCH | dict(feedforward_channels=96)), tmp_path)
    with pytest.raises(
        ValueError, match=r'6 have another shape .first: layers.0.ffn.layers.0.0.weight, .96, 24. in the'
    ):
        vit(init_cfg=FORMS['dict'](file)).init_weights()
    file = saved(vit(arch=ARCH | dict(num_layers=1)), tmp_path)
    with pytest.raises(ValueError, match='has 18 of the 30 tensors'):
        vit(init_cfg=FORMS['dict'](file)).init_weights()
    with pytest.raises(FileNotFoundError, match="checkpoint 'none.pth' does not exist"):
        vit(init_cfg=FORMS['list']('none.pth')).init_weights()
    with pytest.raises(ValueError, match='has no checkpoint to start from'):
        vit(init_cfg=FORMS['dict']('')).init_weights()


def test_a_few_tensors_may_differ_and_are_named(tmp_path, capfd):
    """A last norm that the file lacks, positions of another size, and a classifier."""
    source = random(vit(img_size=48))
    state = source.state_dict() | {'head.weight': torch.ones(2)}
    torch.save(state, tmp_path / 'file.pth')
    network = vit(out_type='avg_featmap', init_cfg=FORMS['dict'](str(tmp_path / 'file.pth')))
    network.init_weights()
    text = ''.join(capfd.readouterr())
    assert '30 of 32 tensors loaded' in text
    assert (
        '2 are not in it and start anew (first: ln2.weight); 1 of its tensors have no place (first: head.weight)'
        in text
    )
    assert network.ln2.weight.eq(1).all()
    torch.testing.assert_close(network.pos_embed, source.positions((4, 4)))
    assert network.layers[1].attn.qkv.weight.equal(source.layers[1].attn.qkv.weight)


def test_what_init_cfg_sets_without_a_file_is_not_overwritten():
    network = vit(init_cfg=dict(type='Constant', layer='Linear', val=0.5))
    network.init_weights()
    assert network.layers[0].attn.qkv.weight.eq(0.5).all()
    projection = neck(init_cfg=dict(type='Constant', layer='Linear', val=0.5))
    projection.init_weights()
    assert projection.mlp[0].weight.eq(0.5).all()


def test_a_file_of_timm_with_a_classifier_and_an_average(tmp_path):
    options = dict(img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=2)
    average = random(timm.create_model('vit_tiny_patch16_224', num_classes=3, **options))
    raw = {f'module.{name}': value + 1 for name, value in average.state_dict().items()}
    torch.save(dict(state_dict=raw, state_dict_ema=average.state_dict()), tmp_path / 'file.pth')
    network = tiny_timm(checkpoint_path=str(tmp_path / 'file.pth'))
    network.init_weights()
    for name, value in network.model.state_dict().items():
        assert value.equal(average.state_dict()[name])
    with pytest.raises(ValueError, match='the checkpoint is not of this VisionTransformer'):
        TimmBackbone('vit_tiny_patch16_224', checkpoint_path=str(tmp_path / 'file.pth'))
    with pytest.raises(FileNotFoundError, match="checkpoint 'none.pth' does not exist"):
        TimmBackbone('vit_tiny_patch16_224', checkpoint_path='none.pth')


def test_an_encoder_starts_from_a_file_of_its_own(tmp_path):
    with DefaultScope.overwrite_default_scope('sslreg'):
        source = random(Encoder(dict(type='ResNet9')))
        model = Encoder(dict(type='ResNet9'), init_cfg=FORMS['class'](saved(source, tmp_path)))
    model.init_weights()
    assert_same(model, source)
