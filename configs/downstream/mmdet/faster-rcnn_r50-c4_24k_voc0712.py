"""Faster R-CNN, ResNet-50-C4, VOC 2007 + 2012, 24,000 steps: the transfer of MoCo (https://arxiv.org/abs/1911.05722).

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/faster-rcnn_r50-c4_24k_voc0712.py CHECKPOINT 8

It is trained on the trainval sets of both years and tested on VOC 2007 with VOC 2007's 11 points. AP50 / AP / AP75, means
of 5 runs with standard deviations of .2, .2 and .4: MoCo 81.5 / 55.9 / 62.6, supervised 81.3 / 53.5 / 58.8. NPID:
AP50 79.5 (mmselfsup). Here: not yet run.
"""

_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50-caffe-c4.py', 'mmdet::_base_/datasets/voc0712.py', '../_base_/mmdet.py']

norm = dict(type='SyncBN', requires_grad=True)
start = dict(type='Pretrained', checkpoint=None, prefix='backbone.')
model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True),
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
        out_indices=(2,), norm_cfg=norm, init_cfg=start),
    roi_head=dict(
        bbox_head=dict(num_classes=20),
        shared_head=dict(
            _delete_=True, type='sslreg.downstream.res_layer.NormedResLayer', depth=50, norm_cfg=norm, norm_eval=False,
            init_cfg=start)))
custom_hooks = [dict(type='sslreg.downstream.PretrainedHook', fresh=['roi_head.shared_head.norm.'])]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomChoiceResize', keep_ratio=True,
         scales=[(1333, 480), (1333, 512), (1333, 544), (1333, 576), (1333, 608), (1333, 640), (1333, 672), (1333, 704),
                 (1333, 736), (1333, 768), (1333, 800)]),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs')]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]
years = [
    dict(
        type='VOCDataset', data_root='data/VOCdevkit/', ann_file=f'VOC{year}/ImageSets/Main/trainval.txt',
        data_prefix=dict(sub_data_root=f'VOC{year}/'), pipeline=train_pipeline,
        filter_cfg=dict(filter_empty_gt=True, min_size=32, bbox_min_size=32))
    for year in (2007, 2012)]
train_dataloader = dict(  # 8 GPUs x 2 images
    sampler=dict(type='InfiniteSampler'),
    dataset=dict(_delete_=True, type='ConcatDataset', ignore_keys=['dataset_type'], datasets=years))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(iou_thrs=[0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95])
test_evaluator = val_evaluator

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=8 * 2)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=100),
    dict(type='MultiStepLR', begin=0, end=24_000, by_epoch=False, milestones=[18_000, 22_000], gamma=0.1)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=24_000, val_interval=6_000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=6_000))
log_processor = dict(by_epoch=False)
