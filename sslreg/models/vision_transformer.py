"""Vision transformer of DINO, iBOT and MaSSL."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from mmengine.logging import print_log
from mmengine.model import initialize
from mmpretrain.models import VisionTransformer
from mmpretrain.models.utils import resize_pos_embed
from torch import Tensor, nn

from sslreg.registry import MODELS

from .pretrained_loading import pretrained_last
from .resampling import resample_released, square_grid

Resampling = Literal['released', 'mmpretrain']
LAYER_NORM = dict(type='LN', eps=1e-6)


@MODELS.register_module()
class SSLVisionTransformer(VisionTransformer):
    """mmpretrain's ViT with the initialisation, the patches and the position embeddings of DINO, iBOT and MaSSL.

    Linear weights and tokens are drawn from a normal distribution of std 0.02 truncated at +-2, biases are 0;
    mmpretrain's own initialisation is Xavier-uniform for half of them. Parameters have mmpretrain's names, so a
    checkpoint loads into a plain ``VisionTransformer`` downstream. Images may have any size: the last rows and columns
    that fill no patch are dropped; mmpretrain's class pads them with zeros, ``patch_cfg=dict(padding='corner')``.

    Args:
        arch: Name of mmpretrain's architectures (``'deit-small'``, ``'deit-base'``), or a dict of its sizes.
        img_size: Side of the images whose patches have a position each, or height and width.
        patch_size: Side of a patch.
        resampling: How position embeddings are resampled to the patches of an image of another size than ``img_size``.
            ``'released'``: by the scale (h + 0.1) / side, as in the codes of DINO, iBOT, MaSSL and DINOv2.
            ``'mmpretrain'``: by h / side, as mmpretrain and the first version of this class do. Default: as the loaded
            checkpoint was trained if it tells, else ``'released'``.
        patch_cfg: Arguments of mmcv's ``PatchEmbed``.

    The other arguments are those of mmpretrain's ``VisionTransformer``.

    Raises:
        ValueError: ``resampling`` is unknown.
    """

    _version = 2  # of the state: 1 was trained with mmpretrain's resampling

    def __init__(
        self,
        arch: str | dict[str, Any] = 'base',
        img_size: int | tuple[int, int] = 224,
        patch_size: int = 16,
        in_channels: int = 3,
        out_indices: int | Sequence[int] = -1,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        qkv_bias: bool = True,
        norm_cfg: dict[str, Any] = LAYER_NORM,
        final_norm: bool = True,
        out_type: str = 'cls_token',
        with_cls_token: bool = True,
        frozen_stages: int = -1,
        interpolate_mode: str = 'bicubic',
        layer_scale_init_value: float = 0.0,
        patch_cfg: dict[str, Any] | None = None,
        layer_cfgs: dict[str, Any] | Sequence[dict[str, Any]] | None = None,
        pre_norm: bool = False,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
        resampling: Resampling | None = None,
    ) -> None:
        if resampling not in (None, *get_args(Resampling)):
            raise ValueError(f'SSLVisionTransformer: resampling={resampling!r} must be one of {get_args(Resampling)}')
        super().__init__(
            arch=arch,
            img_size=img_size,
            patch_size=patch_size,
            in_channels=in_channels,
            out_indices=out_indices,
            drop_rate=drop_rate,
            drop_path_rate=drop_path_rate,
            qkv_bias=qkv_bias,
            norm_cfg=norm_cfg,
            final_norm=final_norm,
            out_type=out_type,
            with_cls_token=with_cls_token,
            frozen_stages=frozen_stages,
            interpolate_mode=interpolate_mode,
            layer_scale_init_value=layer_scale_init_value,
            patch_cfg=dict(padding=0) | (patch_cfg or {}),
            layer_cfgs=layer_cfgs or {},
            pre_norm=pre_norm,
            init_cfg=init_cfg,
        )
        self.is_chosen = resampling is not None
        self._resample_as(resampling or 'released')

    def _resample_as(self, resampling: Resampling) -> None:
        self.resampling = resampling
        self._version = 1 if resampling == 'mmpretrain' else 2

    def init_weights(self) -> None:
        """Initialise as DINO does, then as ``init_cfg`` says; pre-trained weights are loaded last."""
        with pretrained_last(self):
            super().init_weights()
            for module in self.modules():
                if isinstance(module, nn.Linear):
                    nn.init.trunc_normal_(module.weight, std=0.02)
                    if module.bias is not None:
                        nn.init.zeros_(module.bias)
            if self.cls_token is not None:
                nn.init.trunc_normal_(self.cls_token, std=0.02)
            initialize(self, self.init_cfg or [])  # what the config sets instead

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs of the blocks ``out_indices`` for images ``[B, 3, H, W]``."""
        self._check_size(images)
        tokens, grid = self.patch_embed(images)
        if self.cls_token is not None:
            tokens = torch.cat([self.cls_token.expand(len(images), -1, -1), tokens], dim=1)
        tokens = self.pre_norm(self.drop_after_pos(tokens + self.positions(grid, images.shape[-2] == images.shape[-1])))
        outs = []
        for index, layer in enumerate(self.layers):
            tokens = layer(tokens)
            if index == len(self.layers) - 1 and self.final_norm:
                tokens = self.ln1(tokens)
            if index in self.out_indices:
                outs.append(self._format_output(tokens, grid))
        return tuple(outs)

    def positions(self, grid: tuple[int, int], is_square: bool = True) -> Tensor:
        """Return the positions of class token and patches, ``[1, extra + h w, C]``.

        Args:
            grid: Rows h and columns w of patches.
            is_square: Whether the image is a square. The released codes also resample for a rectangle with the patches
                of a nominal image, e.g. 224 x 230.
        """
        if self.resampling == 'mmpretrain':
            return self._resized(grid)
        if grid == tuple(self.patch_resolution) and is_square:
            return self.pos_embed
        return self._resampled(self.pos_embed, self.patch_resolution, grid)

    def _resized(self, grid: tuple[int, int]) -> Tensor:
        extra = self.num_extra_tokens
        resized: Tensor = resize_pos_embed(self.pos_embed, self.patch_resolution, grid, self.interpolate_mode, extra)
        return resized

    def _resampled(self, positions: Tensor, grid: tuple[int, int], new_grid: tuple[int, int]) -> Tensor:
        extra, patches = positions[:, : self.num_extra_tokens], positions[:, self.num_extra_tokens :]
        return torch.cat([extra, resample_released(patches, grid, new_grid, self.interpolate_mode)], dim=1)

    def _prepare_pos_embed(self, state_dict: dict[str, Tensor], prefix: str, *args: Any, **kwargs: Any) -> None:
        """Resample the positions of a state of another ``img_size``; called before a state is loaded."""
        self._follow(args[0] if args else {})
        name = f'{prefix}pos_embed'
        if self.resampling == 'mmpretrain' or name not in state_dict:
            super()._prepare_pos_embed(state_dict, prefix, *args, **kwargs)
            return
        positions = state_dict[name]
        if not self.with_cls_token and positions.shape[1] == self.pos_embed.shape[1] + 1:
            positions = positions[:, 1:]
        if positions.shape != self.pos_embed.shape:
            grid = square_grid(positions, self.num_extra_tokens)
            print_log(f'positions resampled from {grid} to {self.patch_resolution} patches', 'current')
            positions = self._resampled(positions, grid, self.patch_resolution)
        state_dict[name] = positions

    def _follow(self, metadata: dict[str, Any]) -> None:
        """Resample as a checkpoint was trained; a state without a version, such as a converted one, does not tell."""
        version = metadata.get('version')
        if self.is_chosen or version is None or (version < 2) == (self.resampling == 'mmpretrain'):
            return
        self._resample_as('mmpretrain' if version < 2 else 'released')
        print_log(
            f'SSLVisionTransformer: positions are resampled as the checkpoint was trained, {self.resampling!r}; the '
            "backbone's argument `resampling` sets it",
            'current',
        )

    def _check_size(self, images: Tensor) -> None:
        """Raise ValueError if an image has no whole patch."""
        rows, columns = self.patch_embed.projection.kernel_size
        if self.patch_embed.adaptive_padding is None and (images.shape[-2] < rows or images.shape[-1] < columns):
            raise ValueError(
                f'an image of {images.shape[-2]} x {images.shape[-1]} pixels is smaller than a patch of {rows} x '
                f'{columns}: resize it, or leave it out'
            )
