import pytest
import torch

from sslreg.datasets.subsets import (
    fraction,
    images_in_list,
    images_per_class,
    labelled_images_in_list,
)
from sslreg.evaluation.metrics.class_accuracy import accuracy_by_shots, shot_groups

LABELS = torch.tensor([0, 1, 0, 2, 1, 0, 2, 0, 2, 1])  # 4, 3 and 3 images
PATHS = [f'train/n{label}/n{label}_{i}.JPEG' for i, label in enumerate(LABELS.tolist())]


@pytest.mark.parametrize('n', [1, 2, 3])
def test_n_images_of_each_class(n):
    indices = images_per_class(LABELS, n, seed=0)
    assert LABELS[indices].bincount().tolist() == [n, n, n]
    assert indices.tolist() == sorted(set(indices.tolist()))


def test_fewer_images_are_among_more():
    smaller, larger = (set(images_per_class(LABELS, n, seed=3).tolist()) for n in (1, 2))
    assert smaller < larger


def test_the_seed_decides_and_every_image_can_be_drawn():
    draws = [images_per_class(LABELS, 1, seed).tolist() for seed in range(50)]
    assert draws == [images_per_class(LABELS, 1, seed).tolist() for seed in range(50)]
    assert {index for draw in draws for index in draw} == set(range(10))


def test_classes_without_images_are_passed_over():
    assert images_per_class(torch.tensor([0, 5, 5]), 1, 0).tolist()[0] == 0
    with pytest.raises(ValueError, match='1 classes have fewer than 2 images, e.g. class 0 has 1'):
        images_per_class(torch.tensor([0, 5, 5]), 2, 0)


@pytest.mark.parametrize('share, counts', [(0.01, [1, 1, 1]), (0.5, [2, 2, 2]), (0.75, [3, 2, 2]), (1, [4, 3, 3])])
def test_a_share_of_each_class(share, counts):
    assert LABELS[fraction(LABELS, share, seed=0)].bincount().tolist() == counts


@pytest.mark.parametrize('share', [0, 1.5])
def test_rejects_shares_that_cannot_be(share):
    with pytest.raises(ValueError, match=f'fraction={share}'):
        fraction(LABELS, share, 0)


def write(tmp_path, *lines):
    file = tmp_path / 'list.txt'
    file.write_text('\n'.join(lines) + '\n')
    return file


def test_images_of_a_list(tmp_path):
    assert images_in_list(write(tmp_path, 'n2_3.JPEG', 'n0_0.JPEG', ''), PATHS).tolist() == [3, 0]


def test_names_what_the_data_set_lacks(tmp_path):
    file = write(tmp_path, 'n2_3.JPEG', 'n7_1.JPEG', 'n8_2.JPEG')
    with pytest.raises(
        ValueError, match='2 of the 3 images in .*list.txt.* are not among the 10 .*n7_1.JPEG, n8_2.JPEG'
    ):
        images_in_list(file, PATHS)


def test_says_that_there_is_no_list(tmp_path):
    with pytest.raises(FileNotFoundError, match='1percent.txt'):
        images_in_list(tmp_path / '1percent.txt', PATHS)


def test_says_that_a_name_is_of_two_images(tmp_path):
    with pytest.raises(ValueError, match="2 images are called '1.png'"):
        images_in_list(write(tmp_path, '1.png'), ['a/1.png', 'b/1.png'])


def test_an_empty_list_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='is empty'):
        images_in_list(write(tmp_path), PATHS)


def test_images_of_a_list_with_labels(tmp_path):
    file = write(tmp_path, 'train/n1/n1_4.JPEG 1', 'train/n0/n0_7.JPEG 0')
    assert labelled_images_in_list(file, PATHS, LABELS).tolist() == [4, 7]


def test_other_labels_are_an_error(tmp_path):
    file = write(tmp_path, 'train/n1/n1_4.JPEG 1', 'train/n0/n0_7.JPEG 2')
    with pytest.raises(ValueError, match="1 of 2 labels .* e.g. 'train/n0/n0_7.JPEG': 2, not 0"):
        labelled_images_in_list(file, PATHS, LABELS)


def test_a_list_without_labels_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="not 'n1_4.JPEG'"):
        labelled_images_in_list(write(tmp_path, 'n1_4.JPEG'), PATHS, LABELS)


def test_groups_by_number_of_training_images():
    counts = torch.tensor([101, 100, 20, 19, 0])
    groups = shot_groups(torch.arange(5).repeat_interleave(counts), 5)
    assert {name: classes.tolist() for name, classes in groups.items()} == dict(many=[0], medium=[1, 2], few=[3, 4])


def test_accuracy_by_shots_is_that_of_classes():
    groups = dict(many=torch.tensor([0, 1]), medium=torch.tensor([2]), few=torch.tensor([3]))
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 2])
    right = torch.tensor([1, 1, 1, 0, 0, 1, 1]).bool()
    # class 0: 3 of 4, class 1: 1 of 2; class 3 is not tested
    assert accuracy_by_shots(right, labels, groups) == dict(many=62.5, medium=100)
