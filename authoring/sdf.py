"""Signed distances of a few round solids and their smooth unions; negative inside, points are (..., 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Point = Sequence[float]


def smooth_step(t: np.ndarray | float) -> np.ndarray:
    """3 t^2 - 2 t^3 with t clipped to 0..1."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def union(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """min(a, b) rounded over `radius`: mix(b, a, h) - r h (1 - h), h = clip(1/2 + (b - a) / 2r)."""
    h = np.clip(0.5 + 0.5 * (b - a) / radius, 0.0, 1.0)
    return b * (1 - h) + a * h - radius * h * (1 - h)


def subtract(a: np.ndarray, b: np.ndarray, radius: float) -> np.ndarray:
    """`a` without `b`, the edge rounded over `radius`."""
    return -union(-a, b, radius)


def ellipsoid(p: np.ndarray, centre: Point, radii: Point, turn: np.ndarray | None = None) -> np.ndarray:
    """First-order distance to an ellipsoid whose axes are the columns of `turn`: k (k - 1) / |q / r^2|."""
    q = p - np.asarray(centre)
    if turn is not None:
        q = q @ turn
    r = np.asarray(radii)
    k = np.linalg.norm(q / r, axis=-1)
    return k * (k - 1.0) / (np.linalg.norm(q / (r * r), axis=-1) + 1e-9)


def cone(p: np.ndarray, a: Point, b: Point, radius_a: float, radius_b: float) -> np.ndarray:
    """A capsule from `a` to `b` whose radius changes along the way."""
    start, axis = np.asarray(a), np.asarray(b) - np.asarray(a)
    t = np.clip(((p - start) @ axis) / (axis @ axis), 0.0, 1.0)
    return np.linalg.norm(p - start - t[..., None] * axis, axis=-1) - (radius_a + (radius_b - radius_a) * t)


def both_sides(solid: Callable[[np.ndarray], np.ndarray], p: np.ndarray, radius: float) -> np.ndarray:
    """A solid near the mid-line and its mirror image, blended so that no crease runs down the middle."""
    return union(solid(p), solid(p * np.array([-1.0, 1.0, 1.0])), radius)


def turn_x(degrees: float) -> np.ndarray:
    """Rotation about +x."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(degrees: float) -> np.ndarray:
    """Rotation about +y."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
