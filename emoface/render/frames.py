"""From an animation to pictures."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from emoface.face.face import Face, FaceLike, Identity, as_face
from emoface.face.open_head import open_head
from emoface.face.rig import Rig
from emoface.face_motion import FaceMotion
from emoface.host import own_settings, own_steps

from .renderer import Renderer

CLAY = (0.80, 0.69, 0.62)  # sRGB of a face that brings no colours
BLOCK = 128  # frames whose vertices are held at a time
VIEW = tuple(inspect.signature(Renderer).parameters)[5:]  # size, yaw, ...


def face_renderer(face: FaceLike | None = None, **view: Any) -> Renderer:
    """A renderer of a face's vertices.

    Args:
        face: as in :func:`emoface.face.face.as_face`; a FLAME model is drawn as clay.
        **view: options of :class:`emoface.render.Renderer` from ``size`` on.

    Returns:
        The renderer.

    Raises:
        TypeError: ``face`` is none of these, or an unknown option. ValueError: a bad option.
    """
    if unknown := [name for name in view if name not in VIEW]:
        raise TypeError(f"pictures take {', '.join(VIEW)}, got {unknown[0]!r}")
    face = as_face(face)
    template = face.shape.template if isinstance(face.shape, Rig) else face.shape.data.template
    faces, colours, parts = face.surface
    if colours is None:
        colours = np.broadcast_to(CLAY, template.shape)
    return Renderer(template, faces, colours, parts, open_head().wrinkles if face.is_open_head else None, **view)


def wrinkles_of(animation: FaceMotion, face: Face, start: int, stop: int) -> np.ndarray | None:
    """Weights (T, 2, G) of the wrinkles in frames of a motion; None on faces that have none."""
    return open_head().wrinkles.weights(animation.expression[start:stop]) if face.is_open_head else None


def render_frames(
    animation: FaceMotion, face: FaceLike | None = None, *, identity: Identity | None = None,
    threads: int | None = None, **view: Any,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Pictures of an animation, one a frame, in memory that does not grow with its length.

    Args:
        animation: what to draw.
        face, identity: as in :meth:`emoface.face_motion.FaceMotion.vertices`.
        threads: frames drawn at a time; as many as there are cores if None. The pictures do not depend on it.
        **view: options of :class:`emoface.render.Renderer`: ``size``, ``yaw``, ``pitch``, ``zoom``, ``two_sided``,
            ``lights``, ``alpha``, ``backend``.

    Returns:
        An iterator over (size, size, 3) uint8, sRGB; with ``alpha`` (size, size, 4).

    Raises:
        TypeError, ValueError: a bad argument; raised before the first picture.
    """
    with own_settings():
        face = as_face(face, identity)
        renderer = face_renderer(face, **view)
        animation.vertices(face, stop=1)  # refuses what does not fit, now
    threads = len(os.sched_getaffinity(0)) if threads is None else threads

    def moving() -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        for start in range(0, len(animation), BLOCK):
            vertices = animation.vertices(face, start=start, stop=start + BLOCK)
            folds = wrinkles_of(animation, face, start, start + BLOCK)
            yield from zip(vertices, repeat(None) if folds is None else folds)

    return own_steps(renderer.frames(moving(), threads))
