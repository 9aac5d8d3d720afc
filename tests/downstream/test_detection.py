"""Every config of detection parses, survives a dump, and trains from pre-trained weights and evaluates."""

import pytest

from . import samples
from .trial import assert_dumps, assert_takes, configs, divisor_of, train

every_config = pytest.mark.parametrize('path', configs('mmdet'), ids=lambda path: path.stem)

pytestmark = pytest.mark.usefixtures('downstream')


def make_data(name, root):
    """What the config's data would be."""
    from mmdet.datasets import CocoDataset, VOCDataset

    if 'voc0712' in name:
        samples.voc(root, VOCDataset.METAINFO['classes'])
    elif 'coco' in name:
        parts = {f'annotations/instances_{part}.json': part for part in ('train2017', 'val2017')}
        samples.coco(root, CocoDataset.METAINFO['classes'], parts, '')
    else:
        classes = ('RBC', 'WBC', 'Platelets') if 'bccd' in name else ('kangaroo', 'raccoon')
        samples.coco(root, classes, {f'annotations/{part}.json': '' for part in ('train', 'val', 'test')}, 'images')


@every_config
def test_dumped_config_is_the_same(path):
    assert_dumps(path)


@every_config
def test_config_names_its_command(path):
    assert f'bash tools/downstream/dist_train_det.sh {path} CHECKPOINT' in path.read_text()


@every_config
def test_network_has_a_place_for_every_pretrained_tensor(path, pretrained_shapes):
    assert_takes(path, pretrained_shapes(path.stem))


@pytest.mark.slow
@every_config
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    make_data(path.stem, tmp_path / 'data')
    train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem, divisor_of(path)))
