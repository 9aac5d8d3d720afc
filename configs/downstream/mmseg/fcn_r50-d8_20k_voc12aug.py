"""FCN, ResNet-50 with stride 8, VOC 2012 with the augmented annotations, 20,000 steps (mmselfsup's benchmark).

    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/fcn_r50-d8_20k_voc12aug.py CHECKPOINT 8

The backbone is torchvision's ResNet-50, as in pre-training, not ResNet-V1c. NPID: 65.45 mIoU
(mmselfsup). Here: not yet run.
"""

_base_ = ['mmseg::_base_/models/fcn_r50-d8.py', 'mmseg::_base_/datasets/pascal_voc12_aug.py', '../_base_/mmseg.py']

crop = (512, 512)
steps = 20_000
model = dict(
    data_preprocessor=dict(size=crop),
    pretrained=None,
    backbone=dict(
        _delete_=True, type='mmpretrain.ResNet', depth=50, out_indices=(0, 1, 2, 3), dilations=(1, 1, 2, 4),
        strides=(1, 2, 1, 1), norm_cfg=dict(type='SyncBN', requires_grad=True),
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='backbone.')),
    decode_head=dict(num_classes=21),
    auxiliary_head=dict(num_classes=21))
train_dataloader = dict(batch_size=2)  # 8 GPUs x 2 images

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=5e-4))
auto_scale_lr = dict(base_batch_size=8 * 2)
param_scheduler = [dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=steps, val_interval=2_000)
