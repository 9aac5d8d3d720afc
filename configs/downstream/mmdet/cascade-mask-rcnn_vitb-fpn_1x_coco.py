"""Cascade Mask R-CNN, ViT-B/16 with an FPN, COCO, 1x: iBOT's protocol (https://arxiv.org/abs/2111.07832).

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/cascade-mask-rcnn_vitb-fpn_1x_coco.py CHECKPOINT 8 --amp

The heads are those of iBOT's released config: four convolutions with SyncBN and one linear layer, and a GIoU loss on
decoded boxes. iBOT:
51.2 box, 44.2 mask AP. Here: not yet run.
"""

_base_ = ['mmdet::_base_/models/cascade-mask-rcnn_r50_fpn.py', '../_base_/coco_vit_1x.py']

heads = [
    dict(
        type='Shared4Conv1FCBBoxHead', in_channels=256, conv_out_channels=256, fc_out_channels=1024, roi_feat_size=7,
        num_classes=80, norm_cfg=dict(type='SyncBN', requires_grad=True), reg_class_agnostic=False,
        reg_decoded_bbox=True,
        bbox_coder=dict(
            type='DeltaXYWHBBoxCoder', target_means=[0.0, 0.0, 0.0, 0.0], target_stds=[std, std, 2 * std, 2 * std]),
        loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0),
        loss_bbox=dict(type='GIoULoss', loss_weight=10.0))
    for std in (0.1, 0.05, 0.0333)]
model = dict(
    backbone=dict(
        _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-base', img_size=224, patch_size=16,
        out_type='featmap', out_indices=[3, 5, 7, 11], drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    neck=[
        dict(type='sslreg.downstream.RescaledLevels', in_channels=768, norm_cfg=dict(type='SyncBN')),
        dict(type='FPN', in_channels=[768, 768, 768, 768], out_channels=256, num_outs=5)],
    roi_head=dict(bbox_head=heads))
