"""First paragraphs of the page: definition of SSLMem, expected scores and the results of the studies."""

from collections.abc import Sequence

from sslreg.memorization.score_statistics import ClaimTest
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.table_rows import fixed, p_value

from .style import over_seeds

DEFINITION = (
    'SSLMem measures without labels how much an encoder memorised an image (arXiv 2401.12233). Two encoders are '
    'trained in the same way: f on the candidates, g on equally many independent images in their place. Both are '
    'trained on the shared images, neither on the extra images. The alignment of an image is the mean distance of the '
    'representations of its augmentations; its score is the alignment by g minus the alignment by f. A score above 0 '
    'means that f aligns the image better: f memorised it. A score below 0 means that g did.'
)
EXPECTED = (
    'Expected scores: candidates above shared and extra images, independent images below both, and shared and extra '
    'images about 0.'
)


def introduction(studies: Sequence[ScoredStudy]) -> str:
    """Return the first paragraphs, separated by blank lines."""
    return '\n\n'.join(
        [DEFINITION, EXPECTED, *(_result(study, study.name if len(studies) > 1 else 'Here') for study in studies)]
    )


def _result(study: ScoredStudy, name: str) -> str:
    """Return a paragraph on the tests and means of a study."""
    tests = study.summary.tests
    held = sum(test.verdict == 'yes' for test in tests)
    number = 'all' if held == len(tests) else f'{held} of the' if held else 'none of the'
    claims = '; '.join(claim(test) for test in tests)
    means = ' and '.join(
        f'{fixed(study.summary.sets[part].sslmem.mean)} ({part})'
        for part in ('shared', 'extra')
        if part in study.summary.sets
    )
    return (
        f'{name} (layer {study.layer}, {over_seeds(study.scores.seeds)}), {number} {len(tests)} comparisons came '
        f'out as expected: {claims}. The means that should be about 0 are {means}.'
    )


def claim(test: ClaimTest) -> str:
    """Return the result of a test as ``'candidate above extra: yes, p = 3e-05 (Welch)'``."""
    difference = '' if test.verdict == 'yes' else f', difference {test.difference:+.4f}'
    p = p_value(test.p_welch)
    equals = '' if p.startswith('below') else '= '
    return f'{test.claim}: {test.verdict}{difference}, p {equals}{p} (Welch)'
