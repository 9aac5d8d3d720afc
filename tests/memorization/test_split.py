import json

import pytest

from sslreg.memorization.split import Split, drawn_split, ordered_split


def test_cifar10_is_split_as_in_the_paper():
    split = ordered_split(50_000, 5_000)
    assert split.shared == list(range(40_000))
    assert split.candidate == list(range(40_000, 45_000))
    assert split.independent == list(range(45_000, 50_000))
    assert split.extra == list(range(5_000))
    assert split.of_f == list(range(45_000))
    assert split.of_g == [*range(40_000), *range(45_000, 50_000)]


def test_a_drawn_split_has_each_image_once_and_depends_on_the_seed_alone():
    split = drawn_split(103, 7, 20, seed=3)
    assert sorted(split.shared + split.candidate + split.independent) == list(range(103))
    assert [len(part) for part in split] == [83, 10, 10, 7]
    assert len(set(split.extra)) == 7
    assert max(split.extra) < 20
    assert split == drawn_split(103, 7, 20, seed=3)
    other = drawn_split(103, 7, 20, seed=4)
    assert split.candidate != other.candidate
    assert split.extra != other.extra


def test_what_is_written_is_read(tmp_path):
    split = drawn_split(50, 5, 10, seed=0)
    split.write(tmp_path / 'new' / 'split.json')
    assert Split.read(tmp_path / 'new' / 'split.json') == split


@pytest.mark.parametrize(
    'content, message',
    [
        (dict(shared=[0], candidate=[1], independent=[1], extra=[]), 'image 1 is in two of shared, candidate'),
        (dict(shared=[0]), 'is no split of shared, candidate, independent, extra'),
    ],
)
def test_what_is_no_split(tmp_path, content, message):
    path = tmp_path / 'split.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        Split.read(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.json'):
        Split.read(tmp_path / 'none.json')


@pytest.mark.parametrize('share', [0, 0.51, 0.01])
def test_shares_that_leave_no_candidates_or_exceed_a_half(share):
    with pytest.raises(ValueError, match=f'share={share} of 20 images'):
        ordered_split(20, 5, share)


@pytest.mark.parametrize('num_images, shared', [(20, []), (7, [0])])
def test_halves_share_nothing_but_the_odd_image(num_images, shared):
    split = ordered_split(num_images, 2, 0.5)
    assert split.shared == shared
    half = num_images // 2
    assert (split.candidate, split.independent) == (
        [*range(num_images)][-2 * half : -half],
        [*range(num_images)][-half:],
    )
    drawn = drawn_split(num_images, 2, 5, seed=1, share=0.5)
    assert [len(part) for part in drawn] == [len(part) for part in split]


def test_more_extra_images_than_there_are():
    with pytest.raises(ValueError, match='11 extra images of 10'):
        drawn_split(50, 11, 10, seed=0)
