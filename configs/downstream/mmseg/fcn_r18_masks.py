"""FCN, narrow ResNet-18 with stride 16, on images and masks of one's own, of any size.

    bash tools/downstream/dist_train_seg.sh configs/downstream/mmseg/fcn_r18_masks.py CHECKPOINT 1

Reads data/masks/{train,val,test}/{images,masks}: a mask NAME.png has the number of its class in each pixel, 255 where
there is none. docs/downstream.md shows the config for other classes and folders. The backbone is that of
configs/massl/resnet18_tinyimagenet_small.py, half as wide as ResNet-18. Not yet run.
"""

_base_ = ['../_base_/fcn_r18.py', '../_base_/camvid.py']

data_root = 'data/masks/'
data = dict(
    type='sslreg.downstream.masks.MaskFolder',
    data_root=data_root,
    metainfo=dict(classes=('background', 'object')))
model = dict(
    data_preprocessor=dict(size={{_base_.crop}}),
    decode_head=dict(num_classes=2),
    auxiliary_head=dict(num_classes=2))
train_dataloader = dict(dataset=data)
val_dataloader = dict(batch_size=1, dataset=data)  # images of any size
test_dataloader = dict(batch_size=1, dataset=data)
