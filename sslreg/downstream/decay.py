"""Layer-wise decay of the learning rate, from the head of a network to the first layer of its backbone."""

from typing import Any

from mmengine.optim import OptimWrapper
from torch import nn

from sslreg.engine.optimizer_schedules import OptimizerSchedules
from sslreg.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS

UNDECAYED = ('cls_token', 'pos_embed')


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor:
    """Optimizer with the learning rate ``lr * rate ** (L + 1 - l)`` for layer l of L (BEiT, MAE, iBOT, ViTDet).

    Layer 0 is a ViT's patch and position embedding, layers 1 to L are its blocks, layer L + 1 is its last norm and
    everything outside of the backbone. Biases, norms, the class token and positions have no weight decay. The
    constructors of mmdet and mmsegmentation support only ConvNeXt, BEiT and MAE; this one supports every backbone with
    ``get_layer_depth``, as mmpretrain's have it.

    Args:
        optim_wrapper_cfg: Config of the wrapper with its ``optimizer``.
        paramwise_cfg: ``dict(layer_decay_rate=0.75)``; other keys are refused.

    Raises:
        ValueError: ``paramwise_cfg`` has other keys, or a rate outside of (0, 1].
    """

    def __init__(self, optim_wrapper_cfg: dict[str, Any], paramwise_cfg: dict[str, Any] | None = None) -> None:
        options = dict(paramwise_cfg or {})
        if options.keys() != {'layer_decay_rate'}:
            raise ValueError(
                f'LayerDecayConstructor takes paramwise_cfg=dict(layer_decay_rate=...) and nothing else, got {options}'
            )
        self.rate: float = options['layer_decay_rate']
        if not 0 < self.rate <= 1:
            raise ValueError(f'layer_decay_rate={self.rate} must be in (0, 1]; 1 trains all layers at one rate')
        self.schedules = OptimizerSchedules(optim_wrapper_cfg)
        self.wrapper_cfg = dict(self.schedules.wrapper_cfg)
        self.optimizer_cfg = dict(self.wrapper_cfg.pop('optimizer'))

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Return the optimizer wrapper of a model."""
        model = getattr(model, 'module', model)
        groups = list(self._groups(model).values())
        optimizer = OPTIMIZERS.build(self.optimizer_cfg | dict(params=groups))
        wrapper = OPTIM_WRAPPERS.build(self.wrapper_cfg, default_args=dict(optimizer=optimizer))
        return self.schedules.attach(wrapper, model)

    def _groups(self, model: nn.Module) -> dict[tuple[int, bool], dict[str, Any]]:
        """Return the parameter groups by (number of layers above, has weight decay)."""
        layer_of = getattr(model.backbone, 'get_layer_depth', None)
        if layer_of is None:
            raise ValueError(
                f"{type(model.backbone).__name__} does not say which layer a parameter is of; mmpretrain's backbones "
                "do (type='mmpretrain.VisionTransformer')"
            )
        groups: dict[tuple[int, bool], dict[str, Any]] = {}
        for name, param in model.named_parameters():
            if not param.requires_grad:
                continue
            layer, num_layers = layer_of(name, 'backbone.')  # layer from 0 to L + 1, and L + 2
            above = num_layers - 1 - layer
            decayed = param.ndim > 1 and not name.endswith((*UNDECAYED, '.bias'))
            settings = dict(lr=self.optimizer_cfg['lr'] * self.rate**above) | (
                {} if decayed else dict(weight_decay=0.0)
            )
            groups.setdefault((above, decayed), dict(params=[], **settings))['params'].append(param)
        return groups
