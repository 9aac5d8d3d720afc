"""A pass of views through a model on the meta device, which finds parts that do not fit each other."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any

import torch
from mmengine.registry import DefaultScope
from mmpretrain.models import BaseSelfSupervisor
from torch import Tensor, nn

from sslreg.models import MemorySSL
from sslreg.registry import type_name

from .build_errors import naming_keys, shortened_text, text_of
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
        model = build_on_meta(cfg.model)
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
            _check_neck(cfg.model, feats)
        if isinstance(model, MemorySSL):
            _check_memory(model, cfg.model, views, feats)
        elif isinstance(model, BaseSelfSupervisor):
            _guarded(cfg.model, model, views, lambda: model(_as_taken(views), None, mode='loss'))


def _features(model: Any, cfg: Any, views: Sequence[Tensor]) -> Any:
    """Return what the backbone gives for the last view, or None if it takes more than images, such as MAE's masks."""
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, nn.Module) or type(backbone).forward.__code__.co_argcount != 2:
        return None
    outputs = [_guarded(cfg, model, [view], partial(backbone, view)) for view in {v.shape: v for v in views}.values()]
    return outputs[-1]


def _check_neck(cfg: Any, feats: Any) -> None:
    """Raise ValueError unless the neck takes the backbone's features."""
    wanted, found = (cfg.get('neck') or {}).get('in_channels'), _channels(feats)
    if isinstance(wanted, int) and found is not None and wanted != found:
        raise ValueError(
            f'model.neck.in_channels={wanted}, but model.backbone ({type_name(cfg.backbone.type)}) gives {found} '
            f'channels: set model.neck.in_channels={found}'
        )


def _check_memory(model: Any, cfg: Any, views: Sequence[Tensor], feats: Any) -> None:
    """Raise ValueError unless the embeddings are as wide as the memory's entries."""
    if feats is None:
        return
    embeddings = _guarded(cfg, model, views[-1:], lambda: model.neck(model.pool(feats)))
    wanted = model.memory.feats.shape[1]
    if embeddings is not None and embeddings.shape[1] != wanted:
        found = embeddings.shape[1]
        raise ValueError(
            f'model.memory.feat_dim={wanted}, but model.neck ({type_name(cfg.neck.type)}) gives embeddings of {found} '
            f'numbers: set model.memory.feat_dim={found}, or model.neck.out_channels={wanted}'
        )


def _channels(outputs: Any) -> int | None:
    """Return the width of a backbone's features, or None if they are no features of images."""
    last = outputs[-1] if isinstance(outputs, (tuple, list)) and outputs else outputs
    return int(last.shape[1]) if isinstance(last, Tensor) and last.ndim in (2, 4) else None


def _as_taken(views: list[Tensor]) -> Any:
    return views if len(views) > 1 else views[0]


def _guarded(cfg: Any, model: nn.Module, views: Sequence[Tensor], call: Any) -> Any:
    """Return the result of a forward pass, None if it needs the values of tensors.

    Raises:
        ValueError: The pass fails.
    """
    try:
        return call()
    except Exception as error:
        if needs_values(error):
            return None
        shapes = ' and '.join(dict.fromkeys(' x '.join(map(str, view.shape)) for view in views))
        name = module_of_error(error.__traceback__, model)
        part = cfg.get(name.split('.')[0])
        kind = f' ({type_name(part["type"])})' if isinstance(part, Mapping) and 'type' in part else ''
        raise ValueError(
            f'model.{name.split(".")[0]}{kind} does not take views of shape {shapes}: {type(error).__name__}: '
            f'{shortened_text(text_of(error), 300)}'
        ) from error


def needs_values(error: Exception) -> bool:
    """Return whether an error is raised because tensors of the meta device have no values."""
    return (
        isinstance(error, NotImplementedError) or 'meta' in str(error).lower() or 'DataDependent' in repr(type(error))
    )


def module_of_error(trace: TracebackType | None, model: nn.Module) -> str:
    """Return the name of the innermost module of a model in which an error was raised."""
    names = {id(module): name for name, module in model.named_modules()}
    found = ''
    while trace is not None:
        found = names.get(id(trace.tb_frame.f_locals.get('self'))) or found
        trace = trace.tb_next
    return found
