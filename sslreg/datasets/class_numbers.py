"""Numbers of the classes that folders stand for."""

from collections.abc import Sequence

from .image_files import printable


def number_classes(folders: Sequence[str], classes: Sequence[str] | None, source: str) -> dict[str, int]:
    """Return the number of each folder's class.

    Args:
        folders: Sorted names of the folders.
        classes: Given names of the classes. If they are the folders' names, their order sets the numbers, and classes
            may lack a folder; names of another kind belong to the folders in alphabetical order.
        source: Path of the folder that holds them, for messages.

    Raises:
        ValueError: The names do not fit the folders.
    """
    if classes is None:
        return {name: number for number, name in enumerate(folders)}
    unknown = [name for name in folders if name not in set(classes)]
    if not unknown and len(set(classes)) == len(classes):
        return {name: classes.index(name) for name in folders}
    if len(unknown) == len(folders) == len(classes):
        return {name: number for number, name in enumerate(folders)}
    raise ValueError(
        f'{source!r} has {len(folders)} folders, which do not fit the {len(classes)} classes of metainfo: '
        f'{", ".join(map(printable, unknown[:5]))} {"is" if len(unknown) == 1 else "are"} not among these; give the '
        "folders' names, or one name for each folder in alphabetical order"
    )
