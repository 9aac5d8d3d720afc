"""Forward pass of views through a model on the meta device, to find parts that do not fit each other."""

import re
from collections.abc import Mapping, Sequence
from traceback import walk_tb
from types import TracebackType
from typing import Any

import torch
from mmengine.registry import DefaultScope
from mmpretrain.models import BaseSelfSupervisor
from torch import Tensor, nn

from sslreg.arguments import shortened_text
from sslreg.models import MemorySSL
from sslreg.registry import MODELS, type_name
from sslreg.utils.errors import message_of
from sslreg.utils.random_state import same_random_numbers

from .build_errors import naming_keys
from .meta_model import FastNorms, build_on_meta, check_size

Size = tuple[int, int]  # height and width


def rehearse_model(cfg: Any) -> None:
    """Build the model on the meta device and pass the views of a batch through it, where the config states their sizes.

    Args:
        cfg: The whole config.

    Raises:
        ValueError: Two parts do not fit each other, or a part does not take the views; the message has both names.
        MemoryError: The model is too large for the device.
    """
    with naming_keys(cfg), DefaultScope.overwrite_default_scope(cfg.get('default_scope') or 'sslreg'):
        try:
            model = build_on_meta(cfg.model)
        except Exception as error:
            if needs_values(error):
                return
            raise
        check_size(model, cfg.model)
        sizes = view_sizes(cfg.train_dataloader.get('dataset'))
        if sizes:
            check_views(model, len(sizes))
            pass_views(model, cfg, sizes)


def view_sizes(dataset: Any) -> list[Size]:
    """Return the size of each view that the config of a dataset states as ``views``; empty if it states none."""
    views = dataset.get('views') if isinstance(dataset, Mapping) else None
    if views is None and isinstance(dataset, Mapping):
        views = next((each['views'] for each in dataset.get('pipeline') or () if 'views' in each), None)
        if views is None:
            return view_sizes(dataset.get('dataset'))
    sizes = [(view.get('size'), view.get('num', 1)) for view in views or ()]
    known = all(isinstance(size, int) and isinstance(num, int) for size, num in sizes)
    return [(size, size) for size, num in sizes for _ in range(min(num, 1000))] if known else []


def check_views(model: Any, num_views: int) -> None:
    """Raise ValueError if a model needs more views than the dataset gives.

    Args:
        model: The model.
        num_views: Number of views of an image.
    """
    keys = getattr(model, 'num_key_views', 1)
    if keys > num_views:
        raise ValueError(
            f'model.num_key_views={keys}, but train_dataloader.dataset gives {num_views} views of an image: set '
            f'model.num_key_views={num_views}, or raise num of the views'
        )
    if getattr(model, 'mixing', None) is not None and num_views > 1:
        raise ValueError(
            f'model.mixing ({type(model.mixing).__name__}) mixes one view, but train_dataloader.dataset gives '
            f'{num_views}: set num=1, or leave out model.mixing'
        )
    head = getattr(model, 'head', None)
    if getattr(head, 'min_views', 1) > num_views:
        raise ValueError(
            f'model.head ({type(head).__name__}) compares different views of an image, but train_dataloader.dataset '
            f'gives num={num_views}: raise num of the views'
        )


def pass_views(model: nn.Module, cfg: Any, sizes: Sequence[Size]) -> None:
    """Pass a batch of views through a model.

    Args:
        model: The model, on the meta device.
        cfg: The whole config.
        sizes: Height and width of each view.

    Raises:
        ValueError: A part does not take what it gets.
    """
    batch_size = cfg.train_dataloader.get('batch_size') or 2
    views = [torch.empty(batch_size, 3, *size, device='meta') for size in sizes]
    with torch.no_grad(), FastNorms():
        feats = _features(model, cfg.model, views)
        if feats is not None:
            embeddings = _embeddings(model, cfg.model, feats)
            if isinstance(model, MemorySSL) and embeddings is not None:
                _check_memory(model, cfg.model, embeddings)
        if isinstance(model, BaseSelfSupervisor) and not isinstance(model, MemorySSL):
            _try_loss(model, cfg.model, views)


def _features(model: Any, cfg: Any, views: Sequence[Tensor]) -> Any:
    """Return the backbone's output for the last view; None if it takes more than images, such as MAE's masks."""
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, nn.Module) or type(backbone).forward.__code__.co_argcount != 2:
        return None
    outputs = [_passed(model, cfg, 'backbone', view) for view in {view.shape: view for view in views}.values()]
    return outputs[-1]


def _embeddings(model: Any, cfg: Any, feats: Any) -> Tensor | None:
    """Return the neck's output for the backbone's features; None without a neck that runs on the meta device.

    Raises:
        ValueError: The neck does not take them.
    """
    if not isinstance(getattr(model, 'neck', None), nn.Module):
        return None
    wanted, found = cfg.neck.get('in_channels'), _channels(feats)
    try:
        return _passed(model, cfg, 'neck', model.pool(feats) if isinstance(model, MemorySSL) else feats)
    except ValueError as error:
        if not isinstance(wanted, int) or found is None or wanted == found:
            raise
        raise ValueError(
            f'model.neck.in_channels={wanted}, but model.backbone ({type_name(cfg.backbone.type)}) gives {found} '
            f'channels: set model.neck.in_channels={found}'
        ) from error


def _check_memory(model: Any, cfg: Any, embeddings: Tensor) -> None:
    """Raise ValueError unless the embeddings are as wide as the memory's entries."""
    wanted, found = model.memory.feats.shape[1], embeddings.shape[1]
    if wanted != found:
        raise ValueError(
            f'model.memory.feat_dim={wanted}, but model.neck ({type_name(cfg.neck.type)}) gives embeddings of {found} '
            f'numbers: set model.memory.feat_dim={found}, or model.neck.out_channels={wanted}'
        )


def _channels(outputs: Any) -> int | None:
    """Return the number of channels of a backbone's features ``[B, C]`` or ``[B, C, h, w]``; None for other outputs."""
    last = outputs[-1] if isinstance(outputs, (tuple, list)) and outputs else outputs
    return int(last.shape[1]) if isinstance(last, Tensor) and last.ndim in (2, 4) else None


def _passed(model: Any, cfg: Any, name: str, inputs: Any) -> Any:
    """Return the output of a part of a model; None if the part cannot run on the meta device.

    Raises:
        ValueError: The part fails, also with real tensors.
    """
    try:
        return getattr(model, name)(inputs)
    except Exception as error:
        if needs_values(error) or not _fails_for_real(cfg[name], inputs):
            return None
        raise _refusal(f'model.{name} ({type_name(cfg[name].type)})', inputs, error) from error


def _fails_for_real(part: Any, inputs: Any) -> bool:
    """Return whether a part of a model fails on real tensors too, of up to two images."""
    try:
        with same_random_numbers():
            MODELS.build(part).train()(_real(inputs))
    except Exception:
        return True
    return False


def _real(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(map(_real, value))
    return torch.randn(min(len(value), 2), *value.shape[1:]) if isinstance(value, Tensor) else value


def _try_loss(model: nn.Module, cfg: Any, views: list[Tensor]) -> None:
    """Raise ValueError if the loss of an algorithm of mmpretrain fails because of the shapes of its parts."""
    try:
        model(views if len(views) > 1 else views[0], None, mode='loss')
    except Exception as error:
        name = module_of_error(error.__traceback__, model).split('.')[0]
        if needs_values(error) or not name or not re.search(r'shape|size|channel|dimension', str(error)):
            return
        part = cfg.get(name)
        kind = f' ({type_name(part["type"])})' if isinstance(part, Mapping) and 'type' in part else ''
        raise _refusal(f'model.{name}{kind}', views, error) from error


def _refusal(part: str, inputs: Any, error: Exception) -> ValueError:
    tensors = [each for each in (inputs if isinstance(inputs, (tuple, list)) else [inputs]) if isinstance(each, Tensor)]
    shapes = ' and '.join(dict.fromkeys(' x '.join(map(str, each.shape)) for each in tensors))
    text = shortened_text(message_of(error), 300)
    if 'more than 1 value per channel' in text:
        text += '; batch norm has no statistics of a single image: raise train_dataloader.batch_size'
    return ValueError(f'{part} does not take a batch of shape {shapes}: {type(error).__name__}: {text}')


def needs_values(error: Exception) -> bool:
    """Return whether an error is raised because tensors of the meta device have no values."""
    return (
        isinstance(error, NotImplementedError) or 'meta' in str(error).lower() or 'DataDependent' in repr(type(error))
    )


def module_of_error(trace: TracebackType | None, model: nn.Module) -> str:
    """Return the name of the innermost module of a model in which an error was raised."""
    names = {id(module): name for name, module in model.named_modules()}
    found = ''
    for frame, _ in walk_tb(trace):
        found = names.get(id(frame.f_locals.get('self'))) or found
    return found
