"""FCN, narrow ResNet-18 with stride 16, CamVid, 11 classes, 360 x 270 px.

    python tools/downstream/unpack.py camvid
    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/fcn_r18_camvid.py CHECKPOINT 1

The backbone is that of configs/massl/resnet18_tinyimagenet_small.py, half as wide as ResNet-18. On two CPU cores:
fcn_r18_camvid_small.py. Not yet run.
"""

_base_ = ['mmseg::_base_/models/fcn_r50-d8.py', '../_base_/camvid.py']

norm = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(size=(256, 320)),
    pretrained=None,
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=18, stem_channels=32, base_channels=32, out_indices=(0, 1, 2, 3),
        strides=(1, 2, 2, 1), dilations=(1, 1, 1, 2),
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    decode_head=dict(in_channels=256, channels=128, num_classes=11, norm_cfg=norm),
    auxiliary_head=dict(in_channels=128, channels=64, num_classes=11, norm_cfg=norm))
