"""Mask R-CNN, ResNet-50-FPN, COCO, 1x: the transfer of MoCo (https://arxiv.org/abs/1911.05722) and its successors.

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_r50-fpn_1x_coco.py CHECKPOINT 8

No layer is frozen, and all norms, also those of the FPN, are trained over the GPUs: pre-trained features have another
scale than those of supervised training. MoCo: 38.5 box, 35.1 mask AP; NPID: 38.5, 34.6 (mmselfsup). Here: not yet run.
"""

_base_ = ['mmdet::_base_/models/mask-rcnn_r50_fpn.py', '../_base_/coco_resnet_1x.py']

norm = dict(type='SyncBN', requires_grad=True)
model = dict(
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, out_indices=(0, 1, 2, 3), norm_cfg=norm,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='backbone.')),
    neck=dict(norm_cfg=norm))
