"""Benchmarks by name, together, and as the tool runs them."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from sslreg.datasets import PhotoTiles
from sslreg.evaluation import Benchmark, Suite
from sslreg.evaluation.benchmark_config import load_benchmark
from sslreg.evaluation.estimate import describe, estimates
from sslreg.evaluation.features.extract import Extractor
from sslreg.evaluation.features.store import FeatureStore
from sslreg.evaluation.missing_data import MissingDataError
from sslreg.evaluation.protocols import BaseBenchmark, Wanted
from sslreg.evaluation.results import left_out
from sslreg.models import ColorHistogramBackbone, Encoder, PixelBackbone
from sslreg.registry import BENCHMARKS, MODELS
from tests import toy
from tests.tools.test_tools import python, run, succeed

FLOOR = dict(type='MultiScale', scales=(1,))


@BENCHMARKS.register_module(force=True)
class Brightness(BaseBenchmark):
    """The mean of the features of the toy's images, which are noise from 0 to 255."""

    def __init__(self, length: int = 24) -> None:
        self.dataset = toy.ToyDataset(length, pipeline=[dict(type='PackInputs')])

    def wanted(self):
        return dict(images=Wanted(self.dataset, dict(type='Pooled')))

    def run(self, feats):
        return dict(mean=feats['images'].mean().item(), images=len(feats['images']))


def suite(**benchmarks) -> Suite:
    """A suite of configs without files."""
    return Suite(Benchmark(name, Config(dict(benchmark=config))) for name, config in benchmarks.items())


def prepared(**benchmarks) -> Suite:
    made = suite(**benchmarks)
    made.prepare()
    return made


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


def test_benchmarks_get_their_own_features(tmp_path):
    benchmarks = prepared(few=dict(type='Brightness', length=4), many=dict(type='Brightness'))
    model = Encoder(dict(type='PixelBackbone', size=8)).eval()
    benchmarks.run(Extractor(model, None, num_workers=0), tmp_path)
    results = {each.name: each.metrics for each in benchmarks}
    assert (results['few']['images'], results['many']['images']) == (4, 24)
    assert results['many']['mean'] == pytest.approx(127.5, abs=5)


def test_an_unknown_benchmark_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'davis_mni': .* does not exist; there are .*davis_mini"):
        load_benchmark('davis_mni')
    (tmp_path / 'model.py').write_text('model = dict()')
    with pytest.raises(ValueError, match='is no benchmark'):
        load_benchmark(str(tmp_path / 'model.py'))


def test_data_root_takes_the_place_of_data(tmp_path):
    (tmp_path / 'own.py').write_text(
        "benchmark = dict(type='A', sets=[dict(root='data/a/b'), dict(root='other/data')], name='data', n=1)"
    )
    cfg = load_benchmark(str(tmp_path / 'own.py'), '/else')
    assert cfg.benchmark.to_dict() == dict(
        type='A', sets=[dict(root='/else/a/b'), dict(root='other/data')], name='data', n=1
    )


def test_what_is_recorded_of_a_run_says_what_was_run(tmp_path):
    (tmp_path / 'own.py').write_text('"""Faces of ``cats``.\n\nMore."""\nbenchmark = dict(type="Brightness", length=4)')
    cfg = load_benchmark(str(tmp_path / 'own.py'))
    made = Suite([Benchmark('own', cfg)])
    made.prepare()
    (own,) = made
    own.protocol.note, own.metrics = 'a word', dict(mean=1.0)
    outcome = made.outcomes()['own']
    assert (outcome.metrics, outcome.about, outcome.reference) == (dict(mean=1.0), 'Faces of cats.', {})
    protocol = dict(data='4 images of ToyDataset', features='Pooled()', protocol='Brightness(length=4)', note='a word')
    assert outcome.protocol == protocol


def test_results_name_the_first_images_that_were_left_out():
    facts = left_out(dict(photos=[f'{i}.jpg' for i in range(7)]))
    assert facts['left out'] == '7 images of photos (0.jpg, 1.jpg, 2.jpg, 3.jpg, 4.jpg): they cannot be decoded'
    assert left_out({}) == {}


def folders(root, **more):
    """A benchmark on class folders that do not exist."""
    train, test = (dict(type='ImageFolder', data_root=str(root), data_prefix=name) for name in ('train', 'test'))
    probes = [dict(type='KNNProbe', ks=(1,))]
    return dict(
        type='ClassificationBenchmark', train=train, test=test, kinds=[dict(type='Pooled')], probes=probes, **more
    )


def test_all_that_is_missing_is_named_before_anything_is_computed(tmp_path):
    photos = folders(tmp_path / 'photos', subset=dict(list_file=str(tmp_path / 'few.txt')))
    clips = dict(type='DavisClip', data_root=str(tmp_path / 'davis'))
    clips = dict(type='LabelPropagationBenchmark', dataset=clips, clips='val.txt', kind=dict(type='PatchTokens'))
    benchmarks = dict(photos=photos, fine=dict(type='Brightness'), clips=clips)
    with pytest.raises(MissingDataError) as error:
        suite(**benchmarks).prepare()
    assert list(error.value.missing) == ['photos', 'clips']
    for path, text in zip(('photos/train', 'photos/test', 'few.txt'), error.value.missing['photos'], strict=True):
        assert str(tmp_path / path) in text
    (text,) = error.value.missing['clips']
    assert str(tmp_path / 'davis') in text
    assert str(error.value).startswith('2 benchmarks cannot run: photos, clips')


def test_a_forecast_says_what_is_stored_and_when_the_rest_is_ready(tmp_path, monkeypatch):
    """A hundredth of a second to read an image, three for the network: 24 images take 0.72 s in all, once."""
    seconds = dict(now=0.0)
    monkeypatch.setattr('sslreg.evaluation.estimate.time.perf_counter', lambda: seconds['now'])
    model = Encoder(dict(type='PixelBackbone', size=8)).eval()
    extractor = Extractor(model, FeatureStore(tmp_path), num_workers=1)
    brightness = dict(type='Brightness')
    benchmarks = prepared(few=dict(brightness, length=4), many=brightness, more=brightness)
    few, many, more = benchmarks
    extractor(list(few.requests.values()))
    more.requests = dict(many.requests, floor=many.requests['images']._replace(kind=FLOOR))

    def passing(fn, time):
        def timed(*args):
            seconds['now'] += time(*args)
            return fn(*args)

        return timed

    monkeypatch.setattr(toy.ToyDataset, 'prepare_data', passing(toy.ToyDataset.prepare_data, lambda *_: 0.01))
    monkeypatch.setattr(model, 'extract_feat', passing(model.extract_feat, lambda images: 0.03 * len(images)))
    expected = estimates(extractor, benchmarks.requests)
    assert [each.stored for each in expected] == [True, False, False, False]
    assert [each.seconds for each in expected] == pytest.approx([0, 0.72, 0, 0])  # both kinds in one pass
    table = describe(benchmarks, [each._replace(seconds=100 * each.seconds) for each in expected])
    rows = list(zip(*(column.cells for column in table.columns), strict=True))
    assert rows[0] == ('few', 'images', '4', 'ToyDataset', 'Pooled()', 'yes', '')
    assert rows[1] == ('many', 'images', '24', 'ToyDataset', 'Pooled()', 'no', '1 min 12 s')
    assert rows[3][4:] == ('MultiScale(scales=(1,))', 'no', '')
    assert '1 min 12 s' in table.caption


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

LACKING = """
from sslreg.evaluation import ClassificationBenchmark

train, val = (dict(type='ImageFolder', data_root='nowhere', data_prefix=name) for name in ('train', 'val'))
benchmark = dict(
    type=ClassificationBenchmark, train=train, test=val, kinds=[dict(type='Pooled')], probes=[dict(type='KNNProbe')])
"""


@pytest.mark.slow
def test_the_tool_runs_benchmarks_on_one_process_and_two(tmp_path):
    (tmp_path / 'brightness.py').write_text(BENCHMARK)
    options = ['--benchmarks', tmp_path / 'brightness.py', '--features', tmp_path / 'features']
    config = 'configs/encoders/raw_pixels.py'
    (tmp_path / 'lacking.py').write_text(LACKING)
    dry = python('test.py', config, *options, '--benchmarks', *options[1:2], tmp_path / 'lacking.py', '--dry-run')
    assert dry.returncode == 1
    assert 'ToyDataset' in dry.stdout
    assert "'nowhere/train'" in dry.stderr
    assert "'nowhere/val'" in dry.stderr
    assert not (tmp_path / 'features').exists()
    text = succeed(python('test.py', config, *options, '--out', tmp_path / 'one'))
    assert 'paper' in text
    results = json.loads((tmp_path / 'one/results.json').read_text())
    assert results['title'] == 'raw_pixels, no checkpoint'
    assert f'--out {tmp_path / "one"}' in results['facts']['command']
    assert 'brightness' in (tmp_path / 'one/report.html').read_text()
    assert len(list((tmp_path / 'features').glob('*.npy'))) == 1
    options[-1] = tmp_path / 'others'
    none = ''  # in place of a checkpoint
    named = ['--out', tmp_path / 'two', '--title', 'by two']
    two = run('bash', 'tools/dist_test.sh', config, none, '2', *options, *named)
    assert two.returncode == 0, two.stderr[-2000:]
    assert json.loads((tmp_path / 'two/results.json').read_text())['benchmarks'] == results['benchmarks']
    folders = [tmp_path / 'one', tmp_path / 'two']
    assert 'by two' in succeed(python('compare_results.py', *folders, '--out', tmp_path / 'both'))
    header = (tmp_path / 'both/results.csv').read_text().splitlines()[0]
    assert header == 'benchmark,metric,"raw_pixels, no checkpoint",by two,paper'
    assert 'by two' in (tmp_path / 'both/report.html').read_text()
