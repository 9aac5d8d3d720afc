"""Imports mmsegmentation."""

from typing import Any

from mmseg.datasets import BaseSegDataset


class CamVid(BaseSegDataset):
    """CamVid's 11 classes; masks are PNGs of their indices, and 11, void, counts nowhere.

    mmsegmentation maps classes that the config does not name to the label that it ignores, so void is a class of the
    files and not of the dataset.

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
