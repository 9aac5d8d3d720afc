"""The algorithm."""

from collections import OrderedDict
from itertools import groupby
from typing import Any

import torch
from mmpretrain.models import BaseSelfSupervisor
from torch import Tensor, nn

from sslreg.arguments import PositiveInt, checked
from sslreg.registry import MEMORIES, MODELS

from .backbones import Pool
from .memories import BaseMemory
from .preprocessor import build_preprocessor
from .pretrained_loading import pretrained_last
from .recall import LearningRecall, Recall


@MODELS.register_module()
class MemorySSL(BaseSelfSupervisor):
    """Self-supervised learning that relates queries to keys through a memory; a method is a config of this class.

    The student embeds all views, the teacher (or the student itself, if the method has no teacher) the first
    ``num_key_views``. The head compares both through the entries of the memory; then the memory stores the last key
    view, unless it has learned from the softmax of the loss.

    Args:
        backbone: Config of the backbone.
        neck: Config of the neck, ``[B, C] -> [B, D]`` of unit norm.
        memory: Config of a memory, from the registry ``MEMORIES``.
        head: Config of a head with ``loss(queries, keys, recall)``.
        teacher: Config of an averaged model, e.g. :class:`EMATeacher`, or None. It adds ``TeacherEMAHook``, which
            moves it.
        num_key_views: Views 0..T-1 that become keys.
        mixing: Config of a transform that mixes the images of a batch, e.g. :class:`InstanceCutMix`, or None. It needs
            a single view, and a head whose ``loss`` takes ``labels``.
        data_preprocessor: Config of the preprocessor; its default ``type`` is :class:`ViewPreprocessor`.
        init_cfg: As in MMEngine.

    Raises:
        ValueError: ``num_key_views`` is below 1.

    State: ``backbone.*`` and ``neck.*`` are the student's; ``teacher.module.backbone.*`` the teacher's; ``memory.*``.
    """

    @checked
    def __init__(
        self,
        backbone: dict[str, Any],
        neck: dict[str, Any],
        memory: dict[str, Any],
        head: dict[str, Any],
        teacher: dict[str, Any] | None = None,
        num_key_views: PositiveInt = 1,
        mixing: dict[str, Any] | None = None,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        # Built here because mmpretrain's registry does not find sslreg's components outside of a Runner.
        parts = [MODELS.build(part) for part in (backbone, neck, head)]
        super().__init__(*parts, data_preprocessor=build_preprocessor(data_preprocessor), init_cfg=init_cfg)
        self.pool = Pool()
        self.memory: BaseMemory = _memory(memory)
        self.teacher = MODELS.build(teacher, default_args=dict(model=self.student)) if teacher else None
        self.num_key_views = num_key_views
        self.mixing = MODELS.build(mixing) if mixing else None
        if self.memory.sharded:  # else DistributedDataParallel would give all ranks the entries of rank 0
            self._ddp_params_and_buffers_to_ignore = ['memory.feats']

    def init_weights(self) -> None:
        """Initialise all parts, then load what ``init_cfg`` of the model and its parts name."""
        with pretrained_last(self):
            super().init_weights()

    @property
    def required_hooks(self) -> tuple[str, ...]:
        """Hooks that are registered for training unless the config lists them."""
        return ('TeacherEMAHook',) if self.teacher is not None else ()

    @property
    def student(self) -> nn.Sequential:
        """Backbone, pooling and neck, ``[B, 3, H, W] -> [B, D]``, under the names that they have in the teacher."""
        return nn.Sequential(OrderedDict(backbone=self.backbone, pool=self.pool, neck=self.neck))

    @property
    def feature_backbone(self) -> nn.Module:
        """The backbone to evaluate: the teacher's if there is one."""
        backbone: nn.Module = self.teacher.module.backbone if self.teacher is not None else self.backbone
        return backbone

    def extract_feat(self, images: Tensor) -> Tensor:
        """Return features ``[B, C]`` of images ``[B, 3, H, W]`` from :attr:`feature_backbone`, for evaluation."""
        feats: Tensor = self.pool(self.feature_backbone(images))
        return feats

    def loss(self, inputs: list[Tensor], indices: Tensor) -> dict[str, Tensor]:
        """Compute the losses of a training step and update the memory.

        MMEngine calls it through ``train_step`` and mmpretrain's ``forward(mode='loss')``, with the output of the
        preprocessor: ``inputs`` and, as ``indices``, its ``data_samples``.

        Args:
            inputs: V views, each ``[B, 3, H, W]``; sizes may differ between views.
            indices: ``[B]`` dataset index of each image, on the host, as :class:`ViewPreprocessor` gives them.
        """
        self.memory.check_indices(indices)
        indices = indices.to(inputs[0].device, non_blocking=True)
        inputs, soft = self._mixed(inputs)
        queries = embed_views(self.student, inputs)
        keys = self._keys(inputs, queries)
        recall = self._recall(indices)
        losses: dict[str, Tensor] = self.head.loss(queries, keys, recall, **soft)
        self._store(recall, keys[-1], indices)
        return losses

    def _recall(self, indices: Tensor) -> Recall:
        recall: Any = self.memory.read(indices)
        if not isinstance(recall, Recall):
            raise TypeError(
                f'{type(self.memory).__name__}.read() gave {type(recall).__name__}, but a memory gives a Recall of its '
                'entries: `from sslreg.models import Recall`, then `return Recall(self.feats)`'
            )
        return recall

    def _store(self, recall: Recall, feats: Tensor, indices: Tensor) -> None:
        """Update the memory, unless it has learned from the softmax of the loss."""
        if not isinstance(recall, LearningRecall):
            self.memory.update(feats, indices)
        elif not recall.finished:
            raise RuntimeError(
                f'{type(self.memory).__name__} learns from the softmax over its entries, but '
                f'{type(self.head).__name__} did not give it: use InstanceHead, or InstanceMemory with this head'
            )

    def parse_losses(self, losses: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Sum the losses as MMEngine does, and log the sum as ``loss``.

        MMEngine logs the head's own ``loss`` under this name even if there are further losses.
        """
        loss, logged = super().parse_losses(losses)
        return loss, dict(logged, loss=loss)

    def _mixed(self, views: list[Tensor]) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Mix the images, if the model does; return the views, and as ``labels`` the shares of the images' targets."""
        if self.mixing is None:
            return views, {}
        if len(views) > 1:
            raise ValueError(
                f'{type(self.mixing).__name__} mixes one view, the dataset gives {len(views)}: set num=1, or leave out '
                'model.mixing'
            )
        images, labels = self.mixing(views[0], torch.eye(len(views[0]), device=views[0].device))
        return [images], dict(labels=labels)

    @torch.no_grad()
    def _keys(self, views: list[Tensor], queries: Tensor) -> Tensor:
        if self.teacher is None:
            return queries[: self.num_key_views].detach()
        if self.training and not getattr(self.teacher, 'is_started', False):
            raise RuntimeError(
                'the teacher has not been started and would stay random: add default_hooks.teacher='
                "dict(type='TeacherEMAHook'), or, in a loop of your own, call start_teacher(model) before the first "
                'step and model.teacher.update_parameters(model.student) after each'
            )
        return embed_views(self.teacher.module, views[: self.num_key_views])


def _memory(cfg: dict[str, Any]) -> BaseMemory:
    memory = MEMORIES.build(cfg)
    if not isinstance(memory, BaseMemory):
        raise TypeError(
            f'memory: {type(memory).__name__} must be a subclass of BaseMemory, with read and write: '
            '`from sslreg.models import BaseMemory`'
        )
    return memory


def embed_views(encoder: Any, views: list[Tensor]) -> Tensor:
    """Embed V views ``[B, 3, H, W]`` as ``[V, B, D]``: the backbone runs once per image size, the neck once.

    Args:
        encoder: Module with the parts ``backbone``, ``pool`` and ``neck``.
        views: The views. Consecutive views of one size share a pass of the backbone, and so its batch statistics.
    """
    by_size = [list(group) for _, group in groupby(views, key=lambda view: view.shape[-2:])]
    feats = torch.cat([encoder.pool(encoder.backbone(torch.cat(group))) for group in by_size])
    embeddings: Tensor = encoder.neck(feats)
    return embeddings.unflatten(0, (len(views), -1))
