"""Tensors of a backbone before and after a conversion."""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Weights:
    """Tensors of a backbone with timm's names.

    Attributes:
        tensors: Tensors by timm's names.
        origin: Names in the file by timm's names.
        notes: Changes of tensors that differ from the file, by timm's names.
        left_out: Names of tensors in the file that belong to no backbone.
    """

    tensors: dict[str, Tensor]
    origin: dict[str, str]
    notes: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


@dataclass
class Conversion:
    """Result of a conversion.

    Attributes:
        tensors: Tensors by the names of the target code.
        matched: Names in ``tensors`` by their names in the file.
        notes: Changes of tensors that differ from the file, by their new names.
        unmatched: Names of the file's tensors that the network does not have.
        missing: Names of the network's tensors that the file does not have; they keep their initial values.
        left_out: Names of tensors in the file that belong to no backbone.
    """

    tensors: dict[str, Tensor]
    matched: dict[str, str]
    notes: dict[str, str]
    unmatched: list[str]
    missing: list[str]
    left_out: list[str]
