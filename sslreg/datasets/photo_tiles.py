"""Tiles of photographs that are part of scikit-image and scikit-learn, so that nothing is downloaded."""

from collections.abc import Iterator
from importlib import resources
from typing import Annotated, Any, Literal

import mmcv
import numpy as np
from mmpretrain.datasets import BaseDataset
from PIL import Image

from sslreg.arguments import Ascending, Positive, PositiveInt, checked
from sslreg.registry import DATASETS

from .found_data import report_found

# One class per photograph, chosen so that both halves show the same kind of content:
# (package, file, axis that separates training from test tiles: 0 top/bottom, 1 left/right).
PHOTOGRAPHS = {
    'astronaut': ('skimage', 'data/astronaut.png', 1),
    'brick': ('skimage', 'data/brick.png', 1),
    'cat': ('skimage', 'data/chelsea.png', 1),
    'cell': ('skimage', 'data/cell.png', 0),
    'clock': ('skimage', 'data/clock_motion.png', 0),
    'coffee': ('skimage', 'data/coffee.png', 1),
    'coins': ('skimage', 'data/coins.png', 1),
    'flower': ('sklearn', 'datasets/images/flower.jpg', 1),
    'grass': ('skimage', 'data/grass.png', 1),
    'gravel': ('skimage', 'data/gravel.png', 1),
    'hubble': ('skimage', 'data/hubble_deep_field.jpg', 1),
    'moon': ('skimage', 'data/moon.png', 0),
    'motorcycle': ('skimage', 'data/motorcycle_left.png', 1),
    'page': ('skimage', 'data/page.png', 0),
    'retina': ('skimage', 'data/retina.jpg', 1),
    'rocket': ('skimage', 'data/rocket.jpg', 1),
    'text': ('skimage', 'data/text.png', 1),
    'tissue': ('skimage', 'data/ihc.png', 1),
    'vessels': ('skimage', 'data/microaneurysms.png', 1),
}


@DATASETS.register_module()
class PhotoTiles(BaseDataset):
    """Square tiles of 19 photographs, one class per photograph, without a download.

    Training tiles come from one half of each picture and test tiles from the other, so they share no pixel. Positions
    and sizes of the tiles are random with a fixed seed.

    Args:
        split: ``'train'`` or ``'test'``.
        tiles_per_class: Number of tiles of each photograph.
        tile_size: Side of a tile in pixels.
        scale: Smallest and largest side before resizing, as shares of the half's shorter side.
        seed: Seed of the positions and sizes.
        **kwargs: As in mmpretrain's BaseDataset.
    """

    METAINFO = dict(classes=tuple(PHOTOGRAPHS))

    @checked
    def __init__(
        self,
        split: Literal['train', 'test'] = 'train',
        tiles_per_class: PositiveInt = 100,
        tile_size: PositiveInt = 48,
        scale: Annotated[tuple[Positive, Positive], Ascending()] = (0.5, 1.0),
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        self.split, self.seed = split, seed
        self.tiles_per_class, self.tile_size, self.scale = tiles_per_class, tile_size, scale
        super().__init__(ann_file='', **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the pixels (BGR) and label of each tile."""
        rng = np.random.default_rng([self.seed, self.split == 'test'])
        classes = range(len(PHOTOGRAPHS))
        report_found(f'PhotoTiles {self.split}', self.tiles_per_class * len(classes), len(classes), classes)
        return [
            dict(img=tile, gt_label=label)
            for label, (package, file, axis) in enumerate(PHOTOGRAPHS.values())
            for tile in self._tiles(_half(package, file, axis, self.split), rng)
        ]

    def _tiles(self, picture: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
        height, width = picture.shape[:2]
        for _ in range(self.tiles_per_class):
            side = int(rng.uniform(*self.scale) * min(height, width))
            top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
            tile = picture[top : top + side, left : left + side]
            yield mmcv.imresize(tile, (self.tile_size, self.tile_size), interpolation='area')


def _half(package: str, file: str, axis: int, split: str) -> np.ndarray:
    """Return a half of a photograph, BGR: the left or upper half for training."""
    with resources.files(package).joinpath(file).open('rb') as stream:
        picture = np.asarray(Image.open(stream).convert('RGB'))[..., ::-1]
    middle = picture.shape[axis] // 2
    part = slice(None, middle) if split == 'train' else slice(middle, None)
    return picture[part] if axis == 0 else picture[:, part]
