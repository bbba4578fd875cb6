"""The eyebrows: tapered hairs over a soft tint, riding on the skin."""

from __future__ import annotations

import numpy as np

from emoface.face.surface import mesh_normals

from .attach import Attachment, from_front
from .mesh import HeadMesh
from .pieces import Piece

# The middle line of the left brow seen from the front, cm, from the nose outwards, and half its height there.
LINE = np.array([[1.32, 1.48], [2.15, 1.60], [3.05, 1.76], [3.95, 1.81], [4.7, 1.64], [5.30, 1.31]])
HALF_HEIGHT = np.array([0.14, 0.34, 0.35, 0.30, 0.20, 0.07])
LEAN = np.array([46.0, 38.0, 22.0, 4.0, -22.0, -32.0])  # degrees of the hairs over the horizontal
HAIRS = 120
HAIR_LENGTH = np.array([0.40, 0.54, 0.58, 0.54, 0.46, 0.34])
HAIR_WIDTH = 0.044
TINT = 0.80  # how much of the brow's colour the skin under it takes
TINT_COLUMNS, TINT_ROWS = 15, 5
TINT_HEIGHT, ROOT_HEIGHT, TIP_HEIGHT = 0.030, 0.038, 0.060  # over the skin
NAME = "brows"
"""Of the identity component that thins them at -1 and thickens them at 1."""
THICK = (1.5, 1.15, 1.5)  # at weight 1: the brow's height, length and width of its hairs
THIN = (0.45, 0.85, 0.6)


def brow_piece(mesh: HeadMesh, face: Piece) -> Piece:
    """Both brows on the skin `face`, whose shapes they follow."""
    tint, tint_faces, tint_share = _tint()
    hairs, hair_faces, hair_height, hair_tone = _hairs()
    height = np.concatenate([np.full(len(tint), TINT_HEIGHT), hair_height])[:, None]
    up = mesh_normals(mesh.vertices, mesh.faces)

    def placed(tint: np.ndarray, hairs: np.ndarray) -> tuple[Attachment, np.ndarray]:
        held = from_front(np.concatenate([tint, hairs]), mesh.vertices, mesh.faces)
        out = held.carry(up)
        return held, held.carry(mesh.vertices) + height * out / np.linalg.norm(out, axis=1, keepdims=True)

    held, left = placed(tint, hairs)
    thick, thin = (placed(_tint(scale[0])[0], _hairs(*scale)[0])[1] for scale in (THICK, THIN))
    grown = 0.5 * (thick - thin)
    share = np.concatenate([TINT * tint_share, hair_tone])
    colours = held.carry(face.colours)
    faces = np.concatenate([tint_faces, hair_faces + len(tint)])

    held.corners = np.concatenate([held.corners, mesh.mirror[held.corners]])
    held.weights = np.concatenate([held.weights, held.weights])
    piece = held.hair(
        "brows",
        np.concatenate([left, left * [-1, 1, 1]]),
        np.concatenate([faces, faces[:, ::-1] + len(left)]),
        np.concatenate([colours, colours]),
        face,
    )
    piece.identity = {NAME: np.concatenate([grown, grown * [-1, 1, 1]])}
    piece.tint = np.tile(np.stack([share, np.full(len(share), 0.95)], 1), (2, 1))
    return piece


def _along(t: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (6,) or (6, k) given along the brow at t = 0..1, drawn smoothly between."""
    from scipy.interpolate import PchipInterpolator

    return PchipInterpolator(np.linspace(0, 1, len(values)), values)(t)


def _tint(height: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A strip under the hairs, its height scaled: places (n, 2), faces, share of the brow's colour (n,)."""
    t, s = np.meshgrid(np.linspace(-0.01, 1.01, TINT_COLUMNS), np.linspace(-1, 1, TINT_ROWS))
    middle, half = _along(t.ravel().clip(0, 1), LINE), height * _along(t.ravel().clip(0, 1), HALF_HEIGHT) + 0.03
    places = middle + np.column_stack([(t.ravel() - t.ravel().clip(0, 1)) * 4, s.ravel() * half])
    share = (1 - s**2) ** 1.5 * np.clip(np.minimum(t + 0.01, 1.01 - t) / 0.15, 0, 1)
    a = (np.arange(TINT_ROWS - 1)[:, None] * TINT_COLUMNS + np.arange(TINT_COLUMNS - 1)).ravel()
    b, c = a + 1, a + TINT_COLUMNS
    return places, np.concatenate([np.stack([a, b, c], 1), np.stack([b, c + 1, c], 1)]), share.ravel()


def _hairs(
    height: float = 1.0, longer: float = 1.0, wider: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Tapered hairs: places (3 n, 2), faces (n, 3), height over the skin (3 n,), share of the hair's colour (3 n,).

    The brow's height, length and width of the hairs are scaled; the hairs are the same ones.
    """
    random = np.random.default_rng(4)
    t = (np.arange(HAIRS) + random.uniform(0, 1, HAIRS)) / HAIRS * 0.97
    s = (np.arange(HAIRS) * 0.618034) % 1 * 2 - 1  # evenly over the height, in no visible order
    root = _along(t, LINE) + np.column_stack([0 * s, height * s * _along(t, HALF_HEIGHT)])
    lean = np.radians(_along(t, LEAN) - 16 * s + random.normal(0, 5, HAIRS))  # the hairs close over the middle
    length = longer * _along(t, HAIR_LENGTH) * random.uniform(0.8, 1.15, HAIRS)
    ahead = np.column_stack([np.cos(lean), np.sin(lean)])
    across = np.column_stack([-ahead[:, 1], ahead[:, 0]]) * wider * HAIR_WIDTH / 2
    corners = np.stack([root - across, root + ahead * length[:, None], root + across], 1)
    faces = np.arange(3 * HAIRS).reshape(-1, 3)
    stands = np.tile([ROOT_HEIGHT, TIP_HEIGHT, ROOT_HEIGHT], HAIRS)
    thin = 0.45 + 0.55 * np.minimum(t / 0.2, 1)[:, None]  # the brow begins softly
    tone = (np.array([0.95, 0.75, 0.95]) * thin * random.uniform(0.75, 1.2, (HAIRS, 1))).clip(0, 1)
    return corners.reshape(-1, 2), faces, stands, tone.ravel()
