import pytest
import torch
from mmpretrain.datasets import BaseDataset

from sslreg.datasets.classes import check_classes
from sslreg.evaluation.benchmark_config import load_benchmark
from sslreg.evaluation.metric import with_metrics
from sslreg.evaluation.metrics.class_accuracy import class_ranks, mean_over_seeds
from sslreg.evaluation.probes import BaseProbe
from sslreg.evaluation.protocols import ClassificationBenchmark
from sslreg.evaluation.protocols.component_names import by_name
from sslreg.registry import BENCHMARKS, DATASETS, PROBES


@DATASETS.register_module(force=True)
class LabelledNames(BaseDataset):
    """Only labels and file names: ``a0.png``, ``a1.png``, ..."""

    def __init__(self, labels, num_classes=2):
        self.labels = labels
        super().__init__(ann_file='', metainfo=dict(classes=[f'class {i}' for i in range(num_classes)]))

    def load_data_list(self):
        return [dict(img_path=f'x/a{i}.png', gt_label=label) for i, label in enumerate(self.labels)]


@PROBES.register_module(force=True)
class Nearest(BaseProbe):
    """The class of the nearest training image; knows what it was given."""

    def fit(self, feats, labels):
        self.feats, self.labels = feats, labels

    def predict(self, feats):
        near = self.labels[torch.cdist(feats, self.feats).argmin(dim=1)]
        return torch.nn.functional.one_hot(near, int(self.labels.max()) + 1).float()


class Fixed(BaseProbe):
    def fit(self, feats, labels):
        raise NotImplementedError

    def predict(self, feats):
        return feats


TRAIN, TEST = [0, 0, 1, 1], [0, 1, 1]


def data(labels, **arguments):
    return dict(type='LabelledNames', labels=labels, **arguments)


def benchmark(train=TRAIN, test=TEST, probe=None, num_classes=2, **arguments):
    config = dict(
        type='ClassificationBenchmark',
        train=data(train, num_classes=num_classes),
        test=data(test, num_classes=num_classes),
        kinds=[dict(type='Pooled')],
        probes=[probe or dict(type='Nearest')],
    )
    return BENCHMARKS.build(config | arguments)


def column(*values):
    return torch.tensor(values, dtype=torch.float)[:, None]


def feats(train, test, kind='pooled'):
    return {f'{kind}/train': column(*train), f'{kind}/test': column(*test)}


def test_wants_both_sets_of_each_kind():
    kinds = [dict(type='Pooled'), dict(type='Tokens', n=4)]
    wanted = benchmark(kinds=kinds).wanted()
    assert list(wanted) == ['pooled/train', 'pooled/test', 'tokens/train', 'tokens/test']
    assert [len(each.dataset) for each in wanted.values()] == [4, 3, 4, 3]
    assert [each.kind for each in wanted.values()] == [kinds[0], kinds[0], kinds[1], kinds[1]]


def test_accuracy_by_hand():
    bench = benchmark()
    bench.wanted()
    # the second test image lies with the other class
    assert bench.run(feats([0, 1, 10, 11], [0.4, 1.2, 10.1])) == {'pooled/nearest/top1': pytest.approx(200 / 3)}


def test_every_variant_of_a_probe_and_every_kind():
    kinds = [dict(type='Pooled'), dict(type='Tokens')]
    bench = benchmark(probe=dict(type='KNNProbe', ks=(1, 2)), kinds=kinds)
    bench.wanted()
    bank, queries = torch.eye(2)[[0, 0, 1, 1]], torch.eye(2)[[0, 1, 1]]
    good = {'pooled/train': bank, 'pooled/test': queries}
    bad = {'tokens/train': bank, 'tokens/test': 1 - queries}
    assert bench.run(good | bad) == {
        'pooled/knn/k1/top1': 100,
        'pooled/knn/k2/top1': 100,
        'tokens/knn/k1/top1': 0,
        'tokens/knn/k2/top1': 0,
    }


def test_mean_and_deviation_over_seeds():
    seeds = tuple(range(4))
    bench = benchmark(test=[0, 1], subset=dict(images_per_class=1, seeds=seeds))
    bench.wanted()
    # of class 0 either 0 or 100 is drawn, of class 1 always one of 50 and 51: with 100 the image at 20 is taken for 1
    own = [0.0 if 1 in indices.tolist() else 100.0 for indices in bench.subsets]
    assert 0 < sum(own) < 400, 'the seeds should differ'
    runs = torch.tensor([(each + 100) / 2 for each in own])
    metrics = bench.run(feats([0, 100, 50, 51], [20, 50]))
    assert metrics['pooled/nearest/top1'] == pytest.approx(float(runs.mean()))
    assert metrics['pooled/nearest/top1_std'] == pytest.approx(float(runs.std()))


def test_subset_of_a_list(tmp_path):
    (tmp_path / 'list.txt').write_text('a1.png\na2.png\n')
    bench = benchmark(subset=dict(list_file=str(tmp_path / 'list.txt')))
    bench.wanted()
    assert [indices.tolist() for indices in bench.subsets] == [[1, 2]]


def test_a_draw_takes_the_place_of_a_missing_list_and_the_results_say_so(tmp_path):
    path = tmp_path / 'list.txt'
    drawn = benchmark(subset=dict(list_file=str(path), fraction=0.5))
    drawn.wanted()
    expected = benchmark(subset=dict(fraction=0.5))
    expected.wanted()
    assert [each.tolist() for each in drawn.subsets] == [each.tolist() for each in expected.subsets]
    assert 'list.txt is missing: a share of 0.5 of each class, drawn with seed 0, takes its place' in drawn.note
    path.write_text('a1.png\na2.png\n')
    listed = benchmark(subset=dict(list_file=str(path), fraction=0.5))
    listed.wanted()
    assert (listed.note, [each.tolist() for each in listed.subsets]) == ('', [[1, 2]])


def test_long_tailed_list_with_accuracies_by_shots(tmp_path):
    train = [0] * 101 + [1] * 20 + [2] * 2
    lines = [f'x/a{i}.png {label}' for i, label in enumerate(train[:-1])]  # of class 2 only one
    (tmp_path / 'lt.txt').write_text('\n'.join(lines))
    subset = dict(labelled_list_file=str(tmp_path / 'lt.txt'))
    bench = benchmark(train=train, test=[0, 0, 1, 2], num_classes=3, subset=subset, by_shots=True)
    bench.wanted()
    metrics = bench.run(feats(train, [0, 1, 1, 0]))
    names = {'top1': 50, 'many': 50, 'medium': 100, 'few': 0}
    assert metrics == {f'pooled/nearest/{name}': value for name, value in names.items()}


@pytest.fixture
def imagenet(tmp_path):
    """Five images of each of two classes; the long-tailed list has all of the one and one of the other."""
    files = [f'train/n0000000{label}/n0000000{label}_{i}.JPEG' for label in range(2) for i in range(5)]
    for file in [*files, 'val/n00000000/1.JPEG', 'val/n00000001/2.JPEG']:
        (tmp_path / 'imagenet' / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / 'imagenet' / file).touch()
    lines = [f'{file} {int(i > 4)}' for i, file in enumerate(files[:6])]
    (tmp_path / 'imagenet/ImageNet_LT_train.txt').write_text('\n'.join(lines))
    return str(tmp_path)


def test_few_shot_configs_draw_three_times(imagenet):
    for n in (1, 2, 4):
        cfg = load_benchmark(f'imagenet_{n}shot', imagenet)
        bench = BENCHMARKS.build(cfg.benchmark)
        bench.wanted()
        assert [bench.train_labels[indices].bincount().tolist() for indices in bench.subsets] == [[n, n]] * 3
        assert {len(values) for values in cfg.reference.values()} == {2}, 'mean and deviation'


def test_long_tailed_config_learns_from_its_list(imagenet):
    bench = BENCHMARKS.build(load_benchmark('imagenet_lt', imagenet).benchmark)
    bench.wanted()
    assert [indices.tolist() for indices in bench.subsets] == [[0, 1, 2, 3, 4, 5]]
    assert bench.by_shots


def test_top5_from_six_classes():
    labels = list(range(6))
    for num_classes, expected in ((5, {'top1'}), (6, {'top1', 'top5'})):
        bench = benchmark(train=labels[:num_classes], test=labels[:num_classes], num_classes=num_classes)
        bench.wanted()
        metrics = bench.run(feats(labels[:num_classes], labels[:num_classes]))
        assert metrics == {f'pooled/nearest/{name}': 100 for name in expected}


def test_place_of_the_own_class():
    scores = torch.tensor([[3, 2, 1], [1, 2, 3], [1, 1, 1], [torch.nan] * 3, [-torch.inf, 0, 0]])
    labels = torch.tensor([0, 1, 2, 1, 0])
    assert class_ranks(Fixed().scores, scores, labels)[''].tolist() == [0, 1, 2, 1, 2]


def test_rows_at_a_time_change_nothing(monkeypatch):
    scores, labels = torch.randn(10, 4), torch.randint(4, (10,))
    expected = class_ranks(Fixed().scores, scores, labels)['']
    monkeypatch.setattr('sslreg.evaluation.metrics.class_accuracy.ROWS', 3)
    assert torch.equal(class_ranks(Fixed().scores, scores, labels)[''], expected)
    assert ((expected == 0) == (scores.argmax(dim=1) == labels)).all()


def test_names_tell_equal_types_apart():
    names = by_name([dict(type='KNNProbe', ks=(1,)), dict(type='KNNProbe', ks=(5,)), dict(type='LinearProbe')], 'probe')
    assert list(names) == ['knn(ks=(1,))', 'knn(ks=(5,))', 'linear']
    with pytest.raises(ValueError, match='must differ'):
        by_name([dict(type='KNNProbe')] * 2, 'probe')


def test_one_run_has_no_deviation():
    assert mean_over_seeds([dict(a=1.0)]) == dict(a=1.0)
    runs = [with_metrics(dict(a=1.0, b=0.0)), with_metrics(dict(a=3.0))]
    assert mean_over_seeds(runs) == dict(a=2.0, a_std=pytest.approx(2**0.5))


def test_rejects_other_classes():
    with pytest.raises(ValueError, match=r'the bank has the classes class 0, class 1 \(2\), the images to classify'):
        ClassificationBenchmark(
            data(TRAIN), data(TEST, num_classes=3), [dict(type='Pooled')], [dict(type='Nearest')]
        ).wanted()


def test_rejects_too_few_images_for_a_probe():
    with pytest.raises(ValueError, match='a bank of 2 images has no 3 neighbours'):
        benchmark(probe=dict(type='KNNProbe', ks=(3,)), subset=dict(images_per_class=1)).wanted()


def test_rejects_classes_without_training_images():
    with pytest.raises(ValueError, match='1 of 2 classes have none of the 2 training images, e.g. class 1'):
        benchmark(train=[0, 0]).wanted()


def test_one_class_is_no_accuracy():
    with pytest.raises(ValueError, match='class 0 is the only class'):
        benchmark(train=[0] * 4, test=[0] * 2, num_classes=1).wanted()
    with pytest.raises(ValueError, match='4 training images and all 2 to classify are of one class'):
        benchmark(train=[0] * 4, test=[0] * 2).wanted()


def test_a_class_without_any_image_is_no_matter():
    """An empty folder, in the middle of the numbers."""
    assert benchmark(train=[0, 0, 2, 2], test=[0, 2], num_classes=3).wanted()


def test_sets_without_images_are_named():
    images = DATASETS.build(data(TRAIN))
    with pytest.raises(ValueError, match='list has no images to learn from'):
        check_classes([], images)
    with pytest.raises(ValueError, match='list has no images to classify'):
        check_classes(images, [])


@pytest.mark.parametrize('labels, wrong', [([0, 1, -1, 1], '-1'), (['a', 'b'], "'a'"), ([0.0, 1.0], '0.0')])
def test_labels_are_integers_from_0_on(labels, wrong):
    with pytest.raises(ValueError, match=f'LabelledNames has the label .*{wrong}.*: labels must be integers from 0 on'):
        benchmark(train=labels).wanted()


def test_says_that_the_list_is_missing():
    with pytest.raises(FileNotFoundError, match='1percent.txt'):
        benchmark(subset=dict(list_file='1percent.txt')).wanted()


@pytest.mark.parametrize(
    'subset',
    [
        dict(),
        dict(images=1),
        dict(fraction=0.1, images_per_class=1),
        dict(list_file='a', seeds=(0, 1)),
        dict(fraction=0.5, seeds=()),
    ],
)
def test_rejects_subsets_of_another_form(subset):
    with pytest.raises(ValueError, match='subset=.* must be one of'):
        benchmark(subset=subset).wanted()


@pytest.mark.parametrize('arguments', [dict(kinds=[]), dict(probes=[])])
def test_rejects_what_cannot_be(arguments):
    with pytest.raises(ValueError, match='must be non-empty'):
        benchmark(**arguments)


def test_images_that_could_not_be_decoded_neither_train_nor_count():
    """Test image 1 is classified wrongly where it can be decoded."""
    whole, lacking = benchmark(), benchmark()
    whole.wanted()
    assert all(each.may_lack_images for each in lacking.wanted().values())
    train = torch.tensor([[0.0], [1.0], [5.0], [6.0]])
    test = torch.tensor([[2.0], [1.2], [9.0]])
    assert whole.run({'pooled/train': train, 'pooled/test': test})['pooled/nearest/top1'] == pytest.approx(200 / 3)
    train[0] = test[1] = torch.nan
    assert lacking.run({'pooled/train': train, 'pooled/test': test}) == {'pooled/nearest/top1': 100}


def test_a_class_that_lost_all_its_images_is_an_error():
    lacking = benchmark()
    lacking.wanted()
    train = torch.tensor([[torch.nan], [torch.nan], [5.0], [6.0]])
    with pytest.raises(ValueError, match='1 of 2 classes have none of the 2 training images, e.g. class 0'):
        lacking.run({'pooled/train': train, 'pooled/test': torch.zeros(3, 1)})
