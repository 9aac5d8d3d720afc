"""Label propagation from frames to J&F."""

import shutil

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config

from sslreg.evaluation.metrics.video_segmentation import mean_scores, score_clip
from sslreg.evaluation.protocols import video
from sslreg.registry import BENCHMARKS
from tests.conftest import ROOT


def build(data_root, clips):
    cfg = Config.fromfile(ROOT / 'configs/benchmarks/davis_mini.py').benchmark
    cfg.dataset.data_root, cfg.clips = str(data_root), clips
    return BENCHMARKS.build(cfg)


def mean_colours(dataset, patch=16):
    """Return the mean colours of patches, less their mean over the clip: ``[F, h, w, 3]``."""
    frames = torch.stack([item['inputs'] for item in dataset]).float()
    colours = F.avg_pool2d(frames, patch).movedim(1, -1)
    return colours - colours.mean(dim=(0, 1, 2))


@pytest.fixture
def moving(tmp_path):
    """Two clips of rectangles that move by a patch (16 px) a frame on blue; the second has two objects."""
    for name, colors in dict(one=[(0, 0, 255)], two=[(0, 0, 255), (0, 255, 0)]).items():
        for folder in ('JPEGImages', 'Annotations'):
            (tmp_path / folder / '480p' / name).mkdir(parents=True)
        for t in range(6):
            frame, mask = np.full((480, 832, 3), (255, 0, 0), np.uint8), np.zeros((480, 832), np.uint8)
            for index, color in enumerate(colors, start=1):
                box = np.s_[96 * index : 96 * index + 64, 16 * (t + 4 * index) : 16 * (t + 4 * index) + 96]
                frame[box], mask[box] = color, index
            cv2.imwrite(str(tmp_path / f'JPEGImages/480p/{name}/{t:05}.jpg'), frame)
            cv2.imwrite(str(tmp_path / f'Annotations/480p/{name}/{t:05}.png'), mask)
    (tmp_path / 'sequences.txt').write_text('one\ntwo\n')
    return tmp_path


@pytest.mark.parametrize('name', ['davis', 'davis_mini'])
def test_configs_are_those_of_the_protocol(name, tmp_path):
    cfg = Config.fromfile(ROOT / f'configs/benchmarks/{name}.py')
    cfg.dump(tmp_path / 'dumped.py')
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert dumped.pretty_text == cfg.pretty_text
    numbers = {key: dumped.benchmark[key] for key in ('num_last', 'radius', 'topk', 'temperature')}
    assert numbers == dict(num_last=7, radius=12, topk=5, temperature=0.1)
    assert dict(dumped.benchmark.dataset.pipeline[1], type=None) == dict(type=None, short=480, multiple=64)


def test_objects_of_a_colour_are_followed(moving):
    benchmark = build(moving, 'sequences.txt')
    wanted = benchmark.wanted()
    assert {name: len(want.dataset) for name, want in wanted.items()} == dict(one=6, two=6)
    metrics = benchmark.run({name: mean_colours(want.dataset) for name, want in wanted.items()})
    assert metrics['J'] > 95  # upsampled masks have round corners
    assert metrics['F'] > 95


def test_objects_count_alike_not_clips(moving):
    """The second object of the second clip, in rows 12-15 of patches, is lost."""
    benchmark = build(moving, 'sequences.txt')
    feats = {name: mean_colours(want.dataset) for name, want in benchmark.wanted().items()}
    feats['two'][1:, 12:16] = feats['two'][0, -1, -1]
    metrics = benchmark.run(feats)
    assert 95 / 2 < metrics['two/J&F'] < 60
    assert metrics['one/J&F'] > 95
    assert metrics['J&F'] == pytest.approx((metrics['one/J&F'] + 2 * metrics['two/J&F']) / 3)


def relabelled(root, clip, change):
    """Change the masks of a clip by a function of frame and mask."""
    for path in sorted((root / 'Annotations/480p' / clip).iterdir()):
        cv2.imwrite(str(path), change(int(path.stem), cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)))


def found(moving, clip='two'):
    benchmark = build(moving, [clip])
    return benchmark.run({name: mean_colours(want.dataset) for name, want in benchmark.wanted().items()})


@pytest.mark.parametrize('labels', [(1, 2), (38, 75), (7, 128), (254, 3)])
def test_the_numbers_of_labels_do_not_matter(moving, labels):
    """Grey masks of DAVIS's colours have labels such as 38 and 75."""
    expected = found(moving)
    relabelled(moving, 'two', lambda frame, mask: np.array([0, *labels], np.uint8)[mask])
    assert found(moving) == pytest.approx(expected)


def test_objects_that_appear_late_are_not_scored(moving):
    expected = found(moving)

    def late(frame, mask):
        mask[400:470, 400:800] = 3 if frame else 0
        return mask

    relabelled(moving, 'two', late)
    assert found(moving) == pytest.approx(expected)


def test_pixels_of_no_label_are_background(moving):
    expected = found(moving)
    relabelled(moving, 'two', lambda frame, mask: np.where(mask == 0, 255, mask) if frame == 3 else mask)
    assert found(moving) == pytest.approx(expected)


def test_channels_are_those_of_the_labels_that_occur(moving, monkeypatch):
    shapes = []

    def spy(feats, label, **options):
        shapes.append(tuple(label.shape))
        return video.propagate(feats, label, **options)

    benchmark = build(moving, ['two'])
    monkeypatch.setattr(benchmark, '_propagate', spy)
    first = torch.from_numpy(benchmark.clips['two'].masks()[0]) * 100
    predicted = benchmark.predict(torch.randn(6, 30, 52, 8), first, (480, 832))
    assert shapes == [(3, 30, 52)]
    assert set(np.unique(predicted)) <= {0, 100, 200}


def test_each_clip_has_j_f_and_their_mean(moving):
    metrics = build(moving, 'sequences.txt')
    feats = {name: mean_colours(want.dataset) for name, want in metrics.wanted().items()}
    scores = metrics.run(feats)
    for clip in ('one', 'two'):
        assert scores[f'{clip}/J&F'] == pytest.approx((scores[f'{clip}/J'] + scores[f'{clip}/F']) / 2)
    for measure in ('J', 'F', 'J&F'):
        expected = (scores[f'one/{measure}'] + 2 * scores[f'two/{measure}']) / 3
        assert scores[measure] == pytest.approx(expected)


def test_masks_below_the_first_one_copied_are_noted(moving):
    """The rectangles leave the first mask by a sixth of their width in each frame."""
    benchmark = build(moving, ['one'])
    benchmark.wanted()
    truth = benchmark.clips['one'].masks()
    copied = mean_scores(score_clip(np.stack([truth[0]] * 6), truth))['J&F']
    metrics = benchmark.run(dict(one=torch.randn(6, 30, 52, 64)))
    assert metrics['first_mask/J&F'] == pytest.approx(copied)
    assert f'is below {copied:.1f} of the first mask copied to all frames' in benchmark.note
    benchmark.run(dict(one=mean_colours(benchmark.clips['one'])))
    assert benchmark.note == ''


@pytest.mark.parametrize('wrong', [dict(topk=0), dict(temperature=float('nan')), dict(clips=[])], ids=str)
def test_what_cannot_be_is_refused_when_it_is_built(moving, wrong):
    cfg = Config.fromfile(ROOT / 'configs/benchmarks/davis_mini.py').benchmark
    cfg.dataset.data_root = str(moving)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        BENCHMARKS.build(dict(cfg, clips=['one']) | wrong)


def test_clips_without_a_frame_to_score_stop_before_features_are_made(moving):
    for folder in ('JPEGImages', 'Annotations'):
        for path in sorted((moving / folder / '480p' / 'one').iterdir())[2:]:
            path.unlink()
    with pytest.raises(ValueError, match='a clip of 2 frames'):
        build(moving, ['one']).wanted()


def test_features_that_tell_nothing_find_nothing(moving):
    benchmark = build(moving, ['one'])
    metrics = benchmark.run(dict(one=torch.randn(6, 30, 52, 64)))
    assert metrics['J'] < 50


def test_a_broken_package_stops_before_features_are_made(moving):
    shutil.rmtree(moving / 'Annotations' / '480p' / 'two')
    with pytest.raises(FileNotFoundError, match='6 of 6 frames have no mask'):
        build(moving, 'sequences.txt').wanted()


@pytest.mark.slow
def test_a_real_clip():
    """Mean colours follow a black swan better than its first mask, left where it is."""
    archive = ROOT / 'data' / 'davis_mini' / 'davis_mini.zip'
    if not archive.is_file():
        pytest.skip(f'needs {archive}')
    benchmark = build(archive, ['blackswan'])
    clip = benchmark.wanted()['blackswan'].dataset
    metrics = benchmark.run(dict(blackswan=mean_colours(clip)))
    masks = clip.masks()
    static = mean_scores(score_clip(np.stack([masks[0]] * len(masks)), masks, 1))
    print(metrics, static)
    assert metrics['J&F'] > static['J&F'] + 10
