"""The parts of an environment: what each is for, how to see that it works, and how to get it."""

from dataclasses import dataclass

from .checks import CHECKS

SETUP = 'bash tools/setup_env.sh'
DOWNSTREAM = 'bash tools/setup_downstream.sh'
EXTRA = 'pip install -c requirements/constraints.txt -e ".[{}]"'


@dataclass(frozen=True)
class Part:
    """A package, or a program.

    Attributes:
        name: As it is called in the table.
        needed_for: What does not work without it; ``'all'``: nothing does.
        remedy: What to type where it is missing or broken.
        distributions: Names that pip knows it by, of which one is enough; none: it is no package.
    """

    name: str
    needed_for: str
    remedy: str
    distributions: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """Python that runs it; the last line that it prints is for the table."""
        return CHECKS.get(self.name, f'import {self.name.replace("-", "_")}')


def _packages(needed_for: str, remedy: str, *names: str) -> list[Part]:
    return [Part(name, needed_for, remedy, (name,)) for name in names]


PARTS = [
    Part('python', 'all', 'PYTHON=/path/to/python3.11 ' + SETUP),
    *_packages('all', SETUP, 'torch', 'torchvision', 'numpy', 'mmengine'),
    Part('mmcv', 'all', SETUP, ('mmcv', 'mmcv-lite')),
    *_packages('all', SETUP, 'mmpretrain', 'timm'),
    Part('opencv', 'all', SETUP, ('opencv-python', 'opencv-python-headless')),
    *_packages('all', SETUP, 'pillow', 'rich', 'packaging', 'safetensors', 'scipy', 'scikit-learn'),
    *_packages('all', SETUP, 'scikit-image', 'matplotlib'),
    Part('sslreg', 'all', 'pip install --no-deps -e .'),
    *_packages('colours of views on the CPU, faster', EXTRA.format('fast'), 'numba'),
    *_packages('k-NN on the CPU, faster', EXTRA.format('faiss'), 'faiss-cpu'),
    *_packages('--tensorboard', EXTRA.format('tensorboard'), 'tensorboard'),
    Part('mmcv operators', 'detection, segmentation', DOWNSTREAM, ('mmcv',)),
    *_packages('detection', DOWNSTREAM, 'mmdet', 'pycocotools', 'shapely'),
    *_packages('segmentation', DOWNSTREAM, 'mmsegmentation', 'ftfy', 'regex'),
    *_packages('tests', EXTRA.format('tests'), 'pytest', 'pytest-timeout', 'pytest-xdist', 'ruff', 'mypy'),
    Part('c++', 'building mmcv, torch.compile', 'apt-get install -y g++'),
    Part('nvcc', 'building mmcv for a GPU', DOWNSTREAM + '  # which gets it where torch has CUDA 13'),
    Part('gpu', 'training at full size', 'nvidia-smi'),
]
