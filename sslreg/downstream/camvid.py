"""The CamVid dataset; importing this module needs mmsegmentation."""

from typing import Any

from mmseg.datasets import BaseSegDataset


class CamVid(BaseSegDataset):
    """CamVid with 11 classes; masks are PNGs of class indices, and index 11 (void) is ignored.

    mmsegmentation maps classes that the config does not name to the ignored label. Therefore ``METAINFO`` has the class
    void of the files, and the dataset's own classes are the other eleven.

    Args:
        **kwargs: As in ``BaseSegDataset``; ``data_prefix=dict(img_path='train/images', seg_map_path='train/masks')``.
    """

    METAINFO = dict(
        classes=('sky', 'building', 'pole', 'road', 'pavement', 'tree', 'sign', 'fence', 'car', 'pedestrian',
                 'bicyclist', 'void'),
        palette=[[128, 128, 128], [128, 0, 0], [192, 192, 128], [128, 64, 128], [60, 40, 222], [128, 128, 0],
                 [192, 128, 128], [64, 64, 128], [64, 0, 128], [64, 64, 0], [0, 128, 192], [0, 0, 0]],
    )  # fmt: skip
    CLASSES = METAINFO['classes'][:-1]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metainfo=dict(classes=self.CLASSES), **kwargs)
