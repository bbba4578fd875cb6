"""sRGB and linear light, IEC 61966-2-1."""

from __future__ import annotations

import numpy as np


def linear_colours(colours: np.ndarray) -> np.ndarray:
    """Linear light 0..1 of sRGB 0..1, any shape."""
    return np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)


def srgb_colours(linear: np.ndarray) -> np.ndarray:
    """The sRGB 0..1 of linear light 0..1, any shape."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
