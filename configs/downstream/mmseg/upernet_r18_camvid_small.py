"""UPerNet, narrow ResNet-18, CamVid at 240 x 180 px, for two CPU cores.

    python tools/downstream/unpack.py camvid
    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/upernet_r18_camvid_small.py CHECKPOINT 1

It is upernet_r18_camvid.py with smaller images. Not yet run to its end.
"""

_base_ = ['../_base_/upernet_r18.py', '../_base_/camvid_small.py']

model = dict(data_preprocessor=dict(size={{_base_.crop}}))
