"""A converted network gives the features of the code that it comes from, and converted back it is the same."""

import re
import zipfile
from argparse import Namespace

import numpy as np
import pytest
import timm
import torch
from mmengine.config import Config
from mmpretrain.models import ResNet, ResNet_CIFAR, ResNetV1d, ResNeXt
from safetensors.torch import save_file
from torch import nn

from sslreg.conversion import (
    CODES,
    conversion_table,
    find_backbone,
    make_checkpoint,
    to_code,
    to_encoder,
    to_timm_names,
)
from sslreg.evaluation.features.kinds import ClassToken, Observer, PatchTokens, Pooled
from sslreg.evaluation.model import build_model
from sslreg.models import ResNet9, SSLVisionTransformer, TimmBackbone
from sslreg.models.checkpoints import check_fits, load_checkpoint
from tests import toy
from tests.reference import dino

SMALL = dict(width=24, depth=3, patch=8, grid=4)
ARCH = dict(embed_dims=24, num_layers=3, num_heads=3, feedforward_channels=96)
CLOSE = dict(rtol=1e-5, atol=1e-5)


def encoder(**backbone):
    cfg = Config(dict(model=dict(type='Encoder', backbone=backbone)))
    return build_model(cfg)


def mm(**options):
    return encoder(type='SSLVisionTransformer', **(dict(arch=ARCH, img_size=32, patch_size=8) | options))


def of_timm(name='vit_tiny_patch16_224', **options):
    size = dict(img_size=32, patch_size=8, embed_dim=24, depth=3, num_heads=3)
    return encoder(type='TimmBackbone', model_name=name, **(size | options))


def saved(checkpoint, folder):
    torch.save(checkpoint, folder / 'file.pth')
    return str(folder / 'file.pth')


def weights_of(checkpoint, folder, part='teacher'):
    return to_timm_names(*find_backbone(load_checkpoint(saved(checkpoint, folder)), part))


def loaded(conversion, model):
    """The encoder with what ``tools/test.py`` would read."""
    state = make_checkpoint(conversion.tensors, 'sslreg', 'teacher')['state_dict']
    check_fits(model, state)
    model.load_state_dict(state)
    return model.eval()


def assert_features(model, expected, registers=0, images=None):
    """CLS, the last two blocks' CLS and the patches' tokens."""
    observer = Observer(model)
    extra = 1 + registers
    torch.testing.assert_close(Pooled()(observer, images), expected[-1][:, 0], **CLOSE)
    last_two = torch.cat([expected[-2][:, 0], expected[-1][:, 0]], dim=1)
    torch.testing.assert_close(ClassToken(blocks=2)(observer, images), last_two, **CLOSE)
    torch.testing.assert_close(PatchTokens()(observer, images).flatten(1, 2), expected[-1][:, extra:], **CLOSE)
    assert expected[-1].std() > 0.1  # so that it could be wrong


def prefixed(state, prefix):
    return {prefix + name: value for name, value in state.items()}


def chunked(state):
    """DINOv2's training saves blocks in chunks, each under its own number."""
    return {re.sub(r'^blocks.(\d)', lambda m: f'blocks.{int(m[1]) // 2}.{m[1]}', name): state[name] for name in state}


def training(state, **more):
    """A checkpoint as DINO's code saves it: arguments, and an optimizer whose rates are numpy's."""
    student = {name: value + 1 for name, value in state.items()}
    head = {'head.mlp.0.weight': torch.randn(4, 24)}
    return dict(
        student=prefixed(student, 'module.backbone.') | prefixed(head, 'module.'),
        teacher=prefixed(state, 'backbone.') | head,
        optimizer=dict(state={}, param_groups=[dict(lr=np.float64(0.1))]),
        epoch=3,
        args=Namespace(arch='vit_small'),
        **more,
    )


RELEASES = {
    'DINO': (dict(), training),
    'DINO, backbone alone': (dict(), lambda state: state),
    'DINO, synchronised batch norm': (dict(), lambda state: dict(teacher=prefixed(state, 'module.backbone.'))),
    'DINO, compiled': (dict(), lambda state: dict(teacher=prefixed(state, '_orig_mod.module.backbone.'))),
    'DeiT': (dict(), lambda state: dict(model=state)),
    'iBOT': (dict(scale=2), lambda state: training(state | dict(masked_embed=torch.zeros(1, 24)))),
    'iBOT, backbone alone': (dict(), lambda state: dict(state_dict=state)),
    'MaSSL': (dict(), lambda state: training(state, memory_bank=dict(queue=torch.randn(8, 4)))),
    'DINOv2': (dict(scale=1), lambda state: state | dict(mask_token=torch.zeros(1, 24))),
    'DINOv2, in chunks': (dict(scale=1), lambda state: dict(teacher=prefixed(chunked(state), 'backbone.'))),
    'DINOv2, giant': (dict(scale=1, swiglu=1, hidden=64), lambda state: state),
}


@pytest.mark.parametrize('target', [mm, of_timm])
@pytest.mark.parametrize('name', RELEASES)
def test_a_released_vit_gives_its_features(name, target, tmp_path):
    options, release = RELEASES[name]
    state, images = dino.random_state(**SMALL, **options), torch.randn(2, 3, 32, 32)
    scale = dict(layer_scale_init_value=1e-5) if target is mm else dict(init_values=1e-5)
    giant = dict(layer_cfgs=dict(ffn_type='swiglu_fused'))
    if target is of_timm:
        giant = dict(mlp_ratio=128 / 24, mlp_layer=timm.layers.SwiGLUPacked, act_layer=nn.SiLU)
    model = target(**(scale if 'scale' in options else {}), **(giant if 'swiglu' in options else {}))
    conversion = to_encoder(weights_of(release(state), tmp_path), model)
    assert (conversion.unmatched, conversion.missing, conversion.notes) == ([], [], {})
    assert_features(loaded(conversion, model), dino.tokens(state, images, 3), images=images)


@pytest.mark.parametrize('registers', [0, 4])
def test_dinov2s_positions_are_resampled_as_released(registers, tmp_path):
    """The file has 7 x 7 patches, the network 4 x 4."""
    state = dino.random_state(**(SMALL | dict(grid=7)), scale=1, registers=registers)
    if registers:
        options = dict(reg_tokens=4, no_embed_class=True)
        model, how = of_timm(init_values=1e-5, **options), dict(offset=0, antialias=True)
    else:
        model, how = mm(layer_scale_init_value=1e-5), dict(offset=0.1, antialias=False)
    conversion = to_encoder(weights_of(state, tmp_path), model)
    images = torch.randn(2, 3, 32, 32)
    expected = dino.tokens(state, images, 3, **how)
    assert_features(loaded(conversion, model), expected, registers, images)
    assert 'resampled from 7 x 7 to 4 x 4' in conversion.notes['model.pos_embed' if registers else 'pos_embed']


def test_registers_are_timms(tmp_path):
    """timm's network with the name of the release is the reference, also at other sizes."""
    state = dino.random_state(384, 2, 14, 4, registers=4, scale=1)
    name = 'vit_small_patch14_reg4_dinov2'
    model = encoder(type='TimmBackbone', model_name=name, img_size=56, depth=2)
    conversion = to_encoder(weights_of(state | dict(mask_token=torch.zeros(1, 384)), tmp_path), model)
    assert conversion.left_out == ['mask_token']
    assert conversion.matched['register_tokens'] == 'model.reg_token'
    for size in (56, 84):
        images = torch.randn(2, 3, size, 56)
        expected = dino.tokens(state, images, 6, offset=0, antialias=True)
        assert_features(loaded(conversion, model), expected, 4, images)


def test_the_student_is_taken_if_asked_for(tmp_path):
    state = dino.random_state(**SMALL)
    weights = weights_of(training(state), tmp_path, 'student')
    assert weights.tensors['norm.bias'].equal(state['norm.bias'] + 1)
    assert weights.left_out == ['head.mlp.0.weight']
    with pytest.raises(ValueError, match='holds no student: use --part teacher'):
        weights_of(dict(teacher=state), tmp_path, 'student')


def pretrained():
    """A checkpoint of sslreg's training, and the weights of its two networks."""
    backbone = dict(type='SSLVisionTransformer', arch=ARCH, img_size=32, patch_size=8, layer_scale_init_value=1e-5)
    neck = dict(type='ProjectionNeck', in_channels=24, hid_channels=16, out_channels=4)
    model = build_model(Config(dict(model=toy.model(backbone=backbone, neck=neck))))
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(0.2 * torch.randn(tensor.shape))
    return model.eval(), dict(state_dict=model.state_dict(), meta=dict(epoch=1))


@pytest.mark.parametrize('part', ['teacher', 'student'])
@pytest.mark.parametrize('form', ['timm', 'dino', 'dinov2'])
def test_sslregs_networks_go_out_and_come_back_bit_for_bit(form, part, tmp_path):
    model, checkpoint = pretrained()
    file = make_checkpoint(to_code(weights_of(checkpoint, tmp_path, part), form).tensors, form, part)
    back = to_encoder(weights_of(file, tmp_path, part), mm(layer_scale_init_value=1e-5))
    own = (model.teacher.module if part == 'teacher' else model).backbone.state_dict()
    assert back.tensors.keys() == own.keys()
    assert all(tensor.equal(own[name]) for name, tensor in back.tensors.items())


@pytest.mark.parametrize('form, scale', [('dino', 2), ('dinov2', 1)])
def test_releases_come_back_bit_for_bit(form, scale, tmp_path):
    state = dino.random_state(**SMALL, scale=scale)
    inside = to_encoder(weights_of(state, tmp_path), mm(layer_scale_init_value=1e-5))
    file = make_checkpoint(inside.tensors, 'sslreg', 'teacher')
    back = make_checkpoint(to_code(weights_of(file, tmp_path), form).tensors, form, 'teacher')
    back = back['teacher'] if form == 'dino' else back
    expected = prefixed(state, 'backbone.') if form == 'dino' else state | dict(mask_token=torch.zeros(1, 24))
    assert back.keys() == expected.keys()
    assert all(back[name].equal(value) for name, value in expected.items())


def test_timm_reads_what_sslreg_trained(tmp_path):
    model, checkpoint = pretrained()
    path = saved(
        make_checkpoint(to_code(weights_of(checkpoint, tmp_path), 'timm').tensors, 'timm', 'teacher'), tmp_path
    )
    size = dict(img_size=32, patch_size=8, embed_dim=24, depth=3, num_heads=3, init_values=1e-5, num_classes=0)
    network = timm.create_model('vit_tiny_patch16_224', checkpoint_path=path, **size).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(images), model.extract_feat(images), **CLOSE)
        last_two = network.get_intermediate_layers(images, 2, return_prefix_tokens=True, norm=True)
    expected = torch.cat([prefix[:, 0] for _, prefix in last_two], dim=1)
    torch.testing.assert_close(ClassToken(blocks=2)(Observer(model), images), expected, **CLOSE)
    torch.testing.assert_close(PatchTokens()(Observer(model), images).flatten(1, 2), last_two[-1][0], **CLOSE)


@pytest.mark.parametrize('options', [dict(registers=4), dict(swiglu=1, hidden=64)])
def test_dinov2s_networks_go_back_from_timms_names(options, tmp_path):
    """The class token then holds its position, which is zeros: other tensors, the same features."""
    state, images = dino.random_state(**SMALL, scale=1, **options), torch.randn(2, 3, 32, 32)
    as_timm = make_checkpoint(to_code(weights_of(state, tmp_path), 'timm').tensors, 'timm', 'teacher')
    back = make_checkpoint(to_code(weights_of(as_timm, tmp_path), 'dinov2').tensors, 'dinov2', 'teacher')
    assert back.keys() == state.keys() | {'mask_token'}
    torch.testing.assert_close(dino.tokens(back, images, 3)[-1], dino.tokens(state, images, 3)[-1], rtol=0, atol=0)
    again = make_checkpoint(to_code(weights_of(back, tmp_path), 'timm').tensors, 'timm', 'teacher')
    assert all(again[name].equal(value) for name, value in as_timm.items())
    with pytest.raises(ValueError, match='neither registers nor SwiGLU'):
        to_code(weights_of(as_timm, tmp_path), 'dino')


@pytest.mark.parametrize('target', ['ResNet', 'TimmBackbone'])
def test_a_resnet_of_torchvisions_names(target, tmp_path):
    network = timm.create_model('resnet18', num_classes=10).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(), module.running_var.uniform_(0.5, 2)
    model = encoder(type='ResNet', depth=18) if target == 'ResNet' else encoder(type=target, model_name='resnet18')
    conversion = to_encoder(weights_of(dict(teacher=prefixed(network.state_dict(), 'module.')), tmp_path), model)
    assert conversion.left_out == ['fc.weight', 'fc.bias']
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = network.forward_features(images).mean(dim=(2, 3))
        torch.testing.assert_close(loaded(conversion, model).extract_feat(images), expected, **CLOSE)


def test_networks_of_timm_are_theirs_name_by_name(tmp_path):
    """Also one whose stages are numbered as DINOv2's chunks are."""
    network = timm.create_model('mobilenetv4_hybrid_medium', num_classes=0)
    model = encoder(type='TimmBackbone', model_name='mobilenetv4_hybrid_medium')
    conversion = to_encoder(weights_of(network.state_dict(), tmp_path), model)
    assert conversion.matched == {name: f'model.{name}' for name in network.state_dict()}
    with pytest.raises(ValueError, match='use --to timm'):
        to_code(weights_of(network.state_dict(), tmp_path), 'dinov2')


def test_two_tensors_of_one_name_are_refused(tmp_path):
    state = dino.random_state(**SMALL)
    with pytest.raises(ValueError, match='are both blocks.0.norm1.weight in timm'):
        weights_of(state | {'layers.0.ln1.weight': torch.ones(24)}, tmp_path)


def test_nothing_is_left_without_a_partner_unless_it_may(tmp_path):
    state, model = dino.random_state(**SMALL), mm()
    with pytest.raises(ValueError, match=r"none of the file's 1 tensors .first: weight. is one of the network's"):
        to_encoder(weights_of(dict(weight=torch.ones(1)), tmp_path), model)
    less = {name: value for name, value in state.items() if not name.startswith('norm.')}
    with pytest.raises(
        ValueError, match=r"1 of the file's .* .first: other.* 2 of the network's .* .first: ln1.weight"
    ):
        to_encoder(weights_of(less | dict(other=torch.ones(1)), tmp_path), model)
    conversion = to_encoder(weights_of(less | dict(other=torch.ones(1)), tmp_path), model, partial=True)
    assert (conversion.unmatched, conversion.missing) == (['other'], ['ln1.weight', 'ln1.bias'])
    assert loaded(conversion, model).backbone.ln1.weight.eq(1).all()
    deeper = dino.random_state(**(SMALL | dict(depth=4)))
    with pytest.raises(ValueError, match=r'first: blocks.3.attn.qkv.weight'):
        to_encoder(weights_of(deeper, tmp_path), model)
    with pytest.raises(ValueError, match=r'mlp.fc1.weight has the shape \(64, 24\)'):
        to_encoder(weights_of(dino.random_state(**SMALL, hidden=64), tmp_path), model, partial=True)


def test_models_that_are_more_than_a_backbone_are_refused(tmp_path):
    model, _ = pretrained()
    with pytest.raises(ValueError, match='a MemorySSL is more than a backbone'):
        to_encoder(weights_of(dino.random_state(**SMALL), tmp_path), model)


def test_positions_of_no_square_grid_are_refused(tmp_path):
    state = dino.random_state(**SMALL)
    state['pos_embed'] = torch.randn(1, 13, 24)
    with pytest.raises(ValueError, match="pos_embed holds 13 positions, 1 of them .* set the backbone's img_size"):
        to_encoder(weights_of(state, tmp_path), mm())


def test_of_a_part_of_a_tensor_only_the_part_is_saved():
    inside = make_checkpoint(dict(pos_embed=torch.randn(1, 5, 4)[:, 1:]), 'timm', 'teacher')
    assert inside['pos_embed'].untyped_storage().nbytes() == 4 * 4 * 4


class Anything:
    pass


def test_files_that_cannot_be_read_safely_are_refused(tmp_path):
    path = saved(dict(teacher=dict(a=torch.ones(1)), args=Anything()), tmp_path)
    with pytest.raises(ValueError, match=r'Anything.* save its weights alone'):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        load_checkpoint(str(tmp_path / 'none.pth'))
    for name, content in {'empty.pth': b'', 'page.pth': b'<html>', 'page.safetensors': b'<html>'}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f'{name}. is damaged or no checkpoint that can be read .* get it again'):
            load_checkpoint(str(tmp_path / name))
    with pytest.raises(ValueError, match='holds a list'):
        load_checkpoint(saved([1], tmp_path))
    with pytest.raises(ValueError, match='holds no tensors where they are looked for; it has epoch'):
        weights_of(dict(epoch=3), tmp_path)


def test_numbers_of_numpy_1_are_read(tmp_path):
    """numpy 1 has another name than numpy 2 for the module of its numbers."""
    path = saved(training(dino.random_state(**SMALL)), tmp_path)
    with zipfile.ZipFile(path) as new, zipfile.ZipFile(tmp_path / 'old.pth', 'w') as old:
        for name in new.namelist():
            old.writestr(name, new.read(name).replace(b'numpy._core.multiarray', b'numpy.core.multiarray'))
    for file in (path, str(tmp_path / 'old.pth')):
        assert load_checkpoint(file)['optimizer']['param_groups'][0]['lr'] == 0.1


def test_safetensors_are_read(tmp_path):
    state = dino.random_state(**SMALL)
    save_file(state, tmp_path / 'model.safetensors')
    tensors, _ = find_backbone(load_checkpoint(str(tmp_path / 'model.safetensors')), 'teacher')
    assert all(tensors[name].equal(value) for name, value in state.items())


def test_the_report_has_a_line_for_each_kind_of_tensor(tmp_path):
    state = dino.random_state(**(SMALL | dict(grid=7)))
    conversion = to_encoder(weights_of(training(state), tmp_path), mm())
    table = conversion_table(conversion, 'title')
    lines = list(zip(*(column.cells for column in table.columns), strict=True))
    assert ('blocks.*.norm1.weight', 'layers.*.ln1.weight', '3', '') in lines
    assert ('head.mlp.*.weight', '-', '1', 'not of the backbone') in lines
    note = 'resampled from 7 x 7 to 4 x 4 (bicubic, not antialiased)'
    assert ('pos_embed', 'pos_embed', '1', note) in lines
    assert sum(int(line[2]) for line in lines) == len(state) + 1


def converted(network, code, prefix='backbone.', name=''):
    state = dict(state_dict=prefixed(network.state_dict(), prefix))
    return to_code(to_timm_names(*find_backbone(state, 'teacher')), code, name)


def vit_of(**options):
    return SSLVisionTransformer(**(dict(arch=ARCH, img_size=32, patch_size=8) | options))


LOADABLE = {
    'ResNet-18': (lambda: ResNet(depth=18), ('timm', 'dino')),
    'ResNet-50': (lambda: ResNet(depth=50), ('timm', 'dino')),
    'ResNeXt': (lambda: ResNeXt(depth=50, groups=32, width_per_group=4), ('timm', 'dino')),
    'ViT': (vit_of, CODES),
    'ViT with layer scale': (lambda: vit_of(layer_scale_init_value=1e-5), CODES),
    'ViT of rectangles': (lambda: vit_of(img_size=(32, 48)), ('timm',)),
    'ViT without class token': (lambda: vit_of(with_cls_token=False, out_type='featmap'), ('timm',)),
    'ViT without last norm': (lambda: vit_of(final_norm=False), ()),
    'ViT with a second norm': (lambda: vit_of(out_type='avg_featmap'), ()),
    'ResNet for CIFAR': (lambda: ResNet_CIFAR(depth=18), ()),
    'narrow ResNet': (lambda: ResNet(depth=18, stem_channels=8, base_channels=8), ()),
    'deep stem': (lambda: ResNetV1d(depth=50), ()),
    'ResNet-9': (ResNet9, ()),
}


@pytest.mark.parametrize('code', CODES)
@pytest.mark.parametrize('name', LOADABLE)
def test_what_the_other_code_cannot_load_is_refused(name, code):
    build, codes = LOADABLE[name]
    if code in codes:
        assert converted(build(), code).tensors
    else:
        with pytest.raises(
            ValueError, match=f'{code} could not load|{code}: its|use --to timm|--timm-name|no class token'
        ):
            converted(build(), code)


def test_a_resnet_for_cifar_is_named():
    shapes = r'first: conv1.weight, .64, 3, 3, 3.; it has .64, 3, 7, 7. there'
    with pytest.raises(ValueError, match=rf'timm could not load .*{shapes}.: it is a ResNet for CIFAR'):
        converted(ResNet_CIFAR(depth=18), 'timm')


def test_timm_loads_a_resnet_that_sslreg_trained(tmp_path):
    torch.save(make_checkpoint(converted(ResNet(depth=18), 'timm').tensors, 'timm', 'teacher'), tmp_path / 'a.pth')
    timm.create_model('resnet18', num_classes=0, checkpoint_path=str(tmp_path / 'a.pth'))


def test_other_networks_of_timm_go_there_by_their_names():
    name = 'mobilenetv3_small_050'
    network = timm.create_model(name, num_classes=0)
    with pytest.raises(ValueError, match=r'of no vision transformer or ResNet .*: name the network, --timm-name NAME'):
        converted(network, 'timm', '')
    assert converted(network, 'timm', '', name).tensors.keys() == network.state_dict().keys()
    assert converted(TimmBackbone(name), 'timm').tensors.keys() == network.state_dict().keys()
    with pytest.raises(ValueError, match='timm could not load the result'):
        converted(network, 'timm', '', 'mobilenetv3_small_075')


PREFIXES = {
    "mmdet's semi-supervised methods": ('teacher.backbone.', 'student.backbone.'),
    'MoCo': ('module.encoder_q.', 'module.encoder_k.'),
    'mmselfsup': ('backbone.', 'neck.'),
}


@pytest.mark.parametrize('name', PREFIXES)
def test_the_backbones_of_other_projects_are_found(name):
    own, other = PREFIXES[name]
    state = {'conv1.weight': torch.ones(1)}
    backbone, left_out = find_backbone(dict(state_dict=prefixed(state, own) | prefixed(state, other)), 'teacher')
    assert backbone == state
    assert len(left_out) == 1
