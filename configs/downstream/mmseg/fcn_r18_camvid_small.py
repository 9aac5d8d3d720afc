"""FCN, narrow ResNet-18, CamVid at 240 x 180 px, for two CPU cores.

    python tools/downstream/unpack.py camvid
    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/fcn_r18_camvid_small.py CHECKPOINT 1

It is fcn_r18_camvid.py with smaller images. mIoU on the test images, on 2026-11-29: 30.6 from random weights, 32.5 from
pre-trained weights (docs/results.md).
"""

_base_ = ['../_base_/fcn_r18.py', '../_base_/camvid_small.py']

model = dict(data_preprocessor=dict(size={{_base_.crop}}))
