from typing import Any

from sslreg.memorization import splits
from sslreg.registry import DATASETS


@DATASETS.register_module()
def SplitPart(dataset: dict[str, Any], split: str, part: str) -> Any:  # noqa: N802  stands in configs as a type
    """The images of a dataset that belong to a part of a study of memorisation (arXiv 2401.12233).

    Args:
        dataset: Config of the whole dataset; for ``'extra'`` of the one that is not trained on.
        split: File of :func:`sslreg.memorization.splits.write`.
        part: ``'f'`` or ``'g'``, what that encoder is trained on, or ``'shared'``, ``'candidate'``, ``'independent'``,
            ``'extra'``.

    Raises:
        ValueError: There is no such part, or the dataset has fewer images than the split was made for.
    """
    images = splits.read(split).part(part)
    whole = DATASETS.build(dataset)
    if max(images, default=-1) >= len(whole):
        raise ValueError(
            f'{split!r} has image {max(images)} in {part!r}, the dataset has {len(whole)} images: it was made for '
            'another dataset'
        )
    whole.get_subset_(images)  # MMEngine's get_subset keeps objects from call to call, and may mix them up
    return whole
