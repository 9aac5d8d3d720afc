"""Mask R-CNN, ViT-B/16 with a simple feature pyramid (ViTDet, https://arxiv.org/abs/2203.16527), COCO, 12 epochs.

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_vitb-sfp_1x_coco.py CHECKPOINT 8 --amp

Pyramid, heads, data (1024 px, large-scale jitter) and optimizer are those of ViTDet. Unlike ViTDet, attention is global in
all blocks and positions are absolute, so the pre-trained backbone is unchanged, and a step has 16 images instead of 64.
mask-rcnn_vitb-sfp_100e_coco.py has 100 epochs of steps of 64 images. Not yet run.
"""

_base_ = ['mmdet::_base_/models/mask-rcnn_r50_fpn.py', 'mmdet::_base_/datasets/coco_instance.py', '../_base_/mmdet.py']

size = (1024, 1024)
norm = dict(type='mmpretrain.LN2d', eps=1e-6)
model = dict(
    data_preprocessor=dict(batch_augments=[dict(type='BatchFixedSizePad', size=size, pad_mask=True)]),
    backbone=dict(
        _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-base', img_size=224, patch_size=16,
        out_type='featmap', out_indices=[11], drop_path_rate=0.1,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    neck=dict(_delete_=True, type='sslreg.downstream.SimpleFeaturePyramid', in_channels=768),
    rpn_head=dict(num_convs=2),
    roi_head=dict(
        bbox_head=dict(type='Shared4Conv1FCBBoxHead', conv_out_channels=256, norm_cfg=norm),
        mask_head=dict(norm_cfg=norm)))

train_dataloader = dict(  # 8 GPUs x 2 images
    dataset=dict(pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='RandomFlip', prob=0.5),
        dict(type='RandomResize', scale=size, ratio_range=(0.1, 2.0), keep_ratio=True),
        dict(type='RandomCrop', crop_type='absolute_range', crop_size=size, recompute_bbox=True,
             allow_negative_crop=True),
        dict(type='FilterAnnotations', min_gt_bbox_wh=(1e-2, 1e-2)),
        dict(type='PackDetInputs')]))
val_dataloader = dict(
    dataset=dict(pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=size, keep_ratio=True),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
test_dataloader = val_dataloader

optim_wrapper = dict(
    type='OptimWrapper',
    constructor='sslreg.downstream.LayerDecayConstructor',
    paramwise_cfg=dict(layer_decay_rate=0.7),
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.999), weight_decay=0.1))
auto_scale_lr = dict(base_batch_size=8 * 2)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000),  # 250 steps of 64 images
    dict(type='MultiStepLR', begin=0, end=12, by_epoch=True, milestones=[8, 11], gamma=0.1)]
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=1)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
