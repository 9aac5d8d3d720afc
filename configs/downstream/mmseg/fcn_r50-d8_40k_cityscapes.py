"""FCN, ResNet-50 with stride 8, Cityscapes, 769 px, 40,000 steps (mmselfsup's benchmark).

    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/fcn_r50-d8_40k_cityscapes.py CHECKPOINT 8

It is fcn_r50-d8_20k_voc12aug.py on other data. mmselfsup trains with 8 images per step on 4 GPUs; here 8 GPUs have one each. MoCo
(https://arxiv.org/abs/1911.05722), with another head: 75.3 mIoU. Here: not yet run.
"""

_base_ = ['mmseg::_base_/models/fcn_r50-d8.py', 'mmseg::_base_/datasets/cityscapes_769x769.py', '../_base_/mmseg.py']

crop = (769, 769)
steps = 40_000
model = dict(
    data_preprocessor=dict(size=crop),
    pretrained=None,
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, out_indices=(0, 1, 2, 3), dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1), norm_cfg=dict(type='SyncBN', requires_grad=True),
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='backbone.')),
    decode_head=dict(align_corners=True),
    auxiliary_head=dict(align_corners=True),
    test_cfg=dict(mode='slide', crop_size=crop, stride=(513, 513)))
train_dataloader = dict(batch_size=1)  # 8 GPUs x 1 image

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=steps, val_interval=4_000)
