from typing import Any

from torch import Tensor, nn


def encoder(model: Any) -> Any:
    """A model as an evaluation wants it: with ``extract_feat``, ``feature_backbone`` and ``data_preprocessor``.

    mmpretrain's self-supervised methods and classifiers are brought into this form, in evaluation mode: MAE without a
    mask, all tokens in the order of their patches.
    """
    return model if hasattr(model, 'feature_backbone') else _OfMmpretrain(model).eval()


class _OfMmpretrain(nn.Module):
    """A model of mmpretrain, by what its own ``extract_feat`` gives last: vectors, maps or tokens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.data_preprocessor = _EachView(model.data_preprocessor)

    @property
    def feature_backbone(self) -> nn.Module:
        backbone: nn.Module = self.model.backbone
        return backbone

    def represent(self, images: Tensor) -> Tensor:
        """``[B, 3, H, W]`` -> ``[B, C]``, of maps the mean over their places; or tokens ``[B, N, C]``."""
        feats = self.model.extract_feat(images)
        last: Tensor = feats[-1] if isinstance(feats, (tuple, list)) else feats
        return last.mean(dim=(2, 3)) if last.ndim == 4 else last

    def extract_feat(self, images: Tensor) -> Tensor:
        """``[B, 3, H, W]`` -> ``[B, C]``, of tokens the mean over all of them."""
        feats = self.represent(images)
        return feats.mean(dim=1) if feats.ndim == 3 else feats


class _EachView(nn.Module):
    """A ``data_preprocessor`` for images, or for a list of views, each of which it takes as a batch of images."""

    def __init__(self, preprocessor: nn.Module) -> None:
        super().__init__()
        self.preprocessor = preprocessor

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        inputs = data['inputs']
        if isinstance(inputs, Tensor):
            return dict(data, inputs=self._images(inputs, training))
        return dict(data, inputs=[self._images(view, training) for view in inputs])

    def _images(self, images: Tensor, training: bool) -> Tensor:
        # mmpretrain's SelfSupDataPreprocessor takes exactly two values.
        found: Tensor = self.preprocessor(dict(inputs=images, data_samples=None), training)['inputs']
        return found
