"""The page on what benchmarks found."""

from sslreg.evaluation.probes import LinearProbe
from sslreg.evaluation.results import Evaluation, Outcome
from sslreg.evaluation.tables import Comparison, ResultTable
from sslreg.reports import write_benchmarks
from sslreg.reports.benchmarks import protocol_differences

from .markup import EVIL, Markup, check_page


def evaluation(title, value, **protocol):
    metrics = {'mAP': value, 'easy/mAP': value, 'hard/mAP': value} | {f'x/k{k}/top1': value for k in (1, 5)}
    outcome = Outcome(metrics, 'What <it> is.', dict(data='4 images') | protocol, dict(DINO=dict(mAP=3.0)), 'a poster')
    return Evaluation(title, dict(date='2026-01-02', checkpoint='a.pth'), dict(retrieval=outcome))


def test_the_page_is_one_file_that_says_what_was_run_and_marks_the_best(tmp_path):
    write_benchmarks([evaluation('ours', 10.0)], tmp_path / 'report.html', 'Benchmarks')
    assert [file.name for file in tmp_path.iterdir()] == ['report.html']
    page, markup = check_page(tmp_path / 'report.html'), (tmp_path / 'report.html').read_text(encoding='utf-8')
    text = ''.join(page.text)
    for part in ('Benchmarks', '2026-01-02', 'a.pth', 'What <it> is.', '4 images', 'Figures of papers: a poster'):
        assert part in text
    assert '<td class="best">10.00</td><td>3.00</td>' in markup
    assert len(page.pictures()) == 3
    assert all(len(picture.convert('RGB').getcolors(10**6)) > 10 for picture in page.pictures())


def test_several_models_have_an_overview_and_a_warning_where_they_are_not_comparable(tmp_path):
    models = [evaluation('ours', 10.0), evaluation('floor', 2.0), evaluation('other', 20.0, data='5 images')]
    transfer = ResultTable('Transfer', ['Pets'], {'ours <1>': ['90.10']}, note='A note.')
    write_benchmarks(models, tmp_path / 'report.html', 'Compared', [transfer])
    text = ''.join(Markup((tmp_path / 'report.html').read_text(encoding='utf-8')).text)
    for part in ('Overview', 'Transfer', 'ours <1>', '90.10', 'A note.'):
        assert part in text
    assert 'Compare with care: other has data 5 images, ours has 4 images.' in text
    assert 'floor has' not in text
    assert protocol_differences(Comparison('a', {'ours': models[0].benchmarks['retrieval']})) == ''


def test_what_a_short_table_leaves_out_is_folded(tmp_path):
    heads = {f'pooled/linear/{head}/top1': 1.0 for head in LinearProbe().heads}
    model = Evaluation('ours', {}, dict(a=Outcome(heads | {'pooled/linear/selected/top1': 2.0})))
    write_benchmarks([model], tmp_path / 'report.html', '')
    before, after = (tmp_path / 'report.html').read_text().split('<details>')
    assert ('sgd-lr0.1-wd0' in before, 'sgd-lr0.1-wd0' in after) == (False, True)
    assert 'All 53 metrics' in after


def test_names_are_escaped_wherever_they_stand(tmp_path):
    outcome = Outcome({EVIL: 1.0, f'{EVIL} 2': 2.0}, EVIL, {EVIL: EVIL}, {f'{EVIL} paper': {EVIL: 2.0}}, EVIL)
    models = [Evaluation(title, {EVIL: EVIL}, {EVIL: outcome}) for title in (EVIL, f'{EVIL} 2 $ \\x $')]
    table = ResultTable(EVIL, [EVIL], {EVIL: [EVIL]}, note=EVIL)
    write_benchmarks(models, tmp_path / 'report.html', EVIL, [table])
    text = check_page(tmp_path / 'report.html').text
    assert text.count(EVIL) == 19  # alone in a text; longer texts have it, too
    assert f'Figures of papers: {EVIL}.' in text
