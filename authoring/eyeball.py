"""The eyeball: a sphere with a cornea at its pole, ringed where the colour steps so that the iris has clean edges."""

from __future__ import annotations

import numpy as np

from .pieces import Piece
from .sdf import smooth_step, turn_x, turn_y
from .skin import EYE_CENTRE, EYE_RADIUS

ROUGHNESS = 0.12
GAZE = {
    "eyeLookUpLeft": turn_x(-24),
    "eyeLookDownLeft": turn_x(26),
    "eyeLookInLeft": turn_y(-30),
    "eyeLookOutLeft": turn_y(30),
}
"""Rotation of the left eyeball at weight 1."""
COLUMNS = 24
# Rings from the pupil to the back: angle from the pole in degrees and sRGB colour. Pairs of rings close to each other
# are edges: pupil, limbus.
RINGS: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (4.5, (0.02, 0.02, 0.02)),
    (7.8, (0.03, 0.025, 0.02)),
    (8.9, (0.28, 0.195, 0.115)),
    (12.0, (0.50, 0.36, 0.21)),
    (16.5, (0.42, 0.385, 0.285)),
    (20.8, (0.23, 0.25, 0.235)),
    (23.2, (0.055, 0.06, 0.065)),
    (25.4, (0.60, 0.582, 0.567)),
    (30.0, (0.715, 0.695, 0.672)),
    (40.0, (0.685, 0.647, 0.62)),
    (54.0, (0.65, 0.573, 0.545)),
    (70.0, (0.64, 0.50, 0.46)),
    (95.0, (0.72, 0.52, 0.48)),
    (125.0, (0.72, 0.52, 0.48)),
    (155.0, (0.72, 0.52, 0.48)),
)
LIMBUS = 24.3  # degrees
CORNEA = 0.06  # how far the cornea stands out, cm: enough to catch a light on the iris
IRIS = slice(2, 6)  # rings that carry the iris' fibres
IRIS_SHARE = (0.0, 0.0, 0.55, 0.85, 1.0, 1.0, 0.6)  # of a person's colour of the eyes in the first rings
IRIS_TONE = 0.37  # luminance of the rings in which that colour is as it was chosen
LID_SHADE = 0.50  # how much darker the eyeball is under the upper lid


def eye_pieces() -> list[Piece]:
    """The left eyeball with its gaze, and the right one; the right one's gaze is the left one's mirror image."""
    vertices, faces, colours = eyeball()
    share = np.zeros(len(colours))
    share[1 : 1 + COLUMNS * len(IRIS_SHARE)] = np.repeat(IRIS_SHARE, COLUMNS)
    tint = np.stack([share, colours @ (0.2126, 0.7152, 0.0722) / IRIS_TONE], 1)
    arm = vertices - EYE_CENTRE
    gaze = {name: arm @ turn.T - arm for name, turn in GAZE.items()}
    weights = np.zeros((2, len(vertices), 5))
    weights[0, :, 3] = weights[1, :, 4] = 1.0
    return [
        Piece("eye_left", vertices, faces, colours, ROUGHNESS, weights[0], gaze, tint=tint),
        Piece("eye_right", vertices * [-1, 1, 1], faces[:, ::-1], colours, ROUGHNESS, weights[1], tint=tint),
    ]


def eyeball() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The left eyeball looking straight ahead: vertices (n, 3) in cm, faces (m, 3), colours (n, 3) sRGB."""
    polar = np.radians([angle for angle, _ in RINGS])[:, None]  # (R, 1)
    azimuth = np.arange(COLUMNS) * 2 * np.pi / COLUMNS  # (C,)
    rings = np.stack(
        [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar) + 0 * azimuth], -1
    )  # (R, C, 3)
    directions = np.concatenate([[[0.0, 0.0, 1.0]], rings.reshape(-1, 3), [[0.0, 0.0, -1.0]]])
    from_pole = np.degrees(np.arccos(directions[:, 2]))
    bulge = CORNEA * np.clip(1 - (from_pole / LIMBUS) ** 2, 0, None)
    vertices = EYE_CENTRE + directions * (EYE_RADIUS + bulge)[:, None]

    tones = np.repeat(np.array([colour for _, colour in RINGS])[:, None], COLUMNS, 1)  # (R, C, 3)
    fibres = 1 + 0.12 * np.cos(7 * azimuth + 0.6) * np.cos(5 * azimuth) + 0.05 * (-1.0) ** np.arange(COLUMNS)
    tones[IRIS] *= fibres[:, None]
    shaded = smooth_step((rings[..., 1] + 0.05) / 0.42)  # the soft shadow of the upper lid
    tones *= 1 - LID_SHADE * shaded[..., None]
    colours = np.concatenate([tones[:1, 0], tones.reshape(-1, 3), tones[-1:, 0]]).clip(0, 1)

    first = 1 + np.arange(COLUMNS)
    after = 1 + (np.arange(COLUMNS) + 1) % COLUMNS
    front = np.stack([np.zeros(COLUMNS, int), first, after], 1)
    bands = []
    for ring in range(len(RINGS) - 1):
        a, b = first + ring * COLUMNS, after + ring * COLUMNS
        bands += [np.stack([a, a + COLUMNS, b], 1), np.stack([b, a + COLUMNS, b + COLUMNS], 1)]
    last = (len(RINGS) - 1) * COLUMNS
    back = np.stack([first + last, np.full(COLUMNS, len(vertices) - 1), after + last], 1)
    return vertices, np.concatenate([front, *bands, back]), colours
