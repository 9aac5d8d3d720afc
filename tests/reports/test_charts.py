"""Bar charts and matrices."""

import numpy as np
import pytest
from PIL import Image

from sslreg.reports import Bars, bar_chart
from sslreg.reports.charts import matrix


def test_bars_of_a_group_share_its_room_without_those_that_are_missing(tmp_path):
    series = [Bars([1, 1], 'a', '#ff0000'), Bars([np.nan, 1], 'b', '#0000ff', [np.nan, 0.1])]
    bar_chart(tmp_path / 'a.png', ['first', 'second'], series, '%', size=(6, 3))
    with Image.open(tmp_path / 'a.png') as image:
        row = np.asarray(image.convert('RGB'))[image.height // 2]  # the legend is higher
    red, blue = ((row == colour).all(axis=1).sum() for colour in ((255, 0, 0), (0, 0, 255)))
    assert red / blue == pytest.approx(3, rel=0.05)  # a whole group and half of one, to half of one


def test_bars_show_deviations(tmp_path):
    for name, std in (('none', None), ('bar', [2.0, 2.0])):
        bar_chart(tmp_path / f'{name}.png', ['a', 'b'], [Bars([5.0, 9.0], '', '#ff0000', std)], '%')
    dark = [(np.asarray(Image.open(tmp_path / f'{name}.png').convert('RGB'))[..., 0] < 100) for name in ('none', 'bar')]
    assert dark[1].sum() > dark[0].sum() + 100


def test_dollars_in_names_are_no_formulas(tmp_path):
    name = r'$ \x $'
    bar_chart(tmp_path / 'a.png', [name], [Bars([1], name, 'red')], name, title=name, levels={name: 1})
    matrix(tmp_path / 'b.png', [name], [[50]], 'in %')
    assert len(list(tmp_path.iterdir())) == 2


def test_names_that_have_no_room_beside_a_legend_are_slanted(tmp_path):
    groups = ['copy detection', 'retrieval', 'segmentation']
    tops = []
    for label in ('ours', 'a model with a very long name, ViT-B/16, trained for 400 epochs'):
        bar_chart(tmp_path / 'a.png', groups, [Bars([1, 1, 1], name, '#ff0000') for name in (label, 'b')], '%')
        red = (np.asarray(Image.open(tmp_path / 'a.png').convert('RGB')) == (255, 0, 0)).all(axis=2)
        tops.append(np.flatnonzero(red.any(axis=1)).max())
    assert tops[1] < tops[0] - 20  # slanted names take more of the height
