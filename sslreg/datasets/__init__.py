import mmpretrain.datasets  # noqa: F401  registers what sslreg's registries fall back to

from .folder import ImageFolder
from .packed import PackedImages
from .photo_tiles import PhotoTiles
from .seeding import worker_init_fn
from .transforms import ColorJitter, LoadImage, RandomGrayscale, RGBToBGR

__all__ = [
    'ColorJitter',
    'ImageFolder',
    'LoadImage',
    'PackedImages',
    'PhotoTiles',
    'RGBToBGR',
    'RandomGrayscale',
    'worker_init_fn',
]
