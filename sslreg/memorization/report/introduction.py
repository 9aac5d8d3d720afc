"""What the page says first: what SSLMem is, what is expected of it, and whether that is so here."""

from collections.abc import Sequence
from typing import Any

from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.tables import fixed, p_value

from .style import over_seeds

SIGNIFICANT = 0.05
DEFINITION = (
    'SSLMem says, without labels, how much an encoder memorised an image (arXiv 2401.12233). Two encoders are trained '
    'alike: f saw the candidates, g did not, and saw as many independent images in their place. Both saw the shared '
    'images, neither saw the extra ones. The alignment of an image is the mean distance of the representations of its '
    'augmentations; its score is the alignment of g minus the alignment of f. Above 0, f aligns it better: f memorised '
    'it. Below 0, g did.'
)
EXPECTED = (
    'Expected are candidates above shared and extra images, independent images below both, and shared and extra images '
    'about 0.'
)


def lede(studies: Sequence[ScoredStudy]) -> str:
    """Paragraphs, separated by blank lines."""
    return '\n\n'.join([DEFINITION, EXPECTED, *(_found(study, several=len(studies) > 1) for study in studies)])


def _found(study: ScoredStudy, several: bool) -> str:
    tests = study.summary['tests']
    held = sum(verdict(test) == 'yes' for test in tests)
    whose = study.name if several else 'Here'
    number = 'all' if held == len(tests) else f'{held} of the' if held else 'none of the'
    claims = '; '.join(claim(test) for test in tests)
    means = ' and '.join(
        f'{fixed(study.summary["sets"][name]["sslmem"]["mean"])} ({name})'
        for name in ('shared', 'extra')
        if name in study.summary['sets']
    )
    return (
        f'{whose} (layer {study.layer}, {over_seeds(study.scores.seeds)}), {number} {len(tests)} comparisons came '
        f'out as expected: {claims}. The means that should be about 0 are {means}.'
    )


def claim(test: dict[str, Any]) -> str:
    """``'candidate above extra: yes, p = 3e-05 (Welch)'``."""
    difference = '' if verdict(test) == 'yes' else f', difference {test["difference"]:+.4f}'
    p = p_value(test['p_welch'])
    equals = '' if p.startswith('below') else '= '
    return f'{test["higher"]} above {test["lower"]}: {verdict(test)}{difference}, p {equals}{p} (Welch)'


def verdict(test: dict[str, Any]) -> str:
    """Whether the claim of a test holds, by Welch's test on the 5 % level."""
    if not test['difference'] > 0:
        return 'no, the other way round'
    return 'yes' if test['p_welch'] < SIGNIFICANT else 'not shown'
