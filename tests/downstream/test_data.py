"""Data that would train something else than is meant, each told in one sentence."""

import json
import re

import pytest
from mmengine.config import Config

from sslreg.downstream.categories import read_categories
from sslreg.downstream.data_checks import check_data

from . import samples

CLASSES = ('cat', 'dog')


def config(root, classes: tuple[str, ...] = CLASSES, heads: int = 2, **options) -> Config:
    dataset = dict(type='CocoDataset', data_root=f'{root}/', ann_file='train.json', data_prefix=dict(img='images/'),
                   metainfo=dict(classes=classes), **options)  # fmt: skip
    wrapped = dict(type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2, dataset=dataset)])
    model = dict(roi_head=dict(bbox_head=[dict(num_classes=heads), dict(num_classes=heads)]))
    return Config(dict(default_scope='mmdet', model=model, train_dataloader=dict(dataset=wrapped)))


@pytest.fixture
def root(tmp_path):
    samples.coco(tmp_path, CLASSES, {'train.json': ''}, 'images')
    return tmp_path


def said(cfg: Config, kind: type[Exception] = ValueError) -> str:
    with pytest.raises(kind) as caught:
        check_data(cfg)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_data_that_fit_pass(root):
    check_data(config(root))


def test_categories_that_the_config_does_not_know(root):
    message = said(config(root, ('cat',), heads=1))
    assert "train.json has the category 'dog', which is not among the 1 classes of the config (cat)" in message
    assert "Set metainfo=dict(classes=('cat', 'dog')) in the datasets and num_classes=2 in the heads" in message


def test_classes_that_the_file_does_not_have(root):
    assert "has no category 'cow', a class of the config; it has cat, dog" in said(config(root, (*CLASSES, 'cow'), 3))


def test_heads_of_another_number_of_classes(root):
    message = said(config(root, heads=80))
    assert 'model.roi_head.bbox_head.0.num_classes=80, but train_dataloader has 2 classes (cat, dog)' in message


def test_a_file_that_is_not_coco_s(root):
    (root / 'train.json').write_text(json.dumps(dict(images=[])))
    assert 'has no "categories": it is no COCO file' in said(config(root))


@pytest.mark.parametrize(
    'kind, message',
    [
        ('NoSuchDataset', "the dataset 'NoSuchDataset' is not known to mmdet: name it with its module"),
        ('BaseDetDataset', r'BaseDetDataset has no classes: set metainfo=dict\(classes='),
    ],
)
def test_datasets_without_classes(downstream, root, kind, message):
    import mmdet.datasets  # noqa: F401

    cfg = config(root, ())
    cfg.train_dataloader.dataset.datasets[0].dataset.type = kind
    assert re.search(message, said(cfg))


@pytest.mark.parametrize('gone', ['train.json', 'images'])
def test_files_that_are_not_there(root, gone):
    (root / gone).rename(root / 'elsewhere')
    message = said(config(root), FileNotFoundError)
    assert re.search(rf'CocoDataset: .*/{gone} does not exist .*docs/downstream.md', message)


def test_the_small_sets_say_how_to_unpack_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = said(config('work_dirs/data/bccd'), FileNotFoundError)
    assert 'unpack it: python tools/downstream/unpack.py bccd' in message


def test_categories_are_found_wherever_they_stand_in_the_file(tmp_path):
    for order in (('categories', 'images'), ('images', 'categories')):
        content = dict(images=[dict(file_name='categories')], categories=[dict(id=7, name='zebra ["}')])
        (tmp_path / 'a.json').write_text(json.dumps({name: content[name] for name in order}))
        assert read_categories(tmp_path / 'a.json') == ['zebra ["}']
