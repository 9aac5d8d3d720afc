"""Datasets with ground truth: from folders and archives alike; what is wrong with them is said, and no pickle runs."""

import gzip
import json
import os
import pickle
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader

from sslreg.datasets import (
    CopyDatabase,
    CopydaysImages,
    CopyQueries,
    LoadImage,
    RetrievalImages,
    RevisitedImages,
    RevisitedQueries,
)

PIPELINE = [dict(type=LoadImage)]


def write_image(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((6, 8, 3), value, np.uint8))


def write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def pack(folder: Path) -> Path:
    archive = folder.with_suffix('.zip')
    with zipfile.ZipFile(archive, 'w') as packed:
        for path in folder.rglob('*'):
            packed.write(path, path.relative_to(folder))
    return archive


def values(dataset) -> list[int]:
    """Every image is of one gray."""
    return [round(float(dataset[i]['img'].mean())) for i in range(len(dataset))]


@pytest.fixture
def retrieval(tmp_path) -> Path:
    folder = tmp_path / 'set'
    for i in range(12):
        write_image(folder / f'images/{i:04d}.jpg', 10 * i)
    queries = [dict(image=3, positives=[4, 5]), dict(image=11, positives=[0])]
    write_json(folder / 'ground_truth.json', dict(labels=[0] * 12, queries=queries))
    return folder


@pytest.mark.parametrize('packed', [False, True])
def test_images_are_in_the_order_of_the_ground_truth(retrieval, packed):
    dataset = RetrievalImages(str(pack(retrieval) if packed else retrieval), PIPELINE)
    assert values(dataset) == [10 * i for i in range(12)]
    assert dataset.queries == [(3, [4, 5]), (11, [0])]
    assert ('img_bytes' in dataset.get_data_info(0)) == packed


def gray(items):
    return [(item['sample_idx'], round(float(item['img'].mean()))) for item in items]


def test_several_workers_read_one_archive(retrieval):
    dataset = RetrievalImages(str(pack(retrieval)), PIPELINE)
    values(dataset)  # the archive is open before the workers are forked
    loader = DataLoader(
        dataset, batch_size=1, num_workers=2, collate_fn=gray, sampler=DefaultSampler(dataset, shuffle=False)
    )
    for _ in range(3):
        assert [found for batch in loader for found in batch] == [(i, 10 * i) for i in range(12)]


@pytest.mark.parametrize(
    'query,message',
    [
        (dict(image=3, positives=[]), 'query image 3 has no positives'),
        (dict(image=3, positives=[4, 3]), 'query image 3 has image 3 twice'),
        (dict(image=3, positives=[12]), 'has image 12 in its lists, but there are only 12 images'),
        (dict(image=3, positives=[1.0]), 'query image 3: 1.0 is no number of an image'),
        (dict(image='a', positives=[1]), "query image a: 'a' is no number of an image"),
        (dict(image=3, positives=4), 'query image 3 must have a list of numbers of images, not 4'),
        (dict(image=3, positives=[-1]), 'has image -1 in its lists'),
        (5, 'has another form .docs/data.md.'),
        (dict(image=12, positives=[1]), 'query image 12 has image 12 in its lists, but there are only 12'),
    ],
)
def test_wrong_queries_are_named(retrieval, query, message):
    write_json(retrieval / 'ground_truth.json', dict(labels=[0] * 12, queries=[query]))
    with pytest.raises(ValueError, match=message):
        RetrievalImages(str(retrieval))


@pytest.mark.parametrize('packed', [False, True])
def test_missing_files_are_named(retrieval, packed):
    (retrieval / 'images/0007.jpg').unlink()
    with pytest.raises(FileNotFoundError, match="lacks 'images/0007.jpg', and 0 more"):
        RetrievalImages(str(pack(retrieval) if packed else retrieval))
    (retrieval / 'ground_truth.json').unlink()
    with pytest.raises(FileNotFoundError, match=r"lacks 'ground_truth.json'"):
        RetrievalImages(str(pack(retrieval) if packed else retrieval))


@pytest.mark.parametrize('packed', [False, True])
def test_a_broken_image_is_named(retrieval, packed):
    (retrieval / 'images/0002.jpg').write_bytes(b'not an image')
    dataset = RetrievalImages(str(pack(retrieval) if packed else retrieval), PIPELINE)
    with pytest.raises(ValueError, match=r'image .*images/0002\.jpg \(12 bytes\) is broken'):
        dataset[2]


def test_ground_truth_without_queries_or_a_field_is_said(retrieval):
    write_json(retrieval / 'ground_truth.json', dict(labels=[0] * 12, queries=[]))
    with pytest.raises(ValueError, match='the ground truth of .* has no queries'):
        RetrievalImages(str(retrieval))
    write_json(retrieval / 'ground_truth.json', dict(labels=[0] * 12, queries=[dict(image=0)]))
    with pytest.raises(ValueError, match="an entry of the ground truth of .* lacks 'positives'"):
        RetrievalImages(str(retrieval))


def test_what_is_no_dataset_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match='no folder or zip archive'):
        RetrievalImages(str(tmp_path / 'nothing'))
    (tmp_path / 'file').write_text('text')
    with pytest.raises(ValueError, match='is no folder and no zip archive'):
        RetrievalImages(str(tmp_path / 'file'))
    (tmp_path / 'ground_truth.json').write_text('{')
    with pytest.raises(ValueError, match='is no JSON'):
        RetrievalImages(str(tmp_path))
    (tmp_path / 'ground_truth.json').write_text('{"labels": []}')
    with pytest.raises(ValueError, match=r"lacks \['queries'\]"):
        RetrievalImages(str(tmp_path))


@pytest.fixture
def copies(tmp_path) -> Path:
    folder = tmp_path / 'copies'
    for i in range(3):
        write_image(folder / f'database/{i:04d}.jpg', 50 * i)
        write_image(folder / f'queries/{i:04d}.jpg', 50 * i + 20)
    queries = [dict(query=2, original=1, attack='text'), dict(query=0, original=None, attack='crop')]
    write_json(folder / 'ground_truth.json', dict(database=['a', 'b', 'c'], queries=queries))
    return folder


@pytest.mark.parametrize('packed', [False, True])
def test_copies_and_their_originals(copies, packed):
    root = str(pack(copies) if packed else copies)
    assert values(CopyDatabase(root, PIPELINE)) == [0, 50, 100]
    queries = CopyQueries(root, PIPELINE)
    assert values(queries) == [120, 20]
    assert (queries.originals, queries.attacks) == ([1, None], ['text', 'crop'])


def test_an_original_outside_the_database_is_named(copies):
    write_json(copies / 'ground_truth.json', dict(database=[], queries=[dict(query=2, original=1, attack='text')]))
    with pytest.raises(ValueError, match='query 2 is a copy of image 1, but the database has 0 images'):
        CopyQueries(str(copies))


def test_copies_without_any_original_are_refused(copies):
    write_json(copies / 'ground_truth.json', dict(database=['a'], queries=[dict(query=2, original=None, attack='a')]))
    with pytest.raises(ValueError, match='none of the 1 queries of .* has an original'):
        CopyQueries(str(copies))


@pytest.fixture
def copydays(tmp_path) -> Path:
    folder = tmp_path / 'copydays'
    for name, value in {
        'original/200100': 0,
        'original/200000': 50,
        'strong/200102': 100,
        'strong/200101': 150,
    }.items():
        write_image(folder / f'{name}.jpg', value)
    write_image(folder / 'jpegqual/3/200000.jpg', 200)
    return folder


@pytest.mark.parametrize('packed', [False, True])
def test_copydays_by_names(copydays, packed):
    root = str(pack(copydays) if packed else copydays)
    assert values(CopydaysImages(root, ['original'], PIPELINE)) == [50, 0]
    queries = CopydaysImages(root, ['strong', 'jpegqual/3'], PIPELINE)
    assert values(queries) == [150, 100, 200]
    assert (queries.originals, queries.attacks) == ([1, 1, 0], ['strong', 'strong', 'jpegqual/3'])


def test_wrong_copydays_are_named(copydays):
    with pytest.raises(ValueError, match=r'has no crops/10/\*\.jpg'):
        CopydaysImages(str(copydays), ['crops/10'])
    write_image(copydays / 'strong/300001.jpg', 0)
    with pytest.raises(ValueError, match=r"'strong/300001.jpg' .* has 0 originals 3000\*\.jpg"):
        CopydaysImages(str(copydays), ['strong'])


TRUTH = dict(
    imlist=['a_1', 'b_2', 'c_3'],
    qimlist=['q_1', 'b_2'],
    gnd=[
        dict(bbx=[1.5, 0, 6, 4], easy=[0], hard=[], junk=[1]),
        dict(bbx=[0, 0, 8, 6], easy=[], hard=[2, 0], junk=[]),
    ],
)


@pytest.fixture
def revisited(tmp_path) -> Path:
    for i, name in enumerate(['a_1', 'b_2', 'c_3', 'q_1']):
        write_image(tmp_path / f'jpg/{name}.jpg', 50 * i)
    return tmp_path


def as_arrays(truth: dict) -> dict:
    gnd = [{name: np.array(value) for name, value in each.items()} for each in truth['gnd']]
    return dict(truth, gnd=gnd)


def check_revisited(folder: Path, name: str) -> None:
    assert values(RevisitedImages(str(folder), name, PIPELINE)) == [0, 50, 100]
    queries = RevisitedQueries(str(folder), name, PIPELINE)
    assert values(queries) == [150, 50]
    assert queries.queries == [([0], [], [1]), ([], [2, 0], [])]
    assert [queries.get_data_info(i)['bbx'] for i in range(2)] == [[1.5, 0, 6, 4], [0, 0, 8, 6]]


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('truth', [TRUTH, as_arrays(TRUTH)], ids=['lists', 'arrays'])
def test_official_pickles(revisited, protocol, truth):
    (revisited / 'gnd.pkl').write_bytes(pickle.dumps(truth, protocol))
    check_revisited(revisited, 'gnd.pkl')


def test_ground_truth_as_json(revisited):
    write_json(revisited / 'gnd.json', TRUTH)
    check_revisited(revisited, 'gnd.json')
    (revisited / 'gnd.json.gz').write_bytes(gzip.compress(json.dumps(TRUTH).encode()))
    check_revisited(revisited, 'gnd.json.gz')


class Attack:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize('protocol', [0, 2, 5])
def test_no_code_of_a_pickle_runs(revisited, protocol):
    trace = revisited / 'it_ran'
    calls = [(os.mkdir, str(trace)), (eval, f'__import__("os").mkdir({str(trace)!r})')]
    for call in [*calls, (np.load, str(trace)), (np.ndarray.tofile, np.zeros(2), str(trace))]:
        (revisited / 'gnd.pkl').write_bytes(pickle.dumps(dict(TRUTH, gnd=Attack(*call)), protocol))
        with pytest.raises(ValueError, match="'gnd.pkl' .* is no ground truth: it asks for .*, which data do not need"):
            RevisitedImages(str(revisited), 'gnd.pkl')
    assert not trace.exists()


@pytest.mark.parametrize('data', [b'', b'garbage', pickle.dumps(TRUTH)[:-20], pickle.dumps([1]), pickle.dumps(5)])
def test_damaged_pickles_are_named(revisited, data):
    (revisited / 'gnd.pkl').write_bytes(data)
    with pytest.raises(ValueError, match="'gnd.pkl' .* is no ground truth"):
        RevisitedImages(str(revisited), 'gnd.pkl')


def test_ground_truth_of_the_first_oxford_is_refused(revisited):
    write_json(revisited / 'gnd.json', dict(TRUTH, gnd=[dict(bbx=[0, 0, 1, 1], ok=[0], junk=[])] * 2))
    with pytest.raises(ValueError, match='no ground truth of a revisited dataset'):
        RevisitedQueries(str(revisited), 'gnd.json')


@pytest.mark.parametrize(
    'change,message',
    [
        (dict(hard=[], easy=[]), "query 'b_2' has no positives"),
        (dict(hard=[3]), "query 'b_2' has image 3 in its lists, but there are only 3 images"),
        (dict(easy=[0]), "query 'b_2' has image 0 twice"),
    ],
)
def test_wrong_graded_queries_are_named(revisited, change, message):
    write_json(revisited / 'gnd.json', dict(TRUTH, gnd=[TRUTH['gnd'][0], dict(TRUTH['gnd'][1], **change)]))
    with pytest.raises(ValueError, match=message):
        RevisitedQueries(str(revisited), 'gnd.json')
