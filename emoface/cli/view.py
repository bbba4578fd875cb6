"""Options about what is seen, shared by commands: the head, its controls and the camera."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from emoface.cli.arguments import parse_identity
from emoface.export.formats import FACES, LIGHT_NAMES

BACKENDS = ("cpu", "gpu", "auto")
VIEW = ("size", "yaw", "pitch", "zoom", "lights", "backend")


def add_face(parser: argparse.ArgumentParser) -> None:
    """Add ``--face`` and ``--identity``, of which one may be given, and ``--names``."""
    head = parser.add_mutually_exclusive_group()
    head.add_argument("--face", type=Path, metavar="FILE", help=(
        f"head of pictures and of {', '.join(FACES)}: an avatar (.glb, .vrm) with ARKit's shapes, or ICT-FaceKit "
        "(default: the open head)"))  # fmt: skip
    add_identity(head)
    add_names(parser)


def add_identity(parser: argparse._ActionsContainer) -> None:
    """Add ``--identity``."""
    parser.add_argument("--identity", type=parse_identity, metavar="N=V,...", help=(
        "another person's open head: ada, or nose_width=1,face_width=-.8,beard=short,eye_colour=blue, or both: "
        "ada,lashes=natural; a wrong name lists them all"))  # fmt: skip


def add_names(parser: argparse.ArgumentParser) -> None:
    """Add ``--names``."""
    parser.add_argument("--names", type=Path, metavar="JSON", help=(
        'what moves a shape of the avatar, where its name says otherwise: {"jawOpen": "Mund_auf"}'))  # fmt: skip


def add_controls(parser: argparse.ArgumentParser) -> None:
    """Add ``--controls``."""
    parser.add_argument(
        "--controls", type=Path, metavar="JSON",
        help="strengths, smoothing and offsets of the face's parts and shapes",
    )  # fmt: skip


def add_view(parser: argparse.ArgumentParser, size: int, zoom: float) -> None:
    """Add the head's options and the camera's.

    Args:
        parser: of a command that renders.
        size: default height and width of a picture, pixels.
        zoom: default zoom.
    """
    add_face(parser)
    add = parser.add_argument
    add("--size", type=int, default=size, metavar="PIXELS", help=f"height and width of a picture ({size})")
    add("--yaw", type=float, default=0.0, metavar="DEGREES", help="turn of the head; 35 three-quarter, 90 profile (0)")
    add("--pitch", type=float, default=0.0, metavar="DEGREES", help="seen from above (0)")
    add("--zoom", type=float, default=zoom, metavar="X", help=f"above 1 comes closer ({zoom:g})")
    add("--lights", choices=LIGHT_NAMES, default=LIGHT_NAMES[0], help=f"on the face ({LIGHT_NAMES[0]})")
    add("--backend", choices=BACKENDS, default=BACKENDS[0], help=(
        "what draws: cpu (always the same bits), gpu (extra gpu; an error where none can), auto (cpu)"))  # fmt: skip


def face_of(asked: argparse.Namespace) -> Any:
    """The :class:`~emoface.face.face.Face` of ``--face`` and ``--identity``; shapes that an avatar lacks are said."""
    from emoface.face.face import as_face
    from emoface.face.rigs import load_rig

    if asked.names is not None and asked.face is None:
        raise ValueError("--names goes with --face FILE")
    face = as_face(asked.face if asked.names is None else load_rig(asked.face, asked.names), asked.identity)
    if asked.face is not None and face.rig.missing:
        names = ", ".join(face.rig.missing)
        print(f"emoface: {asked.face} lacks {len(face.rig.missing)} of ARKit's shapes: {names}", file=sys.stderr)
    return face


def controls_of(asked: argparse.Namespace) -> Any:
    """The ``Controls`` of ``--controls``, which was given."""
    from emoface.face.controls import Controls

    return Controls.load(asked.controls)


def view_of(asked: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of a rendering: ``face``, ``size``, ``yaw``, ``pitch``, ``zoom``, ``lights``,
    ``backend``."""
    return {"face": face_of(asked), **{name: getattr(asked, name) for name in VIEW}}
