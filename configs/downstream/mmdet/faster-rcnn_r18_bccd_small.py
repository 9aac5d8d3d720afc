"""Faster R-CNN, narrow ResNet-18-FPN, BCCD at 320 x 240 px, for two CPU cores.

    python tools/downstream/unpack.py bccd
    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/faster-rcnn_r18_bccd_small.py CHECKPOINT 1

It is faster-rcnn_r18_bccd.py with images and anchors of half the size. AP50 on the test images, on 2026-11-29: 84.7 from
random weights, 85.2 from pre-trained weights (docs/results.md).
"""

_base_ = './faster-rcnn_r18_bccd.py'

epochs = 12
size = (320, 240)

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[4])),  # sides of 16 to 256 px; a platelet has 20, a red cell 50
    train_cfg=dict(rcnn=dict(sampler=dict(num=128)), rpn_proposal=dict(nms_pre=500, max_per_img=300)))

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=size, keep_ratio=True),
    dict(type='RandomFlip', prob=[0.25, 0.25, 0.25], direction=['horizontal', 'vertical', 'diagonal']),
    dict(type='PackDetInputs')]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=size, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]
train_dataloader = dict(num_workers=1, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(num_workers=1, dataset=dict(pipeline=test_pipeline))

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
