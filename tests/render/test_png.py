"""PNG files read back by an independent reader."""

import numpy as np
import pytest
from matplotlib.image import imread

from emoface.render import write_png


def test_an_independent_reader_finds_the_same_pixels(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", image)
    assert np.array_equal((imread(tmp_path / "a.png")[..., :3] * 255).round().astype(np.uint8), image)


@pytest.mark.parametrize("image", [np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)])
def test_other_arrays_are_refused(tmp_path, image):
    with pytest.raises((TypeError, ValueError), match="image must"):
        write_png(tmp_path / "a.png", image)
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a\.jpg must end in \.png"):
        write_png(tmp_path / "a.jpg", np.zeros((2, 2, 3), np.uint8))
