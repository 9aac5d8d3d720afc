"""Mask R-CNN, ViT-B/16 with an FPN on maps of four layers, COCO, 1x.

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_vitb-fpn_1x_coco.py CHECKPOINT 8 --amp

Data, pyramid and optimizer are those of iBOT (https://arxiv.org/abs/2111.07832); iBOT's own head is in
cascade-mask-rcnn_vitb-fpn_1x_coco.py. Not yet run.
"""

_base_ = ['mmdet::_base_/models/mask-rcnn_r50_fpn.py', '../_base_/coco_vit_1x.py']

model = dict(
    backbone=dict(
        _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-base', img_size=224, patch_size=16,
        out_type='featmap', out_indices=[3, 5, 7, 11], drop_path_rate=0.2,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    neck=[
        dict(type='sslreg.downstream.RescaledLevels', in_channels=768, norm_cfg=dict(type='SyncBN')),
        dict(type='FPN', in_channels=[768, 768, 768, 768], out_channels=256, num_outs=5)])
