"""Linear probes on augmented images: what they learn is what each would learn alone, broken off, or on two ranks."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.registry import DefaultScope
from mmpretrain.datasets import BaseDataset
from torch._subclasses.fake_tensor import FakeTensorMode

from sslreg.datasets import collate, set_view_key
from sslreg.evaluation import Extractor, LinearProbe
from sslreg.evaluation.probes import linear
from sslreg.evaluation.probes.linear import LinearHeads, grid
from sslreg.evaluation.protocols import linear_views
from sslreg.evaluation.protocols.linear_views import drawn_batches
from sslreg.models import Encoder
from sslreg.registry import BENCHMARKS, DATASETS, FEATURES
from tests import toy
from tests.waits import host_waits

VIEWS = [dict(type='MultiCrop', views=[dict(size=8, scale=(0.3, 1.0), flip=0.5)]), dict(type='PackViews')]
PLAIN = [dict(type='PackInputs')]
CLASSES = 3


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


@DATASETS.register_module(force=True)
class Blobs(BaseDataset):
    """Noise with one brighter channel, by which a class is told; ``log`` has what was read."""

    def __init__(self, length=26, seed=0, shift=0, classes=('b', 'g', 'r'), **kwargs):
        self.length, self.seed, self.shift, self.log = length, seed, shift, []
        super().__init__(ann_file='', metainfo=dict(classes=classes), serialize_data=False, **kwargs)

    def load_data_list(self):
        images = np.random.default_rng(self.seed).integers(0, 180, (self.length, 8, 8, 3), dtype=np.uint8)
        for i, image in enumerate(images):
            image[..., i % CLASSES] += 60
        return [dict(img=image, gt_label=(i + self.shift) % CLASSES) for i, image in enumerate(images)]

    def prepare_data(self, idx):
        self.log.append(idx)
        return super().prepare_data(idx)


@FEATURES.register_module(force=True)
class Precise:
    """Features in float64, so that the order of sums does not matter."""

    def __call__(self, observer, images):
        return observer(images).pooled.double() / 100


@FEATURES.register_module(force=True)
class Means(Precise):
    def __call__(self, observer, images):
        return super().__call__(observer, images).unflatten(1, (3, -1)).mean(dim=2)


@FEATURES.register_module(force=True)
class NotNumbers(Precise):
    def __call__(self, observer, images):
        return super().__call__(observer, images) * torch.nan


def build(**arguments):
    config = dict(
        type='LinearBenchmark',
        train=dict(type='Blobs', pipeline=VIEWS),
        test=dict(type='Blobs', length=50, seed=1, pipeline=PLAIN),
        kinds=[dict(type='Precise')],
        lrs=(0.5, 50.0),
        weight_decays=(0, 0.1),
        epochs=3,
        batch_size=8,
        num_workers=0,
    )
    return BENCHMARKS.build(config | arguments)


def encoder():
    return Encoder(dict(type='PixelBackbone', size=2)).eval()


def fitted(folder, model=None, **arguments):
    benchmark = build(**arguments)
    benchmark.wanted()
    benchmark.fit(model or encoder(), folder)
    return benchmark


def metrics_of(benchmark, folder):
    """Metrics of a built benchmark on the encoder."""
    wanted = benchmark.wanted()
    feats = Extractor(encoder(), None, num_workers=0)(list(wanted.values()))
    benchmark.fit(encoder(), folder)
    return benchmark.run(dict(zip(wanted, feats, strict=True)))


def results(folder, **arguments):
    return metrics_of(build(**arguments), folder)


def batches(epoch, images=26, size=8):
    return drawn_batches(torch.arange(images), size, torch.Generator().manual_seed(epoch))


def make_sgd(layer, decay):
    solver = torch.optim.SGD(layer.parameters(), lr=1, momentum=0.9, weight_decay=decay)

    def step(lr):
        solver.param_groups[0]['lr'] = lr
        solver.step()

    return step


def make_lars(layer, decay):
    velocity = [0, 0]

    def step(lr):
        grad = layer.weight.grad + decay * layer.weight.data
        grad *= 0.001 * layer.weight.data.norm() / grad.norm()
        for i, (param, own) in enumerate([(layer.weight, grad), (layer.bias, layer.bias.grad)]):
            velocity[i] = 0.9 * velocity[i] + own
            param.data -= lr * velocity[i]

    return step


def alone(head):
    """An ordinary loop over the epochs' batches, of views drawn from (seed, epoch, index)."""
    dataset = DATASETS.build(dict(type='Blobs', pipeline=VIEWS))
    rng, model = torch.Generator().manual_seed(0), encoder()
    layer = torch.nn.Linear(12, CLASSES, dtype=torch.double)
    layer.weight.data = torch.zeros(CLASSES, 12).normal_(0, 0.01, generator=rng).double()
    torch.nn.init.zeros_(layer.bias)
    step = dict(sgd=make_sgd, lars=make_lars)[head.optimizer](layer, head.weight_decay)
    for epoch in range(3):
        set_view_key(dataset, (0, epoch))
        for i, batch in enumerate(batches(epoch)):
            data = model.data_preprocessor(collate([dataset[int(j)] for j in batch]))
            feats = model.extract_feat(data['inputs'][0]).double() / 100
            layer.zero_grad()
            F.cross_entropy(layer(feats), batch % CLASSES).backward()
            step(head.lr * len(batch) / 256 * (1 + math.cos(math.pi * (4 * epoch + i) / 12)) / 2)
    return torch.cat([layer.weight.data, layer.bias.data[:, None]], dim=1)


def test_each_head_is_what_its_optimizer_gives_alone_on_the_same_views(tmp_path):
    heads = fitted(tmp_path).heads['precise']
    assert len(heads.params) == 8
    for head, params in zip(heads.heads, heads.params, strict=True):
        torch.testing.assert_close(params, alone(head), atol=1e-10, rtol=1e-10)


def test_without_augmentation_it_is_the_probe_on_kept_features(tmp_path, monkeypatch):
    train = dict(type='Blobs', length=24, pipeline=PLAIN)
    benchmark = build(train=train, epochs=1)
    wanted = benchmark.wanted()
    benchmark.fit(encoder(), tmp_path)
    feats = Extractor(encoder(), None, num_workers=0)([wanted['precise/test']._replace(dataset=benchmark.images)])[0]
    feats = feats.double()  # kept in float32
    monkeypatch.setattr(LinearProbe, '_batches', lambda *args: batches(0, images=24))
    probe = LinearProbe((0.5, 50.0), (0, 0.1), epochs=1, batch_size=8)
    probe.fit(feats, torch.arange(24) % CLASSES, val=(feats, torch.arange(24) % CLASSES))
    torch.testing.assert_close(benchmark.heads['precise'].params, probe.params, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('images, size, rates', [(26, 8, [7, 7, 6, 6]), (26, 20, [13, 13]), (24, 8, [8, 8, 8])])
def test_the_rate_is_that_of_the_batch(tmp_path, monkeypatch, images, size, rates):
    """1,030 images at ``batch_size=1024`` are two batches of 515."""
    factors = []
    monkeypatch.setattr(LinearHeads, 'step', lambda self, grad, factor: factors.append(factor))
    fitted(tmp_path, train=dict(type='Blobs', length=images, pipeline=VIEWS), batch_size=size, epochs=1)
    shares = [(1 + math.cos(math.pi * step / len(rates))) / 2 for step in range(len(rates))]
    assert factors == pytest.approx([rate / 256 * share for rate, share in zip(rates, shares, strict=True)])


def test_batches_are_all_images_of_the_epoch_evenly():
    first, second = batches(0), batches(1)
    assert [len(batch) for batch in first] == [7, 7, 6, 6]
    assert torch.cat(first).sort().values.tolist() == list(range(26))
    assert not torch.equal(torch.cat(first), torch.cat(second))


def test_kinds_share_each_image_and_do_not_know_of_each_other(tmp_path):
    both = fitted(tmp_path, kinds=[dict(type='Precise'), dict(type='Means')])
    assert len(both.images.log) == 1 + 3 * 26  # one to look at first
    single = fitted(tmp_path)
    assert torch.equal(both.heads['precise'].params, single.heads['precise'].params)
    assert both.heads['means'].params.shape == (8, CLASSES, 3 + 1)


def test_results_have_the_best_head_and_all(tmp_path):
    found = results(tmp_path)
    heads = [f'precise/{head}/top1' for head in build().grid]
    assert list(found) == ['precise/best/top1', *heads]
    assert found['precise/best/top1'] == max(found[head] for head in heads) > 80
    assert min(found.values()) < 60  # the grid makes a difference


def test_heads_that_diverged_are_counted(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(linear, 'print_log', lambda message, *_: said.append(message))
    results(tmp_path, lrs=(0.5, 1e38), epochs=1, kinds=[dict(type='Pooled')])
    assert said == ['linear probe: 4 of 8 heads diverged, e.g. sgd-lr1e+38-wd0: their accuracy means nothing']


def test_held_out_images_are_not_learnt_and_select(tmp_path):
    val = dict(type='Blobs', pipeline=PLAIN)
    benchmark = fitted(tmp_path, val=val, val_share=0.25)
    held_out = set(range(26)) - set(benchmark.learnt.tolist())
    assert len(held_out) == 6
    assert set(benchmark.images.log[1:]) == set(benchmark.learnt.tolist())
    labels = torch.arange(50) % CLASSES
    feats = 10.0 * F.one_hot(labels, CLASSES).repeat_interleave(4, dim=1).double()
    heads = benchmark.heads['precise']
    heads.params.zero_()
    heads.params[3, :, :12] = torch.eye(CLASSES).repeat_interleave(4, dim=1)  # only this one tells classes
    heads.params[5, :, :12] = heads.params[3, [2, 0, 1], :12]  # and this one with the test images' labels
    benchmark.labels['test'] = (labels + 1) % CLASSES
    benchmark.labels['test'][:10] = labels[:10]
    found = benchmark.run({'precise/test': feats, 'precise/val': feats[list(held_out)]})
    names = [str(head) for head in heads.heads]
    assert found['precise/selected/top1'] == found[f'precise/{names[3]}/top1'] == 20
    assert found['precise/best/top1'] == found[f'precise/{names[5]}/top1'] == 80


class Broken(Exception):
    pass


def break_off(monkeypatch, training):
    """After the first epoch."""

    def say(message, *args):
        raise Broken

    with monkeypatch.context() as patch:
        patch.setattr(linear_views, 'print_log', say)
        with pytest.raises(Broken):
            training()


def test_what_was_broken_off_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch):
    whole = fitted(tmp_path / 'whole')
    break_off(monkeypatch, lambda: fitted(tmp_path / 'parts'))
    resumed = fitted(tmp_path / 'parts')
    assert len(resumed.images.log) == 1 + 2 * 26
    assert torch.equal(resumed.heads['precise'].params, whole.heads['precise'].params)
    assert len(fitted(tmp_path / 'parts').images.log) == 1  # all is done
    (kept,) = (tmp_path / 'parts').iterdir()
    assert kept.suffix == '.pth'


@pytest.mark.parametrize(
    'other',
    [
        dict(lrs=(0.5, 5.0)),
        dict(epochs=4),
        dict(batch_size=4),
        dict(seed=1),
        dict(kinds=[dict(type='Means')]),
        dict(val=dict(type='Blobs', pipeline=PLAIN)),
        dict(train=dict(type='Blobs', seed=2, pipeline=VIEWS)),
        dict(train=dict(type='Blobs', pipeline=[dict(VIEWS[0], views=[dict(size=8)]), VIEWS[1]])),
        dict(model=Encoder(dict(type='PixelBackbone', size=2), dict(mean=[1.0] * 3, std=[2.0] * 3)).eval()),
    ],
    ids=str,
)
def test_another_setting_does_not_go_on_from_it(tmp_path, other):
    fitted(tmp_path)
    fitted(tmp_path, **other)
    assert len(list(tmp_path.iterdir())) == 2


def test_workers_change_nothing(tmp_path):
    assert results(tmp_path / 'a', epochs=1) == results(tmp_path / 'b', epochs=1, num_workers=1)


def test_workers_of_all_ranks_and_epochs_draw_differently(monkeypatch):
    benchmark, seeds = build(), set()
    benchmark.wanted()
    monkeypatch.setattr(linear_views, 'get_world_size', lambda: 2)
    for rank in range(2):
        monkeypatch.setattr(linear_views, 'get_rank', lambda rank=rank: rank)
        for epoch in range(3):
            loader = benchmark._loader(batches(epoch), torch.Generator().manual_seed(epoch))
            seeds.add(loader.generator.initial_seed())
    assert len(seeds) == 6


def on_a_rank(rank, folder):
    with DefaultScope.overwrite_default_scope('sslreg'):
        found = results(Path(folder), val=dict(type='Blobs', pipeline=PLAIN), val_share=0.2)
        barrier()  # the main process has written the last state
        (kept,) = Path(folder).iterdir()
        return {str(metric): value for metric, value in found.items()}, torch.load(kept)['heads']['precise'][0]


@pytest.mark.slow
def test_two_ranks_go_on_and_learn_what_one_process_does(run_ranks, tmp_path, monkeypatch):
    """The first epoch is one process's."""
    break_off(monkeypatch, lambda: on_a_rank(0, str(tmp_path / 'two')))
    metrics, params = on_a_rank(0, str(tmp_path / 'one'))
    for found, theirs in run_ranks(on_a_rank, str(tmp_path / 'two')):
        assert found == metrics
        torch.testing.assert_close(theirs, params, atol=1e-10, rtol=1e-10)


def test_a_step_does_not_wait_for_the_device():
    benchmark = build()
    with FakeTensorMode():
        feats, labels = torch.zeros(8, 12, device='cuda'), torch.zeros(8, dtype=torch.long, device='cuda')
        heads = LinearHeads(benchmark.grid, CLASSES, feats, torch.Generator())
        with host_waits() as found:
            benchmark._step(heads, feats, labels, 8, 0.5)
    assert not found


def test_bfloat16_is_of_the_network_only(tmp_path):
    pooled = dict(kinds=[dict(type='Pooled')], epochs=1)
    model = Encoder(dict(type=toy.ToyLinear)).eval()
    exact, rough = (fitted(tmp_path, model, amp=amp, **pooled).heads['pooled'].params for amp in (False, True))
    assert exact.dtype == rough.dtype == torch.float32
    assert not torch.equal(exact, rough)
    torch.testing.assert_close(exact[0], rough[0], atol=0.02, rtol=0.05)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(kinds=[]), 'kinds=.* must be non-empty'),
        (dict(epochs=0), 'epochs=0'),
        (dict(val_share=1), 'val_share=1'),
        (dict(lrs=(0,)), r'lrs\[0\]=0 must be positive'),
        (dict(test=dict(type='Blobs', classes=('a', 'b', 'c'))), 'the bank has the classes b, g, r'),
        (dict(val=dict(type='Blobs', shift=1)), 'labels differ'),
        (dict(val=dict(type='Blobs'), val_share=0.01), 'of 26 images of 3 classes holds out no image'),
        (dict(train=dict(type='Blobs', length=2, pipeline=VIEWS)), '1 of 3 classes have none of the 2 training images'),
        (dict(kinds=[dict(type='NotNumbers')]), '1 of 1 images have features that are not finite'),
        (dict(kinds=[dict(type='PatchTokens')]), 'patchtokens gives .* of an image: a linear probe takes'),
        (
            dict(train=dict(type='Blobs', pipeline=[dict(VIEWS[0], views=[dict(size=8, num=2)]), VIEWS[1]])),
            'come as 2 views',
        ),
    ],
)
def test_what_cannot_be_is_refused_before_training(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        fitted(tmp_path, Encoder(dict(type=toy.ToyBackbone)).eval(), **arguments)


def test_batches_that_are_too_small_to_share_are_refused(monkeypatch):
    monkeypatch.setattr(linear_views, 'get_world_size', lambda: 4)
    with pytest.raises(ValueError, match='batches of 3 images cannot be shared by 4 processes'):
        batches(0, images=11, size=4)


@pytest.mark.parametrize('path', sorted(Path('configs/benchmarks').glob('*linear*.py')), ids=str)
def test_published_protocol(path):
    cfg = Config.fromfile(path).benchmark
    (view,) = cfg.train.pipeline[1].views
    assert (view.scale, view.flip, view.interpolation) == ((0.08, 1.0), 0.5, 'bilinear')
    assert set(view) <= {'size', 'scale', 'flip', 'interpolation'}
    benchmark = BENCHMARKS.build(cfg)
    if 'imagenet' in path.stem:
        assert benchmark.epochs == 100
        assert len(benchmark.grid) == (1 if 'resnet50' in path.stem else 52)
        assert view.size == 224


def test_cifar10(cifar10, tmp_path):
    cfg = Config.fromfile('configs/benchmarks/cifar10_linear.py').benchmark
    cfg.train.update(data_root=str(cifar10), indices=200)
    cfg.test.update(data_root=str(cifar10), indices=100)
    found = metrics_of(BENCHMARKS.build(cfg | dict(epochs=2, batch_size=50, num_workers=0)), tmp_path)
    assert len(found) == 2 * (1 + 52)
    assert found['pooled/best/top1'] > 10


def test_the_grid_is_the_papers():
    assert [head.optimizer for head in grid((1,), (0,), ('sgd', 'lars'))] == ['sgd', 'lars']
    assert len(build(lrs=linear_views.LRS, weight_decays=(0, 1e-6)).grid) == 52
