"""Every config of segmentation trains from pre-trained weights and evaluates."""

import pytest

from . import samples
from .trial import configs, divisor_of, train

pytestmark = pytest.mark.usefixtures('downstream')


MAKERS = dict(
    ade20k=samples.ade20k,
    voc12aug=samples.voc12aug,
    cityscapes=samples.cityscapes,
    camvid=samples.camvid,
    masks=samples.own_masks,
)


@pytest.mark.slow
@pytest.mark.parametrize('path', configs('mmseg'), ids=lambda path: path.stem)
def test_config_trains_from_pretrained_weights(path, tmp_path, pretrained):
    next(make for part, make in MAKERS.items() if part in path.stem)(tmp_path / 'data')
    model = train(path, tmp_path / 'data', tmp_path / 'work', pretrained(path.stem, divisor_of(path)))
    frozen = not any(param.requires_grad for param in model.backbone.parameters())
    assert frozen == path.stem.startswith('linear')
