"""The pages about scored studies are whole, and names in them are texts."""

import json
from dataclasses import replace

import pytest
import torch

from sslreg.memorization import Study
from sslreg.memorization.comparison import compare_studies
from sslreg.memorization.image_scores import ImageScores
from sslreg.memorization.report import write_comparison, write_memorization
from sslreg.memorization.score_settings import PairHashes, Protocol, ScoreSettings
from sslreg.memorization.scored_study import ScoredStudy
from sslreg.memorization.split import SPLIT_SETS, Split
from tests.memorization import toy_study
from tests.reports.markup import EVIL, check_page


@pytest.fixture
def evil_study(tmp_path):
    """Return a study whose names, paths, layers, classes and metrics are markup."""
    split_file = toy_study.split(tmp_path)
    split = Split.read(split_file)
    sets = [name for name in SPLIT_SETS for _ in split.part(name)]
    index = torch.tensor([place for name in SPLIT_SETS for place in split.part(name)])
    cfg = toy_study.config()
    cfg.train_dataloader.dataset.dataset.metainfo = dict(classes=[EVIL, f'{EVIL} 1', f'{EVIL} 2', f'{EVIL} 3'])
    settings = ScoreSettings(EVIL, EVIL, Protocol(), EVIL, [PairHashes(0, EVIL, EVIL)])

    def make(name: str) -> ScoredStudy:
        folder = tmp_path / name.replace('/', '')
        folder.mkdir()
        scores = ImageScores(
            [EVIL, 'last'], [0, 1], sets, index, torch.rand(2, 2, len(sets)), torch.rand(2, 2, len(sets))
        )
        run = dict(seed=0, network='n', metrics={EVIL: 1.0})
        removed = [run | dict(order=order, number=8) for order in ('none', 'most')]
        pruned = [run | dict(order=order, share=0.1, per='layer') for order in ('none', 'most')]
        (folder / 'removal.json').write_text(json.dumps(dict(runs=removed)))
        (folder / 'pruning.json').write_text(json.dumps(dict(runs=pruned, layers=[EVIL])))
        return ScoredStudy(name, Study(cfg, split_file, folder), scores, 'last', settings)

    return make


def test_the_page_on_a_study_is_whole_and_escaped(evil_study, tmp_path):
    out = tmp_path / 'report'
    write_memorization([evil_study(EVIL)], out, top=2)
    page = check_page(out / 'report.html')
    assert page.attributes('a', 'href') == [
        'histograms.png', 'most.png', 'least.png', 'layers.png', 'removal.png', 'pruning_1.png'
    ]  # fmt: skip
    assert page.text.count(EVIL) == 5  # alone in a text; longer texts have it, too


def test_the_page_on_two_studies_has_a_section_for_each(evil_study, tmp_path):
    out = tmp_path / 'report'
    found = write_memorization([evil_study(EVIL), evil_study(f'{EVIL} $ \\x $')], out, top=2)
    page = check_page(out / 'report.html')
    headings = [tag for tag, _ in page.tags if tag in ('h2', 'h3')]
    assert headings == ['h2'] * 2 + 2 * ['h2', *['h3'] * 7]
    assert len(page.pictures()) == 2 + 2 * 6
    assert [study['name'] for study in found['studies']] == [EVIL, f'{EVIL} $ \\x $']


def test_the_comparison_is_whole_and_escaped(evil_study, tmp_path):
    studies = [evil_study(EVIL), evil_study(f'{EVIL} 2')]
    found = replace(compare_studies(studies, 2), caveats=[EVIL])
    write_comparison(studies, found, tmp_path)
    page = check_page(tmp_path / 'compare.html')
    assert page.attributes('a', 'href') == ['comparison.png', 'comparison_layers.png', 'overlaps.png']
    assert f'{EVIL}.' in page.text
