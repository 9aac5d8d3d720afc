import numpy as np
import pytest
from PIL import Image

from sslreg.reports import Line, Panel, level, line_panels, smooth


def panel(points=3, **options):
    x = range(1, points + 1)
    return Panel([Line(x, np.ones(points), 'ones', dict(color='#123')), level(x, 2, 'two')], 'step', 'nats', **options)


@pytest.mark.parametrize(
    'panels, columns, inches',
    [([panel()], 1, (4, 2)), ([panel(), panel(1)], 1, (4, 4)), ([panel(), panel(title='b')], 2, (8, 2))],
)
def test_line_panels_fill_a_png_of_the_asked_size(tmp_path, panels, columns, inches):
    line_panels(tmp_path / 'a.png', panels, columns, size=(4, 2))
    with Image.open(tmp_path / 'a.png') as image:
        assert image.size == tuple(120 * side for side in inches)
        assert len(image.convert('RGB').getcolors(10**6)) > 10


def test_a_logarithmic_panel_of_floats(tmp_path):
    line_panels(tmp_path / 'a.png', [Panel([Line([0.5, 1.5], [1e-6, 1], '', {})], '', '', axes=dict(yscale='log'))])
    assert (tmp_path / 'a.png').stat().st_size > 1000


def test_smoothing_averages_around_each_value_and_over_fewer_at_the_ends():
    assert smooth([0, 3, 6, 9], 3).tolist() == pytest.approx([1.5, 3, 6, 7.5])
    assert smooth([4], 10).tolist() == [4]


def test_a_band_shows_deviations(tmp_path):
    for name, std in (('none', None), ('band', [1, 1, 1])):
        line = Line([1, 2, 3], [4, 5, 6], 'a', dict(color='#000000'), std)
        line_panels(tmp_path / f'{name}.png', [Panel([line], '', '', axes=dict(ylim=(0, 9)))])
    dark = [np.asarray(Image.open(tmp_path / f'{name}.png').convert('L')) < 235 for name in ('none', 'band')]
    assert dark[1].sum() > dark[0].sum() * 1.5


def test_dollars_in_names_are_no_formulas(tmp_path):
    name = r'$ \x $'
    line = Line([1, 2], [1, 2], name, {})
    axes = dict(xticks=[1, 2], xticklabels=[name, name])
    line_panels(tmp_path / 'a.png', [Panel([line, line], name, name, name, axes)])
    assert (tmp_path / 'a.png').is_file()
