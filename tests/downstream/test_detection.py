"""Every config of detection parses, survives a dump, and trains from pre-trained weights and evaluates."""

import pytest
from mmengine.config import Config

from . import samples
from .trial import configs, load, train

CONFIGS = configs('mmdet')

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


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_dumped_config_is_the_same(path, tmp_path):
    cfg = load(path)
    cfg.dump(tmp_path / 'dumped.py')
    assert Config.fromfile(tmp_path / 'dumped.py').to_dict() == cfg.to_dict()


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_names_its_command(path):
    assert f'bash tools/downstream/dist_train_det.sh {path} CHECKPOINT' in path.read_text()


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    make_data(path.stem, tmp_path / 'data')
    train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem))
