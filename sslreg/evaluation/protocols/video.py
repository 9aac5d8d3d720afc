"""Video object segmentation."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from torch import Tensor

from sslreg.datasets.davis_clips import DavisClip, clip_names
from sslreg.evaluation.metric import Metric, Metrics
from sslreg.evaluation.metrics.label_propagation import check_propagation, one_hot_patches, propagate, to_label_map
from sslreg.evaluation.metrics.video_segmentation import (
    ObjectScore,
    check_clip_length,
    clip_scores,
    mean_scores,
    objects_of,
    score_clip,
)
from sslreg.registry import BENCHMARKS, DATASETS

from .base import BaseBenchmark, Wanted

FOUND = Metric('J&F')
FIRST_MASK = Metric('J&F', setting='first_mask', role='secondary')


@BENCHMARKS.register_module()
class LabelPropagationBenchmark(BaseBenchmark):
    """Video object segmentation by label propagation on DAVIS (Caron et al. 2021, section 4.2.2).

    The objects of a clip are the labels of its first mask; others that appear later are not scored, as in
    davis2017-evaluation. ``first_mask/J&F`` is the score of the first mask copied to all frames, which needs no
    network. Networks of few patches, e.g. of stride 32, may score less; then the log and the results say so.

    Args:
        dataset: Config of the clips, :class:`DavisClip` without ``clip``.
        clips: Names of the clips, or a file of the dataset that lists them, e.g. ``'ImageSets/2017/val.txt'``.
        kind: Config of features of patches ``[N, h, w, C]``, from the registry ``FEATURES``.
        num_last: Number of previous frames in the context besides the first; this and the following as in
            :func:`propagate`.
        radius: Radius of the window, in patches.
        topk: Number of patches that vote.
        temperature: Temperature of the softmax over them.

    Raises:
        ValueError: There are no clips, a clip is too short, or its first mask has no object.
    """

    def __init__(
        self,
        dataset: dict[str, Any],
        clips: str | Sequence[str],
        kind: dict[str, Any],
        num_last: int = 7,
        radius: int = 12,
        topk: int = 5,
        temperature: float = 0.1,
    ) -> None:
        check_propagation(num_last, radius, topk, temperature)
        self._propagate = partial(propagate, num_last=num_last, radius=radius, topk=topk, temperature=temperature)
        self.kind = kind
        names = clip_names(dataset['data_root'], clips) if isinstance(clips, str) else clips
        if not names:
            raise ValueError(f'clips={clips!r} must name at least one clip')
        self.clips: dict[str, DavisClip] = {name: DATASETS.build(dict(dataset, clip=name)) for name in names}

    def wanted(self) -> dict[str, Wanted]:
        """Request the frames of each clip by its name; all masks are read once, so that broken ones are errors here."""
        for clip in self.clips.values():
            check_clip_length(clip.masks())
        return {name: Wanted(clip, self.kind) for name, clip in self.clips.items()}

    def run(self, feats: dict[str, Tensor]) -> Metrics:
        """Return means over all objects of all clips, and J&F, J and F of each clip, in per cent.

        Args:
            feats: Features ``[F, h, w, C]`` of each clip's frames.
        """
        scores: dict[str, list[ObjectScore]] = {}
        copied: list[ObjectScore] = []
        for name, clip in self.clips.items():
            truth = clip.masks()
            predicted = self.predict(feats[name], torch.from_numpy(truth[0]), self._frame_size(name))
            scores[name] = score_clip(predicted, truth)
            copied += score_clip(np.broadcast_to(truth[0], truth.shape), truth)
        overall = mean_scores([score for clip in scores.values() for score in clip])
        floor = mean_scores(copied)[FOUND]
        self._compare(overall[FOUND], floor)
        clips = (clip_scores(name, clip) for name, clip in scores.items())
        return overall | {FIRST_MASK: floor} | {metric: value for clip in clips for metric, value in clip.items()}

    def _compare(self, found: float, floor: float) -> None:
        """Warn if the propagated masks are worse than the first one left where it is."""
        self.note = ''
        if found < floor:
            self.note = (
                f'J&F {found:.1f} of label propagation is below {floor:.1f} of the first mask copied to all frames: '
                'the features are too coarse or too weak to follow objects; take larger frames or a smaller stride'
            )
            print_log(self.note, 'current', logging.WARNING)

    def _frame_size(self, name: str) -> tuple[int, int]:
        """Return height and width in pixels of a frame as the network sees it."""
        height, width = self.clips[name][0]['inputs'].shape[-2:]
        return height, width

    def predict(self, feats: Tensor, first: Tensor, frame_size: tuple[int, int]) -> np.ndarray[Any, Any]:
        """Predict the label maps ``[F, H, W]`` of a clip from that of its first frame, ``[H, W]``.

        One channel is propagated for the background and for each label that occurs, whatever its number.

        Args:
            feats: Features ``[F, h, w, C]``.
            first: Labels of the first frame.
            frame_size: Height and width in pixels of a frame as the network saw it.
        """
        feats = feats.to(get_device())
        labels = torch.tensor([0, *objects_of(first.numpy())], dtype=first.dtype)
        channels = torch.searchsorted(labels, first).to(feats.device)
        label = one_hot_patches(channels, len(labels), (feats.shape[1], feats.shape[2]))
        weights = self._propagate(feats, label)
        size = (first.shape[0], first.shape[1])
        found = torch.stack([to_label_map(frame, frame_size, size) for frame in weights])
        return labels[found.long()].numpy()
