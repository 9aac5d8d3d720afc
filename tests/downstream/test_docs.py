"""The configs in docs/downstream.md, as a user would copy them."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from sslreg.downstream import configure
from sslreg.downstream.data_checks import check_data
from sslreg.downstream.sample_checks import check_samples

from . import samples
from .trial import without_values

ROOT = Path(__file__).parents[2]
UPERNET, BOXES, MASKS = re.findall(r'```python\n(.*?)```', (ROOT / 'docs/downstream.md').read_text(), re.DOTALL)

pytestmark = pytest.mark.usefixtures('downstream')


@pytest.fixture
def copied(tmp_path):
    """``copied(text, task)``: a config of the docs, saved elsewhere than in the repository."""

    def save(text: str, task: str):
        (tmp_path / 'mine.py').write_text(text.replace("'configs/", f"'{ROOT}/configs/"))
        return configure.load_task_config(str(tmp_path / 'mine.py'), None, task)

    return save


def test_what_comes_after_a_backbone_of_another_width_has_its_width(copied):
    cfg = copied(UPERNET, 'seg')
    with without_values(), DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model).eval()
        logits = model(torch.zeros(1, 3, 64, 64), mode='tensor')
    assert model.backbone.embed_dims == 384
    assert logits.shape[1] == 150


def test_boxes_of_another_set_fit_the_config(copied, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = copied(BOXES, 'det')
    parts = {f'annotations/{part}.json': '' for part in ('train', 'val', 'test')}
    samples.coco(Path('data/mine'), ('bolt', 'nut'), parts, 'images')
    check_data(cfg)
    check_samples(cfg)
    for part in ('val', 'test'):
        loader, evaluator = cfg[f'{part}_dataloader'], cfg[f'{part}_evaluator']
        assert evaluator.ann_file == loader.dataset.data_root + loader.dataset.ann_file


def test_masks_of_another_set_fit_the_config(copied, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cfg = copied(MASKS, 'seg')
    samples.own_masks(Path('data/mine'))
    check_data(cfg)
    check_samples(cfg)
    assert cfg.val_dataloader.batch_size == cfg.test_dataloader.batch_size == 1
    assert len(MASKS.splitlines()) <= 12
