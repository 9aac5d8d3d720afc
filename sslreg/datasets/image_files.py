"""Search for images in folders: what is read, and what is left out."""

import os
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import cv2
from PIL import Image, features

# Names that systems and programs make: thumbnails, copies of attributes, bins.
SYSTEM_NAMES = frozenset(
    {'__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information', 'lost+found', 'Thumbs.db', 'desktop.ini'}
)
IMAGE_SUFFIXES = (
    *('.jpg', '.jpeg', '.jpe', '.jfif', '.mpo', '.png', '.apng', '.bmp', '.dib', '.gif', '.tif', '.tiff', '.webp'),
    *('.ppm', '.pgm', '.pbm', '.pnm', '.jp2', '.j2k', '.jpx', '.jpf', '.avif', '.avifs', '.heic', '.heif', '.jxl'),
    *('.qoi', '.tga', '.pcx', '.sgi', '.ico', '.ras', '.sr'),
)
CODECS = {'AVIF': 'avif', 'JPEG2000': 'jpg_2000', 'WEBP': 'webp'}  # formats that Pillow may be built without
CLIPPED = 8  # kinds of files that a message names


@cache
def readable_suffixes() -> tuple[str, ...]:
    """Return those of :data:`IMAGE_SUFFIXES` that OpenCV or Pillow decodes here."""
    Image.init()
    formats = Image.registered_extensions()
    return tuple(
        suffix
        for suffix in IMAGE_SUFFIXES
        if suffix in ('.mpo', '.apng')  # a JPEG and a PNG with more than one picture
        or cv2.haveImageWriter(f'image{suffix}')
        or (suffix in formats and _pillow_opens(formats[suffix]))
    )


def _pillow_opens(name: str) -> bool:
    return name in Image.OPEN and (name not in CODECS or bool(features.check(CODECS[name])))


def is_hidden(name: str) -> bool:
    """Return whether a system or program made a file or folder: ``.ipynb_checkpoints``, ``._a.jpg``, ``__MACOSX``.

    Args:
        name: Name without the folder.
    """
    return name.startswith('.') or name in SYSTEM_NAMES


def printable(path: str) -> str:
    """Return a path for messages, with escapes in place of line breaks and of bytes that are no text."""
    text = os.fsencode(path).decode('utf-8', 'backslashreplace')
    return ''.join(each if each.isprintable() else each.encode('unicode_escape').decode() for each in text)


@dataclass
class FoundImages:
    """Images below a folder.

    Attributes:
        files: Sorted paths below the folder.
        left_out: Number of other files and links, by suffix or kind.
    """

    files: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def describe_left_out(self) -> str:
        """Return what was left out, ``'3 .txt, 1 hidden'``; empty if nothing was."""
        kinds = self.left_out.most_common()
        shown = [f'{number:,} {printable(kind)}' for kind, number in kinds[:CLIPPED]]
        return ', '.join(shown + [f'{sum(number for _, number in kinds[CLIPPED:]):,} others'] * (len(kinds) > CLIPPED))


def class_folders(folder: str) -> list[str]:
    """Return the sorted names of the folders, or links to folders, directly in a folder; hidden ones are left out."""
    with os.scandir(folder) as entries:
        return sorted(each.name for each in entries if not is_hidden(each.name) and _is_folder(each))


def find_images(folder: str, accepts: Callable[[str], bool], deep: bool = True) -> FoundImages:
    """Return the images of a folder at any depth; links are followed, but not to a folder that holds them.

    Args:
        folder: Path of the folder.
        accepts: Tells by its name whether a file is an image.
        deep: Whether to search the folders below.
    """
    found = FoundImages()
    _search(folder, '', (), accepts, deep, found)
    found.files.sort()
    return found


def _search(
    folder: str,
    prefix: str,
    above: tuple[tuple[int, int], ...],
    accepts: Callable[[str], bool],
    deep: bool,
    found: FoundImages,
) -> None:
    status = os.stat(folder)
    own = (status.st_dev, status.st_ino)
    if own in above:
        found.left_out['link to a folder above'] += 1
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if is_hidden(entry.name):
                found.left_out['hidden'] += 1
            elif _is_folder(entry):
                if deep:
                    _search(entry.path, f'{prefix}{entry.name}/', (*above, own), accepts, deep, found)
            elif accepts(entry.name) and _is_file(entry):
                found.files.append(prefix + entry.name)
            else:
                found.left_out[_kind(entry)] += 1


def _is_folder(entry: 'os.DirEntry[str]') -> bool:
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()  # is_dir raises on a link to itself


def _is_file(entry: 'os.DirEntry[str]') -> bool:
    return os.path.isfile(entry.path) if entry.is_symlink() else entry.is_file()


def _kind(entry: 'os.DirEntry[str]') -> str:
    """Return what a file that is left out is called: broken link, its suffix, or why it is no file."""
    if not os.path.exists(entry.path):
        return 'broken link'
    if not stat.S_ISREG(os.stat(entry.path).st_mode):
        return 'device or pipe'
    return os.path.splitext(entry.name)[1].lower() or 'without suffix'
