"""The vision transformers of DINO, iBOT, MaSSL and DINOv2, written plainly on tensors by these codes' names."""

import torch
import torch.nn.functional as F
from torch import Tensor

State = dict[str, Tensor]


def linear(state: State, name: str, x: Tensor) -> Tensor:
    return x @ state[f'{name}.weight'].T + state[f'{name}.bias']


def norm(state: State, name: str, x: Tensor) -> Tensor:
    x = (x - x.mean(dim=-1, keepdim=True)) / (x.var(dim=-1, keepdim=True, unbiased=False) + 1e-6).sqrt()
    return x * state[f'{name}.weight'] + state[f'{name}.bias']


def attention(state: State, name: str, x: Tensor, num_heads: int) -> Tensor:
    query, key, value = linear(state, f'{name}.qkv', x).chunk(3, dim=-1)
    width = x.shape[-1] // num_heads
    heads = []
    for q, k, v in zip(*(part.split(width, dim=-1) for part in (query, key, value)), strict=True):
        heads.append((q @ k.transpose(1, 2) / width**0.5).softmax(dim=-1) @ v)
    return linear(state, f'{name}.proj', torch.cat(heads, dim=-1))


def mlp(state: State, name: str, x: Tensor) -> Tensor:
    if f'{name}.w12.weight' in state:  # SwiGLU
        gate, up = linear(state, f'{name}.w12', x).chunk(2, dim=-1)
        return linear(state, f'{name}.w3', gate * gate.sigmoid() * up)
    return linear(state, f'{name}.fc2', F.gelu(linear(state, f'{name}.fc1', x)))


def positions(
    state: State, rows: int, columns: int, square: bool, offset: float = 0.1, antialias: bool = False
) -> Tensor:
    """Interpolate to ``[1, 1 + rows columns, C]`` as released, with its offset of the scale.

    The positions are left as they are if the image is a square with their number of patches.
    """
    whole, patches = state['pos_embed'], state['pos_embed'][:, 1:]
    side = round(patches.shape[1] ** 0.5)
    if rows * columns == side**2 and square:
        return whole
    image = patches.reshape(1, side, side, -1).permute(0, 3, 1, 2)
    if offset:
        scale = ((rows + offset) / side, (columns + offset) / side)
        image = F.interpolate(image, scale_factor=scale, mode='bicubic', antialias=antialias)
    else:
        image = F.interpolate(image, size=(rows, columns), mode='bicubic', antialias=antialias)
    assert image.shape[-2:] == (rows, columns)
    return torch.cat([whole[:, :1], image.permute(0, 2, 3, 1).reshape(1, rows * columns, -1)], dim=1)


def tokens(state: State, images: Tensor, num_heads: int, **interpolation: float) -> list[Tensor]:
    """Return the tokens after each block and the final norm, ``[B, 1 + registers + h w, C]``."""
    kernel = state['patch_embed.proj.weight']
    patches = F.conv2d(images, kernel, state['patch_embed.proj.bias'], stride=kernel.shape[-1])
    x = torch.cat([state['cls_token'].expand(len(images), -1, -1), patches.flatten(2).transpose(1, 2)], dim=1)
    x = x + positions(state, *patches.shape[-2:], images.shape[-2] == images.shape[-1], **interpolation)
    if 'register_tokens' in state:
        x = torch.cat([x[:, :1], state['register_tokens'].expand(len(images), -1, -1), x[:, 1:]], dim=1)
    outputs, block = [], 0
    while f'blocks.{block}.norm1.weight' in state:
        name = f'blocks.{block}'
        scales = [
            state.get(f'{name}.ls{i}.gamma', state.get(f'{name}.gamma_{i}', torch.ones(x.shape[-1]))) for i in (1, 2)
        ]
        x = x + scales[0] * attention(state, f'{name}.attn', norm(state, f'{name}.norm1', x), num_heads)
        x = x + scales[1] * mlp(state, f'{name}.mlp', norm(state, f'{name}.norm2', x))
        outputs.append(norm(state, 'norm', x))
        block += 1
    return outputs


def random_state(width: int, depth: int, patch: int, grid: int, hidden: int = 0, **more: int) -> State:
    """Draw a network's weights, norms too; options: ``swiglu=1``, ``registers=4``, ``scale=1`` (DINOv2) or 2 (iBOT)."""
    hidden = hidden or 4 * width
    shapes = {
        'cls_token': (1, 1, width),
        'pos_embed': (1, 1 + grid**2, width),
        'patch_embed.proj.weight': (width, 3, patch, patch),
        'patch_embed.proj.bias': (width,),
    }
    linears = {'attn.qkv': (3 * width, width), 'attn.proj': (width, width)}
    if more.get('swiglu'):
        linears |= {'mlp.w12': (2 * hidden, width), 'mlp.w3': (width, hidden)}
    else:
        linears |= {'mlp.fc1': (hidden, width), 'mlp.fc2': (width, hidden)}
    for block in (f'blocks.{i}' for i in range(depth)):
        for name, shape in linears.items():
            shapes |= {f'{block}.{name}.weight': shape, f'{block}.{name}.bias': shape[:1]}
        for name in ('norm1', 'norm2'):
            shapes |= {f'{block}.{name}.weight': (width,), f'{block}.{name}.bias': (width,)}
        scales = [(), ('ls1.gamma', 'ls2.gamma'), ('gamma_1', 'gamma_2')][more.get('scale', 0)]
        shapes |= {f'{block}.{name}': (width,) for name in scales}
    shapes |= {'norm.weight': (width,), 'norm.bias': (width,)}
    if more.get('registers'):
        shapes['register_tokens'] = (1, more['registers'], width)
    return {name: 0.2 * torch.randn(shape) for name, shape in shapes.items()}
