import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import Tensor

from sslreg.memorization import summary as summaries
from sslreg.memorization.image_scores import Scores
from sslreg.memorization.split import Split
from sslreg.utils.config_files import load_config

FILES = ('scores.npz', 'scores.json')


@dataclass(frozen=True)
class ScoredStudy:
    """A study with scores, as the sections of its page see it.

    Attributes:
        name: Tells it from the others on the page.
        folder: With ``scores.npz``, ``scores.json`` and, perhaps, ``removal.json`` and ``pruning.json``.
        cfg: Of the trainings.
        split_file: By which they were made.
        scores: Of all layers.
        layer: That the page is about.
        about: What ``scores.json`` says.
    """

    name: str
    folder: Path
    cfg: Config
    split_file: Path
    scores: Scores
    layer: str
    about: dict[str, Any]

    @cached_property
    def chosen(self) -> Scores:
        """Scores of the layer that the page is about."""
        return self.scores.of_layer(self.layer)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """``sets``, ``tests`` and, of several seeds, ``seeds``, as in ``scores.json``."""
        found: dict[str, Any] = summaries.summary(self.chosen)[self.layer]
        return found

    @cached_property
    def candidates(self) -> Tensor:
        """SSLMem of each candidate, the mean over seeds, ``[M]``."""
        return self.scores.candidates(self.layer)

    @property
    def index(self) -> list[int]:
        """Of each candidate in the training set, ``[M]``."""
        found: list[int] = self.scores.index[self.scores.among('candidate')].tolist()
        return found

    def kept(self, file: str, command: str) -> dict[str, Any] | None:
        """What another command of ``tools/sslmem.py`` left in the folder, if it was run.

        Raises:
            ValueError: It is damaged.
        """
        return _json(self.folder / file, command) if (self.folder / file).is_file() else None


def read_studies(
    folders: Sequence[str], layer: str | None = None, options: dict[str, Any] | None = None
) -> list[ScoredStudy]:
    """Scored studies from their folders.

    Args:
        folders: Of ``sslmem.py score``.
        layer: That the page is about; by default the last that was scored.
        options: Override values of the configs.

    Raises:
        FileNotFoundError: A folder has no scores; says by which command they are made.
        ValueError: A folder is given twice, the layer was not scored, or it is not one for all studies.
    """
    studies = [
        _read(name, Path(folder), layer, options) for name, folder in zip(distinct_names(folders), folders, strict=True)
    ]
    if len({study.layer for study in studies}) > 1:
        last = ', '.join(f'{study.layer} of {study.name}' for study in studies)
        raise ValueError(f'the last layers that were scored differ, {last}: choose one by --layer')
    return studies


def distinct_names(folders: Sequence[str]) -> list[str]:
    """The last parts of the folders' paths, as many as tell them apart.

    Raises:
        ValueError: Two are the same.
    """
    parts = [Path(folder).resolve().parts for folder in folders]
    for number in range(1, max(map(len, parts)) + 1):
        names = ['/'.join(each[-number:]) for each in parts]
        if len(set(names)) == len(names):
            return names
    raise ValueError(f'{", ".join(folders)}: a folder is given twice')


def _read(name: str, folder: Path, layer: str | None, options: dict[str, Any] | None) -> ScoredStudy:
    if missing := [file for file in FILES if not (folder / file).is_file()]:
        raise FileNotFoundError(
            f'{folder} has no {" and no ".join(missing)}: score the study first, by '
            f'`python tools/sslmem.py score {folder}`'
        )
    about = _json(folder / FILES[1], 'score')
    scores = Scores.read(folder / FILES[0])
    if layer is not None and layer not in scores.layers:
        raise ValueError(
            f'{folder} has no scores of layer {layer!r}: choose one of {", ".join(scores.layers)}, or score it by '
            f'`python tools/sslmem.py score {folder} --layers ...`'
        )
    config, split_file = (
        folder / file if (folder / file).is_file() else Path(about[key])
        for file, key in (('config.py', 'config'), ('split.json', 'split'))
    )
    study = ScoredStudy(
        name,
        folder,
        load_config(str(config), options),
        split_file,
        scores,
        layer or scores.layers[-1],
        about,
    )
    if Split.read(split_file).candidate != study.index:
        raise ValueError(f'{split_file} has other candidates than {folder / FILES[0]}: score the study again')
    return study


def _json(path: Path, command: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f'{path} is damaged ({error}): write it again by `sslmem.py {command}`') from error
    return found
