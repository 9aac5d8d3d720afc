from sslreg.memorization.measure import AlignmentOf
from sslreg.memorization.score_settings import PairHashes, Protocol, ScoreSettings
from sslreg.memorization.score_statistics import to_json

WRITTEN = {  # by an earlier version
    'config': 'work_dirs/massl/config.py',
    'split': 'work_dirs/massl/split.json',
    'protocol': {
        'num_views': 5,
        'by': {'kind': 'l2', 'normalized': True, 'against': 'views', 'part': 'all'},
        'layers': ['act', 'representation'],
    },
    'augmentation': "[{'size': 8}]",
    'networks': [{'seed': 0, 'f': '1a', 'g': '2b'}, {'seed': 1, 'f': '3c', 'g': '4d'}],
    'checkpoints': {'0': {'f': 'f.pth', 'g': 'g.pth'}},
    'layers': {},
}


def test_files_of_earlier_versions_are_read_and_written_alike():
    found = ScoreSettings.from_json(WRITTEN)
    assert found.protocol == Protocol(5, AlignmentOf(), ('act', 'representation'))
    assert found.networks == [PairHashes(0, '1a', '2b'), PairHashes(1, '3c', '4d')]
    again = to_json(found) | dict(checkpoints=WRITTEN['checkpoints'], layers={})
    assert ScoreSettings.from_json(again) == found
    assert again | dict(protocol=None) == WRITTEN | dict(protocol=None)


def test_layers_do_not_keep_scores_from_being_compared():
    one, other = (Protocol(layers=(name,)) for name in 'ab')
    settings = [ScoreSettings('', '', protocol, '', []) for protocol in (one, other, Protocol(3))]
    assert settings[0].comparable == settings[1].comparable != settings[2].comparable


def test_alignments_kept_by_earlier_versions_are_found():
    """The key of the store has the text of the protocol."""
    assert repr(Protocol()) == (
        "Protocol(num_views=5, by=AlignmentOf(kind='l2', normalized=True, against='views', part='all'), "
        "layers=('representation',))"
    )
