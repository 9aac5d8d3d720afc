"""Views of images: SSLReg against torchvision's transforms on PIL images, on one core of a data worker.

    python -m benchmarks.data [--quick] [--json FILE]

Multi-crop makes 2 x 224 + 10 x 96 px views with DINO's colours from JPEG of 500 x 375 px: once fully in the worker, and
once with the colours left to the device, whose time is not counted. CIFAR makes one view of 32 px of images in memory,
with MoCo v2's colours. The baseline returns normalised views in floating point, as the released codes do; SSLReg
returns eight-bit views, which the device normalises. On a GPU a last row compares the colours of 64 images' views on
the device with one core.
"""

import io
from collections.abc import Callable
from functools import partial
from importlib import resources

import cv2
import numpy as np
import torch
from mmengine.dataset import default_collate
from PIL import Image, ImageFilter
from torch import Tensor
from torchvision import transforms as T

from benchmarks.measure import arguments, compare, report
from sslreg.datasets import BatchedViews, ColoredMultiCrop, LoadImage, MultiCrop, PackViews
from sslreg.datasets.views.colors import change_colors
from sslreg.models import ViewPreprocessor

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
JITTER = dict(brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
COLORS = dict(flip=0.5, jitter=JITTER, jitter_prob=0.8, gray=0.2)
MULTICROP = [
    dict(size=224, scale=(0.32, 1.0), **COLORS, blur=1.0),
    dict(size=224, scale=(0.32, 1.0), **COLORS, blur=0.1, solarize=0.2),
    dict(size=96, scale=(0.05, 0.32), **COLORS, blur=0.5, num=10),
]
MOCO = dict(jitter=dict(JITTER, saturation=0.4), jitter_prob=0.8, gray=0.2)
CIFAR = [dict(size=32, scale=(0.2, 1.0), interpolation='bilinear', flip=0.5, **MOCO)]
NORMALIZE = T.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def blur(image: Image.Image) -> Image.Image:
    """Blur an image by a Gaussian of random width."""
    return image.filter(ImageFilter.GaussianBlur(np.random.uniform(0.1, 2.0)))


def torchvision_view(
    size: int,
    scale: tuple[float, float],
    interpolation: str = 'bicubic',
    blur_prob: float = 0.0,
    solarize_prob: float = 0.0,
    jitter: dict[str, float] = JITTER,
) -> Callable[[Image.Image], Tensor]:
    """Return the transform of one view of a PIL image as in the released codes.

    Args:
        size: Side in pixels.
        scale: Smallest and largest area of the crop.
        interpolation: Name of torchvision's interpolation mode.
        blur_prob: Probability of a blur.
        solarize_prob: Probability of solarization.
        jitter: Strengths of the colour jitter.
    """
    view: Callable[[Image.Image], Tensor] = T.Compose(
        [
            T.RandomResizedCrop(size, scale, interpolation=T.InterpolationMode(interpolation)),
            T.RandomHorizontalFlip(0.5),
            T.RandomApply([T.ColorJitter(**jitter)], 0.8),
            T.RandomGrayscale(0.2),
            T.RandomApply([blur], blur_prob),
            T.RandomSolarize(128, solarize_prob),
            T.ToTensor(),
            NORMALIZE,
        ]
    )
    return view


def torchvision_multicrop(files: list[bytes]) -> list[list[Tensor]]:
    """Return the views of encoded images by torchvision."""
    kinds = [
        torchvision_view(224, (0.32, 1.0), blur_prob=1.0),
        torchvision_view(224, (0.32, 1.0), blur_prob=0.1, solarize_prob=0.2),
        *[torchvision_view(96, (0.05, 0.32), blur_prob=0.5)] * 10,
    ]
    images = [Image.open(io.BytesIO(file)).convert('RGB') for file in files]
    return [[view(image) for view in kinds] for image in images]


def multicrop(views: MultiCrop, files: list[bytes]) -> list[list[Tensor]]:
    """Return the views of encoded images by SSLReg."""
    load, pack = LoadImage(), PackViews()
    items = [load.transform(dict(img_bytes=file, sample_idx=i)) for i, file in enumerate(files)]
    return [pack(views(item))['inputs'] for item in items]


def torchvision_cifar(images: list[Image.Image]) -> list[Tensor]:
    """Return one view of each image by torchvision."""
    view = torchvision_view(32, (0.2, 1.0), 'bilinear', jitter=MOCO['jitter'])
    return [view(image) for image in images]


def photographs() -> list[np.ndarray]:
    """Return two photographs of 500 x 375 px, BGR."""
    folder = resources.files('sklearn').joinpath('datasets/images')
    files = [np.frombuffer(folder.joinpath(name).read_bytes(), np.uint8) for name in ('china.jpg', 'flower.jpg')]
    return [
        cv2.resize(cv2.imdecode(file, cv2.IMREAD_COLOR), (500, 375), interpolation=cv2.INTER_AREA) for file in files
    ]


def case_multicrop(views: MultiCrop, count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the baseline and SSLReg for ``count`` JPEG files of some 90 kB."""
    files = [cv2.imencode('.jpg', photo, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes() for photo in photographs()]
    files = [files[i % 2] for i in range(count)]
    return partial(torchvision_multicrop, files), partial(multicrop, views, files)


def case_cifar(count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the baseline and SSLReg for ``count`` parts of photographs of 32 px."""
    photo, rng = photographs()[0], np.random.default_rng(0)
    corners = zip(rng.integers(375 - 64, size=count), rng.integers(500 - 64, size=count), strict=True)
    images = [cv2.resize(photo[y : y + 64, x : x + 64], (32, 32), interpolation=cv2.INTER_AREA) for y, x in corners]
    ours = BatchedViews([dict(img=image) for image in images], CIFAR)
    baseline = partial(torchvision_cifar, [Image.fromarray(image[..., ::-1]) for image in images])
    return baseline, partial(ours.__getitems__, range(count))


def case_device(count: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return the colour changes of multi-crop on one core and on the device."""
    views, load = MultiCrop(MULTICROP), dict(img=photographs()[0])
    batch = default_collate([PackViews()(views.transform(dict(load, sample_idx=i))) for i in range(count)])
    on_device = dict(batch, inputs=[view.to(DEVICE) for view in batch['inputs']])
    preprocessor = ViewPreprocessor(mean=[0.0] * 3, std=[1.0] * 3).to(DEVICE)
    colors = batch['color'].transpose(0, 1).numpy()

    def baseline() -> list[np.ndarray]:
        changed = [view.numpy().copy() for view in batch['inputs']]
        for view, settings in zip(changed, colors, strict=True):
            for image, row in zip(view, settings, strict=True):
                change_colors(image, row)
        return changed

    return baseline, partial(preprocessor, on_device)


def main() -> None:
    """Run the benchmark and print its table."""
    args = arguments(__doc__.split('\n')[0])
    cv2.setNumThreads(0)
    count, small = (8, 512) if args.quick else (32, 2048)
    cases = {
        '12 views in the worker': case_multicrop(ColoredMultiCrop(MULTICROP), count),
        'colours on the device': case_multicrop(MultiCrop(MULTICROP), count),
        'CIFAR, 1 view': case_cifar(small),
    }
    if torch.cuda.is_available():
        cases['the device, 64 images'] = case_device(64)
    rows = [compare(name, *case, args.rounds) for name, case in cases.items()]
    report(f"{count} photographs, {small:,} images of CIFAR's size", rows, args.json)


if __name__ == '__main__':
    main()
