"""Section on the settings of a study."""

from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS
from sslreg.reports.page import Facts, Section

from .style import PngPath


def study_section(study: ScoredStudy, png: PngPath) -> Section:
    """Tabulate the settings of training and scoring."""
    protocol, by, split = study.settings.protocol, study.settings.protocol.by, study.study.split
    sizes = ', '.join(f'{len(split.part(name))} {name}' for name in SPLIT_SETS)
    facts = {
        'folder': str(study.folder),
        'config': study.settings.config,
        'images': f'{sizes} ({study.study.split_file})',
        'seeds': ', '.join(map(str, study.scores.seeds)),
        'layers': ', '.join(study.scores.layers),
        'views': f'{protocol.num_views} of an image, {_against(by.against)}',
        'augmentation': study.settings.augmentation,
        'distance': f'{by.kind}, between representations {_length(by.normalized)}; maps and tokens: {by.part}',
        'networks': '; '.join(f'seed {each.seed}: f {each.f}, g {each.g}' for each in study.settings.networks),
    }
    return Section('The study', [Facts(facts)], figures=dict(settings=facts))


def _against(against: str) -> str:
    """Describe the partner of each view in the distance."""
    return 'compared in pairs' if against == 'views' else 'each compared with the image as it is'


def _length(normalized: bool) -> str:
    """Describe the length of the representations."""
    return 'at unit length' if normalized else 'at their own length'
