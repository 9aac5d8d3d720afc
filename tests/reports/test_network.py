"""Photographs as networks get them."""

import numpy as np
from PIL import Image

from sslreg.reports import read_square


def test_the_middle_of_a_photograph_is_read_as_bgr(tmp_path):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 10:30] = (10, 20, 30)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    square = read_square(tmp_path / 'a.png', 20)
    assert square.shape == (3, 20, 20)
    assert square[:, 10, 10].tolist() == [30, 20, 10]
    assert (square.flatten(1) == square[:, :1, 10]).all()
