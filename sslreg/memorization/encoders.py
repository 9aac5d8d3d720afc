from typing import Any

from torch import Tensor, nn


def encoder(model: Any) -> Any:
    """A model that has ``extract_feat`` of images, ``feature_backbone`` and a ``data_preprocessor`` of views.

    mmpretrain's self-supervised methods and classifiers are brought into this form.
    """
    return model if hasattr(model, 'feature_backbone') else _Other(model).eval()


class _Other(nn.Module):
    """A model of mmpretrain; its representation is what its ``extract_feat`` gives last: vectors, maps or tokens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.data_preprocessor = _EachView(model.data_preprocessor)

    @property
    def feature_backbone(self) -> nn.Module:
        backbone: nn.Module = self.model.backbone
        return backbone

    def extract_feat(self, images: Tensor) -> Tensor:
        feats = self.model.extract_feat(images)
        last: Tensor = feats[-1] if isinstance(feats, (tuple, list)) else feats
        return last


class _EachView(nn.Module):
    def __init__(self, preprocessor: nn.Module) -> None:
        super().__init__()
        self.preprocessor = preprocessor

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        views = [self.preprocessor(dict(inputs=view), training)['inputs'] for view in data['inputs']]
        return dict(data, inputs=views)
