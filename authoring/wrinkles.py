"""Wrinkles as strokes in a chart of the face: creases with raised banks, and a chin that pebbles.

The chart is a cylinder round the head's axis: u from the angle about it, v from the height. Strokes are given for the
left half as seen from the front, in centimetres, and find their depth on the skin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from emoface.face.layout import EXPRESSION_NAMES
from emoface.face.wrinkles import STEP_MM

from .sdf import smooth_step
from .skin import Skin

HEIGHT, HALF_WIDTH = 512, 256  # texels
TOP, BOTTOM, REACH = 9.0, -13.0, 1.309  # y in cm and angle in radians at the chart's edges
RADIUS = 9.0  # cm from the axis, at which the chart is true to scale
POINTS_APART = 0.02  # cm, of the points that make a furrow
BANK_ENDS = 5.5  # widths from a furrow's middle where its bank is flat
WAVES = (0.8, 2.6)  # cm: lengths of the waves in which a furrow strays and its depth changes
Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Stroke:
    """One furrow.

    Attributes:
        line: it passes through these places, x and y in cm; where it begins at x = 0, it goes on in the other half.
        depth: mm, where it is deepest. width: half of it, cm, at its beginning.
        ends: shares of its length over which it comes in and runs out.
        widens: how much wider it is at its end, in widths.
        bank: height of the skin that bulges beside it, in depths.
        uneven: how far its depth falls between its deep places, 0..1. wander: cm that it strays sideways.
    """

    line: Line
    depth: float
    width: float
    ends: tuple[float, float] = (0.25, 0.35)
    widens: float = 0.0
    bank: float = 0.40
    uneven: float = 0.0
    wander: float = 0.0


@dataclass(frozen=True)
class Group:
    """Wrinkles that come and go together.

    Attributes:
        drivers: expression component, "Left" left out where it has sides -> how much of the map one unit brings out.
        strokes: its furrows.
        pebbles: centre, radii and height of a patch of bumps in cm and mm; None for none.
    """

    drivers: dict[str, float]
    strokes: tuple[Stroke, ...] = ()
    pebbles: tuple[tuple[float, float], tuple[float, float], float] | None = field(default=None)


def _forehead(*line: tuple[float, float], depth: float, width: float = 0.13) -> Stroke:
    return Stroke(line, depth, width, ends=(0.40, 0.50), widens=0.25, bank=0.34, uneven=0.55, wander=0.05)


def _crow(*line: tuple[float, float], depth: float) -> Stroke:
    return Stroke(line, depth, 0.105, ends=(0.30, 0.65), widens=0.5, bank=0.30, uneven=0.30, wander=0.03)


def _frown(*line: tuple[float, float], depth: float) -> Stroke:
    return Stroke(line, depth, 0.17, ends=(0.45, 0.55), widens=0.3, bank=0.22, uneven=0.3, wander=0.03)


def _snarl(*line: tuple[float, float], depth: float) -> Stroke:
    return Stroke(line, depth, 0.12, ends=(0.45, 0.60), widens=0.4, bank=0.34, uneven=0.35, wander=0.04)


GROUPS: dict[str, Group] = {
    "forehead_inner": Group(
        {"browInnerUp": 1.0},
        (
            _forehead((0.0, 2.98), (0.8, 2.96), (1.6, 2.80), (2.3, 2.48), depth=0.48),
            _forehead((0.0, 3.74), (1.1, 3.72), (2.1, 3.52), (3.2, 3.02), depth=0.74, width=0.14),
            _forehead((2.3, 3.80), (3.2, 3.52), (4.0, 3.12), depth=0.31),
            _forehead((0.0, 4.52), (0.7, 4.53), (1.5, 4.42), (2.1, 4.24), depth=0.62),
            _forehead((1.3, 4.72), (2.3, 4.52), (3.4, 4.02), depth=0.48),
            _forehead((0.3, 5.32), (1.2, 5.30), (2.4, 5.00), depth=0.36),
            _forehead((0.0, 5.92), (0.6, 5.93), (1.2, 5.88), depth=0.19),
        ),
    ),
    "forehead_outer": Group(
        {"browOuterUp": 1.0},
        (
            _forehead((1.7, 3.10), (2.8, 3.42), (4.0, 3.36), (5.0, 2.86), (5.6, 2.30), depth=0.43),
            _forehead((1.2, 4.02), (2.4, 4.20), (3.4, 4.16), (4.2, 3.92), depth=0.46),
            _forehead((3.9, 4.16), (4.7, 3.76), (5.4, 3.14), depth=0.29),
            _forehead((1.0, 4.98), (2.2, 5.06), (3.3, 4.92), (4.0, 4.68), depth=0.34),
            _forehead((3.2, 5.30), (4.1, 5.02), (4.8, 4.58), depth=0.19),
            _forehead((1.6, 5.72), (2.6, 5.74), (3.4, 5.60), depth=0.18),
        ),
    ),
    "glabella": Group(
        {"browDown": 1.0, "noseSneer": 0.1},
        (
            _frown((0.36, 0.72), (0.46, 1.30), (0.70, 1.95), (1.02, 2.62), depth=0.80),
            _frown((0.98, 1.72), (1.30, 2.18), (1.72, 2.66), depth=0.44),
            _forehead((1.3, 2.95), (2.2, 3.05), (3.0, 2.95), depth=0.18, width=0.18),
        ),
    ),
    "nose_root": Group(
        {"noseSneer": 1.0},
        (
            _snarl((0.0, 0.45), (0.45, 0.42), (0.95, 0.22), depth=0.56),
            _snarl((0.0, 0.02), (0.50, -0.04), (0.95, -0.22), depth=0.47),
            _snarl((0.50, 0.30), (0.95, -0.55), (1.42, -1.25), (1.80, -1.65), depth=0.52),
            _snarl((0.36, -0.30), (0.78, -1.10), (1.18, -1.80), (1.45, -2.25), depth=0.45),
            _snarl((0.95, 0.20), (1.40, -0.50), (1.95, -1.00), (2.45, -1.25), depth=0.40),
        ),
    ),
    "crow": Group(
        {"eyeSquint": 0.75, "cheekSquint": 0.6, "mouthSmile": 0.30, "eyeBlink": 0.1},
        (
            _crow((4.85, 0.50), (5.30, 0.70), (5.80, 0.78), (6.30, 0.70), depth=0.50),
            _crow((4.98, -0.02), (5.45, -0.06), (6.00, -0.22), (6.45, -0.50), depth=0.62),
            _crow((4.80, -0.50), (5.20, -0.76), (5.58, -1.18), (5.85, -1.75), depth=0.52),
        ),
    ),
    "lid_bag": Group(
        {"eyeSquint": 0.7, "cheekSquint": 0.8, "mouthSmile": 0.25, "noseSneer": 0.35},
        (
            Stroke(((1.75, -0.60), (2.40, -1.00), (3.30, -1.15), (4.40, -0.85)), 0.50, 0.10),
            Stroke(((1.85, -1.00), (2.60, -1.60), (3.60, -1.85)), 0.38, 0.14),
            Stroke(((2.20, -0.95), (3.00, -1.38), (4.00, -1.40)), 0.22, 0.08),
        ),
    ),
    "nasolabial": Group(
        {"mouthSmile": 0.9, "noseSneer": 0.8, "mouthUpperUp": 0.75, "mouthDimple": 0.35, "cheekSquint": 0.2},
        (
            Stroke(
                ((1.62, -3.75), (2.05, -4.52), (2.62, -5.42), (3.08, -6.25), (3.38, -7.15)),
                0.85, 0.14, ends=(0.50, 0.50), widens=0.5, bank=0.30,
            ),
            Stroke(((2.15, -4.40), (2.80, -5.35)), 0.16, 0.14, ends=(0.5, 0.5)),
        ),
    ),
    "mouth_corner": Group(
        {"mouthDimple": 1.0, "mouthSmile": 0.45, "mouthStretch": 0.6, "mouthPress": 0.3},
        (Stroke(((3.25, -6.10), (3.52, -6.85), (3.42, -7.65)), 0.30, 0.20, ends=(0.5, 0.5), bank=0.26),),
    ),
    "marionette": Group(
        {"mouthFrown": 1.0, "mouthShrugLower": 0.25, "jawOpen": 0.0},
        (Stroke(((2.55, -7.35), (2.85, -8.10), (2.90, -8.90)), 0.55, 0.15, ends=(0.4, 0.6), bank=0.3),),
    ),
    "chin": Group(
        {"mouthShrugLower": 1.0, "mouthPress": 0.35, "mouthFrown": 0.35},
        (Stroke(((0.0, -8.78), (0.9, -8.70), (1.6, -8.42)), 0.55, 0.16),),
        ((0.0, -9.75), (1.5, 0.85), 0.42),
    ),
    "lip_lines": Group(
        {"mouthPucker": 0.9, "mouthFunnel": 0.45, "mouthPress": 0.25, "mouthRollUpper": 0.35},
        tuple(
            Stroke(((x, -5.55 + 0.05 * x), (0.94 * x, -6.25)), 0.34, 0.07) for x in (0.32, 0.62, 0.95, 1.30, 1.70)
        ) + tuple(
            Stroke(((1.02 * x, -8.55 + 0.12 * x), (0.95 * x, -8.0)), 0.26, 0.08) for x in (0.35, 0.85, 1.35)
        ),
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
    random, strays = np.random.default_rng(5), np.random.default_rng(6)
    maps = []
    for group in GROUPS.values():
        total = np.zeros(texels.shape[:2])
        for stroke in group.strokes:
            total += _crease(texels, _flat(skin, stroke.line), stroke, strays)
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


def _crease(texels: np.ndarray, line: np.ndarray, stroke: Stroke, random: np.random.Generator) -> np.ndarray:
    """Height (H, W) in mm of a furrow along a line: sunk in the middle, banked on both sides, running out."""
    crosses = line[0, 0] < 0.05  # into the other half
    if crosses:
        line = np.concatenate([line[:0:-1] * (-1, 1), line])
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    lengths -= 0.5 * lengths[-1] * crosses
    at = np.linspace(0, lengths[-1], 2 + int(lengths[-1] / POINTS_APART))
    curve = CubicSpline(lengths, line, bc_type="natural")(at)
    ahead = np.gradient(curve, axis=0)
    sideways = ahead[:, ::-1] * (-1, 1) / np.linalg.norm(ahead, axis=1, keepdims=True)
    curve += stroke.wander * _waves(at, random)[:, None] * sideways

    share = at / at[-1]
    comes, goes = stroke.ends
    deep = smooth_step((1 - share) / goes) * (1.0 if crosses else smooth_step(share / comes))
    deep *= stroke.depth * (1 - stroke.uneven * (0.5 + 0.5 * _waves(at, random)))
    wide = stroke.width * (1 + stroke.widens * share)
    away, nearest = cKDTree(curve).query(texels, distance_upper_bound=BANK_ENDS * wide.max())
    nearest = nearest.clip(max=len(at) - 1)
    widths = away / wide[nearest]
    furrow = -np.exp(-(widths**2)) + stroke.bank * np.exp(-(((widths - 2.1) / 1.2) ** 2))
    return deep[nearest] * furrow


def _waves(at: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A slow change (n,) within -1 and 1 along a furrow's length in cm, even about its beginning."""
    lengths, sizes = random.uniform(*WAVES, 4), random.uniform(-1, 1, 4)
    return np.cos(2 * np.pi * at[:, None] / lengths) @ (sizes / np.abs(sizes).sum())


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
