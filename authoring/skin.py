"""The skin's shape, without lips, lids and ears: bones and flesh as round solids blended into one surface."""

from __future__ import annotations

import numpy as np

from .sdf import both_sides, cone, ellipsoid, subtract, turn_y, union

EYE_CENTRE = np.array([3.15, 0.0, 6.12])
EYE_RADIUS = 1.55  # larger than life: a real ball is narrower than the opening between the lids
EAR_CENTRE = np.array([7.6, -1.1, -1.3])
NOSTRIL = np.array([0.80, -4.7, 9.55])
NECK_CUT = -13.4  # height at which the neck runs out into the bust
MIDLINE_ROUNDING = 0.12
FRONT = 14.0  # a plane before the face


class Skin:
    """A head as a signed distance, symmetric in x; lengths in centimetres."""

    def distance(self, p: np.ndarray) -> np.ndarray:
        """Distance (...,) of points (..., 3) to the skin, negative inside; first order near the surface."""
        p = np.array(p, float)
        p[..., 0] = np.sqrt(p[..., 0] ** 2 + MIDLINE_ROUNDING**2)
        d = self._skull(p)
        d = subtract(d, ellipsoid(p, (3.15, 0.1, 9.3), (1.9, 1.25, 1.75), turn_y(-16)), 1.3)  # eye socket
        d = union(d, self._nose(p), 0.7)
        return union(d, np.linalg.norm(p - EYE_CENTRE, axis=-1) - (EYE_RADIUS + 0.16), 0.8)  # the lids over the eye

    def _skull(self, p: np.ndarray) -> np.ndarray:
        d = ellipsoid(p, (0, 3.5, -1.5), (7.8, 7.5, 9.1))  # cranium
        d = union(d, ellipsoid(p, (0, 3.4, 2.1), (6.5, 5.8, 6.15)), 3.0)  # forehead
        d = union(d, ellipsoid(p, (0, -3.0, 2.0), (6.5, 7.4, 6.3)), 3.0)  # face
        d = union(d, both_sides(lambda q: cone(q, (4.6, -6.7, 1.0), (1.4, -10.0, 6.4), 1.4, 1.35), p, 1.5), 2.8)  # jaw
        d = union(d, ellipsoid(p, (0, -9.9, 7.4), (1.7, 1.4, 1.5)), 1.8)  # chin
        d = union(d, ellipsoid(p, (4.1, -2.5, 5.2), (2.3, 1.8, 2.3)), 2.0)  # cheekbone
        d = union(d, cone(p, (5.1, -2.0, 4.6), (6.6, -1.6, 0.6), 0.9, 0.8), 3.0)  # its arch towards the ear
        d = union(d, ellipsoid(p, (3.5, -4.9, 4.9), (2.6, 2.9, 2.4)), 2.4)  # flesh of the cheek
        d = union(d, ellipsoid(p, (2.6, -8.6, 4.7), (1.9, 1.5, 2.2)), 2.4)  # along the jaw
        d = union(d, both_sides(lambda q: cone(q, (0.8, 1.55, 7.85), (4.6, 1.8, 5.95), 0.8, 0.75), p, 1.2), 1.5)  # brow
        d = union(d, ellipsoid(p, (0, -6.75, 6.55), (2.9, 2.7, 2.75)), 1.8)  # over the teeth
        neck = both_sides(lambda q: cone(q, (0.6, -3.0, -2.1), (0.6, -19.0, -4.2), 4.2, 5.0), p, 2.0)
        d = union(d, neck, 3.0)
        d = union(d, cone(p, (0, -9.0, 2.4), (0, -19.0, -2.2), 2.7, 3.3), 2.6)  # throat
        d = union(d, cone(p, (5.5, -3.6, -2.4), (1.6, -18.5, 0.9), 1.0, 0.75), 1.1)  # sternomastoid
        d = union(d, ellipsoid(p, (0, -13.3, 2.65), (0.75, 1.5, 0.95)), 1.2)  # larynx
        return union(d, cone(p, (0, -13.5, -4.3), (0, -21.0, -4.0), 3.9, 7.4), 2.4)  # towards the shoulders

    def _nose(self, p: np.ndarray) -> np.ndarray:
        n = ellipsoid(p, (0, -2.6, 7.95), (1.25, 2.9, 1.75))  # root, so that the bridge does not float
        n = union(n, cone(p, (0, 0.7, 7.85), (0, -3.1, 10.25), 0.50, 0.58), 0.9)  # bridge
        n = union(n, ellipsoid(p, (0, -3.5, 10.42), (0.82, 0.70, 0.80)), 0.75)  # tip
        n = union(n, ellipsoid(p, (1.08, -4.0, 8.9), (0.66, 0.66, 1.2)), 0.5)  # wing
        n = union(n, ellipsoid(p, (0.62, -4.2, 9.65), (0.64, 0.56, 0.8)), 0.6)  # between tip and wing
        return union(n, cone(p, (0, -3.9, 10.4), (0, -4.75, 8.75), 0.36, 0.42), 0.4)  # columella

    def gradient(self, p: np.ndarray, step: float = 1e-3) -> np.ndarray:
        """Gradient (..., 3) of the distance at points (..., 3): outward, about one long."""
        offsets = step * np.eye(3)
        return np.stack([(self.distance(p + o) - self.distance(p - o)) / (2 * step) for o in offsets], -1)

    def project(self, p: np.ndarray, steps: int = 4) -> np.ndarray:
        """The points (..., 3) moved onto the skin by Newton steps along the gradient."""
        for _ in range(steps):
            g = self.gradient(p)
            p = p - (self.distance(p) / ((g * g).sum(-1) + 1e-6))[..., None] * g
        return p

    def trace(self, start: np.ndarray, direction: np.ndarray, steps: int = 40) -> np.ndarray:
        """First hits (n, 3) of rays from points (n, 3) outside the head along `direction` (n, 3) or (3,)."""
        p = np.array(start, float)
        direction = direction / np.linalg.norm(direction, axis=-1, keepdims=True)
        for _ in range(steps):
            p = p + direction * (0.75 * np.clip(self.distance(p), -0.5, 2.0))[..., None]
        return p

    def front(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The skin (n, 3) seen from the front at x (n,), y (n,)."""
        return self.trace(np.stack([x, y, np.full_like(x, FRONT)], -1), np.array([0.0, 0.0, -1.0]))
