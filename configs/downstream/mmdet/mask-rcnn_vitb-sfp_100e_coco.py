"""Mask R-CNN, ViT-B/16 with a simple feature pyramid (ViTDet, https://arxiv.org/abs/2203.16527), COCO, 100 epochs.

    bash tools/downstream/dist_train_det.sh configs/downstream/mmdet/mask-rcnn_vitb-sfp_100e_coco.py CHECKPOINT 8 --amp

It is mask-rcnn_vitb-sfp_1x_coco.py with ViTDet's schedule: 184,375 steps of 64 images, 8 GPUs x 2 images x 4 passes per
step; the learning rate falls after 163,889 and 177,546 steps (89 and 96 epochs). ViTDet with MAE: 51.6 box, 45.9 mask AP
(with windows and relative positions, which this config does not have). Here: not yet run.
"""

_base_ = './mask-rcnn_vitb-sfp_1x_coco.py'

optim_wrapper = dict(accumulative_counts=4)
auto_scale_lr = dict(base_batch_size=8 * 2 * 4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=1000),  # 250 steps of 64 images
    dict(type='MultiStepLR', begin=0, end=100, by_epoch=True, milestones=[89, 96], gamma=0.1)]
train_cfg = dict(max_epochs=100, val_interval=5)
