"""COCO files that list their categories in any order: boxes and scores keep their classes."""

import json

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import DATASETS

from sslreg.downstream.categories import BY_NAME
from sslreg.downstream.data_checks import check_data, refuse_numbers_by_file

from . import samples

CLASSES = ('cat', 'dog')


def reorder(path, *names: str) -> None:
    """List the categories of a file in another order; ids and boxes stay."""
    content = json.loads(path.read_text())
    content['categories'].sort(key=lambda category: names.index(category['name']))
    path.write_text(json.dumps(content))


def config(root, classes=CLASSES, kind: str = 'CocoDataset', metric: str = 'CocoMetric', scored: str = 'val') -> Config:
    shared = dict(type=kind, data_root=f'{root}/', data_prefix=dict(img='images/'), metainfo=dict(classes=classes))
    return Config(
        dict(
            default_scope='mmdet',
            model=dict(bbox_head=dict(num_classes=len(classes))),
            train_dataloader=dict(dataset=dict(shared, ann_file='train.json')),
            val_dataloader=dict(dataset=dict(shared, ann_file='val.json', test_mode=True)),
            val_evaluator=dict(type=metric, ann_file=f'{root}/{scored}.json', metric='bbox', classwise=True),
        )
    )


@pytest.fixture
def root(tmp_path):
    samples.coco(tmp_path, CLASSES, {'train.json': '', 'val.json': ''}, 'images')
    return tmp_path


def test_the_same_order_changes_nothing(root):
    cfg = config(root)
    before = cfg.to_dict()
    check_data(cfg)
    assert cfg.to_dict() == before


def test_only_files_of_another_order_are_read_by_name(root):
    reorder(root / 'val.json', 'dog', 'cat')
    cfg = config(root)
    check_data(cfg)
    assert cfg.train_dataloader.dataset.type == 'CocoDataset'
    assert cfg.val_dataloader.dataset.type == BY_NAME['CocoDataset']
    assert cfg.val_evaluator.type == BY_NAME['CocoMetric']


def labels(cfg, loader: str) -> list[tuple[list[float], str]]:
    """Each box with the name of its class, as a network would learn it."""
    with DATASETS.switch_scope_and_registry('mmdet') as registry:
        dataset = registry.build(cfg[loader].dataset)
    items = [item for i in range(len(dataset)) for item in dataset.get_data_info(i)['instances']]
    return sorted((item['bbox'], cfg[loader].dataset.metainfo.classes[item['bbox_label']]) for item in items)


def test_boxes_keep_their_classes_in_any_order(downstream, root):
    cfg = config(root)
    check_data(cfg)
    truth = labels(cfg, 'train_dataloader')
    for classes, order in ((CLASSES, CLASSES[::-1]), (CLASSES[::-1], CLASSES), (CLASSES[::-1], CLASSES[::-1])):
        reorder(root / 'train.json', *order)
        cfg = config(root, classes)
        check_data(cfg)
        assert labels(cfg, 'train_dataloader') == truth


def scores(cfg, file: str) -> dict[str, float]:
    """Score the boxes of cats as they are, and none of a dog."""
    from mmengine.registry import METRICS

    content = json.loads(file.read_text())
    ids = {category['name']: category['id'] for category in content['categories']}
    classes = tuple(cfg.val_dataloader.dataset.metainfo.classes)
    with METRICS.switch_scope_and_registry('mmdet') as registry:
        metric = registry.build(cfg.val_evaluator)
    metric.dataset_meta = dict(classes=classes)
    predictions = []
    for image in content['images']:
        boxes = [each['bbox'] for each in content['annotations']
                 if each['image_id'] == image['id'] and each['category_id'] == ids['cat']]  # fmt: skip
        corners = np.array([[x, y, x + w, y + h] for x, y, w, h in boxes]).reshape(-1, 4)
        found = dict(img_id=image['id'], bboxes=corners, scores=np.ones(len(boxes)),
                     labels=np.full(len(boxes), classes.index('cat')))  # fmt: skip
        predictions.append(({}, found))
    metric.compute_metrics(predictions)
    return metric.compute_metrics(predictions)  # a second validation numbers as the first


def test_scores_and_their_names_in_any_order(downstream, root):
    for order in (CLASSES, CLASSES[::-1]):
        for classes in (CLASSES, CLASSES[::-1]):
            reorder(root / 'val.json', *order)
            cfg = config(root, classes)
            check_data(cfg)
            metrics = scores(cfg, root / 'val.json')
            assert metrics['cat_precision'] == 1.0, (order, classes)
            assert metrics['dog_precision'] == 0.0, (order, classes)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(kind='DeepFashionDataset'), 'DeepFashionDataset numbers them by the order of the file; set metainfo='),
        (dict(metric='LVISMetric'), 'LVISMetric numbers them by the order of the file'),
        (dict(scored='train'), r"val_evaluator.ann_file='.*train.json', but the images are those of '.*val.json'"),
    ],
)
def test_what_cannot_be_matched_is_refused(root, options, message):
    reorder(root / 'val.json', 'dog', 'cat')
    with pytest.raises(ValueError, match=message):
        check_data(config(root, **options))


def test_a_category_that_comes_twice_is_refused(root):
    content = json.loads((root / 'train.json').read_text())
    content['categories'].append(dict(id=9, name='dog'))
    (root / 'train.json').write_text(json.dumps(content))
    with pytest.raises(ValueError, match="has the category 'dog' twice"):
        check_data(config(root))


def test_a_network_that_was_trained_by_the_file_s_order_is_not_scored_by_name(root, tmp_path):
    import torch

    file = tmp_path / 'old.pth'
    for numbered, stored in ((True, 'CocoDataset'), (False, BY_NAME['CocoDataset'])):
        torch.save(dict(state_dict={}, meta=dict(cfg=f"train_dataloader = dict(dataset=dict(type='{stored}'))")), file)
        reorder(root / 'train.json', 'dog', 'cat')
        cfg = config(root)
        check_data(cfg)
        if numbered:
            with pytest.raises(ValueError, match=r"evaluate it with metainfo=dict\(classes=\('dog', 'cat'\)\)"):
                refuse_numbers_by_file(cfg, str(file))
        else:
            refuse_numbers_by_file(cfg, str(file))
