"""The report on a training run."""

import json

from sslreg.reports.training import write_report
from tests.reports.markup import EVIL, check_page

from .runs import observed

PICTURES = ['accuracy.png', 'loss.png', 'neighbours.png', 'recall.png', 'sharpness.png']


def test_the_report_is_one_page_with_pictures_in_it_and_beside_it(tmp_path):
    run = observed(tmp_path)
    run.dataset.metainfo['classes'] = run.runner.val_loop.dataloader.dataset.metainfo['classes'] = [EVIL, 'b', 'c', 'd']
    figures = write_report(run.runner, run.observer, tmp_path, EVIL, f'{EVIL}\n\n{EVIL}')
    page = check_page(tmp_path / 'report.html')
    assert page.text.count(EVIL) == 4
    assert page.attributes('a', 'href') == sorted(path.name for path in tmp_path.glob('*.png')) == PICTURES
    assert min(picture.width for picture in page.pictures()) > 300
    assert json.loads((tmp_path / 'report.json').read_text()) == json.loads(json.dumps(figures))
    assert set(figures) == {
        'accuracy', 'curve', 'collapse_loss', 'history', 'neighbour_purity', 'recall', 'distributions', 'settings',
        'seconds', 'steps',
    }  # fmt: skip
