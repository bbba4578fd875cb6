"""``emoface animate``: a recording becomes files of motion."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from emoface.cli.arguments import Commands, parse_rate, parse_timeline, parse_weights
from emoface.cli.view import add_controls, add_face, controls_of, face_of
from emoface.export.formats import FORMATS, HEADS, LAYOUTS, format_of

OPTIONS = (
    "intensity", "guidance", "steps", "seed", "num_samples", "fps", "style", "blink", "gaze", "device", "dtype",
    "checkpoint",
)  # fmt: skip
"""Arguments handed to :func:`emoface.animate` where they were given."""


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("animate", help="make a face speak a recording")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("audio", metavar="AUDIO", help="sound file, or - for standard input")
    add("-o", "--out", action="append", type=Path, metavar="OUT", help=(
        f"output file, may be given several times: {', '.join(f'{row.suffix} {row.name}' for row in FORMATS.values())} "
        "(default: the recording's name with .npz, in this folder)"))  # fmt: skip
    _add_emotion(parser)
    add("--level", type=float, metavar="L", help="with a label: 1 slight, 2 medium, 3 strong")
    add("--intensity", type=float, metavar="X", help="linear strength of the expression, 0..2 (1)")
    add("--guidance", type=float, metavar="X", help="guidance inside the sampler, 0..4 (1)")
    add("--steps", type=int, metavar="N", help="sampler steps (the checkpoint's)")
    add("--seed", type=int, metavar="N", help="another seed, another take (0)")
    add("--num-samples", type=int, metavar="N", help="takes; files are numbered take_0, take_1, ... (1)")
    add("--fps", type=parse_rate, metavar="X", help="frames per second of the result, such as 30 or 30000/1001 (25)")
    _add_style(parser)
    add_controls(parser)
    add("--no-blink", dest="blink", action="store_false", default=None, help="without blinks")
    add("--no-gaze", dest="gaze", action="store_false", default=None, help="without gaze and micro-motion")
    add("--device", metavar="D", help="cpu, cuda, cuda:1, ... or auto (cpu)")
    add("--dtype", choices=("auto", "float32", "bfloat16", "int8"), help="precision of the network (auto)")
    add("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    add("--layout", choices=LAYOUTS, help=f"keys of the .npz ({LAYOUTS[0]})")
    add("--whole-frames", action="store_true", help=(
        "keys of .glb and .usda on whole frames, for editors that count frames"))  # fmt: skip
    add_face(parser)
    add("--plot", type=Path, metavar="PNG", help="also draw the curves over the waveform")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def _add_emotion(parser: argparse.ArgumentParser) -> None:
    emotion = parser.add_mutually_exclusive_group()
    emotion.add_argument("--emotion", metavar="TEXT", help="a label (happy, sad, ...) or a sentence")
    emotion.add_argument("--timeline", type=parse_timeline, metavar="T:E,...", help=(
        "emotions from given seconds on, such as 0:neutral,1.5:surprised,3:happy@3"))  # fmt: skip
    emotion.add_argument("--mix", type=parse_weights, metavar="E=W,...", help="a mixture: happy=.7,surprised=.3")
    emotion.add_argument("--emotion-audio", metavar="FILE", help="the emotion of another voice")
    emotion.add_argument("--emotion-motion", metavar="FILE", help="the emotion of a motion (.npz, Live Link .csv)")


def _add_style(parser: argparse.ArgumentParser) -> None:
    style = parser.add_mutually_exclusive_group()
    style.add_argument("--style", choices=("artist", "rule"), help="captured lips, or larger rule-made ones (artist)")
    style.add_argument("--style-motion", metavar="FILE", help="move like the person of a motion (.npz, Live Link .csv)")
    style.add_argument("--style-audio", metavar="FILE", help="move as much as the speaker of another voice would")


def run(asked: argparse.Namespace) -> None:
    """Animate and save: all paths are checked before the work, results are named on standard output."""
    outputs = _outputs(asked)
    options = _options(asked)
    saving = _saving(asked, outputs)

    from emoface.api import animate

    audio = sys.stdin.buffer if asked.audio == "-" else asked.audio
    result = animate(audio, emotion=_emotion(asked), **options)
    takes = result if isinstance(result, list) else [result]
    for number, take in enumerate(takes):
        for path in (_numbered(path, number, len(takes)) for path in outputs):
            take.save(path, **saving[path.suffix])
            _say(asked, f"{path}: {take.frames} frames, {take.fps:g} fps, {take.duration:.2f} s")
        if asked.plot:
            _say(asked, str(take.plot(_numbered(asked.plot, number, len(takes)))))


def _outputs(asked: argparse.Namespace) -> list[Path]:
    """The files to write, checked together with the options that some of them need."""
    from emoface.export.plot import check_plot
    from emoface.files import check_writable

    outputs = asked.out or [Path("stdin.npz" if asked.audio == "-" else f"{Path(asked.audio).stem}.npz")]
    formats = [format_of(path) for path in outputs]
    for row in formats:
        row.check()
    for option in ("face", "identity", "names"):
        if getattr(asked, option) and not any(row.head for row in formats):
            raise ValueError(f"--{option} goes with an --out that holds a head: {', '.join(HEADS)}")
    for option in ("layout", "whole_frames"):
        suffixes = [row.suffix for row in FORMATS.values() if option in row.options]
        if getattr(asked, option) and not any(row.suffix in suffixes for row in formats):
            raise ValueError(f"--{option.replace('_', '-')} goes with an --out that ends in {' or '.join(suffixes)}")
    for path in [*outputs, *([asked.plot] if asked.plot else [])]:
        check_writable(path)
    if asked.plot:
        check_plot(asked.plot)
    return outputs


def _options(asked: argparse.Namespace) -> dict[str, Any]:
    """What goes to :func:`emoface.animate` beside the recording and the emotion."""
    options = {name: getattr(asked, name) for name in OPTIONS if getattr(asked, name) is not None}
    if asked.style_motion or asked.style_audio:
        from emoface.emotion import from_audio, from_motion

        options["style"] = from_motion(asked.style_motion) if asked.style_motion else from_audio(asked.style_audio)
    if asked.controls:
        options["controls"] = controls_of(asked)
    if not asked.quiet and sys.stderr.isatty():
        options["progress"] = _progress
    return options


def _emotion(asked: argparse.Namespace) -> Any:
    """The ``emotion`` argument that the options describe."""
    if asked.level is not None and asked.emotion is None:
        raise ValueError("--level goes with --emotion LABEL")
    if asked.emotion is not None:
        return asked.emotion if asked.level is None else (asked.emotion, asked.level)
    if asked.timeline is not None or asked.mix is not None:
        return asked.timeline if asked.mix is None else asked.mix
    if asked.emotion_audio is not None or asked.emotion_motion is not None:
        from emoface.emotion import from_audio, from_motion

        return from_audio(asked.emotion_audio) if asked.emotion_motion is None else from_motion(asked.emotion_motion)
    return None


def _numbered(path: Path, number: int, count: int) -> Path:
    return path if count == 1 else path.with_name(f"{path.stem}_{number}{path.suffix}")


def _saving(asked: argparse.Namespace, outputs: list[Path]) -> dict[str, dict[str, Any]]:
    """Suffix -> those options of ``Animation.save`` that its format takes; the face is read once for all files."""
    options = {name: getattr(asked, name) for name in ("layout", "whole_frames") if getattr(asked, name)}
    if any(format_of(path).head for path in outputs):
        options["face"] = face_of(asked)
    return {
        path.suffix: {name: value for name, value in options.items() if name in format_of(path).options}
        for path in outputs
    }


def _progress(share: float) -> None:
    print(f"\r{100 * share:3.0f} %", end="" if share < 1 else "\r     \r", file=sys.stderr, flush=True)


def _say(asked: argparse.Namespace, line: str) -> None:
    if not asked.quiet:
        print(line)
