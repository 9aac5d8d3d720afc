import numpy as np
import pytest
from PIL import Image

from sslreg.reports import Bars, Cell, Line, Panel, bar_chart, contact_sheet, level, line_panels, smooth


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


def colour_at(image, left, top):
    return image.getpixel((round(left), round(top)))


def test_a_contact_sheet_shows_each_cell_in_its_place_and_frame(tmp_path):
    red, blue = (np.full((8, 8, 3), colour, dtype=np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    rows = [[Cell(red, 'query'), Cell(blue, '0.9', '#00ff00')], [Cell(blue), Cell(red)]]
    contact_sheet(tmp_path / 'a.png', [('query', 1), ('found', 1)], rows)
    with Image.open(tmp_path / 'a.png') as file:
        image = file.convert('RGB')
    side = 0.84 * 120
    left, right = 0.62 * side, (0.12 + 1.13 + 0.4 + 0.5) * side  # centres of the columns
    upper, lower = 0.9 * side, (0.9 + 1.36) * side
    seen = [colour_at(image, x, y) for y in (upper, lower) for x in (left, right)]
    assert seen == [(255, 0, 0), (0, 0, 255), (0, 0, 255), (255, 0, 0)]
    assert colour_at(image, right - side / 2, upper) == (0, 255, 0)


def test_a_contact_sheet_wants_a_cell_for_every_column(tmp_path):
    with pytest.raises(ValueError, match=r'rows of \[1\] cells do not fill the 2 columns'):
        contact_sheet(tmp_path / 'a.png', [('a', 1), ('b', 1)], [[Cell(np.zeros((2, 2, 3), np.uint8))]])


def test_bars_of_a_group_share_its_room_without_those_that_are_missing(tmp_path):
    series = [Bars([1, 1], 'a', '#ff0000'), Bars([np.nan, 1], 'b', '#0000ff', [np.nan, 0.1])]
    bar_chart(tmp_path / 'a.png', ['first', 'second'], series, '%', size=(6, 3))
    with Image.open(tmp_path / 'a.png') as image:
        row = np.asarray(image.convert('RGB'))[image.height // 2]  # the legend is higher
    red, blue = ((row == colour).all(axis=1).sum() for colour in ((255, 0, 0), (0, 0, 255)))
    assert red / blue == pytest.approx(3, rel=0.05)  # a whole group and half of one, to half of one


def test_a_band_shows_deviations(tmp_path):
    for name, std in (('none', None), ('band', [1, 1, 1])):
        line = Line([1, 2, 3], [4, 5, 6], 'a', dict(color='#000000'), std)
        line_panels(tmp_path / f'{name}.png', [Panel([line], '', '', axes=dict(ylim=(0, 9)))])
    dark = [np.asarray(Image.open(tmp_path / f'{name}.png').convert('L')) < 235 for name in ('none', 'band')]
    assert dark[1].sum() > dark[0].sum() * 1.5


def test_bars_show_deviations(tmp_path):
    for name, std in (('none', None), ('bar', [2.0, 2.0])):
        bar_chart(tmp_path / f'{name}.png', ['a', 'b'], [Bars([5.0, 9.0], '', '#ff0000', std)], '%')
    dark = [(np.asarray(Image.open(tmp_path / f'{name}.png').convert('RGB'))[..., 0] < 100) for name in ('none', 'bar')]
    assert dark[1].sum() > dark[0].sum() + 100
