"""SSLReg: memory-based self-supervised learning, assembled from registered components."""

import sys
import warnings
from importlib import metadata

from .version import __version__

__all__ = ['__version__']

MMCV_RANGE = ('2.0.0rc4', '2.2.0')  # what mmpretrain, mmdet and mmseg accept


def _check_mmcv() -> None:
    """Fail at import with the remedy: mmcv and mmcv-lite are distributions of one module, so pip asks for neither."""
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


if 'sslreg.doctor' not in sys.orig_argv:  # which starts without it, to say so
    _check_mmcv()
# mmcv-lite warns on import that it has no compiled operators, which is why it was chosen.
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
