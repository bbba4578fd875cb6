"""The upper lashes: thin spikes along the edge of the lid, turning with it."""

from __future__ import annotations

import numpy as np

from .attach import HAIR_ROUGHNESS, Attachment
from .eye_patch import INNER, LASH, LASHES
from .mesh import HeadMesh
from .pieces import Piece

COUNT = 34
WIDTH = 0.032
NAME = "lashes"
"""Of the identity component that shortens them at -1 and lengthens them at 1."""
LONGER = 0.5  # share of a lash by which it does
# Corners of a lash, a three-sided spike: along the lid and across in widths, share of its length.
SPIKE = np.array([[-0.5, -0.3, 0], [0.5, -0.3, 0], [0, 0.6, 0], [0, 0, 1]])
SPIKE_FACES = np.array([[0, 1, 3], [1, 2, 3], [2, 0, 3]])


def lash_piece(mesh: HeadMesh, face: Piece) -> Piece:
    """The upper lashes of both eyes on the skin `face`, whose shapes they follow."""
    random = np.random.default_rng(7)
    place = np.linspace(2.2, INNER - 2.6, COUNT)  # in columns, from the outer canthus
    place += random.uniform(-0.1, 0.1, COUNT)
    out = 1 - place / INNER
    length = (0.20 + 0.20 * out) * random.uniform(0.8, 1.1, COUNT)
    rise = 0.25 + 0.35 * out  # over the direction out of the lid
    root, inward, beside = (_at(mesh, place, row, step) for row, step in ((LASHES, 0), (LASHES + 2, 0), (LASHES, 0.3)))
    frame = _frame(mesh.vertices, root, inward, beside)  # (n, 3, 3): along the lid, out of it, up the lid
    fan = 0.45 - 1.1 * out + random.uniform(-0.12, 0.12, COUNT)  # spread towards temple and nose
    length = length[:, None]
    local = np.stack(
        [
            SPIKE[:, 0] * WIDTH + SPIKE[:, 2] * length * fan[:, None],
            SPIKE[:, 2] * length,
            SPIKE[:, 1] * WIDTH + SPIKE[:, 2] * length * rise[:, None],
        ],
        -1,
    )  # (n, 4, 3)
    left = _place(mesh.vertices, root, frame, local)
    grown = LONGER * SPIKE[:, 2].astype(float)[None, :, None] * local
    longer = np.einsum("nij,ncj->nci", frame, grown).reshape(-1, 3)
    moves = {}
    for shape, field in face.deltas.items():
        moved = mesh.vertices + field
        delta = _place(moved, root, _frame(moved, root, inward, beside), local) - left
        if np.abs(delta).max() > 1e-6:
            moves[shape] = delta
    count = len(left)
    faces = (SPIKE_FACES + len(SPIKE) * np.arange(len(place))[:, None, None]).reshape(-1, 3)
    weights = np.repeat(root.carry(face.skin_weights), len(SPIKE), 0)
    return Piece(
        "lashes",
        np.concatenate([left, left * [-1, 1, 1]]),
        np.concatenate([faces, faces[:, ::-1] + count]),
        np.tile(LASH, (2 * count, 1)),
        HAIR_ROUGHNESS,
        np.concatenate([weights, weights]),
        {shape: np.concatenate([delta, np.zeros_like(delta)]) for shape, delta in moves.items()},
        identity={NAME: np.concatenate([longer, longer * [-1, 1, 1]])},
    )


def _at(mesh: HeadMesh, place: np.ndarray, row: int, step: float) -> Attachment:
    """Places on a row of the lids at fractional columns."""
    place = place + step
    columns = mesh.eye.shape[1]
    low = np.floor(place).astype(int)
    ends = mesh.eye[row][np.stack([low, low + 1, low + 1], 1) % columns]
    part = place - low
    return Attachment(ends, np.stack([1 - part, part, 0 * part], 1))


def _frame(vertices: np.ndarray, root: Attachment, inward: Attachment, beside: Attachment) -> np.ndarray:
    """(n, 3, 3) columns: along the lid, out of the lid, up its front."""
    start = root.carry(vertices)
    along = _unit(beside.carry(vertices) - start)
    front = inward.carry(vertices) - start
    front = _unit(front - (front * along).sum(1, keepdims=True) * along)
    out = np.cross(front, along)
    out *= np.sign(out[:, 2:])
    return np.stack([along, out, front], -1)


def _place(vertices: np.ndarray, root: Attachment, frame: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Corners (n, 4, 3) given in the frames of their roots, as one list of points."""
    return (root.carry(vertices)[:, None] + np.einsum("nij,ncj->nci", frame, local)).reshape(-1, 3)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
