"""The wet line: the tears that stand between the lower lid and the eyeball and catch the light."""

from __future__ import annotations

import numpy as np

from .attach import Attachment
from .eye_patch import EDGE, INNER
from .mesh import HeadMesh
from .pieces import Piece
from .skin import EYE_CENTRE, EYE_RADIUS

NAME = "tears"
ROUGHNESS = 0.06
COLOUR = (0.60, 0.43, 0.41)  # of what is seen through them
SKIPPED = 2  # columns at each canthus without tears
# Rows from the lid to the eyeball: cm up over the lid's edge, share of the way from its edge's stand-off to the ball's.
ROWS = ((-0.012, 0.0), (0.010, 0.50), (0.028, 0.80), (0.052, 0.97))
ON_LID, ON_BALL = 0.012, 0.012  # cm that the first row stands off the lid, the last off the eyeball


def tear_piece(mesh: HeadMesh, face: Piece) -> Piece:
    """The tears of both eyes on the skin `face`; they go with the lower lids' edges."""
    columns = mesh.eye.shape[1]
    lid = mesh.eye[EDGE][INNER + SKIPPED : columns - SKIPPED + 1]  # from the inner canthus along the lower lid
    arm = mesh.vertices[lid] - EYE_CENTRE
    away = np.linalg.norm(arm, axis=1)
    along = np.gradient(arm, axis=0)
    out = arm / away[:, None]
    up = np.cross(out, along)
    up *= np.sign(up[:, 1:2]) / np.linalg.norm(up, axis=1, keepdims=True)
    ends = np.clip(np.minimum(np.arange(len(lid)), np.arange(len(lid))[::-1]) / 2, 0.35, 1)[:, None]  # it thins out
    rows = []
    for rise, share in ROWS:
        radius = (away + ON_LID) * (1 - share) + (EYE_RADIUS + ON_BALL) * share
        way = arm + ends * rise * up
        rows.append(EYE_CENTRE + way / np.linalg.norm(way, axis=1, keepdims=True) * radius[:, None])
    left = np.concatenate(rows)
    held = Attachment(np.tile(lid, len(ROWS))[:, None].repeat(3, 1), np.tile([1.0, 0.0, 0.0], (len(left), 1)))
    held.corners = np.concatenate([held.corners, mesh.mirror[held.corners]])
    held.weights = np.concatenate([held.weights, held.weights])
    a = (np.arange(len(ROWS) - 1)[:, None] * len(lid) + np.arange(len(lid) - 1)).ravel()
    b, c = a + 1, a + len(lid)
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, c + 1, c], 1)])
    corners = left[faces[0]]
    if np.cross(corners[1] - corners[0], corners[2] - corners[0])[2] < 0:
        faces = faces[:, ::-1]
    piece = held.hair(
        NAME,
        np.concatenate([left, left * [-1, 1, 1]]),
        np.concatenate([faces, faces[:, ::-1] + len(left)]),
        np.tile(COLOUR, (2 * len(left), 1)),
        face,
    )
    piece.roughness = ROUGHNESS
    return piece
