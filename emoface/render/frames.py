"""From an animation to pictures."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from emoface.face.flame import FlameModel
from emoface.face.open_head import open_head, open_head_model
from emoface.face.rig import Rig
from emoface.face.rigs import load_rig
from emoface.face_motion import FaceMotion

from .renderer import Renderer

CLAY = (0.80, 0.69, 0.62)  # sRGB of a face that brings no colours
BLOCK = 128  # frames whose vertices are held at a time
VIEW = tuple(inspect.signature(Renderer).parameters)[4:]  # size, yaw, ...


def face_renderer(face: FlameModel | Rig | None = None, **view: Any) -> Renderer:
    """A renderer of a face's vertices.

    Args:
        face: a rig; a FLAME model, drawn as clay; or None: the open head.
        **view: options of :class:`emoface.render.Renderer` from ``size`` on.

    Returns:
        The renderer.

    Raises:
        TypeError: ``face`` is none of these, or an unknown option. ValueError: a bad option.
    """
    if unknown := [name for name in view if name not in VIEW]:
        raise TypeError(f"pictures take {', '.join(VIEW)}, got {unknown[0]!r}")
    if isinstance(face, Rig):
        return Renderer(face.template, face.faces, face.colours, face.parts, **view)
    if face is None or face is open_head_model():
        head = open_head()
        return Renderer(head.data.template, head.data.faces, head.colours, head.parts, **view)
    if isinstance(face, FlameModel):
        template = face.data.template
        return Renderer(template, face.data.faces, np.broadcast_to(CLAY, template.shape), **view)
    raise TypeError(f"face must be a FlameModel, a Rig or None, got {type(face).__name__}")


def render_frames(
    animation: FaceMotion, face: FlameModel | Rig | str | os.PathLike[str] | None = None, *,
    identity: Mapping[str, float] | np.ndarray | None = None, threads: int | None = None, **view: Any,
) -> Iterator[np.ndarray]:  # fmt: skip
    """Pictures of an animation, one a frame, in memory that does not grow with its length.

    Args:
        animation: what to draw.
        face: the FLAME model whose coefficients these are, a rig with ARKit shapes or its path, or None: the open head.
        identity: of a FLAME model, see :meth:`emoface.face_motion.FaceMotion.vertices`.
        threads: frames drawn at a time; as many as there are cores if None. The pictures do not depend on it.
        **view: options of :class:`emoface.render.Renderer`: ``size``, ``yaw``, ``pitch``, ``zoom``, ``two_sided``.

    Returns:
        An iterator over (size, size, 3) uint8, sRGB.

    Raises:
        TypeError, ValueError: a bad argument; raised before the first picture.
    """
    if isinstance(face, (str, os.PathLike)):
        face = load_rig(face)
    renderer = face_renderer(face, **view)
    animation.vertices(face, identity=identity, stop=1)  # refuses what does not fit, now
    threads = len(os.sched_getaffinity(0)) if threads is None else threads

    def moving() -> Iterator[np.ndarray]:
        for start in range(0, len(animation), BLOCK):
            yield from animation.vertices(face, identity=identity, start=start, stop=start + BLOCK)

    return renderer.frames(moving(), threads)
