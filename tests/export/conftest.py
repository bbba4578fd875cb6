"""Random animations on the open head, and a small rig for the mesh formats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.layout import arkit_to_motion
from emoface.face.rig import Part, Rig


def random_animation(frames: int = 60, fps: float = 25, seed: int = 0, **options: object) -> Animation:
    """ARKit weights that the motion layout holds exactly: the jaw goes to one side at a time, no tongueUp."""
    weights = np.random.default_rng(seed).random((frames, 52)).astype(np.float32)
    weights[:, 15:17] *= np.eye(2, dtype=np.float32)[np.arange(frames) % 2]
    return Animation.from_motion(arkit_to_motion(weights), fps, **options)


@pytest.fixture
def animate() -> Callable[..., Animation]:
    return random_animation


def sheet(rows: int, columns: int, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """A bent sheet facing +z: vertices (rows * columns, 3) in metres, triangles."""
    y, x = np.meshgrid(np.linspace(0.1, -0.1, rows), np.linspace(-0.08, 0.08, columns), indexing="ij")
    vertices = np.stack([x, y, depth - 5 * x**2], 2).reshape(-1, 3).astype(np.float32)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    below = corner + columns
    faces = np.concatenate([np.stack([corner, below, below + 1], 1), np.stack([corner, below + 1, corner + 1], 1)])
    return vertices, faces.astype(np.int32)


@pytest.fixture
def small_rig() -> Rig:
    """Two sheets with four shapes: two of ARKit's that move a part of the skin each, tongueUp, and a foreign one."""
    skin, skin_faces = sheet(9, 7, 0.1)
    tongue, tongue_faces = sheet(3, 3, 0.08)
    template, count = np.concatenate([skin, tongue]), len(skin)
    rng = np.random.default_rng(0)
    deltas = np.zeros((4, len(template), 3), np.float32)
    deltas[0, 40:count] = rng.normal(0, 0.01, (count - 40, 3))
    deltas[0, count:] = (0, -0.01, 0)
    deltas[1, 20:30] = rng.normal(0, 0.01, (10, 3))
    deltas[1, 30] = 1e-8
    deltas[2, count:] = rng.normal(0, 0.01, (9, 3))
    deltas[3, :5] = 0.5
    parts = (
        Part("skin", (0, count), (0, len(skin_faces)), 0.55),
        Part("tongue", (count, len(template)), (len(skin_faces), len(skin_faces) + len(tongue_faces)), 0.4),
    )
    faces = np.concatenate([skin_faces, tongue_faces + count])
    names = ("jawOpen", "mouthSmileLeft", "tongueUp", "earWiggle")
    return Rig("small", template, faces, names, deltas, rng.random((len(template), 3)).astype(np.float32), parts)
