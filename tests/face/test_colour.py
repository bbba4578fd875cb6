"""sRGB and linear light."""

import numpy as np

from emoface.face.colour import linear_colours, srgb_colours


def test_known_values_and_the_way_back():
    srgb = np.array([0, 0.02, 0.5, 1])
    linear = linear_colours(srgb)
    np.testing.assert_allclose(linear, [0, 0.001548, 0.214041, 1], atol=1e-6)
    np.testing.assert_allclose(srgb_colours(linear), srgb, atol=1e-6)
