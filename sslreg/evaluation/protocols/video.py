"""Video object segmentation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from torch import Tensor

from sslreg.datasets.davis_clips import DavisClip, clip_names
from sslreg.evaluation.metric import Metrics
from sslreg.evaluation.metrics.label_propagation import one_hot_patches, propagate, to_label_map
from sslreg.evaluation.metrics.video_segmentation import ObjectScore, clip_metric, mean_scores, score_clip
from sslreg.registry import BENCHMARKS, DATASETS

from .base import BaseBenchmark, Wanted


@BENCHMARKS.register_module()
class LabelPropagationBenchmark(BaseBenchmark):
    """Video object segmentation by label propagation on DAVIS (Caron et al. 2021, section 4.2.2).

    Args:
        dataset: Config of the clips, :class:`DavisClip` without ``clip``.
        clips: Names of the clips, or a file of the dataset that lists them, e.g. ``'ImageSets/2017/val.txt'``.
        kind: Config of features of patches ``[N, h, w, C]``, from the registry ``FEATURES``.
        **propagation: Arguments of :func:`propagate`.
    """

    def __init__(
        self, dataset: dict[str, Any], clips: str | Sequence[str], kind: dict[str, Any], **propagation: Any
    ) -> None:
        self.kind, self.propagation = kind, propagation
        names = clip_names(dataset['data_root'], clips) if isinstance(clips, str) else clips
        self.clips: dict[str, DavisClip] = {name: DATASETS.build(dict(dataset, clip=name)) for name in names}

    def wanted(self) -> dict[str, Wanted]:
        """Request the frames of each clip by its name; all masks are read once, so that broken ones are errors here."""
        for clip in self.clips.values():
            clip.masks()
        return {name: Wanted(clip, self.kind) for name, clip in self.clips.items()}

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return means over all objects of all clips, like the official evaluation, and J&F of each clip, in per cent.

        Args:
            feats: Features ``[F, h, w, C]`` of each clip's frames.
        """
        scores = {name: self._score(name, feats[name]) for name in self.clips}
        overall = mean_scores([score for clip in scores.values() for score in clip])
        return overall | {clip_metric(name): mean_scores(clip)[clip_metric()] for name, clip in scores.items()}

    def _score(self, name: str, feats: Tensor) -> list[ObjectScore]:
        truth = self.clips[name].masks()
        predicted = self.predict(feats, torch.from_numpy(truth[0]), self._frame_size(name))
        return score_clip(predicted, truth, int(truth.max()))

    def _frame_size(self, name: str) -> tuple[int, int]:
        """Return height and width in pixels of a frame as the network sees it."""
        height, width = self.clips[name][0]['inputs'].shape[-2:]
        return height, width

    def predict(self, feats: Tensor, first: Tensor, frame_size: tuple[int, int]) -> np.ndarray[Any, Any]:
        """Predict the label maps ``[F, H, W]`` of a clip from that of its first frame, ``[H, W]``.

        Args:
            feats: Features ``[F, h, w, C]``.
            first: Labels of the first frame.
            frame_size: Height and width in pixels of a frame as the network saw it.
        """
        feats = feats.to(get_device())
        label = one_hot_patches(first.to(feats.device), int(first.max()) + 1, (feats.shape[1], feats.shape[2]))
        weights = propagate(feats, label, **self.propagation)
        size = (first.shape[0], first.shape[1])
        return np.stack([to_label_map(frame, frame_size, size).cpu().numpy() for frame in weights])
