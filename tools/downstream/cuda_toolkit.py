"""A CUDA compiler for the installed torch: the one of the machine, or one from pip packages of NVIDIA."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import torch

PACKAGES = ('nvcc', 'crt', 'cccl')


def cuda_home(folder: Path) -> str:
    """Return the folder with nvcc and the headers of torch's CUDA version.

    Raises:
        SystemExit: No compiler was found, and pip has no packages of this version.
    """
    wanted = torch.version.cuda
    if wanted is None:
        raise SystemExit(f'torch {torch.__version__} is built for the CPU: install one for CUDA, or --device cpu')
    for home in _candidates():
        if _version(home) == wanted:
            return str(home)
    if not wanted.startswith('13.'):
        raise SystemExit(
            f'torch {torch.__version__} needs nvcc {wanted}, and none was found: install the CUDA {wanted} toolkit and '
            'set CUDA_HOME to it (pip has packages for CUDA 13 only)'
        )
    return str(_from_packages(folder / f'cuda-{wanted}', wanted))


def _candidates() -> list[Path]:
    """Return the folders where a CUDA toolkit may be."""
    found = shutil.which('nvcc')
    homes = [os.environ.get('CUDA_HOME'), found and str(Path(found).resolve().parents[1]), '/usr/local/cuda']
    return [Path(home) for home in homes if home]


def _version(home: Path) -> str | None:
    """Return the version of ``HOME/bin/nvcc``, e.g. ``'13.0'``, or None if it or its headers are missing."""
    if not (home / 'bin/nvcc').is_file() or not (home / 'include/cuda_runtime.h').is_file():
        return None
    text = subprocess.run([home / 'bin/nvcc', '--version'], capture_output=True, text=True, check=False).stdout
    match = re.search(r'release (\d+\.\d+)', text)
    return match and match[1]


def _from_packages(home: Path, wanted: str) -> Path:
    """Link the compiler and the libraries from pip packages of NVIDIA into one folder, and return it."""
    packages = [f'nvidia-cuda-{name}=={wanted}.*' for name in PACKAGES] + [f'nvidia-nvvm=={wanted}.*']
    pip = [sys.executable, '-m', 'pip', '--disable-pip-version-check', '--quiet', 'install', '--no-deps']
    subprocess.run([*pip, '--upgrade', '--target', str(home / 'packages'), *packages], check=True)
    libraries = Path(torch.__file__).parents[1] / 'nvidia/cu13'
    for tree in (home / 'packages/nvidia/cu13', libraries):
        for path in tree.rglob('*'):
            link = home / path.relative_to(tree)
            if not path.is_dir() and not link.exists():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
    for name in ('cudart', 'cublas', 'cusparse', 'cusolver'):  # the linker looks for these names without a version
        for library in (home / 'lib').glob(f'lib{name}.so.*'):
            (home / 'lib' / f'lib{name}.so').unlink(missing_ok=True)
            (home / 'lib' / f'lib{name}.so').symlink_to(library.resolve())
    if not (home / 'lib64').exists():
        (home / 'lib64').symlink_to('lib')
    return home
