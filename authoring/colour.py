"""Vertex colours of the skin: a warm base, redder where blood runs close, the shade of cropped hair on the scalp."""

from __future__ import annotations

import numpy as np

from emoface.face.look import SKIN

from .mesh import HeadMesh
from .mouth_patch import MouthPatch

BLUSH = (0.76, 0.49, 0.42)
PALE = (0.83, 0.68, 0.58)
SHADE = (0.56, 0.37, 0.31)
BLUE = (0.59, 0.465, 0.42)  # where veins show
LIPS = (0.675, 0.385, 0.36)
DARK = (0.27, 0.13, 0.11)
MOUTH = (0.60, 0.27, 0.26)  # inside


def mix(colours: np.ndarray, weight: np.ndarray, tone: tuple[float, float, float]) -> np.ndarray:
    """Colours (n, 3) moved towards a tone by weights (n,)."""
    return colours + weight[:, None] * (np.asarray(tone) - colours)


def skin_colours(mesh: HeadMesh, mouth: MouthPatch) -> np.ndarray:
    """sRGB (V, 3), 0..1, of the skin."""
    p = np.stack([np.abs(mesh.vertices[:, 0]), mesh.vertices[:, 1], mesh.vertices[:, 2]], -1)
    colours = np.tile(SKIN, (len(p), 1))

    def near(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> np.ndarray:
        return np.exp(-(((p - centre) / radii) ** 2).sum(-1))

    colours = mix(colours, 0.34 * near((4.1, -2.5, 7.0), (1.9, 1.2, 3.0)), BLUSH)  # cheeks
    colours = mix(colours, 0.06 * near((0.4, -3.4, 10.2), (1.3, 0.9, 1.4)), BLUSH)  # tip of the nose
    colours = mix(colours, 0.40 * near((1.9, 4.5, 7.5), (3.4, 1.9, 3.0)), PALE)  # forehead
    colours = mix(colours, 0.26 * near((3.1, -0.4, 7.8), (2.0, 1.3, 1.6)), SHADE)  # round the eyes
    colours = mix(colours, 0.16 * near((2.7, 0.95, 7.9), (1.9, 0.55, 2.0)), SHADE)  # under the brow
    colours = mix(colours, 0.34 * near((1.55, 0.1, 7.9), (0.6, 0.7, 1.2)), SHADE)  # between eye and nose
    colours = mix(colours, 0.58 * near((2.9, -1.45, 7.5), (2.1, 0.75, 2.0)), BLUE)  # under the eye
    colours = mix(colours, 0.40 * near((3.4, -5.2, 7.2), (1.6, 1.2, 3.0)), PALE)  # beside the mouth
    colours = mix(colours, 0.22 * near((6.3, 1.6, 3.4), (1.6, 2.4, 2.4)), BLUE)  # temple
    colours = mix(colours, 0.16 * near((0.0, -8.45, 8.2), (1.6, 0.45, 1.4)), SHADE)  # under the lower lip
    colours = mix(colours, 0.45 * near((1.2, -5.0, 8.6), (2.2, 1.1, 2.0)), PALE)  # between nose, cheek and lip
    colours = mix(colours, 0.20 * near((0.0, -16.5, 3.5), (4.5, 3.5, 6.0)), BLUSH)  # throat
    colours = mix(colours, 0.14 * near((5.2, -7.0, 2.0), (2.5, 3.5, 3.0)), SHADE)  # along the jaw
    return _features(mesh, mouth, colours)


def _features(mesh: HeadMesh, mouth: MouthPatch, colours: np.ndarray) -> np.ndarray:
    """Ears redder, lips red, the inside of mouth and nostrils dark."""
    ear, lips, bag, inside = (np.zeros(len(colours)) for _ in range(4))
    ear[mesh.ear] = 0.42 * np.sin(np.linspace(0, np.pi, len(mesh.ear)))[:, None]
    lips[mesh.mouth[: mouth.lips.stop - 1]] = 0.80
    lips[mesh.mouth[mouth.lips.stop - 2]] = 0.58
    lips[mesh.mouth[mouth.lips.stop - 1]] = 0.16
    depth = np.arange(mouth.contact) / mouth.contact
    bag[mesh.mouth[: mouth.contact]] = (0.95 - 0.65 * depth**3)[:, None]
    rows = len(mesh.nostril)
    inside[mesh.nostril] = np.interp(np.arange(rows), [0, 2, 3, 4], [0.95, 0.85, 0.45, 0.0])[:, None]
    ear_cap, nostril_cap = _caps(mesh)
    ear[ear_cap], inside[nostril_cap] = 0.5, 0.9
    for weight, tone in ((ear, BLUSH), (lips, LIPS), (bag, MOUTH), (inside, DARK)):
        colours = mix(colours, np.maximum(weight, weight[mesh.mirror]), tone)
    return colours


def _caps(mesh: HeadMesh) -> list[int]:
    """The vertices that close ear and nostril."""
    used = np.unique(mesh.faces[np.isin(mesh.faces, mesh.ear[0]).any(1)])
    ear = [v for v in used if v < mesh.half and v not in mesh.ear]
    used = np.unique(mesh.faces[np.isin(mesh.faces, mesh.nostril[0]).any(1)])
    nostril = [v for v in used if v < mesh.half and v not in mesh.nostril]
    return ear + nostril
