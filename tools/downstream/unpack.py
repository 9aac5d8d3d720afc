"""Unpack the small sets for detection and segmentation from data/NAME/*.zip to work_dirs/data/NAME.

python tools/downstream/unpack.py [bccd kangaroo_raccoon camvid]
"""

import argparse
import shutil
import zipfile
from pathlib import Path

NAMES = ('bccd', 'kangaroo_raccoon', 'camvid')
OUT = Path('work_dirs/data')


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help='folders below data/ (default: all existing ones)')
    return parser.parse_args()


def unpack(name: str) -> Path:
    """Unpack a set completely or not at all, and return its folder.

    Args:
        name: Name of the folder below data/.

    Raises:
        SystemExit: There is no archive, or more than one.
    """
    out = OUT / name
    if out.is_dir():
        return out
    archives = sorted(Path('data', name).glob('*.zip'))
    if len(archives) != 1:
        raise SystemExit(f'data/{name} must hold one zip archive, it holds {len(archives)} (docs/downstream.md)')
    part = OUT / f'{name}.part'
    shutil.rmtree(part, ignore_errors=True)
    with zipfile.ZipFile(archives[0]) as archive:
        archive.extractall(part)
    part.rename(out)
    return out


def main() -> None:
    """Unpack the sets."""
    names = parse_args().names or [name for name in NAMES if any(Path('data', name).glob('*.zip'))]
    if not names:
        raise SystemExit(f'none of {", ".join(f"data/{name}/*.zip" for name in NAMES)} is there (docs/downstream.md)')
    for name in names:
        print(unpack(name))


if __name__ == '__main__':
    main()
