"""Requests of benchmarks for features."""

from typing import Any, NamedTuple


class Wanted(NamedTuple):
    """Request of a benchmark for features.

    Attributes:
        dataset: Built dataset of N images; its items have ``inputs`` ``[3, H, W]`` and samples with ``sample_idx``.
        kind: Config of the kind of features, registry ``FEATURES``, e.g. ``dict(type='Pooled')``.
        one_size: Whether all images have one size; else they are read one by one.
        may_lack_images: Whether images that cannot be decoded may be left out (``--skip-broken``): their rows are NaN.
            Where the ground truth needs every image, a broken image is always an error.
    """

    dataset: Any
    kind: dict[str, Any]
    one_size: bool = True
    may_lack_images: bool = False
