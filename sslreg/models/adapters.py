"""mmpretrain's models in the form that evaluations work with."""

from typing import Any

from torch import Tensor, nn

from sslreg.datasets.collate import sample_indices


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
        self.data_preprocessor = _EachView(model.data_preprocessor)

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


class _EachView(nn.Module):
    """``data_preprocessor`` for images, or for a list of views, each preprocessed as a batch of images.

    As :class:`ViewPreprocessor` does, it gives the images' dataset indices as ``data_samples``.
    """

    def __init__(self, preprocessor: nn.Module) -> None:
        super().__init__()
        self.preprocessor = preprocessor

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Return the batch with preprocessed ``inputs`` and with indices ``[B]`` as ``data_samples``."""
        inputs, samples = data['inputs'], data.get('data_samples')
        indices = None if samples is None else sample_indices(samples)
        if isinstance(inputs, Tensor):
            return dict(data, inputs=self._images(inputs, training), data_samples=indices)
        return dict(data, inputs=[self._images(view, training) for view in inputs], data_samples=indices)

    def _images(self, images: Tensor, training: bool) -> Tensor:
        # mmpretrain's SelfSupDataPreprocessor takes exactly two values.
        found: Tensor = self.preprocessor(dict(inputs=images, data_samples=None), training)['inputs']
        return found
