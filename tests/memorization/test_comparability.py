"""Studies of the same and of other images."""

import pytest

from sslreg.memorization.comparability import caveats, check_same_images
from tests.memorization.toy_scores import SPLIT


def test_studies_of_the_same_images_may_differ_in_all_else(scored):
    turned = SPLIT._replace(shared=[1, 0])
    check_same_images([scored(), scored('b', split=turned, gray=0.5, num_views=3), scored('c')])
    assert caveats([scored(), scored('b'), scored('c', gray=0.5, num_views=3)]) == [
        'a and c were scored differently: protocol.num_views=5 and 3, augmentation[0].gray=0.2 and 0.5'
    ]


@pytest.mark.parametrize(
    'other, reason',
    [
        (dict(split=SPLIT._replace(candidate=[2, 3, 4, 5, 6])), '3 of 4 and 5 candidate images are in both'),
        (dict(split=SPLIT._replace(extra=[1])), '0 of 1 and 1 extra images are in both'),
        (dict(data='y'), "their data differ, dataset.data_root='x' and 'y'"),
    ],
)
def test_studies_of_other_images_are_refused_by_their_folders(scored, other, reason):
    with pytest.raises(ValueError, match=f'a and work/c are not of the same images, .*{reason}: .* --split a/split'):
        check_same_images([scored(), scored('b'), scored('work/c', **other)])
