"""Teeth and gums: each arch one strip swept along the dental arch, tooth by tooth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .jaw import JAW_FORWARD
from .pieces import Piece
from .sdf import smooth_step

ENAMEL = np.array([0.80, 0.77, 0.70])
GUM = np.array([0.60, 0.36, 0.36])
ROUGHNESS = 0.3

# From the mid-line backwards, cm: width, height, thickness of the cutting edge (incisors, canine, premolars, molar).
UPPER_TEETH = ((0.86, 1.00, 0.10), (0.66, 0.89, 0.10), (0.76, 1.00, 0.16), (0.70, 0.84, 0.55), (0.68, 0.78, 0.6),
               (1.0, 0.74, 0.75))  # fmt: skip
LOWER_TEETH = ((0.54, 0.84, 0.09), (0.59, 0.86, 0.09), (0.68, 0.96, 0.16), (0.69, 0.82, 0.5), (0.70, 0.78, 0.6),
               (1.05, 0.74, 0.75))  # fmt: skip
ACROSS = (0.0, 0.09, 0.34, 0.66, 0.91)  # columns of one tooth, shares of its width; the next tooth starts at 1


@dataclass(frozen=True)
class Arch:
    """A dental arch: an ellipse seen from above, with the cutting edges at one height.

    Attributes:
        teeth: width, height and edge thickness of each tooth of the left half.
        up: -1 for upper teeth, whose crowns hang down, 1 for lower teeth.
        edge: height of the cutting edges, cm.
        front: z of the incisors, cm.
        half_width, depth: semi-axes of the ellipse, cm.
    """

    teeth: tuple[tuple[float, float, float], ...]
    up: int
    edge: float
    front: float
    half_width: float
    depth: float

    @property
    def length(self) -> float:
        """Of the left half, cm."""
        return sum(width for width, _, _ in self.teeth)


UPPER = Arch(UPPER_TEETH, -1, -7.17, 8.77, 3.02, 4.5)
LOWER = Arch(LOWER_TEETH, 1, -7.09, 8.50, 2.76, 4.3)
SQUARENESS = 1.3  # above 1 the arch is flatter in front than an ellipse

# A section through a tooth from the gum over the crown to the inner gum: height (0 neck .. 1 edge; beyond the neck in
# cm), distance out of the arch (cm), and how much of the edge's thickness lies behind.
SECTION = (
    (-0.70, -0.42, 0.0), (-0.32, -0.10, 0.0), (-0.03, 0.05, 0.0),
    (0.0, 0.02, 0.0), (0.30, 0.075, 0.0), (0.65, 0.06, 0.0), (0.93, 0.0, 0.0), (1.0, -0.05, 0.0),
    (0.98, -0.06, 1.0), (0.55, -0.22, 1.0), (-0.05, -0.34, 1.0), (-0.7, -0.55, 1.0),
)  # fmt: skip
NECK_ROWS = 3  # rows of gum before the crown starts


def teeth_pieces() -> list[Piece]:
    """The upper arch, which stays with the skull, and the lower one, which the jaw moves."""
    return [_piece("teeth_upper", UPPER, jaw=0.0), _piece("teeth_lower", LOWER, jaw=1.0)]


def _piece(name: str, arch: Arch, jaw: float) -> Piece:
    place, tooth, within = _columns(arch)
    curve, outward = arch_points(arch, place)
    height = np.array([t[1] for t in arch.teeth])[tooth]
    even = np.convolve(np.pad(height, 6, mode="edge"), np.full(13, 1 / 13), mode="valid")  # the gum knows no steps
    thick = np.array([t[2] for t in arch.teeth])[tooth]
    centre = 1 - np.abs(2 * within - 1)  # 0 between two teeth .. 1 in the middle of one
    gap = np.exp(-((centre / 0.12) ** 2))
    rounding = 0.045 * (1 - smooth_step(centre / 0.4)) * np.where(tooth == 2, 1.6, 1.0)  # canines are pointed
    rows, colours = [], []
    depth = np.clip((arch.front - curve[:, 1]) / arch.depth, 0, 1)
    for row, (share, out, behind) in enumerate(SECTION):
        crown = share >= 0
        length = height * share if crown else share + (height - even) * smooth_step(np.float64(-share / 0.3))
        scallop = -0.16 * (1 - centre) ** 1.5 * (1 - abs(share)) if row in (2, 3, 10) else 0.0  # gum between the teeth
        y = arch.edge - arch.up * (height - length + scallop + height * rounding * max(share, 0.0) ** 4)
        distance = out - behind * thick - (0.075 * gap + 0.03 * (1 - centre) ** 2) * crown * (behind == 0)
        at = curve + outward * distance[:, None]
        rows.append(np.stack([at[:, 0], y, at[:, 1]], -1))
        if NECK_ROWS <= row < len(SECTION) - 2:
            shade = (1 - 0.42 * gap) * (0.90 + 0.10 * share) * (1 - 0.35 * behind)
            colour = ENAMEL * shade[:, None]
        else:
            colour = np.tile(GUM, (len(place), 1))
        colours.append(colour * (1 - 0.55 * smooth_step(depth[:, None] / 0.65)))
    points = np.array(rows)
    faces = _strip(len(SECTION), len(place), flip=arch.up > 0)
    weights = np.zeros((points.shape[0] * points.shape[1], 5))
    weights[:, 2], weights[:, 1] = jaw, 1 - jaw
    deltas = {"jawForward": np.tile(jaw * JAW_FORWARD, (len(weights), 1))} if jaw else {}
    return Piece(name, points.reshape(-1, 3), faces, np.concatenate(colours), ROUGHNESS, weights, deltas)


def _columns(arch: Arch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Along the arch from right to left: signed distance from the mid-line (cm), tooth, share of the tooth's width."""
    widths = np.array([t[0] for t in arch.teeth])
    starts = np.concatenate([[0], np.cumsum(widths)])
    tooth = np.repeat(np.arange(len(widths)), len(ACROSS))
    within = np.tile(ACROSS, len(widths))
    place = starts[tooth] + within * widths[tooth]
    place, tooth, within = np.append(place, starts[-1]), np.append(tooth, len(widths) - 1), np.append(within, 1.0)
    return (
        np.concatenate([-place[:0:-1], place]),
        np.concatenate([tooth[:0:-1], tooth]),
        np.concatenate([within[:0:-1], within]),
    )


def arch_points(arch: Arch, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 2) of the arch seen from above as (x, z), and the outward direction there."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 2001)
    x, z = arch.half_width * np.sin(angle), arch.front - arch.depth * (1 - np.cos(angle)) ** SQUARENESS
    length = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    length -= length[1000]
    curve = np.stack([np.interp(place, length, x), np.interp(place, length, z)], -1)
    normal = np.stack([-np.gradient(z, length), np.gradient(x, length)], -1)
    return curve, np.stack([np.interp(place, length, side) for side in normal.T], -1)


def _strip(rows: int, columns: int, flip: bool) -> np.ndarray:
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (row * columns + column).ravel()
    b, c = a + 1, a + columns
    faces = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, c + 1], 1)])
    return faces[:, ::-1] if flip else faces
