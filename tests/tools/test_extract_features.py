"""The tool that writes features into a file."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from sslreg.evaluation.features.export import FeatureTable, check_format, write_table

from .test_tools import ROOT, run, succeed

CONFIG = 'configs/encoders/raw_pixels.py'
BENCHMARK = """
from mmpretrain.datasets import PackInputs

from sslreg.datasets import PhotoTiles
from sslreg.evaluation import ClassificationBenchmark

train, test = (
    dict(type=PhotoTiles, split=split, tiles_per_class=2, tile_size=16, pipeline=[dict(type=PackInputs)])
    for split in ('train', 'test'))
benchmark = dict(
    type=ClassificationBenchmark, train=train, test=test, kinds=[dict(type='MultiScale', scales=(1,))],
    probes=[dict(type='KNNProbe', ks=(1,))])
"""


@pytest.fixture
def photographs(tmp_path) -> Path:
    """A folder of three, one of them below, and one that is broken."""
    folder = tmp_path / 'photos'
    (folder / 'below').mkdir(parents=True)
    for name, image in (('cat.png', data.chelsea()), ('below/cup.png', data.coffee()), ('rocket.png', data.rocket())):
        Image.fromarray(image).save(folder / name)
    (folder / 'rocket.png').write_bytes((folder / 'rocket.png').read_bytes()[:1000])
    return folder


@pytest.fixture
def extract(monkeypatch):
    """Run the tool in this process."""
    spec = importlib.util.spec_from_file_location('extract_features', ROOT / 'tools' / 'extract_features.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.chdir(ROOT)

    def call(*arguments) -> None:
        monkeypatch.setattr(
            sys, 'argv', list(map(str, ['extract_features.py', CONFIG, '--num-workers', 0, *arguments]))
        )
        tool.main()

    return call


def read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as archive:
        return dict(archive)


def pixels(path: Path) -> torch.Tensor:
    """Return the features by raw_pixels.py of the middle 48 px of an image with a short side of 64 px."""
    image = Image.open(path).convert('RGB')
    scale = 64 / min(image.size)
    image = image.resize([int(side * scale + 0.5) for side in image.size], Image.Resampling.BICUBIC)
    left, top = (round((side - 48) / 2) for side in image.size)
    array = np.asarray(image.crop((left, top, left + 48, top + 48)), np.float32)
    array = (array - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]
    batch = torch.from_numpy(array).float().permute(2, 0, 1)[None]
    return torch.nn.functional.interpolate(batch, (32, 32), mode='bilinear', antialias=True).flatten()


def test_features_of_a_folder_with_their_paths(extract, photographs, tmp_path):
    out = tmp_path / 'new' / 'photos.npz'
    extract('--images', photographs, '--out', out, '--resize', 64, '--crop', 48, '--skip-broken')
    found = read(out)
    assert found['paths'].tolist() == [str(photographs / 'below/cup.png'), str(photographs / 'cat.png')]
    expected = torch.stack([pixels(photographs / name) for name in ('below/cup.png', 'cat.png')])
    torch.testing.assert_close(torch.from_numpy(found['features']), expected, atol=1e-4, rtol=1e-4)
    assert 'labels' not in found
    about = json.loads(str(found['about']))
    assert about['broken'] == [str(photographs / 'rocket.png')]
    assert (about['config'], about['checkpoint'], about['kind']) == (CONFIG, None, 'Pooled()')
    assert [file.name for file in out.parent.iterdir()] == ['photos.npz']


def test_a_broken_image_stops_the_tool(extract, photographs, tmp_path):
    with pytest.raises(ValueError, match='rocket.png'):
        extract('--images', photographs, '--out', tmp_path / 'photos.npz')
    assert not (tmp_path / 'photos.npz').exists()


def test_features_of_a_part_of_a_benchmark_with_their_labels(extract, tmp_path):
    (tmp_path / 'tiles.py').write_text(BENCHMARK)
    source = ('--benchmark', tmp_path / 'tiles.py', '--part', 'test', '--out', tmp_path / 'test.npz')
    extract(*source)
    found = read(tmp_path / 'test.npz')
    assert found['labels'].tolist() == sorted([*range(19)] * 2)
    np.testing.assert_allclose(np.linalg.norm(found['features'], axis=1), 1, atol=1e-5)  # the part's kind of features
    extract(*source, '--kind', 'type=Pooled')
    assert np.linalg.norm(read(tmp_path / 'test.npz')['features'], axis=1).max() > 2


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--images', 'nowhere'], "'nowhere' does not exist"),
        (['--images', '.', '--crop', '300'], '--crop 300 must be between 1 and --resize 256'),
        (['--images', '.', '--kind', 'blocks=4'], 'type must be one of .*ClassAndMeanPatch, ClassToken'),
        (['--images', 'tests', '--out', 'features.csv'], 'must end in .npz or .parquet'),
        (['--dataset', 'test_dataloader.dataset'], 'the config has no dataset of this name'),
        (['--dataset', 'test_dataloader', '--crop', '64'], '--resize and --crop belong to --images'),
        (['--benchmark', 'TILES', '--part', 'val'], 'one of those of benchmark .*: multiscale/train, multiscale/test'),
        (['--benchmark', 'TILES'], 'one of those of benchmark .*: multiscale/train, multiscale/test'),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_computed(extract, photographs, tmp_path, arguments, message):
    (tmp_path / 'tiles.py').write_text(BENCHMARK)
    own = {'.': photographs, 'TILES': tmp_path / 'tiles.py'}
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        extract('--out', tmp_path / 'a.npz', *(own.get(word, word) for word in arguments))
    assert not list(tmp_path.glob('*.npz*'))


def test_parquet_needs_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(ImportError, match=r"`pip install pyarrow`, or write 'a/b.npz'"):
        check_format(Path('a/b.parquet'))


def test_parquet_holds_the_same(tmp_path):
    parquet = pytest.importorskip('pyarrow.parquet')
    rows = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    write_table(FeatureTable(rows, ['a', 'b', 'c'], np.array([2, 0, 1]), dict(kind='test')), tmp_path / 'a.parquet')
    found = parquet.read_table(tmp_path / 'a.parquet')
    assert found.column_names == ['path', 'label', 'features']
    assert found['path'].to_pylist() == ['a', 'b', 'c']
    assert found['label'].to_pylist() == [2, 0, 1]
    assert found['features'].to_pylist() == rows.reshape(3, 8).tolist()
    assert json.loads(found.schema.metadata[b'about']) == dict(kind='test', shape=[2, 4])


@pytest.mark.slow
def test_two_processes_write_what_one_does(extract, photographs, tmp_path):
    arguments = ('--images', photographs, '--resize', 64, '--crop', 64, '--skip-broken', '--num-workers', 0, '--out')
    extract(*arguments, tmp_path / 'one.npz')
    succeed(run('bash', 'tools/torchrun.sh', '2', 'extract_features.py', CONFIG, *arguments, tmp_path / 'two.npz'))
    one, two = read(tmp_path / 'one.npz'), read(tmp_path / 'two.npz')
    assert one['paths'].tolist() == two['paths'].tolist()
    np.testing.assert_allclose(one['features'], two['features'], atol=1e-5)
    assert not list(tmp_path.glob('*.parts'))
