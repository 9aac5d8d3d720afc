"""Contact sheets have each picture in its place."""

import numpy as np
import pytest
from PIL import Image

from sslreg.reports import Cell, contact_sheet


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
