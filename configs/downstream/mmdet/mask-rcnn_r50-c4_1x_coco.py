"""Mask R-CNN, ResNet-50-C4, COCO, 1x: the transfer of MoCo (https://arxiv.org/abs/1911.05722).

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_r50-c4_1x_coco.py CHECKPOINT 8

The detector works on stage 4; the pre-trained stage 5, followed by one more norm, processes each region. MoCo: 38.5 box,
33.6 mask AP. Here: not yet run.
"""

_base_ = ['mmdet::_base_/models/mask-rcnn_r50-caffe-c4.py', '../_base_/coco_resnet_1x.py']

norm = dict(type='SyncBN', requires_grad=True)
start = dict(type='Pretrained', checkpoint=None, prefix='backbone.')
model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True),
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
        out_indices=(2,), norm_cfg=norm, init_cfg=start),
    roi_head=dict(shared_head=dict(
        _delete_=True, type='sslreg.downstream.res_layer.NormedResLayer', depth=50, norm_cfg=norm, norm_eval=False,
        init_cfg=start)))
custom_hooks = [dict(type='sslreg.downstream.PretrainedHook', fresh=['roi_head.shared_head.norm.'])]
