"""SSLReg: memory-based self-supervised learning, assembled from registered components."""

import sys
import warnings
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from .utils import moved
from .version import __version__

__all__ = ['__version__', 'load_model', 'read_images']

MMCV_RANGE = ('2.0.0rc4', '2.2.0')  # the versions that mmpretrain, mmdet and mmseg accept


def _check_mmcv() -> None:
    """Raise ImportError unless a fitting mmcv is installed.

    mmcv and mmcv-lite are two distributions of one module, so sslreg cannot name one of them as its dependency.
    """
    from packaging.version import Version

    installed = [name for name in ('mmcv', 'mmcv-lite') if _version(name)]
    if not installed:
        raise ImportError(
            'sslreg needs mmcv: `pip install "mmcv-lite>=2.1.0,<2.2"` (nothing to compile), or an mmcv '
            '2.1.0 built with its operators for detection and segmentation (docs/downstream.md)'
        )
    version = Version(_version(installed[0]))
    low, high = (Version(bound) for bound in MMCV_RANGE)
    if not low <= version < high:
        raise ImportError(
            f'{installed[0]} {version} is installed, but {low} <= version < {high} is needed: '
            '`pip install "mmcv-lite>=2.1.0,<2.2"`'
        )


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ''


if TYPE_CHECKING:
    from .evaluation.images import read_images
    from .evaluation.model import load_model
else:
    LAZY = dict(load_model='sslreg.evaluation.model', read_images='sslreg.evaluation.images')

    def __getattr__(name: str) -> Any:
        """Import a function when it is first used, so that ``import sslreg`` loads no torch."""
        if name not in LAZY:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        return getattr(import_module(LAZY[name]), name)


moved.install()
if 'sslreg.doctor' not in sys.orig_argv:  # the doctor reports a missing mmcv itself
    _check_mmcv()
# mmcv-lite warns on import that it has no compiled operators, which is why it was chosen.
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
