import pytest
import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from sslreg.models import BaseMemory, EMATeacher, MemorySSL, ProjectionNeck, Recall, start_teacher
from sslreg.models.memory_ssl import embed_views
from sslreg.registry import MEMORIES, MODELS
from tests import toy


@MEMORIES.register_module()
class SpyMemory(BaseMemory):
    """Notes the order of calls and what was stored."""

    def __init__(self, length: int, feat_dim: int) -> None:
        super().__init__(length, feat_dim)
        self.calls = []

    def read(self, indices):
        self.calls.append('read')
        return Recall(self.feats)

    def write(self, feats, indices):
        self.calls.append(('write', feats, indices.tolist()))


def build(**overrides) -> MemorySSL:
    model = MODELS.build(toy.model(memory=dict(type='SpyMemory', length=6, feat_dim=4), **overrides))
    model.init_weights()
    if model.teacher is not None:
        start_teacher(model)
    return model


def views(*sizes: int, batch: int = 3) -> list[torch.Tensor]:
    return [torch.randn(batch, 3, size, size) for size in sizes]


def test_reads_then_stores_the_teachers_last_key_view():
    model = build()
    inputs = views(8, 8, 4)
    losses = model.loss(inputs, torch.tensor([7, 0, 5]))
    assert losses['loss'].requires_grad
    read, (write, feats, indices) = model.memory.calls
    assert (read, write, indices) == ('read', 'write', [7, 0, 5])
    torch.testing.assert_close(feats, embed_views(model.teacher.module, inputs[:2])[1])


def test_without_a_teacher_the_students_queries_are_the_keys():
    model = build(teacher=None, num_key_views=1)
    model.neck.eval()
    inputs = views(8, 8)
    model.loss(inputs, torch.tensor([0, 1, 2]))
    torch.testing.assert_close(model.memory.calls[1][1], embed_views(model.student, inputs)[0])


def test_views_of_one_size_share_one_pass_and_keep_their_order():
    model = build().eval()
    shapes = []
    model.backbone.register_forward_pre_hook(lambda _, args: shapes.append(tuple(args[0].shape)))
    inputs = views(8, 8, 4, 4, 4)
    embeddings = embed_views(model.student, inputs)
    assert shapes == [(6, 3, 8, 8), (9, 3, 4, 4)]
    assert embeddings.shape == (5, 3, 4)
    for embedding, view in zip(embeddings, inputs, strict=True):
        torch.testing.assert_close(embedding, embed_views(model.student, [view])[0])


def test_features_are_the_teachers_backbone():
    model = build().eval()
    images = torch.randn(2, 3, 8, 8)
    expected = model.teacher.module.backbone(images)[-1].mean(dim=(2, 3))
    nn.init.zeros_(model.backbone.conv.weight)
    torch.testing.assert_close(model.extract_feat(images), expected)
    assert build(teacher=None).extract_feat(images).shape == (2, 8)


def test_state_has_the_names_that_downstream_loads():
    names = set(build().state_dict())
    assert {'backbone.conv.weight', 'neck.mlp.0.weight', 'memory.feats'} <= names
    assert {'teacher.module.backbone.conv.weight', 'teacher.module.neck.mlp.0.weight', 'teacher.steps'} <= names
    assert not [name for name in names if 'student' in name or 'pool' in name]


def test_teacher_gets_no_gradient():
    model = build()
    model.loss(views(8, 8, 4), torch.tensor([0, 1, 2]))['loss'].backward()
    assert all(param.grad is None for param in model.teacher.parameters())
    assert model.backbone.conv.weight.grad.abs().sum() > 0


@pytest.mark.parametrize('kind', ['ViewPreprocessor', 'SelfSupDataPreprocessor', 'SingleViewPreprocessor'])
def test_every_preprocessor_gives_the_indices_and_the_same_views(kind):
    settings = dict(mean=[127.5] * 3, std=[64.0] * 3, to_rgb=True)
    model = MODELS.build(toy.model(data_preprocessor=dict(type=kind, **settings)))
    batch = dict(
        inputs=[torch.randint(256, (2, 3, 8, 8), dtype=torch.uint8) for _ in range(3)],
        data_samples=[DataSample(metainfo=dict(sample_idx=index)) for index in (7, 4)],
    )
    data = model.data_preprocessor(batch, True)
    assert data['data_samples'].tolist() == [7, 4]
    for found, view in zip(data['inputs'], batch['inputs'], strict=True):
        torch.testing.assert_close(found, (view.flip(1) - 127.5) / 64)
    start_teacher(model)
    assert model(**data, mode='loss')['loss'].isfinite()
    assert set(model.state_dict()) == set(MODELS.build(toy.model()).state_dict())


def test_rejects_no_key_views():
    with pytest.raises(ValueError, match='num_key_views=0'):
        build(num_key_views=0)


def test_teacher_averages_parameters_and_leaves_its_buffers():
    student = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    teacher = EMATeacher(student, momentum=0.25)
    before = teacher.module[0].weight.clone()
    with torch.no_grad():
        student[0].weight.add_(1)
        student[1].running_mean.add_(1)
    teacher.update_parameters(student)
    torch.testing.assert_close(teacher.module[0].weight, 0.75 * before + 0.25 * student[0].weight)
    assert teacher.module[1].running_mean.tolist() == [0, 0]
    assert teacher.steps == 1


def test_teacher_has_no_dropout_but_batch_statistics():
    teacher = EMATeacher(nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2)))
    assert teacher.train() is teacher
    assert (teacher.module[0].training, teacher.module[1].training) == (False, True)
    teacher.eval()
    assert (teacher.module[0].training, teacher.module[1].training) == (False, False)


class OwnNorm(nn.Module):
    """A norm that is not torch's, with running statistics."""

    def __init__(self):
        super().__init__()
        self.register_buffer('running', torch.zeros(2))


@pytest.mark.parametrize('options', [dict(), dict(norm_eval=True), dict(frozen_stages=1), dict(frozen_stages=4)])
def test_norms_of_the_teacher_are_in_the_mode_of_the_students(options):
    backbone = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8, **options)
    neck = dict(type='ProjectionNeck', in_channels=64, hid_channels=8, out_channels=4, norm_cfg=dict(type='BN1d'))
    model = build(backbone=backbone, neck=neck)
    model.backbone.own = OwnNorm()
    model.backbone.drop = nn.Dropout()
    teacher = EMATeacher(model.student)
    for mode in (True, False, True):
        model.train(mode), teacher.train(mode)
        students, teachers = (
            [part.training for part in network.modules() if isinstance(part, (_BatchNorm, OwnNorm))]
            for network in (model.student, teacher.module)
        )
        assert students == teachers
        assert any(students) is mode
        assert not teacher.module.backbone.drop.training
        assert model.backbone.drop.training is mode


def test_neck_has_the_official_shape_and_initialisation():
    neck = ProjectionNeck(in_channels=64, hid_channels=256, out_channels=32)
    neck.init_weights()
    assert [type(layer).__name__ for layer in neck.mlp] == ['Linear', 'GELU', 'Linear', 'GELU', 'Linear']
    for layer in neck.mlp[::2]:
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert layer.bias.abs().max() == 0
    out = neck(torch.randn(5, 64))
    torch.testing.assert_close(out, F.normalize(out, dim=-1))


def test_neck_gives_unit_rows_under_autocast_and_normalises_hidden_layers_on_request():
    neck = ProjectionNeck(in_channels=8, hid_channels=16, out_channels=4, norm_cfg=dict(type='BN1d'))
    assert [type(layer).__name__ for layer in neck.mlp] == [
        'Linear',
        'BatchNorm1d',
        'GELU',
        'Linear',
        'BatchNorm1d',
        'GELU',
        'Linear',
    ]
    with torch.autocast('cpu', torch.bfloat16):
        out = neck(torch.randn(5, 8))
    assert out.dtype == torch.float32
    torch.testing.assert_close(out.norm(dim=-1), torch.ones(5))


class NoMemory(torch.nn.Module):
    """Module with the methods of a memory that does not inherit from BaseMemory."""

    def __init__(self, length: int, feat_dim: int) -> None:
        super().__init__()


def test_a_memory_that_is_none_is_refused():
    with pytest.raises(TypeError, match='memory: NoMemory must be a subclass of BaseMemory, with read and write'):
        MODELS.build(toy.model(memory=dict(type=NoMemory, length=6, feat_dim=4)))
