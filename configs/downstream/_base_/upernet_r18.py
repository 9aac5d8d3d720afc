"""UPerNet on a narrow ResNet-18, 11 classes; batch norm within a process."""

_base_ = 'mmseg::_base_/models/upernet_r50.py'

norm = dict(type='BN', requires_grad=True)
model = dict(
    pretrained=None,
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=18, stem_channels=32, base_channels=32, out_indices=(0, 1, 2, 3),
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    decode_head=dict(in_channels=[32, 64, 128, 256], channels=64, num_classes=11, norm_cfg=norm),
    auxiliary_head=dict(in_channels=128, channels=64, num_classes=11, norm_cfg=norm))
