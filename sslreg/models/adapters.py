"""mmpretrain's models in the form that evaluations work with."""

from typing import Any

from torch import Tensor, nn

from .preprocessor import EachView


def as_encoder(model: Any) -> Any:
    """Return a model with ``extract_feat``, ``feature_backbone`` and ``data_preprocessor``, as evaluations need it.

    mmpretrain's self-supervised methods and classifiers are wrapped, in evaluation mode (MAE runs without a mask, with
    all tokens in the order of their patches). Other models are returned as they are.
    """
    return model if hasattr(model, 'feature_backbone') else _MmpretrainEncoder(model).eval()


class _MmpretrainEncoder(nn.Module):
    """Wrapper of a model of mmpretrain; its features are the last output of the model's own ``extract_feat``."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.data_preprocessor = EachView(model.data_preprocessor)

    @property
    def feature_backbone(self) -> nn.Module:
        """The model's backbone."""
        backbone: nn.Module = self.model.backbone
        return backbone

    def represent(self, images: Tensor) -> Tensor:
        """Return vectors ``[B, C]``, maps averaged over space, or tokens ``[B, N, C]``, of ``[B, 3, H, W]``."""
        feats = self.model.extract_feat(images)
        last: Tensor = feats[-1] if isinstance(feats, (tuple, list)) else feats
        return last.mean(dim=(2, 3)) if last.ndim == 4 else last

    def extract_feat(self, images: Tensor) -> Tensor:
        """Return ``[B, C]`` of ``[B, 3, H, W]``; tokens are averaged."""
        feats = self.represent(images)
        return feats.mean(dim=1) if feats.ndim == 3 else feats
