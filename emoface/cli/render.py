"""``emoface render``: a video, a picture or a sequence of files of motion that was saved before."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands, parse_rate
from emoface.cli.progress import progress_of
from emoface.cli.view import add_controls, add_view, controls_of, face_of, view_of
from emoface.export.formats import FORMATS, READABLE, SEQUENCES


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("render", help="a video, a picture or files of all frames, of saved motion")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("motion", type=Path, metavar="MOTION", help=f"motion ({', '.join(READABLE)})")
    add("-o", "--out", type=Path, required=True, metavar="OUT", help=(
        ".mp4 video, .png of one moment, or a folder for --frames"))  # fmt: skip
    add("--audio", type=Path, metavar="FILE", help="the recording that belongs to it")
    add("--fps", type=parse_rate, metavar="X", help="frames per second of a .csv too short or too fast to show them")
    add("--frames", choices=SEQUENCES, help="a file for every frame in the folder OUT: pictures or meshes")
    add("--alpha", action="store_true", help="pictures (.png) without a backdrop")
    add("-q", "--quiet", action="store_true", help="show no progress")
    add("--at", type=float, metavar="SECONDS", help="the moment of a .png (0)")
    add_controls(parser)
    add_view(parser, 512, 1.0)


def run(asked: argparse.Namespace) -> None:
    """Render and name the file on standard output."""
    from dataclasses import replace

    from emoface.animation import Animation
    from emoface.audio.load import open_audio
    from emoface.export.sequence import write_sequence
    from emoface.files import check_writable
    from emoface.render import write_png

    suffix = asked.frames or asked.out.suffix.lower()
    if not asked.frames and suffix not in (".mp4", ".png"):
        raise ValueError(f"--out must be a .mp4 or a .png, got {asked.out}")
    if suffix == ".mp4":
        FORMATS[suffix].check()
    if asked.at is not None and suffix != ".png":
        raise ValueError("--at goes with a .png")
    if asked.alpha and suffix not in (".png", "png"):
        raise ValueError("--alpha goes with a .png or --frames png")
    if not asked.frames:
        check_writable(asked.out)
    animation = Animation.load(asked.motion, **({} if asked.fps is None else {"fps": asked.fps}))
    if asked.audio:
        animation = replace(animation, audio=open_audio(asked.audio))
    if asked.controls:
        animation = animation.adjust(controls_of(asked))
    progress = progress_of(asked)
    if suffix == ".png":
        write_png(asked.out, animation.picture(asked.at or 0.0, **view_of(asked), alpha=asked.alpha))
    elif asked.frames:
        view = {**view_of(asked), "alpha": asked.alpha} if asked.frames == "png" else {"face": face_of(asked)}
        write_sequence(animation, asked.out, asked.frames, progress=progress, **view)
    else:
        animation.save(asked.out, **view_of(asked), progress=progress)
    print(asked.out)
