"""Parts of an environment with their purpose, check and remedy."""

from dataclasses import dataclass

from .checks import CHECKS

SETUP = 'bash tools/setup_env.sh'
DOWNSTREAM = 'bash tools/setup_downstream.sh'
EXTRA = 'pip install -c requirements/constraints.txt -e ".[{}]"'


@dataclass(frozen=True)
class EnvironmentPart:
    """Package or program.

    Attributes:
        name: Name in the table.
        needed_for: Features that need the part; ``'all'`` for everything.
        remedy: Command to type if the part is missing or broken.
        distributions: Names for pip, one of which must be installed; empty for a part that is no package.
    """

    name: str
    needed_for: str
    remedy: str
    distributions: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """Python program that runs the check; its last printed line is shown in the table."""
        return CHECKS.get(self.name, f'import {self.name.replace("-", "_")}')


def _packages(needed_for: str, remedy: str, *names: str) -> list[EnvironmentPart]:
    return [EnvironmentPart(name, needed_for, remedy, (name,)) for name in names]


ENVIRONMENT = [
    EnvironmentPart('python', 'all', 'PYTHON=/path/to/python3.11 ' + SETUP),
    *_packages('all', SETUP, 'torch', 'torchvision', 'numpy', 'mmengine'),
    EnvironmentPart('mmcv', 'all', SETUP, ('mmcv', 'mmcv-lite')),
    *_packages('all', SETUP, 'mmpretrain', 'timm'),
    EnvironmentPart('opencv', 'all', SETUP, ('opencv-python', 'opencv-python-headless')),
    *_packages('all', SETUP, 'pillow', 'rich', 'packaging', 'safetensors', 'scipy', 'scikit-learn'),
    *_packages('all', SETUP, 'scikit-image', 'matplotlib'),
    EnvironmentPart('sslreg', 'all', 'pip install --no-deps -e .'),
    *_packages('colours of views on the CPU, faster', EXTRA.format('fast'), 'numba'),
    *_packages('k-NN on the CPU, faster', EXTRA.format('faiss'), 'faiss-cpu'),
    *_packages('--tensorboard', EXTRA.format('tensorboard'), 'tensorboard'),
    EnvironmentPart('mmcv operators', 'detection, segmentation', DOWNSTREAM, ('mmcv',)),
    *_packages('detection', DOWNSTREAM, 'mmdet', 'pycocotools', 'shapely'),
    *_packages('segmentation', DOWNSTREAM, 'mmsegmentation', 'ftfy', 'regex'),
    *_packages('tests', EXTRA.format('tests'), 'pytest', 'pytest-timeout', 'pytest-xdist', 'ruff', 'mypy'),
    EnvironmentPart('c++', 'building mmcv, torch.compile', 'apt-get install -y g++'),
    EnvironmentPart('nvcc', 'building mmcv for a GPU', DOWNSTREAM + '  # installs it for a torch with CUDA 13'),
    EnvironmentPart('gpu', 'training at full size', 'nvidia-smi'),
]
