"""Folders of images as users have them: hidden files, every format, links, strange names, classes that differ."""

import logging
import os

import numpy as np
import pytest
from mmengine.logging import MMLogger
from PIL import Image

from sslreg.datasets import ImageFolder, LoadImage
from sslreg.datasets.classes import check_classes
from sslreg.datasets.image_files import find_images, readable_suffixes


def write(path, color=(200, 30, 90), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new('RGB', (8, 6), color).save(path, **options)


def folder_of(root, *files):
    for file in files:
        write(root / file, format='PNG')
    return root


def files(dataset, root):
    return [os.path.relpath(dataset.get_data_info(i)['img_path'], root) for i in range(len(dataset))]


@pytest.fixture
def log():
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


HIDDEN = ('.ipynb_checkpoints/a.png', '__MACOSX/cat/._a.png', '@eaDir/a.png', 'cat/._a.png', 'cat/.cache/b.png')


@pytest.mark.parametrize('with_label', [True, False])
def test_hidden_folders_and_files_are_no_classes_and_no_images(tmp_path, log, with_label):
    folder_of(tmp_path, 'cat/a.png', 'dog/a.png', *HIDDEN)
    (tmp_path / 'cat/.DS_Store').write_bytes(b'x')
    (tmp_path / 'cat/Thumbs.db').write_bytes(b'x')
    dataset = ImageFolder(str(tmp_path), with_label=with_label)
    assert files(dataset, tmp_path) == ['cat/a.png', 'dog/a.png']
    assert dataset.metainfo.get('classes') == (('cat', 'dog') if with_label else None)
    assert 'hidden' in log[-1].getMessage()


def test_a_folder_below_a_hidden_one_is_read(tmp_path):
    assert len(ImageFolder(str(folder_of(tmp_path / '.cache/images', 'a.png')), with_label=False)) == 1


FORMATS = dict(
    png='PNG', webp='WEBP', gif='GIF', tiff='TIFF', tif='TIFF', jfif='JPEG', JPE='JPEG', bmp='BMP', ppm='PPM'
)
FORMATS |= dict(jp2='JPEG2000', j2k='JPEG2000', avif='AVIF', tga='TGA', pcx='PCX', ico='ICO', WEBP='WEBP', JPG='JPEG')


def test_every_format_that_decodes_is_read(tmp_path):
    for suffix, name in FORMATS.items():
        write(tmp_path / f'a.{suffix}', format=name)
    dataset = ImageFolder(str(tmp_path), with_label=False, pipeline=[LoadImage()])
    assert {file.partition('.')[2] for file in files(dataset, tmp_path)} == set(FORMATS)
    for i in range(len(dataset)):
        assert np.abs(dataset[i]['img'][0, 0].astype(int) - [90, 30, 200]).max() <= 4


def test_the_first_picture_of_a_file_is_read(tmp_path):
    first, second = (Image.new('RGB', (8, 6), color) for color in ('red', 'blue'))
    for suffix in ('gif', 'tiff', 'webp', 'apng', 'png'):
        first.save(
            tmp_path / f'a.{suffix}', format='PNG' if suffix == 'apng' else None, save_all=True, append_images=[second]
        )
    dataset = ImageFolder(str(tmp_path), with_label=False, pipeline=[LoadImage()])
    assert len(dataset) == 5
    assert all(dataset[i]['img'][0, 0, 2] > 240 for i in range(5))


def test_what_is_left_out_is_counted_by_suffix(tmp_path, log):
    folder_of(tmp_path, 'cat/a.png', 'dog/a.png', 'dog/deep/b.png')
    for name in ('cat/a.txt', 'cat/B.TXT', 'dog/a.xml', 'dog/readme', 'dog/a.heic'):
        (tmp_path / name).write_text('x')
    (tmp_path / 'dog/lost.png').symlink_to(tmp_path / 'nowhere.png')
    ImageFolder(str(tmp_path))
    text = log[-1].getMessage()
    assert text.startswith(f'ImageFolder {tmp_path}: 3 images in 2 classes; left out: 2 .txt, ')
    for each in ('1 .xml', '1 without suffix', '1 broken link'):
        assert each in text
    assert ('1 .heic' in text) == ('.heic' not in readable_suffixes())
    assert log[-1].levelno == logging.INFO


def test_what_indices_take_is_said(tmp_path, log):
    folder_of(tmp_path, 'cat/a.png', 'dog/a.png', 'dog/b.png')
    for indices, text in (
        (2, 'takes 2'),
        (-1, 'takes 1'),
        ([0, 1, 2], 'takes 3'),
        (9, 'takes 3; indices=9 is more than'),
    ):
        ImageFolder(str(tmp_path), indices=indices)
        assert f'3 images in 2 classes, of which indices {text}' in log[-1].getMessage()


def test_endings_can_be_chosen(tmp_path, log):
    folder_of(tmp_path, 'a_rgb.png', 'a_depth.png')
    assert files(ImageFolder(str(tmp_path), with_label=False, extensions=['_rgb.png']), tmp_path) == ['a_rgb.png']
    assert 'left out: 1 .png' in log[-1].getMessage()


def test_images_beside_the_folders_of_classes_are_warned_of(tmp_path, log):
    folder_of(tmp_path, 'a.png', 'b.png', 'cat/a.png', 'dog/a.png')
    (tmp_path / 'owl').mkdir()
    dataset = ImageFolder(str(tmp_path))
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'owl')
    assert len(dataset) == 2
    text = log[-1].getMessage()
    assert '2 images in 3 classes, 1 of them without an image' in text
    assert '2 images directly in the folder belong to no class' in text
    assert 'no image in the folders owl' in text
    assert log[-1].levelno == logging.WARNING


def test_images_without_folders_of_classes_are_explained(tmp_path):
    with pytest.raises(
        ValueError, match=r'no images in folders of classes .* 1 images lie directly in it: make a folder'
    ):
        ImageFolder(str(folder_of(tmp_path, 'a.png')))


def test_parts_of_the_data_as_classes_are_warned_of(tmp_path, log):
    ImageFolder(str(folder_of(tmp_path, 'train/cat/a.png', 'val/cat/a.png')))
    assert 'train, val are taken as classes: set data_prefix' in log[-1].getMessage()


def test_links_are_followed_and_circles_end(tmp_path, log):
    folder_of(tmp_path, 'real/cat/a.png', 'real/cat/deep/b.png', 'elsewhere/c.png')
    root = tmp_path / 'root'
    root.mkdir()
    (root / 'cat').symlink_to(tmp_path / 'real/cat')
    (root / 'dog').symlink_to('../elsewhere')
    (root / 'dog/up').symlink_to(tmp_path / 'elsewhere')
    (root / 'dog/d.png').symlink_to('c.png')
    (root / 'dog/self.png').symlink_to('self.png')
    (root / 'dog/self').symlink_to('self')
    expected = ['cat/a.png', 'cat/deep/b.png', 'dog/c.png', 'dog/d.png']
    assert files(ImageFolder(str(root), with_label=False), root) == expected
    assert '2 broken link' in log[-1].getMessage()
    assert 'link to a folder above' in log[-1].getMessage()
    dataset = ImageFolder(str(root))
    assert files(dataset, root) == expected
    assert dataset.get_gt_labels().tolist() == [0, 0, 1, 1]


def test_paths_are_those_of_a_shell(tmp_path, monkeypatch):
    folder_of(tmp_path, 'my photos [1]*/train/cät/a?.png', 'my photos [1]*/train/dog/b.png')
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for root in ('~/my photos [1]*', 'my photos [1]*/', './my photos [1]*/train/..', tmp_path / 'my photos [1]*'):
        dataset = ImageFolder(root, 'train', pipeline=[LoadImage()])
        assert dataset.metainfo['classes'] == ('cät', 'dog')
        assert dataset[0]['img'].shape == (6, 8, 3)


def test_names_that_are_no_text_are_read_and_shown(tmp_path, log):
    write(tmp_path / 'cat' / 'a.png')
    folder = os.fsencode(tmp_path) + b'/d\xff'
    os.mkdir(folder)
    os.rename(tmp_path / 'cat/a.png', folder + b'/b\xfe\n.png')
    (tmp_path / 'cat/a.png').write_bytes(b'broken')
    dataset = ImageFolder(str(tmp_path), pipeline=[LoadImage()])
    assert dataset.metainfo['classes'] == ('cat', r'd\xff')
    assert dataset[1]['img'].shape == (6, 8, 3)
    with open(folder + b'/b\xfe\n.png', 'wb') as file:
        file.write(b'broken')
    with pytest.raises(ValueError, match='is broken') as error:
        dataset[1]
    str(error.value).encode()
    assert r'd\xff/b\xfe\n.png' in str(error.value)
    log[-1].getMessage().encode()


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / 'a.zip').write_bytes(b'x')
    with pytest.raises(FileNotFoundError, match=r"a.zip' is a file, not a folder of images: unpack"):
        ImageFolder(str(tmp_path / 'a.zip'))


def test_images_are_in_the_order_of_classes_and_then_of_names(tmp_path):
    folder_of(tmp_path, 'a/1.png', 'a/B/0.png', 'a/b.png', 'a-b/0.png')
    assert files(ImageFolder(str(tmp_path)), tmp_path) == ['a/1.png', 'a/B/0.png', 'a/b.png', 'a-b/0.png']
    assert find_images(str(tmp_path), lambda name: name.endswith('.png')).files == [
        'a-b/0.png',
        'a/1.png',
        'a/B/0.png',
        'a/b.png',
    ]


def test_given_names_of_folders_set_their_numbers(tmp_path):
    folder_of(tmp_path, 'cat/a.png', 'dog/a.png')
    dataset = ImageFolder(str(tmp_path), metainfo=dict(classes=('dog', 'owl', 'cat')))
    assert dataset.get_gt_labels().tolist() == [2, 0]
    dataset = ImageFolder(str(tmp_path), metainfo=dict(classes=('felis', 'canis')))
    assert dataset.get_gt_labels().tolist() == [0, 1]
    for classes in (('cat', 'bird'), ('cat',), ('x', 'y', 'z')):
        with pytest.raises(ValueError, match='2 folders, which do not fit the . classes of metainfo'):
            ImageFolder(str(tmp_path), metainfo=dict(classes=classes))


def test_classes_that_differ_between_parts_are_named(tmp_path):
    folder_of(tmp_path, 'train/cat/a.png', 'train/dog/a.png', 'val/dog/a.png', 'val/owl/a.png', 'one/cat/a.png')
    train, val, one = (ImageFolder(str(tmp_path), part) for part in ('train', 'val', 'one'))
    check_classes(train, train)
    with pytest.raises(ValueError, match=r'owl \(1\) missing in the bank, cat \(1\) missing in the images to classify'):
        check_classes(train, val)
    with pytest.raises(ValueError, match='cat is the only class'):
        check_classes(one, one)
    other = ImageFolder(str(tmp_path), 'train', metainfo=dict(classes=['dog', 'cat']))
    with pytest.raises(ValueError, match='the same classes in another order'):
        check_classes(train, other)
    (tmp_path / 'one/dog').mkdir()
    check_classes(train, ImageFolder(str(tmp_path), 'one'))


def annotated(root, text, **arguments):
    (root / 'list.txt').write_bytes(text if isinstance(text, bytes) else text.encode())
    return ImageFolder(str(root), ann_file='list.txt', **arguments)


def test_a_list_of_images(tmp_path):
    folder_of(tmp_path, 'a.png', 'my cat.png')
    dataset = annotated(tmp_path, 'my cat.png 3\n\na.png\t0\n')
    assert files(dataset, tmp_path) == ['my cat.png', 'a.png']
    assert dataset.get_gt_labels().tolist() == [3, 0]
    assert files(annotated(tmp_path, 'my cat.png\n', with_label=False), tmp_path) == ['my cat.png']


@pytest.mark.parametrize('line', ['a.png -1', 'a.png cat', 'a.png 1.0', 'a.png', 'a.png,1', 'a.png 99999999999'])
def test_labels_of_a_list_that_are_no_integers_are_named(tmp_path, line):
    folder_of(tmp_path, 'a.png')
    with pytest.raises(ValueError, match=r"list.txt', line 2: 'a.png.*' must be a path, a space and a label"):
        annotated(tmp_path, f'a.png 0\n{line}\n')


def test_other_faults_of_a_list_are_named(tmp_path):
    folder_of(tmp_path, 'a.png')
    with pytest.raises(FileNotFoundError, match="1 images of .* do not exist, e.g. '.*/b.png'"):
        annotated(tmp_path, 'a.png 0\nb.png 1\n')
    with pytest.raises(ValueError, match='is empty'):
        annotated(tmp_path, '\n')
    with pytest.raises(ValueError, match='is no text file'):
        annotated(tmp_path, b'\x00\x01')
    with pytest.raises(FileNotFoundError, match=r"list of images '.*none.txt' does not exist"):
        ImageFolder(str(tmp_path), ann_file='none.txt')
