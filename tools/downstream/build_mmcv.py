"""Install mmcv with its operators from an existing wheel, or build a wheel for the installed torch.

python tools/downstream/build_mmcv.py [--device cpu|cuda]

Wheels are kept in the folder SSLREG_WHEELS (default: work_dirs/wheels), in a subfolder named after torch. A wheel
directly in SSLREG_WHEELS is used if it works. An interrupted build is continued. With SSLREG_BUILD=0 nothing is built,
and the exit status is 3 if no wheel works.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from cuda_toolkit import cuda_home
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename
from progress import follow

PIP = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--quiet']
BUILT = Path('work_dirs/wheels')
NO_WHEEL = 3  # exit status
GIGABYTES_PER_JOB = 2  # memory of a compiler for a file that includes torch


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--device', choices=('cpu', 'cuda'), help='device of the operators (default: cuda if torch finds a GPU)'
    )
    return parser.parse_args()


def version() -> str:
    """Return the tested version of mmcv."""
    lines = Path(__file__).parents[2].joinpath('requirements/constraints.txt').read_text().splitlines()
    return next(line for line in lines if line.startswith('mmcv==')).removeprefix('mmcv==')


def folder_of(device: str) -> str:
    """Return the name of the folder for a device, e.g. ``torch2.11.0-cuda13.0``: a wheel fits one torch only."""
    plain = torch.__version__.partition('+')[0]
    return f'torch{plain}-cpu' if device == 'cpu' else f'torch{plain}-cuda{torch.version.cuda}'


def fitting(folder: Path) -> list[Path]:
    """Return the wheels of the tested mmcv in a folder that this Python can install."""
    tags = set(sys_tags())
    wheels = sorted(folder.glob(f'mmcv-{version()}-*.whl'))
    # A wheel for any platform has no operators: pip makes it if it does not find torch.
    return [path for path in wheels if not path.stem.endswith('-any') and parse_wheel_filename(path.name)[3] & tags]


def writable(folder: Path) -> bool:
    """Return whether a folder exists or can be made, and is writable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def works() -> bool:
    """Return whether the operators run, also on the GPU if there is one."""
    command = [sys.executable, '-m', 'sslreg.doctor', 'mmcv operators']
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    return done.returncode == 0 and ' works ' in done.stdout


def install(wheel: Path) -> bool:
    """Install a wheel, and return whether it works."""
    subprocess.run([*PIP, 'install', '--no-deps', '--force-reinstall', str(wheel)], check=True)
    return works()


def fetch(folder: Path) -> Path:
    """Return the folder of the unpacked source, including files of an interrupted build."""
    source = folder / f'mmcv-{version()}'
    if not (source / 'setup.py').is_file():
        # Without isolation: setuptools 82, which pip would take, can no longer read mmcv's setup.py.
        command = ['download', '--no-deps', '--no-build-isolation', '--no-binary', 'mmcv', '-d', str(folder)]
        subprocess.run([*PIP, *command, f'mmcv=={version()}'], check=True)
        with tarfile.open(folder / f'mmcv-{version()}.tar.gz') as archive:
            archive.extractall(folder, filter='data')
    return source


def jobs() -> int:
    """Return the number of compilers for the cores and the memory of this machine."""
    memory = os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30
    return int(os.environ.get('MAX_JOBS', '0')) or max(1, min(os.cpu_count() or 1, int(memory / GIGABYTES_PER_JOB)))


def compile_wheel(device: str, folder: Path) -> Path:
    """Build a wheel in a folder, and return its path.

    Args:
        device: ``'cpu'`` or ``'cuda'``.
        folder: The folder.

    Raises:
        SystemExit: There is no compiler, or the build fails; the message ends with the compiler's errors.
    """
    if shutil.which(os.environ.get('CXX', 'c++')) is None:
        raise SystemExit('mmcv needs a C++ compiler; on Debian and Ubuntu: apt-get install -y g++')
    subprocess.run([*PIP, 'install', 'setuptools<82', 'wheel', 'ninja', 'psutil'], check=True)
    source = fetch(folder)
    environment = os.environ | dict(MMCV_WITH_OPS='1', MAX_JOBS=str(jobs()), CFLAGS='-g0')
    environment['PATH'] = os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']])  # ninja's
    if device == 'cuda':
        environment |= dict(FORCE_CUDA='1', CUDA_HOME=cuda_home(folder))
        if not torch.cuda.is_available():  # otherwise torch compiles for all architectures that it knows
            environment.setdefault('TORCH_CUDA_ARCH_LIST', '8.0;9.0')
    else:
        environment |= dict(FORCE_CUDA='0', CUDA_VISIBLE_DEVICES='')  # otherwise mmcv builds for the GPU
    command = [*PIP, 'wheel', '-v', '--no-deps', '--no-build-isolation', '-w', str(folder), str(source)]
    follow(command, environment, source, device, jobs(), folder / 'build.log')
    built = fitting(folder)
    if not built:
        raise SystemExit(f'the build of mmcv made no wheel with operators; see {folder / "build.log"}')
    shutil.rmtree(source)
    return built[-1]


def main() -> None:
    """Install a wheel that works, or build one."""
    device = parse_args().device or ('cuda' if torch.cuda.is_available() else 'cpu')
    given = Path(os.environ.get('SSLREG_WHEELS') or BUILT)
    folders = [each / folder_of(device) for each in dict.fromkeys((given, BUILT))]
    for wheel in [wheel for folder in [*folders, given] for wheel in fitting(folder)]:
        if install(wheel):
            print(f'mmcv {version()} from {wheel}')
            return
        print(f'{wheel} does not work with torch {torch.__version__} here')
    if os.environ.get('SSLREG_BUILD') == '0':
        print(f'no wheel of mmcv {version()} works here, and SSLREG_BUILD=0; looked in {", ".join(map(str, folders))}')
        raise SystemExit(NO_WHEEL)
    folder = next(folder for folder in folders if writable(folder))
    wheel = compile_wheel(device, folder)
    if not install(wheel):
        raise SystemExit(f'{wheel} was built and does not work: {sys.executable} -m sslreg.doctor "mmcv operators"')
    print(f'mmcv {version()} was built: {wheel}')


if __name__ == '__main__':
    main()
