"""File formats of motion; the suffix of a path picks one."""

from __future__ import annotations

import importlib
import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emoface.face_motion import FaceMotion

WRITERS: dict[str, str] = {
    ".npz": "npz:write_npz",
    ".csv": "live_link:write_live_link",
    ".json": "json:write_json",
    ".glb": "glb:write_glb",
    ".html": "html:write_html",
    ".usda": "usd:write_usda",
    ".mp4": "video:write_video",
}
"""Suffix -> "module:function" called with (animation, path, **options)."""
READERS: dict[str, str] = {".npz": "npz:read_npz", ".csv": "live_link:read_live_link"}
"""Suffix -> "module:function" called with (path, **options), giving a FaceMotion."""


def _find(path: str | os.PathLike[str], table: dict[str, str], deed: str) -> Any:
    suffix = Path(path).suffix.lower()
    if suffix not in table:
        raise ValueError(f"path {path} has suffix {suffix!r}; an animation can be {deed} {', '.join(sorted(table))}")
    module, function = table[suffix].split(":")
    return getattr(importlib.import_module(f"emoface.export.{module}"), function)


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Raise ValueError, listing the known suffixes, unless ``path`` has one that can be written."""
    _find(path, WRITERS, "saved as")


def write(animation: FaceMotion, path: str | os.PathLike[str], **options: Any) -> None:
    """Write an animation in the format of the path's suffix; see :meth:`emoface.animation.Animation.save`."""
    writer = _find(path, WRITERS, "saved as")
    known = list(inspect.signature(writer).parameters)[2:]
    for name in options:
        if name not in known:
            kinds = ", ".join(known) or "no options"
            raise TypeError(f"{Path(path).suffix.lower()} files take {kinds}, got {name!r}")
    writer(animation, path, **options)


def read(path: str | os.PathLike[str], **options: Any) -> FaceMotion:
    """Read an animation in the format of the path's suffix; see :meth:`emoface.animation.Animation.load`."""
    return _find(path, READERS, "loaded from")(path, **options)
