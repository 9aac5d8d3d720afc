"""Transfer benchmarks: made-up copies of the datasets in their official layouts are read as torchvision reads them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torchvision
from mmengine.registry import DefaultScope
from mmpretrain.datasets.categories import FGVCAIRCRAFT_CATEGORIES, FOOD101_CATEGORIES
from PIL import Image
from scipy.io import savemat

from sslreg.datasets import GTSRB, STL10
from sslreg.evaluation import Benchmark, Extractor, Suite
from sslreg.evaluation.benchmark_config import load_benchmark
from sslreg.evaluation.missing_data import MissingDataError
from sslreg.models import Encoder
from sslreg.registry import BENCHMARKS, DATASETS

TRAIN, TEST = [0, 1, 1], [1, 0]  # classes
COLORS = [(40, 0, 200), (80, 60, 0), (250, 20, 90), (0, 140, 200), (120, 220, 10)]  # RGB, of the images in their order


def photo(path: Path, color: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (30, 20), color).save(path)


def lines(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('\n'.join(rows) + '\n')


def pets(root: Path) -> None:
    names = ['Abyssinian_1', 'american_bulldog_100', 'american_bulldog_7', 'american_bulldog_2', 'Abyssinian_201']
    for name, color in zip(names, COLORS, strict=True):
        photo(root / f'oxford-iiit-pet/images/{name}.jpg', color)
    rows = [f'{name} {label + 1} {label + 1} 1' for name, label in zip(names, TRAIN + TEST, strict=True)]
    lines(root / 'oxford-iiit-pet/annotations/trainval.txt', *rows[:3])
    lines(root / 'oxford-iiit-pet/annotations/test.txt', *rows[3:])


def flowers(root: Path) -> None:
    """The test set comes first and image 4 is of val, as numbers have no order in the original."""
    numbers, labels = [5, 3, 6, 1, 2], np.full((1, 6), 9, np.uint8)
    for number, label, color in zip(numbers, TRAIN + TEST, COLORS, strict=True):
        photo(root / f'flowers-102/jpg/image_{number:05d}.jpg', color)
        labels[0, number - 1] = label + 1
    sets = dict(trnid=numbers[:3], valid=[4], tstid=numbers[3:])
    savemat(root / 'flowers-102/imagelabels.mat', dict(labels=labels), do_compression=True)
    sets = {name: np.array([ids], np.uint16) for name, ids in sets.items()}
    savemat(root / 'flowers-102/setid.mat', sets, do_compression=True)


def aircraft(root: Path) -> None:
    folder = root / 'fgvc-aircraft-2013b/data'
    for number, color in enumerate(COLORS):
        photo(folder / f'images/{number:07d}.jpg', color)
    rows = [f'{i:07d} {FGVCAIRCRAFT_CATEGORIES[label]}' for i, label in enumerate(TRAIN + TEST)]
    lines(folder / 'images_variant_trainval.txt', *rows[:3])
    lines(folder / 'images_variant_train.txt', *rows[:2])
    lines(folder / 'images_variant_test.txt', *rows[3:])
    lines(folder / 'variants.txt', *FGVCAIRCRAFT_CATEGORIES)


def annotations(names: list[str], labels: list[int], name: str = 'fname', **others: list[int]) -> dict[str, np.ndarray]:
    columns = {'bbox_x1': [1] * len(names), 'class': [label + 1 for label in labels], name: names} | others
    table = np.zeros((1, len(names)), [(column, object) for column in columns])
    for column, values in columns.items():
        table[0][column] = values
    return dict(annotations=table)


def cars(root: Path) -> None:
    folder = root / 'stanford_cars'
    names = [f'{i + 1:05d}.jpg' for i in range(3)]
    for name, color in zip(names, COLORS[:3], strict=True):
        photo(folder / 'cars_train' / name, color)
    for name, color in zip(names, COLORS[3:], strict=False):
        photo(folder / 'cars_test' / name, color)
    (folder / 'devkit').mkdir()
    savemat(folder / 'devkit/cars_train_annos.mat', annotations(names, TRAIN))
    savemat(folder / 'devkit/cars_meta.mat', dict(class_names=np.array([['one', 'two']], object)))
    for place in ('devkit', ''):  # mmpretrain's, and torchvision's
        savemat(folder / place / 'cars_test_annos_withlabels.mat', annotations(names[:2], TEST))


def country211(root: Path) -> None:
    parts = ['train/AD', 'train/AE', 'train/AE', 'test/AE', 'test/AD']
    for number, (part, color) in enumerate(zip(parts, COLORS, strict=True)):
        photo(root / f'country211/{part}/{9 - number}.jpg', color)
        photo(root / 'country211/valid/AD/1.jpg', color)


def food101(root: Path) -> None:
    folder = root / 'food-101'
    names = [f'{FOOD101_CATEGORIES[label]}/{100 - number}' for number, label in enumerate(TRAIN + TEST)]
    for name, color in zip(names, COLORS, strict=True):
        photo(folder / f'images/{name}.jpg', color)
    for split, own in (('train', names[:3]), ('test', names[3:])):
        lines(folder / f'meta/{split}.txt', *own)
        classes = {label: [name for name in own if name.startswith(label)] for label in FOOD101_CATEGORIES}
        lines(folder / f'meta/{split}.json', json.dumps(classes))


def stl10(root: Path) -> None:
    """Channels, columns and rows; the left edge is of another colour, so that rows and columns differ."""
    (root / 'stl10_binary').mkdir()
    images = np.zeros((5, 3, 96, 96), np.uint8) + np.array(COLORS, np.uint8)[..., None, None]
    images[:, :, :10] = 255
    labels = np.array(TRAIN + TEST, np.uint8) + 1
    for split, own in (('train', slice(3)), ('test', slice(3, 5))):
        images[own].tofile(root / f'stl10_binary/{split}_X.bin')
        labels[own].tofile(root / f'stl10_binary/{split}_y.bin')


def gtsrb(root: Path) -> None:
    folder = root / 'gtsrb'
    for number, (label, color) in enumerate(zip(TRAIN, COLORS, strict=False)):
        photo(folder / f'GTSRB/Training/{label:05d}/{number:05d}_00000.ppm', color)
    names = [f'{number:05d}.ppm' for number in range(2)]
    for name, color in zip(names, COLORS[3:], strict=True):
        photo(folder / f'GTSRB/Final_Test/Images/{name}', color)
    with (folder / 'GT-final_test.csv').open('w', newline='') as file:
        table = csv.writer(file, delimiter=';')
        table.writerow(['Filename', 'Width', 'Height', 'Roi.X1', 'Roi.Y1', 'Roi.X2', 'Roi.Y2', 'ClassId'])
        table.writerows([name, 30, 20, 5, 5, 25, 15, label] for name, label in zip(names, TEST, strict=True))


LAYOUTS = {
    pets: torchvision.datasets.OxfordIIITPet,
    flowers: torchvision.datasets.Flowers102,
    aircraft: torchvision.datasets.FGVCAircraft,
    cars: torchvision.datasets.StanfordCars,
    country211: torchvision.datasets.Country211,
    food101: torchvision.datasets.Food101,
    stl10: torchvision.datasets.STL10,
    gtsrb: torchvision.datasets.GTSRB,
}
EVERY = pytest.mark.parametrize('layout', LAYOUTS, ids=lambda layout: layout.__name__)


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('sslreg'):
        yield


def loaded(dataset) -> dict[tuple[int, ...], int]:
    """Classes by the images' colours RGB, rounded to tens because of JPEG."""
    images = [item['inputs'].numpy()[::-1] for item in dataset]
    assert {image.shape for image in images} == {(3, 224, 224)}
    return dict(zip(map(color_of, images), dataset.get_gt_labels().tolist(), strict=True))


def color_of(image: np.ndarray) -> tuple[int, ...]:
    return tuple(((image[:, 100, 100].astype(int) + 5) // 10).tolist())


@EVERY
def test_splits_and_labels_are_those_of_torchvision(layout, tmp_path, monkeypatch):
    layout(tmp_path)
    theirs = LAYOUTS[layout]
    monkeypatch.setattr(theirs, '_check_integrity', lambda self: True, raising=False)  # of the real files
    cfg = load_benchmark(layout.__name__, str(tmp_path)).benchmark
    for part, labels, colors in (('train', TRAIN, COLORS[:3]), ('test', TEST, COLORS[3:])):
        ours = loaded(DATASETS.build(cfg[part]))
        assert ours == {tuple((value + 5) // 10 for value in color): i for color, i in zip(colors, labels, strict=True)}
        split = cfg[part].get('split', part)
        dataset = theirs(str(tmp_path), split=split)
        arrays = [(np.asarray(image.resize((224, 224))).transpose(2, 0, 1), label) for image, label in dataset]
        assert ours == {color_of(array): label for array, label in arrays}


@EVERY
def test_missing_data_are_named_with_where_to_get_them(layout, tmp_path):
    benchmark = BENCHMARKS.build(load_benchmark(layout.__name__, str(tmp_path)).benchmark)
    with pytest.raises(FileNotFoundError, match=f'data are missing in .*{tmp_path}/.*To get them: .{{40}}'):
        benchmark.wanted()


def test_all_that_lack_data_are_named_at_once(tmp_path):
    suite = Suite.load([layout.__name__ for layout in LAYOUTS], str(tmp_path))
    with pytest.raises(MissingDataError) as error:
        suite.prepare()
    assert list(error.value.missing) == [each.name for each in suite]


@EVERY
def test_config_survives_a_dump(layout, tmp_path):
    cfg = load_benchmark(layout.__name__)
    cfg.dump(tmp_path / 'dumped.py')
    assert load_benchmark(str(tmp_path / 'dumped.py')).pretty_text == cfg.pretty_text


@pytest.mark.parametrize('layout', [stl10, gtsrb])
def test_benchmark_runs(layout, tmp_path):
    """Datasets are arrays and files; the nearest colour is of the other class for one of the two test images."""
    layout(tmp_path)
    cfg = load_benchmark(layout.__name__, str(tmp_path))
    cfg.benchmark.probes = [dict(type='KNNProbe', ks=(1,))]
    suite = Suite([Benchmark('own', cfg)])
    suite.prepare()
    model = Encoder(dict(type='PixelBackbone', size=8)).eval()
    suite.run(Extractor(model, None, num_workers=0), tmp_path)
    near = [np.argmax([cosine(test, train) for train in COLORS[:3]]) for test in COLORS[3:]]
    right = np.mean([TRAIN[i] == label for i, label in zip(near, TEST, strict=True)])
    assert {each.name: each.metrics for each in suite} == dict(own={'pooled/knn/k1/top1': 100 * right})


def cosine(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def test_stl10_has_rows_and_columns_as_torchvision(tmp_path, monkeypatch):
    stl10(tmp_path)
    monkeypatch.setattr(torchvision.datasets.STL10, '_check_integrity', lambda self: True)
    image = STL10(str(tmp_path / 'stl10_binary'), 'test').get_data_info(1)['img'][..., ::-1]
    assert (image == np.asarray(torchvision.datasets.STL10(str(tmp_path), 'test')[1][0])).all()
    assert (image[:, :10] == 255).all()
    assert (image[:, 10:] == COLORS[4]).all()


def test_cars_in_one_folder(tmp_path):
    """The site's other package."""
    folder = tmp_path / 'stanford_cars'
    names = [f'car_ims/{i + 1:06d}.jpg' for i in range(5)]
    for name, color in zip(names, COLORS, strict=True):
        photo(folder / name, color)
    table = annotations(names, TRAIN + TEST, 'relative_im_path', test=[0, 0, 0, 1, 1])
    savemat(folder / 'cars_annos.mat', table)
    cfg = load_benchmark('cars', str(tmp_path)).benchmark
    assert list(loaded(DATASETS.build(cfg.train)).values()) == TRAIN
    assert list(loaded(DATASETS.build(cfg.test)).values()) == TEST


def test_what_is_wrong_with_a_split(tmp_path):
    stl10(tmp_path)
    with pytest.raises(ValueError, match=r"split='val' of GTSRB must be one of \('train', 'test'\)"):
        GTSRB(str(tmp_path), 'val')
    (tmp_path / 'stl10_binary/test_X.bin').write_bytes(bytes(3 * 96 * 96))
    with pytest.raises(ValueError, match='test_X.bin has 27648 bytes, not 3 x 96 x 96 for each of the 2 labels'):
        STL10(str(tmp_path / 'stl10_binary'), 'test')
