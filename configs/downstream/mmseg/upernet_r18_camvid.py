"""UPerNet, narrow ResNet-18, CamVid, 11 classes, 360 x 270 px.

    python tools/downstream/unpack.py camvid
    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/upernet_r18_camvid.py CHECKPOINT 1

The backbone is that of configs/massl/resnet18_tinyimagenet_small.py, half as wide as ResNet-18.
upernet_r18_camvid_small.py is for two CPU cores. Not yet run.
"""

_base_ = ['../_base_/upernet_r18.py', '../_base_/camvid.py']

model = dict(data_preprocessor=dict(size={{_base_.crop}}))
