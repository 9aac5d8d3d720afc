"""Settings that scores depend on, kept in ``scores.json``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .image_sets import augmentation
from .layers import REPRESENTATION
from .measure import AlignmentOf
from .study import Study


@dataclass(frozen=True)
class Protocol:
    """Settings of a scoring.

    Attributes:
        num_views: Augmentations of an image.
        by: Measure of alignment (distance, normalisation, partner of a view).
        layers: Patterns of :class:`Layers`.
    """

    num_views: int = 5
    by: AlignmentOf = field(default_factory=AlignmentOf)
    layers: tuple[str, ...] = (REPRESENTATION,)

    @property
    def plain(self) -> bool:
        """Whether the image without augmentation comes before its views."""
        return self.by.against == 'image'


@dataclass(frozen=True)
class PairHashes:
    """Hashes of the networks of one seed."""

    seed: int
    f: str
    g: str


@dataclass(frozen=True)
class ScoreSettings:
    """Everything that scores depend on, as ``scores.json`` keeps it.

    Attributes:
        config: File of the study's config.
        split: File of its split.
        protocol: Settings of the scoring.
        augmentation: Views of the config, as text.
        networks: Hashes of each pair.
    """

    config: str
    split: str
    protocol: Protocol
    augmentation: str
    networks: list[PairHashes]

    @classmethod
    def of(cls, study: Study, networks: list[PairHashes], protocol: Protocol) -> 'ScoreSettings':
        """Return the settings of a scoring."""
        return cls(study.cfg.filename, str(study.split_file), protocol, repr(augmentation(study.cfg)), networks)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> 'ScoreSettings':
        """Take the settings out of the content of ``scores.json``."""
        settings = found['protocol']
        protocol = Protocol(settings['num_views'], AlignmentOf(**settings['by']), tuple(settings['layers']))
        networks = [PairHashes(**each) for each in found['networks']]
        return cls(found['config'], found['split'], protocol, str(found['augmentation']), networks)

    @property
    def comparable(self) -> dict[str, Any]:
        """The settings of the protocol that scores should share to be compared: all but the layers."""
        return {key: value for key, value in asdict(self.protocol).items() if key != 'layers'}
