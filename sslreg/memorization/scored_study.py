"""Scored studies, read from their folders."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import Tensor

from sslreg.utils.config_files import load_config

from .experiments.pruning import PruningResults
from .experiments.removal import RemovalResults
from .image_scores import ImageScores
from .score_settings import ScoreSettings
from .study import Study
from .summary import LayerSummary, summarize

SCORE_FILES = ('scores.npz', 'scores.json')


@dataclass(frozen=True)
class ScoredStudy:
    """A study with its scores and the layer that is shown.

    Attributes:
        name: Name that tells it from other studies.
        study: The study; its folder has ``scores.npz``, ``scores.json`` and, perhaps, ``removal.json`` and
            ``pruning.json``.
        scores: Scores of all layers.
        layer: The layer that is shown.
        settings: Settings of the scoring.
    """

    name: str
    study: Study
    scores: ImageScores
    layer: str
    settings: ScoreSettings

    @property
    def cfg(self) -> Config:
        """Config of the study."""
        return self.study.cfg

    @property
    def folder(self) -> Path:
        """Folder of the study."""
        return self.study.results

    @cached_property
    def chosen(self) -> ImageScores:
        """Scores of the layer."""
        return self.scores.of_layer(self.layer)

    @cached_property
    def summary(self) -> LayerSummary:
        """Summary of the layer."""
        return summarize(self.chosen)[self.layer]

    @cached_property
    def candidates(self) -> Tensor:
        """SSLMem of each candidate, the mean over seeds, ``[M]``."""
        return self.scores.candidates(self.layer)

    @property
    def index(self) -> list[int]:
        """Index of each candidate in the training set, ``[M]``."""
        return self.scores.candidate_index

    @property
    def removal(self) -> RemovalResults | None:
        """Results of the command ``remove``; None if it was not run.

        Raises:
            ValueError: The file is damaged.
        """
        found = self._kept('removal.json', 'remove')
        return None if found is None else RemovalResults.from_json(found)

    @property
    def pruning(self) -> PruningResults | None:
        """Results of the command ``prune``; None if it was not run.

        Raises:
            ValueError: The file is damaged.
        """
        found = self._kept('pruning.json', 'prune')
        return None if found is None else PruningResults.from_json(found)

    def _kept(self, file: str, command: str) -> dict[str, Any] | None:
        path = self.folder / file
        return _read_json(path, command) if path.is_file() else None


def read_studies(
    folders: Sequence[str], layer: str | None = None, options: dict[str, Any] | None = None
) -> list[ScoredStudy]:
    """Read scored studies from their folders.

    Args:
        folders: Folders that ``sslmem.py score`` wrote to.
        layer: Layer that is shown; by default the last that was scored.
        options: Values that override the configs'.

    Raises:
        FileNotFoundError: A folder has no scores; the message names the command that makes them.
        ValueError: A folder is given twice, the layer was not scored, or it is not the same for all studies.
    """
    studies = [
        _read_study(name, Path(folder), layer, options)
        for name, folder in zip(distinct_names(folders), folders, strict=True)
    ]
    if len({study.layer for study in studies}) > 1:
        last = ', '.join(f'{study.layer} of {study.name}' for study in studies)
        raise ValueError(f'the last scored layers differ, {last}: choose one by --layer')
    return studies


def distinct_names(folders: Sequence[str]) -> list[str]:
    """Return the last parts of the folders' paths, as many as tell the folders apart.

    Raises:
        ValueError: Two folders are the same.
    """
    parts = [Path(folder).resolve().parts for folder in folders]
    for number in range(1, max(map(len, parts)) + 1):
        names = ['/'.join(each[-number:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    raise ValueError(f'{", ".join(folders)}: a folder is given twice')


def _read_study(name: str, folder: Path, layer: str | None, options: dict[str, Any] | None) -> ScoredStudy:
    if missing := [file for file in SCORE_FILES if not (folder / file).is_file()]:
        raise FileNotFoundError(
            f'{folder} has no {" and no ".join(missing)}: score the study first, by '
            f'`python tools/sslmem.py score {folder}`'
        )
    settings = ScoreSettings.from_json(_read_json(folder / 'scores.json', 'score'))
    config, split_file = (
        folder / file if (folder / file).is_file() else Path(elsewhere)
        for file, elsewhere in (('config.py', settings.config), ('split.json', settings.split))
    )
    study = Study(load_config(str(config), options), split_file, folder)
    layers = study.scores.layers
    if layer is not None and layer not in layers:
        raise ValueError(
            f'{folder} has no scores of layer {layer!r}: choose one of {", ".join(layers)}, or score it by '
            f'`python tools/sslmem.py score {folder} --layers ...`'
        )
    return ScoredStudy(name, study, study.scores, layer or layers[-1], settings)


def _read_json(path: Path, command: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f'{path} is damaged ({error}): write it again by `sslmem.py {command}`') from error
    return found
