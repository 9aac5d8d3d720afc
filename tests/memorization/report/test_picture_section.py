import pytest

from sslreg.memorization.report.picture_section import ClassCount, class_counts, ranked

from .toy_scored import scored


def test_the_ends_of_the_ranking_begin_with_the_extremes():
    study = scored([0.4, 0.1, 0.3, 0.2])  # SSLMem 0.6, 0.9, 0.7, 0.8
    assert ranked(study, 2, highest=True) == [1, 3]
    assert ranked(study, 2, highest=False) == [0, 2]


def test_classes_with_the_most_memorised_candidates_come_first():
    found = class_counts(scored([0.4, 0.1, 0.3, 0.2]), [0, 1, 0, 1], ['cat', 'dog'])
    assert found.top == 2
    assert found.classes == [
        ClassCount('dog', 2, most=2, least=0, mean=pytest.approx(0.85)),
        ClassCount('cat', 2, most=0, least=2, mean=pytest.approx(0.65)),
    ]
