"""Translation of the names of a backbone's tensors to timm's names.

Most codes have timm's names: the vision transformers of DINO, MaSSL and iBOT descend from timm's, and ResNets have
torchvision's names everywhere.
"""

import re

from torch import Tensor

from .tensors import Weights

# Prefixes of names in other codes: prefixes in timm. # stands for a number.
TIMM_BACKBONE = {'model.': ''}  # sslreg's wrapper of timm's networks
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

# Tensors that are not part of an encoder: classifiers, and the tokens of masked images.
LEFT_OUT = re.compile(r'(head|head_dist|fc|head\.fc|classifier)\.(weight|bias)|mask_token|masked_embed')


def timm_name(name: str) -> str:
    """Return timm's name, e.g. ``blocks.0.norm1.weight`` for ``layers.0.ln1.weight``; other names are unchanged.

    Args:
        name: Name of a tensor in any code.
    """
    for table in TABLES:
        name = renamed(name, table)
    return name


def renamed(name: str, table: dict[str, str]) -> str:
    """Rename by the first matching prefix of a table; of two numbers (chunk and block) the last is kept.

    Args:
        name: Name of a tensor.
        table: New prefixes by old ones.
    """
    for old, new in table.items():
        match = re.match(re.escape(old).replace(r'\#', r'(\d+)'), name)
        if match:
            return new.replace('#', (match.groups() or ('',))[-1]) + name[match.end() :]
    return name


def to_timm_names(backbone: dict[str, Tensor], left_out: list[str]) -> Weights:
    """Return the weights of any code's backbone with timm's names.

    DINOv2 adds a position to the class token, but timm's networks with registers do not, so the sum of both becomes
    the class token.

    Args:
        backbone: Tensors of the backbone.
        left_out: Names of the file's tensors that belong to no backbone.

    Raises:
        ValueError: Two tensors have the same name in timm.
    """
    chunks = DINOV2_CHUNKS if 'cls_token' in backbone else {}  # in timm's MobileNets these are stages
    origin: dict[str, str] = {}
    for old in backbone:
        name = timm_name(renamed(old, chunks))
        if LEFT_OUT.fullmatch(old):
            left_out = [*left_out, old]
        elif name in origin:
            raise ValueError(f'{old} and {origin[name]} are both {name} in timm: the file holds several networks')
        else:
            origin[name] = old
    weights = Weights({name: backbone[old] for name, old in origin.items()}, origin, left_out=left_out)
    if 'register_tokens' in backbone:
        _sum_class_token(weights)
    return weights


def _sum_class_token(weights: Weights) -> None:
    position = weights.tensors['pos_embed']
    weights.tensors['cls_token'] = weights.tensors['cls_token'] + position[:, :1]
    weights.tensors['pos_embed'] = position[:, 1:]
    weights.notes |= dict(cls_token='its position added', pos_embed="without the class token's")
