"""Jitter and grayscale of a batch on a GPU by a Triton kernel; importing this module needs Triton.

The kernel reads every pixel twice and writes it once. The result equals :mod:`.torch` bit for bit: products are not
fused with sums (``enable_fp_fusion=False``), and float32 divisions are rounded as in IEEE 754 (``div_rn``), unlike
Triton's default division.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from .columns import BRIGHTNESS, COLUMNS, CONTRAST, GRAY, HUE, ORDER, SATURATION

BLOCK = 1024
_BRIGHTNESS, _CONTRAST, _SATURATION, _HUE = (tl.constexpr(x) for x in (BRIGHTNESS, CONTRAST, SATURATION, HUE))
_ORDER, _GRAY, _COLUMNS = (tl.constexpr(x) for x in (ORDER, GRAY, COLUMNS))


def adjust_batch(views: Tensor, color: Tensor) -> Tensor:
    """Return views after jitter in the drawn order and grayscale, ``[B, 3, H, W]`` uint8 BGR.

    Args:
        views: ``[B, 3, H, W]`` uint8, BGR.
        color: ``[B, COLUMNS]`` float32 on the views' device.
    """
    views = views.contiguous()
    pixels = views[0, 0].numel()
    grid = (len(views), triton.cdiv(pixels, BLOCK))
    grays, changed = torch.zeros(len(views), dtype=torch.int32, device=views.device), torch.empty_like(views)
    for to_mean in (True, False):  # first the mean gray for the contrast, then all changes
        _adjust[grid](views, color, grays, changed, pixels, to_mean, BLOCK, enable_fp_fusion=False)
    return changed


@triton.jit
def _adjust(views, color, grays, changed, pixels, to_mean: tl.constexpr, block: tl.constexpr):  # type: ignore[no-untyped-def]
    image = tl.program_id(0).to(tl.int64)
    place = tl.program_id(1) * block + tl.arange(0, block)
    inside = place < pixels
    start, row = image * 3 * pixels, color + image * _COLUMNS
    b = tl.load(views + start + place, inside, 0).to(tl.int32)
    g = tl.load(views + start + pixels + place, inside, 0).to(tl.int32)
    r = tl.load(views + start + 2 * pixels + place, inside, 0).to(tl.int32)
    go_on = tl.full((), 1, tl.int32)
    for step in range(4):
        kind = tl.load(row + _ORDER + step).to(tl.int32)
        if go_on > 0:
            if kind == _CONTRAST:
                if to_mean:
                    tl.atomic_add(grays + image, tl.sum(tl.where(inside, _gray(b, g, r), 0), 0))
                    go_on = tl.full((), 0, tl.int32)
                else:
                    mean = tl.floor(tl.load(grays + image).to(tl.float64) / pixels + 0.5).to(tl.int32)
                    share = tl.load(row + _CONTRAST)
                    b, g, r = _mix(mean, b, share), _mix(mean, g, share), _mix(mean, r, share)
            if kind == _BRIGHTNESS:
                share = tl.load(row + _BRIGHTNESS)
                b, g, r = _mix(0, b, share), _mix(0, g, share), _mix(0, r, share)
            if kind == _SATURATION:
                gray, share = _gray(b, g, r), tl.load(row + _SATURATION)
                b, g, r = _mix(gray, b, share), _mix(gray, g, share), _mix(gray, r, share)
            if kind == _HUE:
                b, g, r = _shift_hue(b, g, r, tl.load(row + _HUE).to(tl.int32))
    if not to_mean:
        if tl.load(row + _GRAY) > 0:
            gray = _gray(b, g, r)
            b, g, r = gray, gray, gray
        tl.store(changed + start + place, b.to(tl.uint8), inside)
        tl.store(changed + start + pixels + place, g.to(tl.uint8), inside)
        tl.store(changed + start + 2 * pixels + place, r.to(tl.uint8), inside)


@triton.jit
def _gray(b, g, r):  # type: ignore[no-untyped-def]
    """Return ITU-R 601 luma in PIL's fixed point."""
    return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16


@triton.jit
def _mix(low, value, share):  # type: ignore[no-untyped-def]
    """Blend like PIL: in float32, clipped to 0..255 and rounded down."""
    mixed = low + share * (value - low).to(tl.float32)
    return tl.minimum(tl.maximum(mixed, 0.0), 255.0).to(tl.int32)


@triton.jit
def _shift_hue(b, g, r, shift):  # type: ignore[no-untyped-def]
    """Convert to PIL's 8-bit HSV and back: the hue in float32, the three levels of the way back in float64."""
    value = tl.maximum(r, tl.maximum(g, b))
    spread = value - tl.minimum(r, tl.minimum(g, b))
    colored = spread > 0
    divisor = tl.where(colored, spread, 1).to(tl.float32)
    to_red = tl.div_rn((value - r).to(tl.float32), divisor)
    to_green = tl.div_rn((value - g).to(tl.float32), divisor)
    to_blue = tl.div_rn((value - b).to(tl.float32), divisor)
    beyond_green = (to_red.to(tl.float64) + 2.0 - to_blue.to(tl.float64)).to(tl.float32)
    beyond_blue = (to_green.to(tl.float64) + 4.0 - to_red.to(tl.float64)).to(tl.float32)
    sixths = tl.where(r == value, to_blue - to_green, tl.where(g == value, beyond_green, beyond_blue))
    turn = sixths.to(tl.float64) / 6.0 + 1.0
    hue = ((turn - tl.floor(turn)).to(tl.float32).to(tl.float64) * 255.0).to(tl.int32)
    share = tl.div_rn(spread.to(tl.float32), tl.maximum(value, 1).to(tl.float32))
    saturation = (share.to(tl.float64) * 255.0).to(tl.int32)
    hue, saturation = tl.where(colored, hue, 0), tl.where(colored, saturation, 0)
    angle = ((hue + shift) & 255).to(tl.float64) * 6.0 / 255.0
    sector = tl.floor(angle)
    part = (angle - sector).to(tl.float32).to(tl.float64)
    share = (saturation.to(tl.float64) / 255.0).to(tl.float32).to(tl.float64)
    low, falling, rising = _level(value, share), _level(value, share * part), _level(value, share * (1.0 - part))
    side = sector.to(tl.int32)
    return (
        _pick(side + 2, value, falling, low, rising),
        _pick(side + 4, value, falling, low, rising),
        _pick(side, value, falling, low, rising),
    )


@triton.jit
def _level(value, share):  # type: ignore[no-untyped-def]
    return tl.floor(value.to(tl.float64) * (1.0 - share) + 0.5).to(tl.int32)


@triton.jit
def _pick(side, value, falling, low, rising):  # type: ignore[no-untyped-def]
    """Return the level of red on a side of the hexagon of hues; callers shift the side for green and blue."""
    side = side % 6
    high = tl.where((side == 0) | (side == 5), value, low)
    return tl.where(side == 1, falling, tl.where(side == 4, rising, high))
