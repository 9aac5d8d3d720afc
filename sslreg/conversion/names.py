"""Names of a backbone's tensors, translated from every codebase into those of timm.

Most names are equal: the vision transformers of DINO, MaSSL and iBOT derive from timm's, and all ResNets have
torchvision's names.
"""

import re
from dataclasses import dataclass, field

from torch import Tensor

# Tables of prefixes, from another codebase's to timm's; # is a number.
TIMM_BACKBONE = {'model.': ''}  # TimmBackbone keeps timm's network in `model`
MMPRETRAIN = {
    'patch_embed.projection.': 'patch_embed.proj.',
    'layers.#.ln1.': 'blocks.#.norm1.',
    'layers.#.ln2.': 'blocks.#.norm2.',
    'layers.#.attn.gamma1.weight': 'blocks.#.ls1.gamma',
    'layers.#.attn.': 'blocks.#.attn.',
    'layers.#.ffn.layers.0.0.': 'blocks.#.mlp.fc1.',
    'layers.#.ffn.layers.1.': 'blocks.#.mlp.fc2.',
    'layers.#.ffn.w12.': 'blocks.#.mlp.fc1.',
    'layers.#.ffn.w3.': 'blocks.#.mlp.fc2.',
    'layers.#.ffn.gamma2.weight': 'blocks.#.ls2.gamma',
    'ln1.': 'norm.',
}
IBOT = {'blocks.#.gamma_1': 'blocks.#.ls1.gamma', 'blocks.#.gamma_2': 'blocks.#.ls2.gamma'}
DINOV2_CHUNKS = {f'blocks.#.#.{part}': f'blocks.#.{part}' for part in ('norm', 'attn.', 'mlp.', 'ls')}
SWIGLU = {'blocks.#.mlp.w12.': 'blocks.#.mlp.fc1.', 'blocks.#.mlp.w3.': 'blocks.#.mlp.fc2.'}
REGISTERS = {'register_tokens': 'reg_token'}
TABLES = (TIMM_BACKBONE, MMPRETRAIN, IBOT, SWIGLU, REGISTERS)

# Tensors that an encoder does not use: classifiers and tokens of masked images.
LEFT_OUT = re.compile(r'(head|head_dist|fc|head\.fc|classifier)\.(weight|bias)|mask_token|masked_embed')


def timm_name(name: str) -> str:
    """Translate ``layers.0.ln1.weight`` to ``blocks.0.norm1.weight``; a name in no table is unchanged."""
    for table in TABLES:
        name = renamed(name, table)
    return name


def renamed(name: str, table: dict[str, str]) -> str:
    """Rename by the first matching prefix; of two numbers keep the last, the block's index in its chunk."""
    for old, new in table.items():
        match = re.match(re.escape(old).replace(r'\#', r'(\d+)'), name)
        if match:
            return new.replace('#', (match.groups() or ('',))[-1]) + name[match.end() :]
    return name


@dataclass
class Weights:
    """The tensors of a backbone under timm's names.

    Attributes:
        tensors: Timm's names -> tensors.
        origin: Timm's names -> names in the file.
        notes: Timm's names -> changes of tensors that differ from the file.
        left_out: Names of tensors in the file that are not part of a backbone.
    """

    tensors: dict[str, Tensor]
    origin: dict[str, str]
    notes: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def translated(backbone: dict[str, Tensor], left_out: list[str]) -> Weights:
    """Translate a backbone of any codebase into timm's names.

    DINOv2 adds a position to the class token; timm's networks with registers do not, so the two tensors are summed.

    Args:
        backbone: Names in the file -> tensors.
        left_out: Names in the file that are not part of a backbone.

    Raises:
        ValueError: Two tensors would get the same name in timm.
    """
    chunks = DINOV2_CHUNKS if 'cls_token' in backbone else {}  # in timm's MobileNets the first number is a stage
    origin: dict[str, str] = {}
    for old in backbone:
        name = timm_name(renamed(old, chunks))
        if LEFT_OUT.fullmatch(old):
            left_out = [*left_out, old]
        elif name in origin:
            raise ValueError(f'{old} and {origin[name]} are both {name} in timm')
        else:
            origin[name] = old
    weights = Weights({name: backbone[old] for name, old in origin.items()}, origin, left_out=left_out)
    if 'register_tokens' in backbone:
        _sum_class_token(weights)
    return weights


def _sum_class_token(weights: Weights) -> None:
    """Add the class token's position to the class token."""
    position = weights.tensors['pos_embed']
    weights.tensors['cls_token'] = weights.tensors['cls_token'] + position[:, :1]
    weights.tensors['pos_embed'] = position[:, 1:]
    weights.notes |= dict(cls_token='its position added', pos_embed="without the class token's")
