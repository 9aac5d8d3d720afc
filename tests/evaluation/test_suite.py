"""Benchmarks by name, together, and as the tool runs them."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.datasets import PhotoTiles
from sslreg.evaluation import suite
from sslreg.evaluation.benchmarks import BaseBenchmark, Wanted
from sslreg.evaluation.extract import Extractor
from sslreg.models import ColorHistogramBackbone, Encoder, PixelBackbone
from sslreg.registry import BENCHMARKS, MODELS
from tests import toy
from tests.tools.test_tools import python, run, succeed


@BENCHMARKS.register_module(force=True)
class Brightness(BaseBenchmark):
    """The mean of the features of the toy's images, which are noise from 0 to 255."""

    def __init__(self, length: int = 24) -> None:
        self.dataset = toy.ToyDataset(length, pipeline=[dict(type='PackInputs')])

    def wanted(self):
        return dict(images=Wanted(self.dataset, dict(type='Pooled')))

    def run(self, feats):
        return dict(mean=feats['images'].mean().item(), images=len(feats['images']))


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


def test_benchmarks_get_their_own_features(tmp_path):
    benchmarks = dict(few=Brightness(length=4), many=Brightness())
    model = Encoder(dict(type='PixelBackbone', size=8)).eval()
    results = suite.run(benchmarks, suite.plan(benchmarks), Extractor(model, None, num_workers=0), tmp_path)
    assert (results['few']['images'], results['many']['images']) == (4, 24)
    assert results['many']['mean'] == pytest.approx(127.5, abs=5)


def test_an_unknown_benchmark_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'davis_mni': .* does not exist; there are .*davis_mini"):
        suite.load('davis_mni')
    (tmp_path / 'model.py').write_text('model = dict()')
    with pytest.raises(ValueError, match='is no benchmark'):
        suite.load(str(tmp_path / 'model.py'))


def test_data_root_takes_the_place_of_data(tmp_path):
    (tmp_path / 'own.py').write_text(
        "benchmark = dict(type='A', sets=[dict(root='data/a/b'), dict(root='other/data')], name='data', n=1)"
    )
    cfg = suite.load(str(tmp_path / 'own.py'), '/else')
    assert cfg.benchmark.to_dict() == dict(
        type='A', sets=[dict(root='/else/a/b'), dict(root='other/data')], name='data', n=1
    )


def test_tables_have_the_papers_columns_and_files_every_metric(tmp_path):
    configs = dict(a=Config(dict(reference=dict(MaSSL=dict(mAP=38.5)))))
    (table,) = suite.tables(dict(a=dict(mAP=10.0, P=20.0)), configs, 'ours')
    assert [column.header for column in table.columns] == ['', 'ours', 'MaSSL']
    assert [list(column.cells) for column in table.columns] == [['mAP', 'P'], ['10.00', '20.00'], ['38.50', '']]
    suite.write(dict(a=dict(mAP=10.0)), tmp_path / 'out')
    assert json.loads((tmp_path / 'out/results.json').read_text()) == dict(a=dict(mAP=10.0))
    assert (tmp_path / 'out/results.csv').read_text().splitlines() == ['benchmark,metric,value', 'a,mAP,10.0']


def test_floors_are_pixels_and_histograms_of_colours():
    images = torch.tensor([[0.0, 255.0, 0.0, 0.0]]).expand(3, 4).reshape(1, 3, 2, 2)
    assert PixelBackbone(size=2)(images).tolist() == [[0, 255, 0, 0] * 3]
    histogram = ColorHistogramBackbone(bins=2)(images)[0].square()
    assert histogram.tolist() == pytest.approx([0.75, 0, 0, 0, 0, 0, 0, 0.25])
    tile = torch.from_numpy(PhotoTiles(tiles_per_class=1, tile_size=16).get_data_info(0)['img']).permute(2, 0, 1)
    assert ColorHistogramBackbone()(tile[None].float()).norm().item() == pytest.approx(1)


@pytest.mark.parametrize('path', sorted(Path('configs/encoders').glob('*.py')), ids=str)
def test_encoders_give_features(path):
    model = MODELS.build(Config.fromfile(path).model).eval()
    batch = dict(inputs=torch.randint(0, 256, (2, 3, 40, 48), dtype=torch.uint8))
    with torch.no_grad():
        feats = model.extract_feat(model.data_preprocessor(batch)['inputs'])
    assert feats.shape[0] == 2
    assert feats.isfinite().all()
    assert not torch.equal(feats[0], feats[1])


BENCHMARK = """
from tests.evaluation.test_suite import Brightness

benchmark = dict(type=Brightness)
reference = dict(paper=dict(mean=127.5))
"""


@pytest.mark.slow
def test_the_tool_runs_benchmarks_on_one_process_and_two(tmp_path):
    (tmp_path / 'brightness.py').write_text(BENCHMARK)
    options = ['--benchmarks', tmp_path / 'brightness.py', '--features', tmp_path / 'features']
    config = 'configs/encoders/raw_pixels.py'
    assert 'ToyDataset' in succeed(python('test.py', config, *options, '--dry-run'))
    assert not (tmp_path / 'features').exists()
    text = succeed(python('test.py', config, *options, '--out', tmp_path / 'one'))
    assert 'paper' in text
    results = json.loads((tmp_path / 'one/results.json').read_text())
    assert len(list((tmp_path / 'features').glob('*.npy'))) == 1
    options[-1] = tmp_path / 'others'
    none = ''  # in place of a checkpoint
    two = run('bash', 'tools/dist_test.sh', config, none, '2', *options, '--out', tmp_path / 'two')
    assert two.returncode == 0, two.stderr[-2000:]
    assert json.loads((tmp_path / 'two/results.json').read_text()) == results
