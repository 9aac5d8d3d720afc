"""Every config of detection trains from pre-trained weights and evaluates."""

import pytest

from . import samples
from .trial import configs, divisor_of, train

pytestmark = pytest.mark.usefixtures('downstream')


def make_data(name, root):
    """Make small data in place of the config's."""
    from mmdet.datasets import CocoDataset, VOCDataset

    if 'voc0712' in name:
        samples.voc(root, VOCDataset.METAINFO['classes'])
    elif 'coco' in name:
        parts = {f'annotations/instances_{part}.json': part for part in ('train2017', 'val2017')}
        samples.coco(root, CocoDataset.METAINFO['classes'], parts, '')
    else:
        classes = ('RBC', 'WBC', 'Platelets') if 'bccd' in name else ('kangaroo', 'raccoon')
        samples.coco(root, classes, {f'annotations/{part}.json': '' for part in ('train', 'val', 'test')}, 'images')


@pytest.mark.slow
@pytest.mark.parametrize('path', configs('mmdet'), ids=lambda path: path.stem)
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    make_data(path.stem, tmp_path / 'data')
    train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem, divisor_of(path)))
