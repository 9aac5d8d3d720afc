"""Weights that are loaded into a backbone, and the errors if they cannot be."""

import re

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.models import ResNet, VisionTransformer
from torch.nn import functional as F

from sslreg.downstream import PretrainedHook
from sslreg.downstream.pretrained import loading_table
from sslreg.models.pretrained_parts import Target

STUDENT, TEACHER = 'backbone.', 'teacher.module.backbone.'
VIT = dict(embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16)


def resnet(width: int = 8, depth: int = 18, **options) -> ResNet:
    return ResNet(depth=depth, stem_channels=width, base_channels=width, **options)


def vit(side: int, **options) -> VisionTransformer:
    return VisionTransformer(arch=VIT, img_size=side, patch_size=16, out_type='featmap', **options)


class Network(BaseModel):
    """A backbone and nothing else."""

    def __init__(self, backbone: torch.nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, inputs, mode: str):
        return dict(loss=self.backbone(torch.stack(inputs))[-1].mean())


@pytest.fixture
def checkpoint(tmp_path):
    """``checkpoint(backbone, prefix, ...)``: a file with this backbone by these prefixes."""

    def save(backbone: torch.nn.Module, *prefixes: str) -> str:
        state = {prefix + name: value for prefix in prefixes for name, value in backbone.state_dict().items()}
        torch.save(dict(state_dict=state), tmp_path / 'pretrained.pth')
        return str(tmp_path / 'pretrained.pth')

    return save


@pytest.fixture
def train(tmp_path):
    """Train a backbone, by a rate of 0, for one step with the hook; ``load_from``: a checkpoint of the network."""

    def run(backbone: torch.nn.Module, load_from: str | None = None, **options) -> torch.nn.Module:
        runner = Runner(
            Network(backbone), str(tmp_path), train_dataloader=dict(
                dataset=[dict(inputs=torch.ones(3, 32, 32))] * 2, sampler=dict(type='DefaultSampler', shuffle=False),
                batch_size=2, collate_fn=dict(type='pseudo_collate')),
            train_cfg=dict(by_epoch=True, max_epochs=1), custom_hooks=[PretrainedHook(**options)],
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)), experiment_name=f'x{id(backbone)}',
            default_hooks=dict(checkpoint=None), load_from=load_from)  # fmt: skip
        return runner.train()

    return run


def start(file: str | None, prefix: str | None = TEACHER) -> dict:
    return dict(init_cfg=dict(type='Pretrained', checkpoint=file, prefix=prefix))


@pytest.mark.parametrize('prefix', [STUDENT, TEACHER, 'backbone', None])
def test_the_backbone_starts_from_the_file(checkpoint, train, capsys, prefix):
    source = resnet()
    written = 'backbone.' if prefix == 'backbone' else prefix or ''
    model = train(resnet(**start(checkpoint(source, written), prefix)))
    for name, value in source.named_parameters():
        assert model.backbone.get_parameter(name).equal(value), name
    text = capsys.readouterr().out
    assert 'Pre-trained weights' in text
    assert 'backbone.layer4' in text
    assert 'pretrained.pth' in text


def test_positions_of_another_grid_are_interpolated(checkpoint, train, capsys):
    source = vit(32)  # 2 x 2 patches and a class token
    model = train(vit(64, **start(checkpoint(source, TEACHER))))
    assert model.backbone.pos_embed.shape == (1, 17, 8)
    assert model.backbone.layers[1].ffn.layers[1].weight.equal(source.layers[1].ffn.layers[1].weight)
    assert model.backbone.pos_embed[0, 0].equal(source.pos_embed[0, 0])
    grid = source.pos_embed[:, 1:].reshape(1, 2, 2, 8).permute(0, 3, 1, 2)
    larger = F.interpolate(grid, size=(4, 4), mode='bicubic').flatten(2).transpose(1, 2)
    torch.testing.assert_close(model.backbone.pos_embed[:, 1:], larger)
    assert 'interpolated' in capsys.readouterr().out


def test_the_table_says_how_much_came_from_where():
    backbone = resnet()
    taken = {name: value for name, value in backbone.state_dict().items() if not name.startswith('layer4')}
    table = loading_table([(Target('backbone', backbone, 'a.pth', TEACHER), taken)])
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    assert rows[0] == ('backbone.conv1', '1', '1,176', f'{TEACHER}conv1')  # 8 x 3 x 7 x 7
    assert rows[1] == ('backbone.bn1', '5', '33', f'{TEACHER}bn1')  # 4 of 8, and a count
    assert rows[-1] == ('backbone.layer4', '30', '', '- (starts anew)')  # 5 convolutions, 5 norms of 5
    assert [row[0] for row in rows[2:-1]] == [f'backbone.layer{i}' for i in (1, 2, 3)]
    assert table.caption == 'a.pth'


def test_only_what_starts_anew_on_purpose_may_be_missing(checkpoint, train):
    source = resnet()
    del source.layer4
    file = checkpoint(source, TEACHER)
    train(resnet(**start(file)), fresh=['backbone.layer4.'])
    message = said(train, resnet(**start(file)), fresh=['backbone.layer3.'])
    assert 'are not in the file (first: layer4.0.conv1.weight)' in message


def test_a_network_that_goes_on_from_a_checkpoint_of_its_own_is_not_held_against_the_pretrained_one(
    checkpoint, train, tmp_path
):
    own = resnet()
    torch.save(dict(state_dict=Network(own).state_dict()), tmp_path / 'own.pth')
    model = train(resnet(**start(checkpoint(resnet(), TEACHER))), load_from=str(tmp_path / 'own.pth'))
    assert model.backbone.conv1.weight.equal(own.conv1.weight)


def said(call, *args, **options) -> str:
    """The one line of the error."""
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        call(*args, **options)
    message = str(caught.value)
    assert '\n' not in message
    return message


def test_a_changed_width(checkpoint, train):
    message = said(train, resnet(8, **start(checkpoint(resnet(16), TEACHER))))
    assert re.search(r"does not fit backbone \(ResNet\): \d+ of \d+ tensors have another shape \(first: conv1.weight, "
                     r'16x3x7x7 in the file, 8x3x7x7 here\); give model.backbone the width', message)  # fmt: skip


def test_a_deeper_network_than_the_file_s(checkpoint, train):
    message = said(train, resnet(depth=34, **start(checkpoint(resnet(depth=18), TEACHER))))
    assert 'are not in the file (first: layer1.2.conv1.weight); give model.backbone the depth' in message


def test_a_shallower_network_than_the_file_s(checkpoint, train):
    message = said(train, resnet(depth=18, **start(checkpoint(resnet(depth=34), TEACHER))))
    assert 'has no place for (first: teacher.module.backbone.layer1.2.conv1.weight): it is of a larger' in message
    assert 'or leave these tensors out of the file' in message


def test_a_checkpoint_without_a_teacher(checkpoint, train):
    message = said(train, resnet(**start(checkpoint(resnet(), STUDENT))))
    assert 'tensors teacher.module.backbone.* of ResNet are not in it' in message
    assert "by the prefix 'backbone.' (a method without a teacher has its backbone there): add --prefix b" in message


@pytest.mark.parametrize('prefix', [None, 'encoder.'])
def test_a_prefix_that_is_missing_or_wrong(checkpoint, train, prefix):
    message = said(train, resnet(**start(checkpoint(resnet(), TEACHER), prefix)))
    assert "but by the prefix 'teacher.module.backbone.': add --prefix teacher.module.backbone." in message


def test_a_file_of_another_kind_of_network(checkpoint, train):
    message = said(train, resnet(**start(checkpoint(vit(32), TEACHER))))
    assert 'are named otherwise than in this network, and none by another prefix fits' in message
    assert 'tools/convert_checkpoint.py' in message


def test_a_file_that_is_not_there(train):
    assert "checkpoint 'nowhere.pth' does not exist" in said(train, resnet(**start('nowhere.pth')))


def test_no_file_at_all(train):
    assert 'backbone has no checkpoint to start from' in said(train, resnet(**start(None)))


def test_loading_nothing_is_an_error_but_where_it_is_wanted(train, capsys):
    assert 'nothing would be loaded' in said(train, resnet())
    train(resnet(), random=True)
    assert 'the backbone starts at random' in capsys.readouterr().out


def test_random_and_pretrained_at_once(checkpoint, train):
    message = said(train, resnet(**start(checkpoint(resnet(), TEACHER))), random=True)
    assert 'random=True' in message


def test_weights_that_something_overwrites_are_an_error(checkpoint, train):
    class Restless(ResNet):
        def init_weights(self) -> None:
            super().init_weights()
            torch.nn.init.zeros_(self.conv1.weight)

    backbone = Restless(depth=18, stem_channels=8, base_channels=8, **start(checkpoint(resnet(), TEACHER)))
    with pytest.raises(RuntimeError, match=r'1 tensors are not as in the checkpoint .*first: backbone.conv1.weight'):
        train(backbone)
