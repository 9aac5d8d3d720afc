import mmpretrain.datasets  # noqa: F401  registers what sslreg's registries fall back to

from .collate import collate
from .davis import DavisClip, ResizeFrame
from .folder import ImageFolder
from .packed import PackedImages
from .photo_tiles import PhotoTiles
from .seeding import set_epoch, worker_init_fn
from .transforms import ColorJitter, LoadImage, RandomGrayscale, RGBToBGR
from .views import BatchedViews, ColoredMultiCrop, MultiCrop, PackViews, sample_indices

__all__ = [
    'BatchedViews',
    'ColorJitter',
    'ColoredMultiCrop',
    'DavisClip',
    'ImageFolder',
    'LoadImage',
    'MultiCrop',
    'PackViews',
    'PackedImages',
    'PhotoTiles',
    'RGBToBGR',
    'RandomGrayscale',
    'ResizeFrame',
    'collate',
    'sample_indices',
    'set_epoch',
    'worker_init_fn',
]
