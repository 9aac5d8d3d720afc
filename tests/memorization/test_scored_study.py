"""Scored studies from their folders."""

import pytest

from sslreg.memorization.scored_study import distinct_names


def test_names_are_as_many_parts_of_paths_as_tell_folders_apart():
    assert distinct_names(['x/massl', 'y/massl']) == ['x/massl', 'y/massl']
    assert distinct_names(['x/massl', 'x/npid']) == ['massl', 'npid']
    with pytest.raises(ValueError, match='a folder is given twice'):
        distinct_names(['x/massl', 'x/massl'])
