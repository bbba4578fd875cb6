"""Short hair: a thin shell over the scalp, from a soft hairline up to the crown."""

from __future__ import annotations

import numpy as np

from emoface.render.relief import MIDDLE, WHORL

from .joints import joint_weights
from .pieces import Piece, mirrored
from .sdf import smooth_step
from .skin import Skin

ROUGHNESS = 0.78  # near the skin's, into which the hair fades
CENTRE = 100 * np.array(MIDDLE)  # rows run on spheres round it
CROWN = np.array(WHORL)  # direction of the whorl
# The left half of the hairline from the middle of the forehead over temple, sideburn and ear to the nape.
LINE = np.array(
    [
        (0.0, 6.35, 7.05), (1.2, 6.42, 6.85), (2.4, 6.68, 6.35), (3.5, 6.75, 5.6), (4.4, 6.35, 4.85), (5.1, 5.55, 4.45),
        (5.7, 4.7, 4.3), (6.3, 3.7, 3.95), (6.75, 2.6, 3.4), (7.05, 1.6, 2.95), (7.2, 0.5, 2.6), (7.3, -0.4, 2.25),
        (7.4, -0.8, 1.7), (7.5, -0.65, 1.15), (7.6, 0.1, 0.85), (7.7, 1.3, 0.5),
        (7.7, 2.4, -0.2), (7.7, 2.8, -1.4), (7.6, 2.2, -2.8), (7.4, 0.8, -3.8), (7.0, -1.2, -4.4), (6.6, -2.8, -4.9),
        (5.7, -4.0, -6.2), (4.2, -4.7, -7.6), (2.2, -5.0, -8.6), (0.0, -5.0, -8.9),
    ]
)  # fmt: skip
COLUMNS = 38  # of the left half
ROWS = (-0.035, 0.0, 0.03, 0.07, 0.12, 0.19, 0.27, 0.36, 0.46, 0.56, 0.66, 0.75, 0.84, 0.92)
"""Ways from the line to the crown."""
WORN = 18  # times that the line's corners are smoothed on the way up
RAGGED = 0.018  # deviation of the line, ways to the crown
EDGE, SHORT, LONG = 0.05, 0.38, 1.35  # thickness at the hairline, at the sides and on top
THINNER = 0.3  # share of the thickness that sideburns lack
LOCKS = 0.10  # deviation of the thickness, over locks of LOCK_WIDE columns and LOCK_LONG ways
LOCK_WIDE, LOCK_LONG = 1.2, 0.2


STRANDS = 520, 150  # of the left half: along the hairline, and over the rest
STRAND_WIDTH = 0.024
FORWARD = 0.4  # share of the hairline's strands that fall over it; the others rise from it
SWEPT = 9  # columns from the middle over which hair lies too smoothly for single strands
UNDER = 0.30  # how far below the skin the hair of a bald head lies, cm


def hair_piece(skin: Skin, colour: np.ndarray) -> Piece:
    """The hair over a skin of the given colour (3,) at the hairline; it makes no expression.

    Two identity components are its own: `bald` sinks it under the scalp, `hair_volume` lifts it, or crops it at -1.
    """
    random = np.random.default_rng(3)
    line = _hairline()
    ragged = RAGGED * smooth_noise(random, (1, COLUMNS), (0.0, 0.8))
    ways = np.array(ROWS)[:, None] + ragged * (1 - smooth_step(np.array(ROWS) / 0.2))[:, None]
    way = np.concatenate([ways.ravel(), [1.0]])
    rows = _rows(line, np.tile(np.arange(float(COLUMNS)), len(ROWS)), ways.ravel())
    shell = _Layer(skin, np.concatenate([rows, CROWN[None]]), way)
    locks = smooth_noise(random, ways.shape, (LOCK_LONG * len(ROWS), LOCK_WIDE))
    shell.thick[:-1] *= 1 + LOCKS * (locks * smooth_step((ways - 0.02) / 0.1) * smooth_step((0.9 - ways) / 0.3)).ravel()
    share = _depth_of_tone(np.repeat(ROWS, COLUMNS)) * (1 + 0.25 * random.uniform(-1, 1, ways.size))
    tint = np.stack([np.append(share, 1.0).clip(0, 1), 1.12 + 0.10 * random.uniform(-1, 1, len(way))], 1)

    strands, strand_tint, strand_faces = _strands(skin, random, line)
    whole = _Layer.joined([shell, strands])
    tint = np.concatenate([tint, strand_tint])
    faces = np.concatenate([_faces(), len(way) + strand_faces])
    left = whole.points()
    middle = np.zeros(len(left), bool)
    middle[: len(way)] = _on_middle()
    mirror, both = mirrored(middle)
    vertices = both(left)
    return Piece(
        "hair",
        vertices,
        np.concatenate([faces, mirror[faces][:, ::-1]]),
        np.tile(colour, (len(vertices), 1)),
        ROUGHNESS,
        joint_weights(vertices, np.zeros(len(vertices))),
        identity={
            "bald": both(-(whole.thick + UNDER)[:, None] * whole.normal),
            "hair_volume": both((0.9 * whole.thick * smooth_step(whole.way / 0.3))[:, None] * whole.normal),
        },
        tint=np.concatenate([tint, tint[~middle]]),
    )


class _Layer:
    """Points of the hair: where they stand on the scalp, how far up from the hairline, how high over it."""

    def __init__(self, skin: Skin, directions: np.ndarray, way: np.ndarray) -> None:
        self.on_skin = skin.trace(CENTRE + 20 * directions, -directions)
        normal = skin.gradient(self.on_skin)
        self.normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        self.way = way
        top = smooth_step((self.on_skin[:, 1] - 2.5) / 7.0)
        edge = EDGE + 0.08 * smooth_step(-self.on_skin[:, 2] / 6)  # the nape is hollow
        self.thick = edge + (SHORT + (LONG - SHORT) * top - edge) * smooth_step((way + 0.01) / 0.26)
        sideburn = np.exp(-(((self.on_skin[:, 2] - 1.6) / 1.5) ** 2)) * smooth_step((3.0 - self.on_skin[:, 1]) / 3.5)
        self.thick *= 1 - THINNER * sideburn

    @classmethod
    def joined(cls, layers: list[_Layer]) -> _Layer:
        """All of them as one."""
        whole = cls.__new__(cls)
        for name in ("on_skin", "normal", "way", "thick"):
            setattr(whole, name, np.concatenate([getattr(layer, name) for layer in layers]))
        return whole

    def points(self) -> np.ndarray:
        """(n, 3), cm."""
        return self.on_skin + self.thick[:, None] * self.normal


def _depth_of_tone(way: np.ndarray) -> np.ndarray:
    """Share of the hair's colour in its shell, 0 at the skin .. 1, at ways (n,) up from the hairline."""
    return smooth_step((way + 0.04) / 0.10)


def _rows(line: np.ndarray, column: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Directions (n, 3) at fractional columns (n,) of the hairline (COLUMNS, 3) and ways (n,) up to the crown."""
    low = np.minimum(column.astype(int), len(line) - 2)
    part = (column - low)[:, None]
    smoothed = _smoothed(line)
    even = smooth_step(way / 0.4)[:, None]  # the line's corners fade on the way up

    def between(row: np.ndarray) -> np.ndarray:
        return row[low] + part * (row[low + 1] - row[low])

    start = between(line) + even * (between(smoothed) - between(line))
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    return _between(start, CROWN, way[:, None])


def _strands(skin: Skin, random: np.random.Generator, line: np.ndarray) -> tuple[_Layer, np.ndarray, np.ndarray]:
    """Tapered strands of the left half, three points each, two at the root and the tip: tint (3 n, 2), faces (n, 3)."""
    edge, over = STRANDS
    count = edge + over
    on_edge = np.arange(count) < edge
    column = np.concatenate([np.linspace(0.15, COLUMNS - 1.2, edge), random.uniform(SWEPT, COLUMNS - 1.3, over)])
    column[:edge] += random.uniform(-0.1, 0.1, edge)
    root = np.where(on_edge, random.normal(0.005, 0.018, count).clip(-0.03, 0.05), random.uniform(0.05, 0.65, count))
    long = np.where(on_edge, random.uniform(0.05, 0.12, count), random.uniform(0.12, 0.2, count))
    falls = on_edge & (random.random(count) < FORWARD)
    root = np.where(falls, root + 0.9 * long, root)
    sway = random.normal(0, 0.35, count)
    half = STRAND_WIDTH / 2 * random.uniform(0.7, 1.3, count) * (COLUMNS / 22)
    place = np.stack([column - 1.2 * half, column + 1.2 * half, column + sway], 1).clip(0.02, COLUMNS - 1.02)
    way = np.stack([root, root, np.where(falls, root - long, root + long)], 1)
    layer = _Layer(skin, _rows(line, place.ravel(), way.ravel()), way.ravel())
    tip = np.tile([False, False, True], count)
    outer, fallen = np.repeat(~on_edge, 3), np.repeat(falls, 3)
    low = np.where(fallen, tip, ~tip) & ~outer  # ends that lie on the skin
    layer.thick = np.where(low, 0.02, layer.thick) + np.where(tip & ~fallen, 0.05, 0.02) + 0.10 * (outer & tip)
    # a root is as dark as the shell it grows from: a paler one is straw on it
    bare = random.uniform(0.6, 0.9, count).repeat(3)
    share = np.where(low, np.maximum(bare, _depth_of_tone(way.ravel())), 0.95)
    share[outer] = 1.0
    faces = np.arange(3 * count).reshape(-1, 3)
    faces[falls] = faces[falls][:, ::-1]
    return layer, np.stack([share, random.uniform(0.8, 1.2, count).repeat(3)], 1), faces


def smooth_noise(random: np.random.Generator, shape: tuple[int, int], blur: tuple[float, float]) -> np.ndarray:
    """Noise of a shape with a deviation of 1, blurred over so many rows and columns."""
    from scipy.ndimage import gaussian_filter

    field = gaussian_filter(random.standard_normal(shape), blur, mode="reflect")
    return field / field.std()


def _on_middle() -> np.ndarray:
    columns = np.concatenate([np.tile(np.arange(COLUMNS), len(ROWS)), [0]])
    return (columns == 0) | (columns == COLUMNS - 1)


def _hairline() -> np.ndarray:
    """Directions (COLUMNS, 3) of the hairline, evenly spaced along it."""
    from scipy.interpolate import PchipInterpolator

    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(LINE, axis=0), axis=1))])
    line = PchipInterpolator(steps, LINE)(np.linspace(0, steps[-1], COLUMNS)) - CENTRE
    return line / np.linalg.norm(line, axis=1, keepdims=True)


def _smoothed(line: np.ndarray) -> np.ndarray:
    """The line (n, 3) with its corners worn off; its ends stay on the mid-line."""
    flip = np.array([-1.0, 1.0, 1.0])
    for _ in range(WORN):
        line = np.concatenate([line[1:2] * flip, line, line[-2:-1] * flip])
        line = (line[:-2] + line[1:-1] + line[2:]) / 3
    return line


def _between(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Directions (m, n, 3) on the great circles from a (m, n, 3) to b (3,) at t (m, 1, 1)."""
    angle = np.arccos(a @ b)[..., None]
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _faces() -> np.ndarray:
    """Triangles of the left half: strips between the rows and a fan at the crown."""
    row, column = np.meshgrid(np.arange(len(ROWS) - 1), np.arange(COLUMNS - 1), indexing="ij")
    a = (row * COLUMNS + column).ravel()
    b, c, d = a + 1, a + COLUMNS, a + COLUMNS + 1
    last = (len(ROWS) - 1) * COLUMNS + np.arange(COLUMNS - 1)
    fan = np.stack([last, last + 1, np.full(COLUMNS - 1, len(ROWS) * COLUMNS)], 1)
    return np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1), fan])
