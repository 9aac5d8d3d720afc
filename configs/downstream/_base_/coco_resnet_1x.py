"""COCO with short sides of 640 to 800 px, 12 epochs of SGD: the schedule 1x for ResNets."""

_base_ = [
    'mmdet::_base_/datasets/coco_instance.py', 'mmdet::_base_/schedules/schedule_1x.py', './mmdet.py']

train_dataloader = dict(  # 8 GPUs x 2 images
    dataset=dict(pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        dict(type='RandomChoiceResize', keep_ratio=True,
             scales=[(1333, 640), (1333, 672), (1333, 704), (1333, 736), (1333, 768), (1333, 800)]),
        dict(type='RandomFlip', prob=0.5),
        dict(type='PackDetInputs')]))
