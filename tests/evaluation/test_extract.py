"""Features of every kind from one pass over the images, kept on disk."""

import os
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from mmengine.registry import DefaultScope
from PIL import Image

from sslreg.datasets import BrokenImageError, ImageFolder, PackedImages
from sslreg.evaluation.features.collect import is_broken
from sslreg.evaluation.features.corrupt import dataset_name, image_name, image_source
from sslreg.evaluation.features.extract import Extractor
from sslreg.evaluation.features.kinds import MultiScale, Observer, Pooled, kind_text
from sslreg.evaluation.features.store import FeatureStore, Parts, dataset_hash, model_hash
from sslreg.evaluation.protocols import Wanted
from sslreg.registry import DATASETS, FEATURES, MODELS
from sslreg.utils.progress import duration, progress
from tests import toy

VIT = dict(
    type='SSLVisionTransformer',
    arch=dict(embed_dims=16, num_layers=3, num_heads=2, feedforward_channels=32),
    img_size=32,
    patch_size=8,
    out_type='cls_token',
)
KINDS = dict(
    pooled=dict(type='Pooled'),
    last=dict(type='ClassToken'),
    last_two=dict(type='ClassToken', blocks=2),
    both=dict(type='ClassAndMeanPatch'),
    patches=dict(type='PatchTokens'),
    scales=dict(type='MultiScale', scales=(1.0, 0.5)),
)


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


def build(backbone: dict, channels: int):
    torch.manual_seed(0)
    neck = dict(type='ProjectionNeck', in_channels=channels, hid_channels=16, out_channels=4)
    model = MODELS.build(toy.model(backbone=backbone, neck=neck))
    model.init_weights()
    for parameter in model.teacher.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # layer norms too: they must not be forgotten
    return model.eval()


def features(model, images, **kind):
    return FEATURES.build(kind)(Observer(model), images)


def test_kinds_of_a_vision_transformer_are_its_tokens_after_the_final_norm():
    model, images = build(VIT, 16), torch.randn(2, 3, 32, 40)
    backbone = model.teacher.module.backbone
    backbone.out_type, backbone.out_indices = 'raw', [0, 1, 2]
    with torch.no_grad():
        *_, before, last = backbone(images)
    before = backbone.ln1(before)
    backbone.out_type, backbone.out_indices = 'cls_token', [2]
    close = dict(atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(features(model, images, type='Pooled'), last[:, 0], **close)
    torch.testing.assert_close(features(model, images, type='ClassToken'), last[:, 0], **close)
    expected = torch.cat([before[:, 0], last[:, 0]], dim=1)
    torch.testing.assert_close(features(model, images, type='ClassToken', blocks=2), expected, **close)
    expected = torch.cat([last[:, 0], last[:, 1:].mean(dim=1)], dim=1)
    torch.testing.assert_close(features(model, images, type='ClassAndMeanPatch'), expected, **close)
    powers = last[:, 1:].clamp(min=1e-6).double() ** 4
    gem = torch.cat([last[:, 0], (powers.mean(dim=1) ** 0.25).float()], dim=1)
    torch.testing.assert_close(features(model, images, type='ClassAndGeMPatch'), gem, **close)
    patches = features(model, images, type='PatchTokens')
    assert patches.shape == (2, 4, 5, 16)  # rows, then columns
    torch.testing.assert_close(patches.flatten(1, 2), last[:, 1:], **close)


@pytest.mark.parametrize('name, extra', [('vit_tiny_patch16_224', 1), ('vit_small_patch14_reg4_dinov2', 5)])
def test_kinds_of_a_timm_vit_are_timms_own(name, extra):
    size = dict(img_size=32) if 'dinov2' not in name else dict(img_size=28)
    model = build(dict(type='TimmBackbone', model_name=name, depth=2, **size), timm.create_model(name).num_features)
    images = torch.randn(2, 3, 28 if 'dinov2' in name else 32, 28 if 'dinov2' in name else 32)
    with torch.no_grad():
        tokens = model.teacher.module.backbone.model.forward_features(images)
    torch.testing.assert_close(features(model, images, type='ClassToken'), tokens[:, 0])
    torch.testing.assert_close(features(model, images, type='PatchTokens').flatten(1, 2), tokens[:, extra:])


@pytest.mark.parametrize('name', ['resnet10t', 'swin_tiny_patch4_window7_224'])
def test_the_map_of_a_timm_network_is_what_it_pools(name):
    """Channels come second in a ResNet and last in a Swin."""
    model = MODELS.build(dict(type='Encoder', backbone=dict(type='TimmBackbone', model_name=name))).eval()
    images = torch.rand(2, 3, 64, 96)
    maps = features(model, images, type='PatchTokens')
    assert maps.shape[:3] == (2, 2, 3)
    torch.testing.assert_close(maps.mean(dim=(1, 2)), features(model, images, type='Pooled'), atol=1e-5, rtol=1e-4)


def test_a_network_without_a_map_has_no_patch_tokens():
    model = MODELS.build(dict(type='Encoder', backbone=dict(type='PixelBackbone')))
    with pytest.raises(ValueError, match='PixelBackbone gives neither patch tokens nor a map'):
        features(model, torch.rand(1, 3, 8, 8), type='PatchTokens')


def test_a_convolutional_network_has_a_map_and_no_tokens():
    model, images = build(dict(type='ToyBackbone'), 8), torch.randn(2, 3, 8, 8)
    patches = features(model, images, type='PatchTokens')
    assert patches.shape == (2, 6, 6, 8)
    torch.testing.assert_close(patches.mean(dim=(1, 2)), features(model, images, type='Pooled'))
    with pytest.raises(ValueError, match='ToyBackbone has 0 transformer blocks, 1 are asked for'):
        features(model, images, type='ClassToken')


def test_scales_are_averaged_before_the_norm():
    model, images = build(VIT, 16), torch.randn(2, 3, 32, 32)
    half = F.interpolate(images, scale_factor=0.5, mode='bilinear')
    with torch.no_grad():
        expected = F.normalize(model.extract_feat(images) + model.extract_feat(half), dim=1)
    torch.testing.assert_close(features(model, images, type='MultiScale', scales=(1, 0.5)), expected)


def test_a_kind_is_written_in_one_way():
    inner = dict(type=Pooled)
    written = kind_text(dict(type='sslreg.MultiScale', of=inner, scales=(1, 0.5)))
    assert written == kind_text(dict(scales=(1, 0.5), type=MultiScale, of=dict(type='Pooled')))
    assert written == 'MultiScale(of=Pooled(), scales=(1, 0.5))'


@pytest.mark.parametrize('kind', [dict(type='ClassToken', blocks=0), dict(type='MultiScale', scales=())])
def test_a_wrong_kind_is_refused(kind):
    with pytest.raises(ValueError, match='must be'):
        FEATURES.build(kind)


class Counting:
    """A transform that counts images."""

    def __init__(self):
        self.seen = 0

    def __call__(self, results):
        self.seen += 1
        return results

    def __getstate__(self):
        return {}  # the count is no part of what the transform does


def toy_dataset(counting=None, length=10):
    dataset = DATASETS.build(dict(type='ToyDataset', length=length, pipeline=[dict(type='PackInputs')]))
    if counting is not None:
        dataset.pipeline.transforms.insert(0, counting)
    return dataset


def test_all_benchmarks_together_read_each_image_once_and_show_it_once(tmp_path):
    model, counting, shown = build(VIT, 16), Counting(), []
    dataset = toy_dataset(counting)
    model.teacher.module.backbone.register_forward_hook(lambda *args: shown.append(len(args[1][0])))
    kinds = [kind for name, kind in KINDS.items() if name != 'scales']
    extractor = Extractor(model, FeatureStore(tmp_path), batch_size=4, num_workers=0)
    counting.seen = 0
    first = extractor([Wanted(dataset, kind) for kind in [*kinds, kinds[0]]])
    assert counting.seen == 10
    assert shown == [4, 4, 2]
    again = Extractor(model, FeatureStore(tmp_path), batch_size=3, num_workers=0)([Wanted(dataset, k) for k in kinds])
    assert counting.seen == 10
    assert all(torch.equal(*pair) for pair in zip(first[:-1], again, strict=True))
    more = extractor([Wanted(dataset, dict(type='ClassToken', blocks=3)), Wanted(dataset, kinds[0])])
    assert counting.seen == 20
    assert more[0].shape == (10, 48)


def test_features_are_in_the_order_of_the_dataset():
    model, dataset = build(VIT, 16), toy_dataset()
    (feats,) = Extractor(model, None, batch_size=4, num_workers=0)([Wanted(dataset, KINDS['pooled'])])
    images = torch.stack([dataset[i]['inputs'] for i in range(10)])
    with torch.no_grad():
        expected = model.extract_feat(model.data_preprocessor(dict(inputs=images))['inputs'])
    torch.testing.assert_close(feats, expected, atol=1e-5, rtol=1e-5)


def test_what_features_depend_on_is_in_the_hash():
    model, dataset = build(VIT, 16), toy_dataset()
    whole = model_hash(model)
    assert whole == model_hash(build(VIT, 16))
    assert dataset_hash(dataset) == dataset_hash(toy_dataset())
    assert dataset_hash(dataset) != dataset_hash(toy_dataset(length=9))
    assert dataset_hash(dataset) != dataset_hash(toy_dataset(Counting()))
    model.neck.mlp[0].weight.data.add_(1)
    model.memory.feats.add_(1)
    assert model_hash(model) == whole  # neither has a part in the features
    model.data_preprocessor.mean += 1
    assert model_hash(model) != whole
    other = build(VIT, 16)
    other.teacher.module.backbone.cls_token.data[0, 0, 0] += 1e-3
    assert model_hash(other) != whole


@pytest.mark.parametrize('backbone', [dict(type='PixelBackbone', size=4), dict(type='ColorHistogramBackbone', bins=2)])
def test_networks_without_weights_are_told_apart_by_their_settings(backbone):
    (setting,) = set(backbone) - {'type'}
    one, same, other = (
        MODELS.build(dict(type='Encoder', backbone=each)) for each in (backbone, backbone, backbone | {setting: 8})
    )
    assert model_hash(one) == model_hash(same)
    assert model_hash(one) != model_hash(other)


@pytest.mark.parametrize('damage', ['cut', 'empty', 'flip', 'note', 'gone'])
def test_damaged_features_are_made_again(tmp_path, damage):
    store, feats = FeatureStore(tmp_path), torch.randn(20, 3)
    assert store.load('a') is None
    store.save('a', feats, dict(kind='test'))
    assert torch.equal(store.load('a'), feats)
    array, note = tmp_path / 'a.npy', tmp_path / 'a.json'
    data = array.read_bytes()
    if damage == 'cut':
        array.write_bytes(data[:-40])
    elif damage == 'empty':  # as a crash of the machine leaves it
        array.write_bytes(b'')
    elif damage == 'flip':
        array.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == 'note':
        note.write_text('{"dig')
    else:
        note.unlink()
    assert store.load('a') is None


def test_two_commands_may_store_the_same_features_at_once(tmp_path, monkeypatch):
    store, save = FeatureStore(tmp_path), np.save

    def overtaken(file, array):
        save(file, array)
        monkeypatch.setattr('numpy.save', save)
        store.save('a', torch.ones(3, 2), {})

    monkeypatch.setattr('numpy.save', overtaken)
    store.save('a', torch.ones(3, 2), {})
    assert torch.equal(store.load('a'), torch.ones(3, 2))
    assert sorted(file.name for file in tmp_path.iterdir()) == ['a.json', 'a.npy']


def test_features_are_mapped_from_the_disk_and_may_be_changed_in_memory(tmp_path):
    store = FeatureStore(tmp_path)
    store.save('a', torch.zeros(4, 2), {})
    store.load('a').add_(1)
    assert np.load(tmp_path / 'a.npy').sum() == 0


def extracted(rank: int, folder: str):
    with DefaultScope.overwrite_default_scope('sslreg'):
        model, dataset = build(VIT, 16), toy_dataset(length=11)
        extractor = Extractor(model, FeatureStore(folder), batch_size=4, num_workers=0)
        return extractor([Wanted(dataset, KINDS['both']), Wanted(dataset, KINDS['patches'])])


def extracted_on_its_own(rank: int, folder: str):
    return extracted(rank, f'{folder}/machine{rank}')


@pytest.mark.slow
def test_two_ranks_extract_what_one_process_does(run_ranks, tmp_path):
    """The ranks are on two machines; only one has kept the features of an earlier run."""
    expected = extracted(0, str(tmp_path / 'machine0'))
    for found in run_ranks(extracted_on_its_own, str(tmp_path)):
        for mine, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-6)


class Stopping(Counting):
    """A transform that counts images and is interrupted at one."""

    def __init__(self, at: int):
        super().__init__()
        self.at = at

    def __call__(self, results):
        if self.seen == self.at:
            self.at = None
            raise KeyboardInterrupt
        return super().__call__(results)


def interrupt(dataset, store):
    extractor = Extractor(build(VIT, 16), store, batch_size=2, num_workers=0)
    with pytest.raises(KeyboardInterrupt):
        extractor([Wanted(dataset, KINDS['both']), Wanted(dataset, KINDS['patches'])])


def test_an_interrupted_extraction_goes_on_where_it_stopped(tmp_path):
    store, stopping = FeatureStore(tmp_path / 'store'), Stopping(at=7)
    dataset = toy_dataset(stopping)
    interrupt(dataset, store)
    stopping.seen = 0
    wanted = [Wanted(dataset, KINDS['both']), Wanted(dataset, KINDS['patches'])]
    found = Extractor(build(VIT, 16), store, batch_size=4, num_workers=0)(wanted)
    assert stopping.seen == 10 - 6  # three batches of two were whole
    assert not list((tmp_path / 'store').glob('*.parts'))
    for mine, theirs in zip(found, Extractor(build(VIT, 16), None, num_workers=0)(wanted), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-6)


def test_what_another_network_has_begun_is_not_taken(tmp_path):
    store, stopping = FeatureStore(tmp_path), Stopping(at=7)
    dataset = toy_dataset(stopping)
    interrupt(dataset, store)
    stopping.seen = 0
    other = build(VIT, 16)
    other.teacher.module.backbone.cls_token.data += 1
    Extractor(other, store, num_workers=0)([Wanted(dataset, KINDS['both']), Wanted(dataset, KINDS['patches'])])
    assert stopping.seen == 10


def test_nothing_is_read_again_if_only_the_whole_is_missing(tmp_path, monkeypatch):
    store, counting = FeatureStore(tmp_path), Counting()
    wanted = [Wanted(toy_dataset(counting), KINDS['both'])]
    monkeypatch.setattr(Parts, 'remove', lambda self: None)
    monkeypatch.setattr(Parts.__init__, '__defaults__', (0, 2**30))
    expected = Extractor(build(VIT, 16), store, num_workers=0)(wanted)
    for file in tmp_path.glob('*.npy'):
        file.unlink()
    counting.seen = 0
    assert torch.equal(Extractor(build(VIT, 16), store, num_workers=0)(wanted)[0], expected[0])
    assert counting.seen == 0


def batch(*indices):
    return torch.tensor(indices), [torch.tensor(indices, dtype=torch.float)[:, None], torch.ones(len(indices), 2, 2)]


def test_parts_are_written_as_they_come_and_read_once(tmp_path):
    parts = Parts(tmp_path / 'parts', seconds=0)
    for number, _ in enumerate(parts.kept([batch(0, 2), batch(4, 6), (torch.tensor([5]), [])]), start=1):
        assert len(list((tmp_path / 'parts').iterdir())) == min(number, 2)  # a broken image is tried again
    list(parts.kept([batch(6, 8)]))  # 6 again, as by a second process
    loaded = list(parts.load())
    indices = torch.cat([found for found, _ in loaded])
    assert sorted(indices.tolist()) == [0, 2, 4, 6, 8]
    assert torch.equal(torch.cat([rows[0] for _, rows in loaded])[:, 0], indices.float())
    assert {rows[1].shape[1:] for _, rows in loaded} == {(2, 2)}
    damaged = next(file for file in (tmp_path / 'parts').iterdir() if 0 in np.load(file)['arr_0'])
    data = bytearray(damaged.read_bytes())
    data[data.index(np.float32(1).tobytes())] ^= 1
    damaged.write_bytes(data)
    assert sorted(i for found, _ in parts.load() for i in found.tolist()) == [4, 6, 8]


def test_large_rows_are_written_sooner(tmp_path):
    parts = Parts(tmp_path, seconds=1000, size=2 * batch(0)[1][0].nbytes + 2 * batch(0)[1][1].nbytes)
    list(parts.kept([batch(i) for i in range(5)]))
    assert len(list(tmp_path.iterdir())) == 2  # the fifth is in the whole


def resumed(rank: int, folder: str):
    with DefaultScope.overwrite_default_scope('sslreg'):
        stopping = Stopping(at=None)
        dataset = toy_dataset(stopping, length=11)
        extractor = Extractor(build(VIT, 16), FeatureStore(folder), batch_size=4, num_workers=0)
        return stopping.seen, extractor([Wanted(dataset, KINDS['both']), Wanted(dataset, KINDS['patches'])])


@pytest.mark.slow
def test_two_ranks_go_on_with_what_one_process_left(run_ranks, tmp_path):
    """One of eleven images remains, so one rank has none."""
    interrupt(toy_dataset(Stopping(at=10), length=11), FeatureStore(tmp_path / 'two'))
    expected = extracted(0, str(tmp_path / 'one'))
    for _, found in run_ranks(resumed, str(tmp_path / 'two')):
        for mine, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=1e-6, rtol=1e-6)
    assert not list((tmp_path / 'two').glob('*.parts'))


def photographs(folder, broken=()):
    """Six images of 8 px in two classes; ``broken`` ones cannot be decoded."""
    for i in range(6):
        path = folder / 'ab'[i % 2] / f'{i}.png'
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
        if path.name in broken:
            path.write_bytes(path.read_bytes()[:40])
    return ImageFolder(str(folder), pipeline=[dict(type='LoadImage'), dict(type='PackInputs')])


def test_a_file_that_is_replaced_makes_another_dataset(tmp_path):
    photographs(tmp_path)
    file = tmp_path / 'a/0.png'

    def hashed(data, nanoseconds):
        file.write_bytes(data)
        os.utime(file, ns=(0, nanoseconds))
        return dataset_hash(ImageFolder(str(tmp_path)))

    data = file.read_bytes()
    assert hashed(data, 0) == hashed(data, 0)
    assert len({hashed(data, 0), hashed(data, 1), hashed(data + b' ', 0)}) == 3


def test_images_of_several_sizes_are_shown_one_by_one(tmp_path):
    dataset = photographs(tmp_path)
    Image.new('RGB', (16, 24)).save(tmp_path / 'a/2.png')
    (feats,) = Extractor(build(VIT, 16), None, batch_size=4, num_workers=0)(
        [Wanted(dataset, KINDS['pooled'], one_size=False)]
    )
    assert feats.shape == (6, 16)


def extractor(folder, **options):
    return Extractor(build(VIT, 16), FeatureStore(folder), batch_size=2, **options)


@pytest.mark.parametrize('num_workers', [0, 2])
def test_a_broken_image_is_an_error_that_names_it(tmp_path, num_workers):
    wanted = Wanted(photographs(tmp_path, broken=['3.png']), KINDS['pooled'], may_lack_images=True)
    with pytest.raises(BrokenImageError, match=r'b/3.png \(40 bytes\) is broken'):
        extractor(tmp_path / 'store', num_workers=num_workers)([wanted])


def test_broken_images_are_left_out_on_request(tmp_path):
    """The first batch has no image at all."""
    whole = extractor(tmp_path / 'one', num_workers=0)([Wanted(photographs(tmp_path / 'a'), KINDS['patches'])])[0]
    wanted = Wanted(photographs(tmp_path / 'b', ['0.png', '2.png', '5.png']), KINDS['patches'], may_lack_images=True)
    for _ in range(2):  # made, and from the store
        lenient = extractor(tmp_path / 'two', num_workers=0, skip_broken=True)
        (feats,) = lenient([wanted])
        assert is_broken(feats).tolist() == [True, True, False, False, False, True]  # a/0, a/2, a/4, b/1, b/3, b/5
        torch.testing.assert_close(feats[2:5], whole[2:5], atol=1e-6, rtol=1e-6)
        ((name, images),) = lenient.broken.items()
        assert 'ImageFolder' in name
        assert [Path(image).name for image in images] == ['0.png', '2.png', '5.png']
    with pytest.raises(BrokenImageError, match='3 of 6 images .* cannot be decoded: .*/a/0.png'):
        extractor(tmp_path / 'two', num_workers=0)([wanted])


def test_broken_images_of_which_ground_truth_counts_stay_an_error(tmp_path):
    """Also where another benchmark could do without them."""
    wanted = Wanted(photographs(tmp_path, broken=['3.png']), KINDS['pooled'])
    with pytest.raises(BrokenImageError, match='3.png'):
        extractor(tmp_path / 'store', num_workers=0, skip_broken=True)([wanted, wanted._replace(may_lack_images=True)])


def test_datasets_are_called_by_their_files(tmp_path):
    offsets = dict(jpeg=np.zeros(0, np.uint8), offsets=[0, 0], labels=[3])
    np.savez(tmp_path / 'train.npz', **offsets)
    packed = PackedImages('train.npz', data_root=str(tmp_path))
    assert dataset_name(packed) == f'1 images of PackedImages {tmp_path}/train.npz'
    assert image_name(packed, 0) == 'number 0'
    folder = photographs(tmp_path / 'photos')
    assert dataset_name(folder) == f'6 images of ImageFolder {tmp_path}/photos'
    assert image_name(folder, 3) == f'{tmp_path}/photos/b/1.png'


def test_features_that_are_not_finite_are_refused(tmp_path):
    diverged = build(VIT, 16)
    diverged.teacher.module.backbone.cls_token.data += torch.nan
    with pytest.raises(ValueError, match='have its weights diverged'):
        Extractor(diverged, None, num_workers=0)([Wanted(toy_dataset(), KINDS['pooled'])])


def test_nothing_is_hashed_without_a_store(monkeypatch):
    for name in ('dataset_hash', 'model_hash'):
        monkeypatch.setattr(f'sslreg.evaluation.features.extract.{name}', None)
    dataset = toy_dataset()
    first, second = Extractor(build(VIT, 16), None, num_workers=0)([Wanted(dataset, KINDS['both'])] * 2)
    assert first is second


def test_the_log_has_a_line_when_a_minute_is_over(monkeypatch):
    lines, clock = [], iter(range(0, 10_000, 25))
    monkeypatch.setattr('sslreg.utils.progress.print_log', lambda text, *_: lines.append(text))
    monkeypatch.setattr('sslreg.utils.progress.time.monotonic', lambda: next(clock))
    list(progress(toy.build_loader(batch_size=4), 'features of toys'))  # 24 images, 25 s for 4 of them and a start
    assert lines == [
        'features of toys: 33%, 0.1 images/s, 2 min 30 s to go',
        'features of toys: 83%, 0.1 images/s, 30 s to go',
    ]


@pytest.mark.parametrize('seconds, text', [(0.4, '0 s'), (59.6, '1 min 0 s'), (7500, '2 h 5 min'), (180000, '2 d 2 h')])
def test_durations_are_in_two_units(seconds, text):
    assert duration(seconds) == text


def test_names_that_are_no_text_can_be_logged(tmp_path):
    folder = tmp_path / os.fsdecode(b'ph\xff')
    folder.mkdir()
    Image.new('RGB', (8, 8)).save(folder / 'a.png')
    assert image_source(ImageFolder(str(folder), with_label=False)) == rf'ImageFolder {tmp_path}/ph\xff'
