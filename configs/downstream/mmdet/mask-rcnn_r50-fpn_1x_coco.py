"""Mask R-CNN, ResNet-50-FPN, COCO, 1x: the transfer of MoCo (https://arxiv.org/abs/1911.05722) and its successors.

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_r50-fpn_1x_coco.py CHECKPOINT 8

Nothing is frozen, and norms are trained over the GPUs, in the FPN too: pre-trained features have another scale than
those of supervised training. Not yet run.
"""

_base_ = [
    'mmdet::_base_/models/mask-rcnn_r50_fpn.py', 'mmdet::_base_/datasets/coco_instance.py',
    'mmdet::_base_/schedules/schedule_1x.py', '../_base_/mmdet.py']

norm = dict(type='SyncBN', requires_grad=True)
model = dict(
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, out_indices=(0, 1, 2, 3), norm_cfg=norm,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='backbone.')),
    neck=dict(norm_cfg=norm))

train_dataloader = dict(  # 8 GPUs x 2 images
    dataset=dict(pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='RandomChoiceResize', keep_ratio=True,
             scales=[(1333, 640), (1333, 672), (1333, 704), (1333, 736), (1333, 768), (1333, 800)]),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PackDetInputs')]))
