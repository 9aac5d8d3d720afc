"""Every config of segmentation parses, survives a dump, and trains from pre-trained weights and evaluates."""

import pytest
from mmengine.config import Config

from . import samples
from .trial import configs, load, train

CONFIGS = configs('mmseg')

pytestmark = pytest.mark.usefixtures('downstream')


MAKERS = dict(ade20k=samples.ade20k, voc12aug=samples.voc12aug, cityscapes=samples.cityscapes, camvid=samples.camvid)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_dumped_config_is_the_same(path, tmp_path):
    cfg = load(path)
    cfg.dump(tmp_path / 'dumped.py')
    assert Config.fromfile(tmp_path / 'dumped.py').to_dict() == cfg.to_dict()


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_names_its_command(path):
    assert f'bash tools/downstream/dist_train_seg.sh {path} CHECKPOINT' in path.read_text()


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    next(make for part, make in MAKERS.items() if part in path.stem)(tmp_path / 'data')
    model = train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem))
    frozen = not any(param.requires_grad for param in model.backbone.parameters())
    assert frozen == path.stem.startswith('linear')
