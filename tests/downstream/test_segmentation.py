"""Every config of segmentation parses, survives a dump, and trains from pre-trained weights and evaluates."""

import pytest

from . import samples
from .trial import assert_dumps, assert_takes, configs, divisor_of, train

every_config = pytest.mark.parametrize('path', configs('mmseg'), ids=lambda path: path.stem)

pytestmark = pytest.mark.usefixtures('downstream')


MAKERS = dict(ade20k=samples.ade20k, voc12aug=samples.voc12aug, cityscapes=samples.cityscapes, camvid=samples.camvid)


@every_config
def test_dumped_config_is_the_same(path):
    assert_dumps(path)


@every_config
def test_config_names_its_command(path):
    assert f'bash tools/downstream/dist_train_seg.sh {path} CHECKPOINT' in path.read_text()


@every_config
def test_network_has_a_place_for_every_pretrained_tensor(path, pretrained_shapes):
    assert_takes(path, pretrained_shapes(path.stem))


@pytest.mark.slow
@every_config
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    next(make for part, make in MAKERS.items() if part in path.stem)(tmp_path / 'data')
    model = train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem, divisor_of(path)))
    frozen = not any(param.requires_grad for param in model.backbone.parameters())
    assert frozen == path.stem.startswith('linear')
