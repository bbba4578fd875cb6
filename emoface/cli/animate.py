"""``emoface animate``: a recording becomes files of motion."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from emoface.cli.arguments import Commands
from emoface.cli.options_flags import add_options, given_options
from emoface.cli.progress import progress_of
from emoface.cli.view import add_face, face_of
from emoface.export.formats import EXPRESSIONS, FACES, FORMATS, HEADS, LAYOUT_MODELS, LAYOUTS, format_of
from emoface.options import AnimateOptions, LoadOptions


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("animate", help="make a face speak a recording")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("audio", metavar="AUDIO", help="sound file, or - for standard input")
    formats = ", ".join(f"{row.suffix} {row.name}" for row in FORMATS.values())
    add("--other", metavar="AUDIO", help=(
        "sound file of somebody to talk with, no longer than AUDIO: the face listens to it and speaks in turn"))
    add("-o", "--out", action="append", type=Path, metavar="OUT", help=(
        f"output file, may be given several times: {formats}; files of several takes are numbered out_0, out_1, ... "
        "(default: the recording's name with .npz, in this folder)"))  # fmt: skip
    add_options(parser, AnimateOptions)
    add_options(parser, LoadOptions, leave_out=("threads",))
    add("--layout", choices=LAYOUTS, help=f"keys of the .npz ({LAYOUTS[0]})")
    add("--flame-model", type=Path, metavar="FILE", help=(
        "fit the coefficients of the .npz to this FLAME model (.pkl, .npz), as layouts of published models need"))
    add("--flame-landmarks", type=Path, metavar="FILE", help="its embedding of the 68 landmarks (.pkl, .npz, .npy)")
    add("--expressions", choices=EXPRESSIONS, help=f"names in a .vrma that is for any avatar ({EXPRESSIONS[0]})")
    add("--whole-frames", action="store_true", help=(
        "keys of .glb and .usda on whole frames, for editors that count frames"))  # fmt: skip
    add_face(parser)
    add("--plot", type=Path, metavar="PNG", help="also draw the curves over the waveform")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Animate and save: all paths are checked before the work, results are named on standard output."""
    outputs = _outputs(asked)
    options = given_options(asked)
    progress = progress_of(asked)
    if progress is not None:
        options["progress"] = progress
    saving = _saving(asked, outputs)
    flame = _flame(asked)

    from emoface.api import animate

    audio = sys.stdin.buffer if asked.audio == "-" else asked.audio
    if asked.other is not None:
        options["other"] = asked.other
    result = animate(audio, **options)
    takes = result if isinstance(result, list) else [result]
    for number, take in enumerate(takes):
        fitted = take if flame is None else take.to_flame(flame)
        for path in (_numbered(path, number, len(takes)) for path in outputs):
            (fitted if path.suffix.lower() == ".npz" else take).save(path, **saving[path.suffix])
            _say(asked, f"{path}: {take.frames} frames, {take.fps:g} fps, {take.duration:.2f} s")
        if asked.plot:
            _say(asked, str(take.plot(_numbered(asked.plot, number, len(takes)))))


def _outputs(asked: argparse.Namespace) -> list[Path]:
    """The files to write, checked together with the options that some of them need."""
    from emoface.export.plot import check_plot
    from emoface.files import check_writable

    if asked.audio != "-" and Path(asked.audio).is_dir():
        raise IsADirectoryError(f"audio {asked.audio} is a folder; emoface batch animates all recordings of one")
    outputs = asked.out or [Path("stdin.npz" if asked.audio == "-" else f"{Path(asked.audio).stem}.npz")]
    formats = [format_of(path) for path in outputs]
    for row in formats:
        row.check()
    for option in ("face", "identity", "names"):
        taking = FACES if option != "identity" else HEADS
        if getattr(asked, option) and not any(row.suffix in taking for row in formats):
            raise ValueError(f"--{option} goes with an --out that holds a head: {', '.join(taking)}")
    for option in ("layout", "whole_frames", "expressions"):
        if getattr(asked, option):
            suffixes = [row.suffix for row in FORMATS.values() if option in row.options]
            if not any(row.suffix in suffixes for row in formats):
                flag = option.replace("_", "-")
                raise ValueError(f"--{flag} goes with an --out that ends in {' or '.join(suffixes)}")
    if asked.flame_model and not any(row.suffix == ".npz" for row in formats):
        raise ValueError("--flame-model goes with an --out that ends in .npz")
    if asked.layout in LAYOUT_MODELS and not asked.flame_model:
        raise ValueError(
            f"--layout {asked.layout} holds coefficients of {LAYOUT_MODELS[asked.layout]}: name the model's file with "
            "--flame-model FILE, and its landmarks with --flame-landmarks FILE"
        )
    if bool(asked.flame_model) != bool(asked.flame_landmarks):
        raise ValueError("--flame-model and --flame-landmarks go together")
    if asked.face is None and any(row.suffix == ".vrm" for row in formats):
        raise ValueError("an --out that ends in .vrm goes with --face FILE, a VRM avatar")
    for path in [*outputs, *([asked.plot] if asked.plot else [])]:
        check_writable(path)
    if asked.plot:
        check_plot(asked.plot)
    return outputs


def _numbered(path: Path, number: int, count: int) -> Path:
    return path if count == 1 else path.with_name(f"{path.stem}_{number}{path.suffix}")


def _saving(asked: argparse.Namespace, outputs: list[Path]) -> dict[str, dict[str, Any]]:
    """Suffix -> those options of ``Animation.save`` that its format takes; the face is read once for all files."""
    options = {
        name: getattr(asked, name) for name in ("layout", "whole_frames", "expressions") if getattr(asked, name)
    }
    options["progress"] = progress_of(asked)
    rows = {path.suffix: format_of(path) for path in outputs}
    given = asked.face is not None
    if any(row.head for row in rows.values()) or given:
        options["face"] = face_of(asked)
    if given and any(row.suffix in (".vrm", ".vrma") for row in rows.values()):
        from emoface.export.vrm import vrm_avatar

        vrm_avatar(options["face"], "an --out of VRM")
    return {
        suffix: {
            name: value
            for name, value in options.items()
            if name in row.options and (name != "face" or row.head or given)
        }
        for suffix, row in rows.items()
    }


def _flame(asked: argparse.Namespace) -> Any:
    """The model of ``--flame-model``, to which the coefficients are fitted; None without it."""
    if asked.flame_model is None:
        return None
    from emoface.export.npz import check_layout
    from emoface.face.flame import FlameModel
    from emoface.face.flame_files import load_flame

    data = load_flame(asked.flame_model, asked.flame_landmarks)
    check_layout(asked.layout or LAYOUTS[0], data.version)
    return FlameModel(data)


def _say(asked: argparse.Namespace, line: str) -> None:
    if not asked.quiet:
        print(line)
