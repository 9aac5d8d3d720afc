"""Datasets, transforms and views."""

import mmpretrain.datasets  # noqa: F401  registers the fallback of sslreg's registries

from sslreg.utils.moved import forward

from .collate import collate, sample_indices
from .copies import CopyDatabase, CopydaysImages, CopyQueries
from .davis_clips import DavisClip, ResizeFrame
from .folder import ImageFolder
from .packed import NumpyImages, PackedImages
from .photo_tiles import PhotoTiles
from .repeats import count_images, count_repeats, image_numbers, through_wrappers
from .retrieval_images import RetrievalImages, RetrievalQuery, RevisitedImages, RevisitedQueries
from .revisited_ground_truth import RevisitedQuery
from .seeded_views import SeededViews
from .seeding import set_view_key, worker_init_fn
from .transfer import GTSRB, STL10
from .transforms import BrokenImageError, ColorJitter, CropBox, LoadImage, LongestSide, RandomGrayscale, RGBToBGR
from .views import BatchedViews, ColoredMultiCrop, LabelledViews, MultiCrop, PackViews

forward(__name__)

__all__ = [
    'GTSRB',
    'STL10',
    'BatchedViews',
    'BrokenImageError',
    'ColorJitter',
    'ColoredMultiCrop',
    'CopyDatabase',
    'CopyQueries',
    'CopydaysImages',
    'CropBox',
    'DavisClip',
    'ImageFolder',
    'LabelledViews',
    'LoadImage',
    'LongestSide',
    'MultiCrop',
    'NumpyImages',
    'PackViews',
    'PackedImages',
    'PhotoTiles',
    'RGBToBGR',
    'RandomGrayscale',
    'ResizeFrame',
    'RetrievalImages',
    'RetrievalQuery',
    'RevisitedImages',
    'RevisitedQueries',
    'RevisitedQuery',
    'SeededViews',
    'collate',
    'count_images',
    'count_repeats',
    'image_numbers',
    'sample_indices',
    'set_view_key',
    'through_wrappers',
    'worker_init_fn',
]
