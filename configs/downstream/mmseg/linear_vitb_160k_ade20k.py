"""A linear layer on a frozen ViT-B/16, ADE20K, 160,000 steps: iBOT's protocol (https://arxiv.org/abs/2111.07832).

    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/linear_vitb_160k_ade20k.py CHECKPOINT 8 --amp

One layer classifies each patch by its concatenated four maps, 4 x 768 values. Learning rate and steps are those of iBOT's
released command. iBOT: 38.3 mIoU. Here: not yet run.
"""

_base_ = ['mmseg::_base_/models/upernet_mae.py', 'mmseg::_base_/datasets/ade20k.py', '../_base_/mmseg.py']

crop = (512, 512)
steps = 160_000
model = dict(
    data_preprocessor=dict(size=crop),
    backbone=dict(
        _delete_=True, type='mmpretrain.VisionTransformer', arch='deit-base', img_size=224, patch_size=16,
        out_type='featmap', out_indices=[3, 5, 7, 11], frozen_stages=12,
        init_cfg=dict(type='Pretrained', checkpoint=None, prefix='teacher.module.backbone.')),
    neck=None,
    decode_head=dict(
        _delete_=True, type='FCNHead', in_channels=[768, 768, 768, 768], in_index=[0, 1, 2, 3],
        input_transform='resize_concat', channels=4 * 768, num_convs=0, concat_input=False, dropout_ratio=0,
        num_classes=150, align_corners=False, loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False)),
    auxiliary_head=None,
    test_cfg=dict(mode='slide', crop_size=crop, stride=(341, 341)))
train_dataloader = dict(batch_size=2)  # 8 GPUs x 2 images

optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=8e-4, betas=(0.9, 0.999), weight_decay=0.05))
auto_scale_lr = dict(base_batch_size=8 * 2)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-6, by_epoch=False, begin=0, end=1500),
    dict(type='PolyLR', eta_min=0.0, power=1.0, begin=1500, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=steps, val_interval=16_000)
