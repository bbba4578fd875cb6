"""The table of file formats. A row holds all that others need to know about a format; nothing here imports torch."""

from __future__ import annotations

import importlib
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emoface import checks

OWN_RATE = "the animation's"
OWN_RATE_OR_FPS = "the animation's, or `fps`"

LAYOUTS = ("emoface", "diffposetalk", "emote", "emage", "vhap")
"""Keys that a coefficient file may have, the default first; see :func:`emoface.export.npz.write_npz`."""

LAYOUT_MODELS: dict[str, str] = {
    "diffposetalk": "FLAME 2020", "emote": "FLAME 2020", "emage": "FLAME 2020", "vhap": "FLAME 2023",
}  # fmt: skip
"""The model whose coefficients a published layout holds; SMPL-X 2020, of "emage", has the expressions of FLAME 2020."""
EXPRESSIONS = ("preset", "arkit")
"""Names of expressions in a VRM animation for any avatar, the default first; see :mod:`emoface.export.vrm`."""
LIGHT_NAMES = ("portrait", "flat", "dramatic", "outdoors")
"""Names of what lights a face in pictures, the default first; see :mod:`emoface.render.lights`."""
SEQUENCES = ("png", "obj", "ply")
"""Kinds of files that a sequence may have, one a frame; see :mod:`emoface.export.sequence`."""


@dataclass(frozen=True)
class Extra:
    """An optional dependency: the extra of this package, the package that it installs, and the module to import."""

    name: str
    package: str
    module: str


@dataclass(frozen=True)
class Format:
    """A file format of motion.

    Attributes:
        suffix: of its files, in small letters.
        name: what a file is, in a few words for the command line.
        content: the same in full, for the README.
        writer: ``"module:function"`` of this package, called with (motion, path, **options).
        reader: the same, called with (path, **options) and giving a ``FaceMotion``; None where files are not read back.
        curves: the motion that a program can take out again, in words; empty if there is none.
        head: whether a file holds a head; such a writer takes ``face`` and ``identity``.
        sound: whether a file can hold the recording.
        rates: frames per second of a file, in words.
        extra: what must be installed to write it; None if nothing.
    """

    suffix: str
    name: str
    content: str
    writer: str
    reader: str | None = None
    curves: str = ""
    head: bool = False
    sound: bool = False
    rates: str = OWN_RATE
    extra: Extra | None = None

    @property
    def write(self) -> Callable[..., None]:
        """The writer."""
        return _function(self.writer)

    @property
    def read(self) -> Callable[..., Any]:
        """The reader.

        Raises:
            ValueError: files of this format are not read.
        """
        if self.reader is None:
            raise ValueError(f"{self.suffix} files are not read")
        return _function(self.reader)

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that the writer takes, in its order."""
        return tuple(inspect.signature(self.write).parameters)[2:]

    @property
    def holds(self) -> str:
        """What is in a file, in words."""
        return ", ".join(filter(None, [self.curves, "head" * self.head, "sound" * self.sound]))

    def check(self, options: dict[str, Any] | None = None) -> None:
        """Check before any work that files of this format can be written, with these options.

        Args:
            options: of the writer; their names are looked at, their values are the writer's to check.

        Raises:
            TypeError: an option that the format does not take. ImportError: its extra is not installed.
        """
        for name in options or {}:
            if name not in self.options:
                raise TypeError(f"{self.suffix} files take {', '.join(self.options) or 'no options'}, got {name!r}")
        if self.extra:
            try:
                importlib.import_module(self.extra.module)
            except ImportError as error:
                advice = f"pip install 'emoface[{self.extra.name}]'"
                raise ImportError(f"writing {self.suffix} needs {self.extra.package}: {advice}") from error


def _function(place: str) -> Callable[..., Any]:
    module, name = place.split(":")
    return getattr(importlib.import_module(f"emoface.export.{module}"), name)


_ROWS = (
    Format(
        ".mp4", "video", "the rendered face with the recording, as H.264 and AAC",
        "video:write_video", head=True, sound=True, rates=OWN_RATE_OR_FPS,
        extra=Extra("video", "imageio-ffmpeg", "imageio_ffmpeg"),
    ),
    Format(
        ".html", "web page",
        "one page that works offline: a head that you can turn while it speaks, with a scrubber over the waveform",
        "html:write_html", head=True, sound=True, rates="60, the animation's if that is higher, or `fps`",
    ),
    Format(
        ".glb", "animated head (glTF)",
        "glTF with morph targets named after ARKit and their animation, on the open head or on your avatar",
        "glb:write_glb", curves="ARKit weights", head=True, sound=True,
        rates="keys in seconds, at the animation's frames",
    ),
    Format(
        ".vrm", "animated avatar (VRM)",
        "your own VRM avatar, 0 or 1, with the animation of its expressions and gaze for VRM players",
        "vrm:write_vrm", curves="VRM expressions, ARKit weights", sound=True,
        rates="keys in seconds, at the animation's frames",
    ),
    Format(
        ".vrma", "VRM animation", "expressions and gaze alone, for any VRM avatar or, with `face=`, for one",
        "vrm:write_vrma", curves="VRM expressions", rates="keys in seconds, at the animation's frames",
    ),
    Format(
        ".usda", "animated head (USD)", "USD with UsdSkel blend shapes over time",
        "usd:write_usda", curves="ARKit weights", head=True,
        rates="24 time codes per second, keys at the animation's frames; the animation's with `whole_frames`",
    ),
    Format(
        ".npz", "FLAME coefficients",
        "FLAME coefficients (float32; axis-angle in radians) with `fps`, `flame_version` and names",
        "npz:write_npz", "npz:read_npz", curves="FLAME coefficients", rates="the animation's; 30 in the layout `emage`",
    ),
    Format(
        ".csv", "Live Link Face", "a Live Link Face table of 61 curves, as Apple's capture app writes it",
        "live_link:write_live_link", "live_link:read_live_link", curves="ARKit weights",
        rates="60, or 30 with `fps`: importers know no others",
    ),
    Format(
        ".json", "ARKit weights", "the 52 ARKit weights of every frame, for web players",
        "json:write_json", curves="ARKit weights", rates="30, or `fps`",
    ),
)  # fmt: skip

FORMATS: dict[str, Format] = {row.suffix: row for row in _ROWS}
"""Suffix -> format, in the order of tables."""
HEADS: tuple[str, ...] = tuple(row.suffix for row in _ROWS if row.head)
"""Suffixes of files that hold a head."""
FACES: tuple[str, ...] = (*HEADS, ".vrm", ".vrma")
"""Suffixes of files whose writers take a face; those of VRM take none but avatars."""
READABLE: tuple[str, ...] = tuple(row.suffix for row in _ROWS if row.reader)
"""Suffixes of files that can be read back."""


def format_of(path: str | os.PathLike[str], to_read: bool = False) -> Format:
    """The format that the suffix of a path names.

    Args:
        path: of a file. to_read: the file is to be read, not written.

    Returns:
        The row of the table.

    Raises:
        TypeError: no path. ValueError: no such format, or one that is not read; those that are known are listed.
    """
    suffix = checks.path("path", path).suffix.lower()
    known, deed = (READABLE, "loaded from") if to_read else (tuple(FORMATS), "saved as")
    if suffix not in known:
        raise ValueError(f"path {path} has suffix {suffix!r}; an animation can be {deed} {', '.join(sorted(known))}")
    return FORMATS[suffix]


def table() -> str:
    """All formats as the Markdown table of ``docs/formats.md``; imports the writers."""
    lines = ["| suffix | holds | frame rate | options | read back | extra |", "|---|---|---|---|---|---|"]
    for row in _ROWS:
        options = ", ".join(f"`{name}`" for name in row.options)
        extra = f"`{row.extra.name}`" if row.extra else ""
        read = "yes" if row.reader else ""
        lines.append(f"| `{row.suffix}` | {row.holds} | {row.rates} | {options} | {read} | {extra} |")
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines) + "\n"
