"""Colour changes of a batch of views on their device; the host does not wait for the device."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor

from .columns import BRIGHTNESS, CONTRAST, GRAY, HUE, ORDER, SATURATION, SIGMA, SOLARIZE, blur_radius

Step = tuple[Callable[[Tensor, Tensor], Tensor], Tensor]  # function of (levels, settings), mask [B] of its views
PIXELS_PER_CHUNK = 2**22  # views of so many pixels are changed at a time: the hue needs some 100 bytes per pixel


def change_colors_of_batch(views: Tensor, color: Tensor) -> Tensor:
    """Apply jitter, grayscale, blur and solarization, in this order.

    The result equals torchvision's on PIL images bit for bit, except for the blur.

    Args:
        views: ``[B, 3, H, W]`` uint8, BGR.
        color: ``[B, COLUMNS]`` float32 on the host, as drawn by :class:`Recipe`.

    Returns:
        ``[B, 3, H, W]`` float32, integer levels from 0 to 255. On a GPU one Triton kernel does jitter and grayscale.
    """
    settings = color.to(views.device, non_blocking=True)
    with torch.autocast(views.device.type, enabled=False):  # MMEngine prepares data within autocast
        if views.is_cuda and find_spec('triton'):
            from .triton import adjust_batch

            levels = adjust_batch(views, settings).to(torch.float32)
        else:
            levels = adjust_by_torch(views, color, settings)
        return _apply(levels, settings, _blur_and_solarize(color))


def adjust_by_torch(views: Tensor, color: Tensor, settings: Tensor) -> Tensor:
    """Apply jitter in the drawn order and grayscale.

    Args:
        views: ``[B, 3, H, W]`` uint8, BGR.
        color: ``[B, COLUMNS]`` float32 on the host.
        settings: ``color`` on the device of the views.

    Returns:
        ``[B, 3, H, W]`` float32.
    """
    return _apply(views.to(torch.float32), settings, _adjust(color))


def _adjust(color: Tensor) -> Iterator[Step]:
    for column in range(ORDER, ORDER + 4):
        for operation, change in CHANGES.items():
            yield change, color[:, column] == operation
    yield _to_gray, color[:, GRAY] > 0


def _blur_and_solarize(color: Tensor) -> Iterator[Step]:
    radius = blur_radius(float(color[:, SIGMA].max()))
    yield lambda levels, settings: _blur(levels, settings, radius), color[:, SIGMA] > 0
    yield _solarize, color[:, SOLARIZE] < 256


def _apply(levels: Tensor, settings: Tensor, steps: Iterator[Step]) -> Tensor:
    """Apply the steps one after another, in place; the host selects the views of each step."""
    changes, masks = zip(*steps, strict=True)
    rows = [mask.nonzero()[:, 0] for mask in masks]
    groups = torch.cat(rows).to(levels.device, non_blocking=True).split([len(each) for each in rows])
    at_once = max(PIXELS_PER_CHUNK // levels[0, 0].numel(), 1)
    for change, group in zip(changes, groups, strict=True):
        for part in group.split(at_once) if len(group) else ():
            levels.index_copy_(0, part, change(levels.index_select(0, part), settings.index_select(0, part)))
    return levels


def _blend(low: Tensor | float, levels: Tensor, share: Tensor) -> Tensor:
    """Blend like PIL: in float32, clipped to 0..255 and rounded down; ``share [B]``."""
    return (levels - low).mul_(share.view(-1, 1, 1, 1)).add_(low).clamp_(0, 255).floor_()


def _gray(levels: Tensor) -> Tensor:
    """Return ITU-R 601 luma in PIL's fixed point, ``[B, 1, H, W]``."""
    b, g, r = levels.to(torch.int32).split(1, dim=1)
    return ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16).to(torch.float32)


def _brightness(levels: Tensor, settings: Tensor) -> Tensor:
    return _blend(0.0, levels, settings[:, BRIGHTNESS])


def _contrast(levels: Tensor, settings: Tensor) -> Tensor:
    mean = _gray(levels).mean(dim=(1, 2, 3), keepdim=True, dtype=torch.float64)
    return _blend((mean + 0.5).floor().to(torch.float32), levels, settings[:, CONTRAST])


def _saturation(levels: Tensor, settings: Tensor) -> Tensor:
    return _blend(_gray(levels), levels, settings[:, SATURATION])


def _to_gray(levels: Tensor, settings: Tensor) -> Tensor:
    return _gray(levels).expand_as(levels)


def _hue(levels: Tensor, settings: Tensor) -> Tensor:
    """Convert to PIL's 8-bit HSV and back: the hue in float32, the three levels of the way back in float64."""
    value, least = levels.amax(dim=1), levels.amin(dim=1)
    spread = value - least
    to_blue, to_green, to_red = ((value[:, None] - levels) / spread[:, None]).unbind(1)
    _, green, red = levels.unbind(1)
    beyond_green = (2 + to_red.double() - to_blue).float()
    beyond_blue = (4 + to_green.double() - to_red).float()
    sixths = torch.where(red == value, to_blue - to_green, torch.where(green == value, beyond_green, beyond_blue))
    turn = (sixths.double() / 6 + 1).remainder_(1).float()
    colored = spread > 0
    hue = torch.where(colored, (turn.double() * 255).floor_(), 0)
    saturation = torch.where(colored, ((spread / value).double() * 255).floor_(), 0).div_(255).float().double()
    angle = (hue + settings[:, HUE].view(-1, 1, 1)).remainder_(256).mul_(6).div_(255)
    sector = angle.floor()
    part = (angle - sector).float().double()
    low, falling, rising = (
        (value * (1 - saturation * share) + 0.5).floor_().float() for share in (torch.ones_like(part), part, 1 - part)
    )
    sides = torch.stack([value, falling, low, low, rising, value])  # red in each sector; green and blue are shifted
    side = sector.long().remainder_(6)[None]
    return torch.stack([sides.gather(0, (side + lag) % 6)[0] for lag in (2, 4, 0)], dim=1)


def _blur(levels: Tensor, settings: Tensor, radius: int) -> Tensor:
    """Apply a Gaussian with mirrored border along rows, then along columns; round to integer levels."""
    num_views, channels, height, width = levels.shape
    places = torch.arange(-radius, radius + 1, device=levels.device, dtype=torch.float32)
    sigma = settings[:, SIGMA, None]
    kernel = torch.exp(-0.5 * (places / sigma) ** 2) * (places.abs() <= torch.ceil(3 * sigma))
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(channels, dim=0)[:, None]
    planes = F.pad(levels, (radius, radius, radius, radius), mode='reflect').flatten(0, 1)[None]
    planes = F.conv2d(planes, kernel[:, :, None], groups=len(kernel))
    planes = F.conv2d(planes, kernel[..., None], groups=len(kernel))
    return planes.view(num_views, channels, height, width).round_()


def _solarize(levels: Tensor, settings: Tensor) -> Tensor:
    return torch.where(levels < settings[:, SOLARIZE].view(-1, 1, 1, 1), levels, 255 - levels)


CHANGES = {BRIGHTNESS: _brightness, CONTRAST: _contrast, SATURATION: _saturation, HUE: _hue}
