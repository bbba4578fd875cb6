"""A file for every frame in a folder: pictures, or meshes for programs that read no animation."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from emoface import checks
from emoface.face.face import FaceLike, Identity, as_face
from emoface.face_motion import FaceMotion
from emoface.render import render_frames, write_png
from emoface.render.frames import BLOCK, CLAY, VIEW

from ..files import atomic_path, make_folder
from .formats import SEQUENCES

One = TypeVar("One")


def write_sequence(
    animation: FaceMotion, folder: str | os.PathLike[str], kind: str = "png", face: FaceLike | None = None,
    fps: float | None = None, identity: Identity | None = None, progress: Callable[[float], None] | None = None,
    **view: Any,
) -> list[Path]:  # fmt: skip
    """Write a file for every frame, ``00000.png`` and so on.

    Pictures are sRGB, with transparency where ``alpha`` is asked for. Meshes are in metres, y up, and have the same
    vertices and triangles in every file: ``.obj`` is text with a colour after each vertex, ``.ply`` is binary with
    colours (sRGB, 0..255).

    Args:
        animation: what to write.
        folder: it is made if it does not exist; files of other names in it stay.
        kind: "png", "obj" or "ply".
        face, identity: as in :func:`emoface.face.face.as_face`; None for the open head.
        fps: files per second of motion, the animation's frames if None.
        progress: called with the finished share, 0 to 1, about once for a second of motion.
        **view: of pictures alone: options of :func:`emoface.render.render_frames`.

    Returns:
        The paths, in order.

    Raises:
        TypeError: an option that the kind does not take, or of a wrong kind. ValueError: an unknown kind or bad option.
        OSError: a file cannot be written.
    """
    kind = checks.choice("kind", kind, SEQUENCES)
    known = (*VIEW, "threads") if kind == "png" else ()
    if unknown := [name for name in view if name not in known]:
        raise TypeError(f"{kind} sequences take {', '.join(('fps', *known))}, got {unknown[0]!r}")
    checks.callback("progress", progress)
    if fps is not None:
        animation = animation.resample(fps)
    face = as_face(face, identity)
    write: Callable[[Path, Any], None]
    content: Iterable[Any]
    if kind == "png":
        content, write = render_frames(animation, face, **view), write_png
    else:
        faces, colours, _ = face.surface
        if colours is None:
            colours = np.broadcast_to(CLAY, (faces.max() + 1, 3))
        colours = (colours.clip(0, 1) * 255).round().astype(np.uint8)
        content, write = _meshes(animation, face), (_obj if kind == "obj" else _ply)(faces, colours)
    folder = make_folder(folder)
    digits = max(5, len(str(len(animation) - 1)))
    paths = []
    for number, one in enumerate(told(content, len(animation), animation.fps, progress)):
        paths.append(folder / f"{number:0{digits}d}.{kind}")
        write(paths[-1], one)
    return paths


def told(
    content: Iterable[One], count: int, every: float, progress: Callable[[float], None] | None
) -> Iterator[One]:
    """The same content; ``progress`` hears the finished share of ``count`` after each ``every``, and at the end."""
    step = max(round(every), 1)
    for number, one in enumerate(content, 1):
        yield one
        if progress is not None and (number % step == 0 or number == count):
            progress(number / count)


def _meshes(animation: FaceMotion, face: FaceLike) -> Iterator[np.ndarray]:
    for start in range(0, len(animation), BLOCK):
        yield from animation.vertices(face, start=start, stop=start + BLOCK)


def _obj(faces: np.ndarray, colours: np.ndarray) -> Callable[[Path, np.ndarray], None]:
    """A writer of Wavefront files: ``v x y z r g b``, then ``f``, whose corners count from 1."""
    tail = "".join("f {} {} {}\n".format(*corners) for corners in (faces + 1).tolist())
    ends = [" {:.3f} {:.3f} {:.3f}\n".format(*colour) for colour in (colours / 255).tolist()]

    def write(path: Path, vertices: np.ndarray) -> None:
        lines = ("v {:.6f} {:.6f} {:.6f}".format(*place) + end for place, end in zip(vertices.tolist(), ends))
        with atomic_path(path) as temporary:
            temporary.write_text("".join(lines) + tail, encoding="ascii")

    return write


def _ply(faces: np.ndarray, colours: np.ndarray) -> Callable[[Path, np.ndarray], None]:
    """A writer of binary Stanford files."""
    floats, bytes_ = ("property float {}", "xyz"), ("property uchar {}", ("red", "green", "blue"))
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(colours)}"]
    header += [line.format(name) for line, names in (floats, bytes_) for name in names]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    head = "\n".join(header).encode()
    rows = np.zeros(len(colours), [("place", "<f4", 3), ("colour", "u1", 3)])
    rows["colour"] = colours
    tail = b"".join(struct.pack("<Biii", 3, *corners) for corners in faces.tolist())

    def write(path: Path, vertices: np.ndarray) -> None:
        mine = rows.copy()
        mine["place"] = vertices
        with atomic_path(path) as temporary:
            temporary.write_bytes(head + mine.tobytes() + tail)

    return write
