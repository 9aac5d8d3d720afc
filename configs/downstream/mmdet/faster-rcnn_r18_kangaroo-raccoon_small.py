"""Faster R-CNN, narrow ResNet-18-FPN, 253 photographs of kangaroos and raccoons at 320 px, for two CPU cores.

    python tools/downstream/unpack.py kangaroo_raccoon
    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/faster-rcnn_r18_kangaroo-raccoon_small.py CHECKPOINT 1

It is faster-rcnn_r18_bccd_small.py on other data, with larger anchors and colour jitter. There are no validation images
besides the 110 test images; no setting was chosen on these. AP50 on them, on 2026-11-29: 42.2 from random weights, 54.1
from pre-trained weights (docs/results.md).
"""

_base_ = './faster-rcnn_r18_bccd_small.py'

epochs = 16
size = (320, 320)
scales = [tuple(round(share * side) for side in size) for share in (0.8, 0.9, 1.0, 1.1)]
classes = ('kangaroo', 'raccoon')
data_root = 'work_dirs/data/kangaroo_raccoon/'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[8])),  # sides of 32 to 512 px; an animal has 45 to 260
    roi_head=dict(bbox_head=dict(num_classes=2)))

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomChoiceResize', scales=scales, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PhotoMetricDistortion'),
    dict(type='PackDetInputs')]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=size, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]
train_dataloader = dict(
    dataset=dict(data_root=data_root, metainfo=dict(classes=classes), pipeline=train_pipeline))
val_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file='annotations/test.json', metainfo=dict(classes=classes), pipeline=test_pipeline))
test_dataloader = dict(
    dataset=dict(
        data_root=data_root, ann_file='annotations/test.json', metainfo=dict(classes=classes), pipeline=test_pipeline))
val_evaluator = dict(ann_file=data_root + 'annotations/test.json')
test_evaluator = dict(ann_file=data_root + 'annotations/test.json')

param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=0, convert_to_iter_based=True)]
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
