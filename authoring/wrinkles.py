"""Wrinkles as strokes in a chart of the face: creases with raised banks, and a chin that pebbles.

The chart is a cylinder round the head's axis: u from the angle about it, v from the height. Strokes are given for the
left half as seen from the front, in centimetres, and find their depth on the skin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES
from emoface.face.wrinkles import STEP_MM

from .sdf import smooth_step
from .skin import Skin

HEIGHT, HALF_WIDTH = 512, 256  # texels
TOP, BOTTOM, REACH = 9.0, -13.0, 1.309  # y in cm and angle in radians at the chart's edges
RADIUS = 9.0  # cm from the axis, at which the chart is true to scale
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Group:
    """Wrinkles that come and go together.

    Attributes:
        drivers: expression component, "Left" left out where it has sides -> how much of the map one unit brings out.
        lines: polylines, x and y in cm, with depth in mm and half width in cm.
        pebbles: centre, radii and height of a patch of bumps in cm and mm; None for none.
    """

    drivers: dict[str, float]
    lines: tuple[tuple[Line, float, float], ...] = ()
    pebbles: tuple[tuple[float, float], tuple[float, float], float] | None = field(default=None)


GROUPS: dict[str, Group] = {
    "forehead_inner": Group(
        {"browInnerUp": 1.0},
        (
            (((0.0, 2.75), (1.2, 2.95), (2.3, 3.30)), 0.45, 0.11),
            (((0.0, 3.45), (1.3, 3.62), (2.7, 3.95)), 0.60, 0.12),
            (((0.0, 4.25), (1.4, 4.38), (2.9, 4.55)), 0.55, 0.12),
            (((0.0, 5.10), (1.2, 5.18), (2.4, 5.20)), 0.35, 0.12),
        ),
    ),
    "forehead_outer": Group(
        {"browOuterUp": 1.0},
        (
            (((1.5, 3.10), (2.8, 3.45), (4.0, 3.45), (5.0, 2.95)), 0.28, 0.12),
            (((1.2, 3.85), (2.7, 4.20), (4.0, 4.15), (5.0, 3.60)), 0.30, 0.12),
            (((1.4, 4.65), (2.8, 4.90), (4.0, 4.75)), 0.22, 0.12),
        ),
    ),
    "glabella": Group(
        {"browDown": 1.0, "noseSneer": 0.1},
        (
            (((0.42, 0.75), (0.50, 1.45), (0.72, 2.35)), 0.95, 0.12),
            (((1.00, 1.95), (1.30, 2.60)), 0.40, 0.11),
            (((0.0, 0.72), (0.55, 0.68)), 0.50, 0.12),
            (((1.2, 2.55), (2.2, 2.75), (3.2, 2.9)), 0.22, 0.14),
        ),
    ),
    "nose_root": Group(
        {"noseSneer": 1.0},
        (
            (((0.0, 0.45), (0.60, 0.36)), 0.55, 0.10),
            (((0.0, 0.02), (0.65, -0.08)), 0.45, 0.09),
            (((0.62, 0.15), (0.95, -0.60), (1.40, -1.20)), 0.55, 0.09),
            (((0.45, -0.45), (0.80, -1.15), (1.15, -1.75)), 0.45, 0.09),
            (((1.05, 0.05), (1.40, -0.55), (1.85, -0.95)), 0.40, 0.09),
        ),
    ),
    "crow": Group(
        {"eyeSquint": 0.75, "cheekSquint": 0.6, "mouthSmile": 0.30, "eyeBlink": 0.1},
        (
            (((5.00, 0.42), (5.50, 0.72), (6.00, 1.10)), 0.45, 0.085),
            (((5.05, 0.12), (5.60, 0.16), (6.25, 0.28)), 0.50, 0.085),
            (((5.02, -0.18), (5.55, -0.42), (6.10, -0.72)), 0.50, 0.085),
            (((4.85, -0.48), (5.35, -0.90), (5.80, -1.42)), 0.40, 0.09),
        ),
    ),
    "lid_bag": Group(
        {"eyeSquint": 0.7, "cheekSquint": 0.8, "mouthSmile": 0.25, "noseSneer": 0.35},
        (
            (((1.75, -0.60), (2.40, -1.00), (3.30, -1.15), (4.40, -0.85)), 0.50, 0.10),
            (((1.85, -1.00), (2.60, -1.60), (3.60, -1.85)), 0.38, 0.14),
            (((2.20, -0.95), (3.00, -1.38), (4.00, -1.40)), 0.22, 0.08),
        ),
    ),
    "nasolabial": Group(
        {"mouthSmile": 0.9, "noseSneer": 0.8, "mouthUpperUp": 0.45, "mouthDimple": 0.35, "cheekSquint": 0.2},
        (
            (((1.62, -3.75), (2.05, -4.55), (2.62, -5.50), (3.05, -6.40), (3.20, -7.05)), 0.95, 0.13),
            (((2.15, -4.40), (2.80, -5.35)), 0.25, 0.10),
        ),
    ),
    "mouth_corner": Group(
        {"mouthDimple": 1.0, "mouthSmile": 0.45, "mouthStretch": 0.6, "mouthPress": 0.3},
        ((((3.10, -6.20), (3.35, -6.90), (3.20, -7.60)), 0.60, 0.11), (((3.65, -6.0), (3.9, -6.9)), 0.35, 0.14)),
    ),
    "marionette": Group(
        {"mouthFrown": 1.0, "mouthShrugLower": 0.25, "jawOpen": 0.0},
        ((((2.55, -7.35), (2.85, -8.10), (2.90, -8.90)), 0.70, 0.12),),
    ),
    "chin": Group(
        {"mouthShrugLower": 1.0, "mouthPress": 0.35, "mouthFrown": 0.35},
        ((((0.0, -8.78), (0.9, -8.70), (1.6, -8.42)), 0.55, 0.16),),
        ((0.0, -9.75), (1.5, 0.85), 0.42),
    ),
    "lip_lines": Group(
        {"mouthPucker": 0.9, "mouthFunnel": 0.45, "mouthPress": 0.25, "mouthRollUpper": 0.35},
        tuple(
            (((x, -5.55 + 0.05 * x), (0.94 * x, -6.25)), 0.34, 0.07) for x in (0.32, 0.62, 0.95, 1.30, 1.70)
        ) + tuple((((1.02 * x, -8.55 + 0.12 * x), (0.95 * x, -8.0)), 0.26, 0.08) for x in (0.35, 0.85, 1.35)),
    ),
}  # fmt: skip


def chart(points: np.ndarray) -> np.ndarray:
    """Places (n, 2), 0..1, of points (n, 3) in the chart; those beyond it lie on its edge."""
    u = 0.5 + np.arctan2(points[:, 0], np.maximum(points[:, 2], 1e-3)) / (2 * REACH)
    v = (TOP - points[:, 1]) / (TOP - BOTTOM)
    return np.clip(np.stack([u, v], -1), 0, 1)


def drivers() -> np.ndarray:
    """(2, G, K) of :class:`emoface.face.wrinkles.Wrinkles`."""
    out = np.zeros((2, len(GROUPS), len(EXPRESSION_NAMES)), np.float32)
    for g, group in enumerate(GROUPS.values()):
        for name, weight in group.drivers.items():
            for side, end in enumerate(("Left", "Right")):
                both = name in EXPRESSION_NAMES
                if both or name + end in EXPRESSION_NAMES:
                    out[side, g, EXPRESSION_NAMES.index(name if both else name + end)] = weight
    return out


def heights(skin: Skin) -> np.ndarray:
    """(G, HEIGHT, HALF_WIDTH) int8 of :class:`emoface.face.wrinkles.Wrinkles`."""
    u = (np.arange(HALF_WIDTH) + 0.5) / HALF_WIDTH * REACH * RADIUS  # cm along the cylinder
    y = TOP - (np.arange(HEIGHT) + 0.5) / HEIGHT * (TOP - BOTTOM)
    texels = np.stack(np.meshgrid(u, y), -1)  # (H, W, 2) cm
    random = np.random.default_rng(5)
    maps = []
    for group in GROUPS.values():
        total = np.zeros(texels.shape[:2])
        for line, depth, width in group.lines:
            total += _crease(texels, _flat(skin, line), depth, width)
        if group.pebbles:
            centre, radii, high = group.pebbles
            middle = _flat(skin, (centre,))[0]
            near = np.exp(-(((texels - middle) / radii) ** 2).sum(-1))
            total += high * near * _bumps(random, texels.shape[:2])
        maps.append(total)
    edge = smooth_step((REACH * RADIUS - u) / 1.0) * smooth_step((y[:, None] - BOTTOM) / 1.0)
    scaled = np.array(maps) * edge / STEP_MM
    return np.rint(scaled).clip(-127, 127).astype(np.int8)


def _flat(skin: Skin, line: Line) -> np.ndarray:
    """The line (n, 2) in centimetres along the cylinder, of places seen from the front."""
    x, y = np.array(line).T
    on_skin = skin.front(x, y)
    return np.stack([np.arctan2(on_skin[:, 0], on_skin[:, 2]) * RADIUS, y], -1)


def _crease(texels: np.ndarray, line: np.ndarray, depth: float, width: float) -> np.ndarray:
    """Height (H, W) in mm of a furrow along a polyline: sunk in the middle, banked on both sides, running out."""
    best = np.full(texels.shape[:2], np.inf)
    share = np.zeros(texels.shape[:2])
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    for a, b, start, stop in zip(line, line[1:], steps, steps[1:]):
        axis = b - a
        t = np.clip((texels - a) @ axis / (axis @ axis), 0, 1)
        away = np.linalg.norm(texels - a - t[..., None] * axis, axis=-1)
        nearer = away < best
        best = np.where(nearer, away, best)
        share = np.where(nearer, (start + t * (stop - start)) / steps[-1], share)
    from_middle = line[0][0] < 0.05  # goes on in the other half
    fade = smooth_step((1 - share) / 0.35) * (1.0 if from_middle else smooth_step(share / 0.25))
    furrow = -np.exp(-((best / width) ** 2)) + 0.40 * np.exp(-(((best - 2.1 * width) / (1.2 * width)) ** 2))
    return depth * fade * furrow


def _bumps(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Smooth noise (H, W) of about unit size and a few millimetres' grain, even about the first column."""
    height, width = shape
    noise = random.normal(size=(height, 2 * width))
    noise = np.concatenate([noise[:, :width][:, ::-1], noise[:, :width]], 1)
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(2 * width)[None]
    away = np.hypot(fy, fx)
    band = np.exp(-(((away - 0.07) / 0.03) ** 2))  # cycles per texel: a grain of about 6 mm
    smooth = np.fft.ifft2(np.fft.fft2(noise) * band).real
    return (smooth / smooth.std())[:, width:] * 0.6
