import mmpretrain.datasets  # noqa: F401  registers what sslreg's registries fall back to

from .collate import collate
from .folder import ImageFolder
from .packed import PackedImages
from .photo_tiles import PhotoTiles
from .seeding import set_view_key, worker_init_fn
from .transforms import ColorJitter, LoadImage, RandomGrayscale, RGBToBGR
from .views import BatchedViews, ColoredMultiCrop, MultiCrop, PackViews, sample_indices

__all__ = [
    'BatchedViews',
    'ColorJitter',
    'ColoredMultiCrop',
    'ImageFolder',
    'LoadImage',
    'MultiCrop',
    'PackViews',
    'PackedImages',
    'PhotoTiles',
    'RGBToBGR',
    'RandomGrayscale',
    'collate',
    'sample_indices',
    'set_view_key',
    'worker_init_fn',
]
