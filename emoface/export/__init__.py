"""File formats of motion; the suffix of a path picks the row of :data:`emoface.export.formats.FORMATS`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .formats import FORMATS, format_of

if TYPE_CHECKING:
    from emoface.face_motion import FaceMotion

__all__ = ["FORMATS", "format_of", "read", "write"]


def write(motion: FaceMotion, path: str | os.PathLike[str], **options: Any) -> None:
    """Write a motion in the format of the path's suffix; see :meth:`emoface.animation.Animation.save`."""
    from emoface.host import own_settings  # not above: the command line's help reads the table without torch

    form = format_of(path)
    form.check(options)
    with own_settings():
        form.write(motion, path, **options)


def read(path: str | os.PathLike[str], **options: Any) -> FaceMotion:
    """Read a motion in the format of the path's suffix; see :meth:`emoface.animation.Animation.load`."""
    from emoface.host import own_settings

    form = format_of(path, to_read=True)
    with own_settings():
        return form.read(path, **options)
