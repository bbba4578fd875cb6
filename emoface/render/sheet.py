"""Contact sheets: many small pictures with captions on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from emoface.face.face import Face, FaceLike, Identity, as_face
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, FPS, arkit_to_motion
from emoface.face_motion import FaceMotion

from .frames import face_renderer, wrinkles_of
from .renderer import Renderer

INK, PAPER = 235, 34  # grey levels
LETTERS = 0.075  # height of a caption in sizes of a picture
SMALLEST = 12  # pixels; spaces between words vanish below


def contact_sheet(
    pictures: Sequence[np.ndarray], captions: Sequence[str], columns: int, title: str = ""
) -> np.ndarray:
    """Lay pictures out in rows with a caption under each.

    Args:
        pictures: each (H, W, 3) uint8, all of one size.
        captions: one a picture, may be empty.
        columns: pictures in a row.
        title: above all of them.

    Returns:
        The page, (rows of it, columns of it, 3) uint8.

    Raises:
        ImportError: Pillow is not installed (the extra ``render``).
        ValueError: no pictures, of different sizes, another number of captions, or fewer than one column.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("contact sheets need Pillow for their captions: pip install 'emoface[render]'") from error
    shapes = {picture.shape for picture in pictures}
    if len(shapes) != 1:
        raise ValueError(f"pictures must be at least one and of one size, got {sorted(shapes)}")
    if any(shape[2:] != (3,) for shape in shapes):
        raise ValueError(f"pictures of a sheet must be (H, W, 3), got {shapes.pop()}")
    if len(captions) != len(pictures):
        raise ValueError(f"captions must be one a picture, got {len(captions)} for {len(pictures)}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    height, width, _ = shapes.pop()
    letters = max(round(LETTERS * width), SMALLEST)
    line = 2 * letters
    top = 2 * line if title else 0
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (width * min(columns, len(pictures)), top + rows * (height + line)), (PAPER,) * 3)
    draw = ImageDraw.Draw(page)

    def write(x: float, y: float, text: str, size: float, room: float) -> None:
        font = ImageFont.load_default(size)
        taken = draw.textlength(text, font) / (0.96 * room)
        if taken > 1:
            font = ImageFont.load_default(size / taken)
        draw.text((x, y), text, (INK,) * 3, font, anchor="mm")

    if title:
        write(page.width / 2, top / 2, title, 1.5 * letters, page.width)
    for number, (picture, caption) in enumerate(zip(pictures, captions)):
        row, column = divmod(number, columns)
        y = top + row * (height + line)
        page.paste(Image.fromarray(picture), (column * width, y))
        write((column + 0.5) * width, y + height + line / 2, caption, letters, width)
    return np.asarray(page)


def shapes_sheet(
    face: FaceLike | None = None, weights: Mapping[str, Mapping[str, float]] | None = None, columns: int = 9,
    size: int = 220, identity: Identity | None = None, **view: Any,
) -> np.ndarray:  # fmt: skip
    """Each shape of a face at weight 1, or chosen mixtures of them.

    Args:
        face, identity: whose shapes, as in :func:`emoface.face.face.as_face`.
        weights: caption -> {shape: weight}; None: rest, then every shape alone.
        columns: pictures in a row. size: of each picture, pixels.
        **view: options of :class:`emoface.render.Renderer`.

    Returns:
        The page, uint8.

    Raises:
        ImportError: Pillow is not installed. ValueError: a face without ARKit's shapes, a shape that it lacks, or a bad
            option. TypeError: ``face`` is no face.
    """
    face = as_face(face, identity)
    rig = face.whole_rig
    if weights is None:
        weights = {"rest": {}, **{name: {name: 1.0} for name in rig.shape_names}}
    values = np.zeros((len(weights), len(rig.shape_names)), np.float32)
    arkit = np.zeros((len(weights), len(ARKIT_NAMES)), np.float32)
    for row, (mixture, known) in enumerate(zip(weights.values(), arkit)):
        for name, weight in mixture.items():
            if name not in rig.shape_names:
                raise ValueError(f"weights must name shapes of rig {rig.name!r}, got {name!r}")
            values[row, rig.shape_names.index(name)] = weight
            if name in ARKIT_INDEX:
                known[ARKIT_INDEX[name]] = weight
    renderer = face_renderer(face, size=size, **view)
    folds = wrinkles_of(FaceMotion.from_motion(arkit_to_motion(arkit), FPS), face, 0, len(arkit))
    moments = zip((rig.vertices(row[None])[0] for row in values), repeat(None) if folds is None else folds)
    pictures = list(renderer.frames(moments))
    return contact_sheet(pictures, list(weights), columns, rig.name)


def animations_sheet(
    animations: Mapping[str, Sequence[FaceMotion]], captions: Sequence[str], seconds: float,
    face: FaceLike | None = None, size: int = 220, identity: Identity | None = None, **view: Any,
) -> np.ndarray:  # fmt: skip
    """One moment of several animations, such as intensities (rows) by emotions (columns).

    Args:
        animations: name of the row -> one animation a column.
        captions: name of each column.
        seconds: the moment shown; the last frame where an animation is shorter.
        face, identity: as in :func:`emoface.render.render_frames`.
        size: of each picture, pixels. **view: options of :class:`emoface.render.Renderer`.

    Returns:
        The page, uint8.

    Raises:
        ImportError: Pillow is not installed. ValueError: rows of another length than captions, seconds that are not
            finite, or a bad option.
    """
    if not np.isfinite(seconds):
        raise ValueError(f"seconds must be finite, got {seconds}")
    for name, row in animations.items():
        if len(row) != len(captions):
            raise ValueError(f"animations[{name!r}] must have one a caption, got {len(row)} for {len(captions)}")
    face = as_face(face, identity)
    renderer = face_renderer(face, size=size, **view)
    pictures, below = [], []
    for name, row in animations.items():
        for animation, caption in zip(row, captions):
            pictures.append(_moment(animation, seconds, face, renderer))
            below.append(f"{caption} {name}".strip())
    return contact_sheet(pictures, below, len(captions))


def moments_sheet(
    takes: Mapping[str, FaceMotion], seconds: Sequence[float], title: str = "", face: FaceLike | None = None,
    size: int = 220, identity: Identity | None = None, **view: Any,
) -> np.ndarray:  # fmt: skip
    """Several moments (columns) of takes (rows), such as one as it was and one that was directed.

    Args:
        takes: name of the row -> its take. seconds: the moments; the last frame where a take is shorter.
        title: above all of them. face, identity, size, **view: as in :func:`animations_sheet`.

    Returns:
        The page, uint8.

    Raises:
        ImportError: Pillow is not installed. ValueError: no moments or takes, moments that are not finite, or a bad
            option.
    """
    if not takes or not seconds or not np.isfinite(seconds).all():
        raise ValueError(f"seconds must be finite moments of at least one take, got {list(seconds)} of {len(takes)}")
    face = as_face(face, identity)
    renderer = face_renderer(face, size=size, **view)
    pictures, below = [], []
    for name, take in takes.items():
        for second in seconds:
            pictures.append(_moment(take, second, face, renderer))
            below.append(f"{name}, {second:g} s" if name else f"{second:g} s")
    return contact_sheet(pictures, below, len(seconds), title)


def _moment(take: FaceMotion, seconds: float, face: Face, renderer: Renderer) -> np.ndarray:
    """A picture of one moment."""
    frame = min(max(int(seconds * take.fps), 0), len(take) - 1)
    folds = wrinkles_of(take, face, frame, frame + 1)
    vertices = take.vertices(face, start=frame, stop=frame + 1)[0]
    return renderer.frame(vertices, None if folds is None else folds[0])
