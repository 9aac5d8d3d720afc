"""Check that the code a network is converted to can load the result: timm's own network is built for the tensors."""

import math
import re
from collections.abc import Callable
from typing import Any

import timm
import torch
from timm.layers import SwiGLUPacked
from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from .tensors import Weights

Tensors = dict[str, Tensor]


def check_loadable(weights: Weights, code: str, model_name: str = '') -> None:
    """Raise ValueError unless a network of the code has exactly these tensors, in these shapes.

    Vision transformers and ResNets are timm's, which the other codes share. Other networks convert to timm only: if
    they were :class:`TimmBackbone`, or by their name in timm.

    Args:
        weights: Weights of a backbone.
        code: One of :data:`.to_code.CODES`.
        model_name: Name of the network in timm.
    """
    if code == 'timm' and all(name.startswith('model.') for name in weights.origin.values()) and not model_name:
        return  # sslreg's wrapper of this very network
    _check_tokens(weights.tensors, code)
    network = _network(weights.tensors, code, model_name)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.tensors.items()}
    wrong = [*(name for name in expected if given.get(name) != expected[name]), *(given.keys() - expected.keys())]
    wrong = [name for name in wrong if not (name.endswith('num_batches_tracked') and name not in given)]
    if wrong:
        first = wrong[0]
        what = 'has no such tensor' if first not in expected else f'has {expected[first]} there'
        found = f'{first}, {given[first]}' if first in given else f'{first}, which is not in the file'
        raise ValueError(
            f'{code} could not load the result: {len(wrong)} tensors are not those of its {type(network).__name__} '
            f'(first: {found}; it {what}){_stem(first, given)}. Keep the file: sslreg.load_model reads it'
        )


def _stem(name: str, shapes: dict[str, tuple[int, ...]]) -> str:
    is_small = name == 'conv1.weight' and shapes.get(name, ())[2:] == (3, 3)
    return ': it is a ResNet for CIFAR, with a stem for small images' if is_small else ''


def _check_tokens(tensors: Tensors, code: str) -> None:
    """Raise ValueError if a transformer lacks the class token or the square grid of positions of DINO and DINOv2."""
    if code == 'timm' or 'blocks.0.attn.qkv.weight' not in tensors:
        return
    if 'cls_token' not in tensors:
        raise ValueError(f'{code}: its vision transformers have a class token, this one has none: use --to timm')
    patches = tensors['pos_embed'].shape[1] - 1
    if math.isqrt(patches) ** 2 != patches and 'reg_token' not in tensors:
        raise ValueError(f'{code}: its position embeddings are a square, these are {patches} patches: use --to timm')


def _network(tensors: Tensors, code: str, model_name: str) -> nn.Module:
    """Build the network for the tensors, without values."""
    if model_name:
        return timm.create_model(model_name, num_classes=0)
    builders: dict[str, Callable[[Tensors], nn.Module]] = {
        'blocks.0.attn.qkv.weight': _vit,
        'layer1.0.conv1.weight': _resnet,
    }
    for name, build in builders.items():
        if name in tensors and not (code == 'dinov2' and build is _resnet):
            with torch.device('meta'):
                return build(tensors)
    remedy = ': name the network, --timm-name NAME (timm.list_models())' if code == 'timm' else ': use --to timm'
    raise ValueError(f'these tensors are of no vision transformer or ResNet (first: {next(iter(tensors))}){remedy}')


def _vit(tensors: Tensors) -> nn.Module:
    width = tensors['norm.bias' if 'norm.bias' in tensors else 'blocks.0.norm1.bias'].shape[0]
    registers = tensors['reg_token'].shape[1] if 'reg_token' in tensors else 0
    extra = ('cls_token' in tensors) + registers
    hidden, inner = tensors['blocks.0.mlp.fc1.weight'].shape[0], tensors['blocks.0.mlp.fc2.weight'].shape[1]
    gated: dict[str, Any] = dict(mlp_layer=SwiGLUPacked, act_layer=nn.SiLU) if hidden == 2 * inner else {}
    patch = tensors['patch_embed.proj.weight'].shape[-2:]
    rows, columns, has_extra = _grid(tensors['pos_embed'].shape[1], extra)
    heads = width // tensors['blocks.0.attn.q_norm.weight'].shape[0] if 'blocks.0.attn.q_norm.weight' in tensors else 1
    return VisionTransformer(
        img_size=(rows * patch[0], columns * patch[1]),
        patch_size=(patch[0], patch[1]),
        in_chans=tensors['patch_embed.proj.weight'].shape[1],
        num_classes=0,
        global_pool='token' if 'cls_token' in tensors else 'avg',
        embed_dim=width,
        depth=_count(tensors, r'blocks\.(\d+)\.'),
        num_heads=heads,
        mlp_ratio=hidden / width,
        qkv_bias='blocks.0.attn.qkv.bias' in tensors,
        qk_norm='blocks.0.attn.q_norm.weight' in tensors,
        init_values=1.0 if 'blocks.0.ls1.gamma' in tensors else None,
        class_token='cls_token' in tensors,
        no_embed_class=not has_extra,
        reg_tokens=registers,
        pre_norm='norm_pre.weight' in tensors,
        fc_norm='fc_norm.weight' in tensors,
        weight_init='skip',
        **gated,
    )


def _grid(num_positions: int, num_extra: int) -> tuple[int, int, bool]:
    """Return rows and columns of a square grid, and whether extra tokens have positions; else one row with them."""
    for extra in (num_extra, 0):
        side = math.isqrt(max(num_positions - extra, 0))
        if side**2 == num_positions - extra:
            return side, side, extra > 0 or num_extra == 0
    return 1, num_positions - num_extra, True


def _resnet(tensors: Tensors) -> nn.Module:
    stages = [_count(tensors, rf'layer{stage}\.(\d+)\.') for stage in range(1, 5)]
    block: Any = Bottleneck if 'layer1.0.conv3.weight' in tensors else BasicBlock
    widths = [tensors[f'layer{stage}.0.conv1.weight'].shape[0] for stage in range(1, 5) if stages[stage - 1]]
    groups = tensors['layer1.0.conv2.weight'].shape[0] // tensors['layer1.0.conv2.weight'].shape[1]
    if block is Bottleneck:
        widths = [tensors[f'layer{stage}.0.conv3.weight'].shape[0] // 4 for stage in range(1, len(widths) + 1)]
    base = tensors['layer1.0.conv1.weight'].shape[0] * 64 // (widths[0] * max(groups, 1))
    stem = tensors['bn1.weight'].shape[0] if 'bn1.weight' in tensors else 64
    options: dict[str, Any] = dict(cardinality=groups, base_width=base) if block is Bottleneck else {}
    return ResNet(block, tuple(stages), num_classes=0, stem_width=stem, channels=tuple(widths), **options)


def _count(tensors: Tensors, pattern: str) -> int:
    """Return the number of blocks by the highest number in the names."""
    numbers = [int(match[1]) for name in tensors if (match := re.match(pattern, name))]
    return max(numbers, default=-1) + 1
