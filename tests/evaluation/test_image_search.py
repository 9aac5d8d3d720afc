"""Benchmarks of retrieval and copy detection, from their configs, on real photographs with simple features."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor

from sslreg.registry import BENCHMARKS

CONFIGS = [
    path
    for name in ('retrieval_mini', 'copydetect_mini', 'roxford5k*', 'rparis6k*', 'copydays')
    for path in sorted(Path('configs/benchmarks').glob(f'{name}.py'))
]


def histogram(image: Tensor) -> Tensor:
    """Roots of the shares of 4 x 4 x 4 colours ``[64]`` in an image ``[3, H, W]``."""
    colors = (image.long() // 64).flatten(1)
    return torch.bincount(colors[0] * 16 + colors[1] * 4 + colors[2], minlength=64).div(colors.shape[1]).sqrt()


def thumbnail(image: Tensor) -> Tensor:
    """The image in 8 x 8 gray pixels less their mean ``[64]``."""
    gray = F.adaptive_avg_pool2d(image.float().mean(dim=0)[None], 8).flatten()
    return gray - gray.mean()


def noise(image: Tensor) -> Tensor:
    return torch.randn(64)


def scores(benchmark, feature) -> dict[str, float]:
    feats = {
        name: torch.stack([feature(part.dataset[i]['inputs']) for i in range(len(part.dataset))])
        for name, part in benchmark.wanted().items()
    }
    found = benchmark.run(feats)
    print(feature.__name__, json.dumps({name: round(value, 2) for name, value in found.items()}))
    return found


def load(name: str, needs: str):
    if not Path(needs).exists():
        pytest.skip(f'needs {needs} (docs/data.md)')
    return BENCHMARKS.build(Config.fromfile(f'configs/benchmarks/{name}.py').benchmark)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_survives_a_dump_and_wants_its_images(path, tmp_path):
    cfg = Config.fromfile(path)
    cfg.dump(tmp_path / 'dumped.py')
    dumped = Config.fromfile(tmp_path / 'dumped.py')
    assert dumped.pretty_text == cfg.pretty_text
    benchmark = BENCHMARKS.build(dumped.benchmark)
    parts = [part for part in cfg.benchmark.values() if isinstance(part, dict) and 'data_root' in part]
    if missing := [part.data_root for part in parts if not Path(part.data_root).exists()]:
        pytest.skip(f'needs {missing[0]} (docs/data.md)')
    for part in benchmark.wanted().values():
        assert part.dataset[0]['inputs'].dtype == torch.uint8
        assert part.dataset[len(part.dataset) - 1]['data_samples'].sample_idx == len(part.dataset) - 1


def test_retrieval_by_colours():
    benchmark = load('retrieval_mini', 'data/retrieval_mini/retrieval_mini.zip')
    assert len(benchmark.dataset) == 288
    assert len(benchmark.dataset.queries) == 49
    by_color, by_chance = scores(benchmark, histogram), scores(benchmark, noise)
    assert by_color['mAP'] > 30 > 15 > by_chance['mAP']
    assert by_color['P@1'] > 30 > 15 > by_chance['P@1']


def test_copies_by_thumbnails():
    """Thumbnails find copies that keep the layout, but not flipped, cropped and inset ones."""
    benchmark = load('copydetect_mini', 'data/copydetect_mini/copydetect_mini.zip')
    queries = benchmark.datasets['queries']
    assert (len(queries), queries.originals.count(None)) == (460, 60)
    by_layout, by_chance = scores(benchmark, thumbnail), scores(benchmark, noise)
    assert by_chance['mAP'] < 4
    assert by_chance['uAP'] < 1
    assert by_layout['jpeg5/mAP'] > 99
    assert by_layout['jpeg5/mAP'] > by_layout['crop50/mAP'] > by_layout['crop20/mAP'] > by_chance['crop20/mAP']
    assert by_layout['mAP'] > by_layout['mAP_top20'] > 30
    assert by_layout['uAP'] > 20


def test_whitening_and_distractors_come_in(tmp_path):
    """Distractors that equal the copies push the originals off the first place; whitening makes dimensions equal."""
    for name in ('original/200000', 'original/200100', 'strong/200001', 'strong/200101', 'far/300000', 'far/300100'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f'{name}.jpg'), np.zeros((8, 8, 3), np.uint8))
    part = lambda name: dict(type='CopydaysImages', data_root=str(tmp_path), blocks=[name])
    folder = dict(type='ImageFolder', data_root=str(tmp_path), data_prefix='far', with_label=False)
    config = dict(type='CopyDetectionBenchmark', database=part('original'), queries=part('strong'), kind={})
    originals = torch.tensor([[1.0, 0.2], [0.2, 1.0]])
    feats = dict(queries=torch.eye(2), database=originals)
    assert BENCHMARKS.build(config).run(feats)['mAP'] == 100

    crowded = BENCHMARKS.build(config | dict(distractors=folder))
    assert [len(part.dataset) for part in crowded.wanted().values()] == [2, 2, 2]
    assert crowded.run(feats | dict(distractors=torch.eye(2)))['mAP'] == 50

    # The first dimension varies most and says nothing: it leads the first query astray unless it is whitened.
    astray = dict(queries=torch.tensor([[10.0, 1], [10, -1]]), database=torch.tensor([[-9.0, 1], [10, -1]]))
    assert BENCHMARKS.build(config).run(astray)['mAP'] == 75
    whitened = BENCHMARKS.build(config | dict(whitening=folder))
    assert list(whitened.wanted()) == ['database', 'queries', 'whitening']
    varied = torch.tensor([[10.0, 1], [10, -1], [-10, 1], [-10, -1]])
    assert whitened.run(astray | dict(whitening=varied))['strong/mAP'] == 100


def test_a_revisited_benchmark_from_a_folder(tmp_path):
    """Two buildings, red and blue; what is hard is dark; a query's box cuts it out of a picture of the other colour."""
    red, blue = np.array([0, 0, 200]), np.array([200, 0, 0])
    os.mkdir(tmp_path / 'jpg')
    for i, color in enumerate([red, red, red * 0.4, blue, blue, blue * 0.4]):
        cv2.imwrite(str(tmp_path / f'jpg/image_{i}.jpg'), np.tile(color.astype(np.uint8), (600, 300, 1)))
    for name, color, around in (('red', red, blue), ('blue', blue, red)):
        picture = np.tile(around.astype(np.uint8), (400, 800, 1))
        picture[100:200, 300:500] = color
        cv2.imwrite(str(tmp_path / f'jpg/query_{name}.jpg'), picture)
    box = [310, 110, 490, 190]
    gnd = [dict(bbx=box, easy=[0, 1], hard=[2], junk=[]), dict(bbx=box, easy=[4], hard=[5], junk=[3])]
    truth = dict(imlist=[f'image_{i}' for i in range(6)], qimlist=['query_red', 'query_blue'], gnd=gnd)
    (tmp_path / 'gnd.json').write_text(json.dumps(truth))

    results = {}
    for name in ('roxford5k', 'roxford5k_whole'):
        cfg = Config.fromfile(f'configs/benchmarks/{name}.py').benchmark
        for part in (cfg.database, cfg.queries):
            part.update(data_root=str(tmp_path), ground_truth='gnd.json')
        benchmark = BENCHMARKS.build(cfg)
        wanted = benchmark.wanted()
        assert not any(part.one_size for part in wanted.values())
        assert wanted['database'].dataset[0]['inputs'].shape == (3, 512, 256)
        results[name] = scores(benchmark, lambda image: image.float().mean(dim=(1, 2)))
    assert wanted['queries'].dataset[0]['inputs'].shape == (3, 256, 512)
    assert results['roxford5k']['medium/mAP'] == results['roxford5k']['hard/mAP'] == 100
    assert results['roxford5k']['hard/queries'] == 2
    assert results['roxford5k_whole']['medium/mAP'] < 60
