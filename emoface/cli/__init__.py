"""The command line: ``animate``, ``render``, ``sheet``, ``compare``, ``info``, ``tune``, ``train``, ``eval``, ``card``.

Exit codes: 0 done; 1 a fault of the program, with its trace; 2 wrong arguments, input or paths, told in one
line; 130 interrupted. With EMOFACE_TRACEBACK=1 in the environment, code 2 comes with the full trace too.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

STAGES = {
    "corpus": "emoface.training.corpus.build",
    "lips": "emoface.training.lips",
    "text": "emoface.training.text.train",
    "binding": "emoface.training.binding",
    "denoiser": "emoface.training.denoiser",
    "distill": "emoface.training.distill",
    "pack": "emoface.training.pack",
    "ablations": "emoface.training.ablations",
}
"""Training stage -> module with ``train(config, out, assets=None, resume=False)``, in the order they are run.
"""

FACES = (".glb", ".usda", ".html", ".mp4")
"""Suffixes of files that hold a head."""
USER_ERRORS = (ValueError, TypeError, OSError, ImportError, RuntimeError)


class Parser(argparse.ArgumentParser):
    """Reports wrong arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with code 2."""
        self.exit(2, f"emoface: error: {message} (see {self.prog} --help)\n")


def parse_timeline(text: str) -> list[tuple[float, Any]]:
    """Read ``0:neutral,1.5:surprised,3:happy@3`` as [(0.0, "neutral"), (1.5, "surprised"), (3.0, ("happy",
    3.0))].

    A comma ends an entry only where seconds and a colon follow, so sentences may hold commas.

    Args:
        text: entries ``SECONDS:EMOTION[@LEVEL]`` joined by commas.

    Raises:
        argparse.ArgumentTypeError: another form.
    """
    entries: list[tuple[float, Any]] = []
    for entry in re.split(r",(?=\s*[-+.\d]+\s*:)", text):
        match = re.fullmatch(r"\s*([-+.\d]+)\s*:\s*(.+?)\s*(?:@\s*([-+.\d]+)\s*)?", entry, re.DOTALL)
        if match is None:
            raise argparse.ArgumentTypeError(f"expected SECONDS:EMOTION[@LEVEL],..., got {text!r}")
        seconds, emotion, level = match.groups()
        entries.append((_number(seconds, text), emotion if level is None else (emotion, _number(level, text))))
    return entries


def parse_weights(text: str) -> dict[str, float]:
    """Read ``happy=.7,surprised=.3`` as {"happy": 0.7, "surprised": 0.3}.

    Raises:
        argparse.ArgumentTypeError: another form, or a name twice.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.partition("=")
        if not name.strip() or not equals:
            raise argparse.ArgumentTypeError(f"expected NAME=WEIGHT,..., got {text!r}")
        if name.strip() in weights:
            raise argparse.ArgumentTypeError(f"names {name.strip()} twice: {text!r}")
        weights[name.strip()] = _number(weight, text)
    return weights


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {part!r} in {text!r}") from None


def build_parser() -> Parser:
    """The parser of all commands."""
    parser = Parser(
        prog="emoface",
        description="A voice in, emotional 3D facial motion out.",
        epilog="Exit codes: 0 done, 1 a fault of the program, 2 wrong arguments, input or paths, 130 interrupted.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _add_animate(commands.add_parser("animate", help="make a face speak a recording"))
    _add_render(commands.add_parser("render", help="a video or a picture of motion that was saved before"))
    _add_sheet(commands.add_parser("sheet", help="a page of small pictures: emotions by intensities, or shapes"))
    info = commands.add_parser("info", help="what is installed and which back ends run")
    info.add_argument("--json", action="store_true", help="as JSON")
    info.set_defaults(run=run_info)
    tune = commands.add_parser("tune", help="measure the tiles of the Triton kernels on this GPU, once, ahead of use")
    tune.set_defaults(run=run_tune)
    train = commands.add_parser("train", help="run one stage of the training")
    train.add_argument("stage", choices=STAGES, help="in this order")
    train.add_argument("--config", type=Path, metavar="JSON", help="settings; the default checkpoint's if left out")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of all stages' results")
    train.add_argument("--assets", type=Path, metavar="DIR", help="folder of recorded data sets")
    train.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    train.set_defaults(run=run_train)
    evaluate = commands.add_parser("eval", help="measure every figure of a checkpoint")
    evaluate.add_argument("--assets", type=Path, metavar="DIR", help="folder of recorded data sets ($EMOFACE_ASSETS)")
    evaluate.add_argument("--quick", action="store_true", help="fewer recordings, in under a minute")
    evaluate.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the report")
    evaluate.add_argument("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    evaluate.add_argument("--against", type=Path, metavar="FILE", help="another checkpoint, whose figures stand beside")
    evaluate.add_argument("--curve", action="store_true", help="quality against speed over numbers of steps instead")
    evaluate.add_argument("--student", type=Path, metavar="FILE", help="with --curve: a distilled checkpoint beside it")
    evaluate.set_defaults(run=run_eval)
    card = commands.add_parser("card", help="write the model card of a checkpoint")
    card.add_argument("--checkpoint", type=Path, metavar="FILE", help="instead of the default one; its .json beside it")
    card.add_argument("--evaluation", type=Path, metavar="JSON", help="evaluation.json of a whole eval of it")
    card.add_argument("--out", type=Path, metavar="FILE", help="MODEL_CARD.md beside the checkpoint if left out")
    card.set_defaults(run=run_card)
    against = commands.add_parser("compare", help="vertex errors of motion against true motion of the open head")
    against.add_argument("prediction", type=Path, metavar="PREDICTION", help=".npz, Live Link .csv, or a folder")
    against.add_argument("truth", type=Path, metavar="TRUTH", help="the same; files of one name belong together")
    against.add_argument("--split", metavar="TEXT", help="which data these are (default: the name of TRUTH)")
    against.add_argument("--cut", action="store_true", help="compare the frames that both have where one is longer")
    against.add_argument("--out", type=Path, metavar="JSON", help="write the figures to a file too")
    against.set_defaults(run=run_compare)
    return parser


def _add_animate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run_animate)
    add = parser.add_argument
    add("audio", metavar="AUDIO", help="sound file, or - for standard input")
    add("-o", "--out", action="append", type=Path, metavar="OUT", help=(
        "output file, may be given several times; .npz FLAME coefficients, .csv Live Link Face, .json ARKit weights, "
        ".glb and .usda animated head, .html page, .mp4 video (default: the recording's name with .npz, in this "
        "folder)"))  # fmt: skip
    emotion = parser.add_mutually_exclusive_group()
    emotion.add_argument("--emotion", metavar="TEXT", help="a label (happy, sad, ...) or a sentence")
    emotion.add_argument("--timeline", type=parse_timeline, metavar="T:E,...", help=(
        "emotions from given seconds on, such as 0:neutral,1.5:surprised,3:happy@3"))  # fmt: skip
    emotion.add_argument("--mix", type=parse_weights, metavar="E=W,...", help="a mixture: happy=.7,surprised=.3")
    emotion.add_argument("--emotion-audio", metavar="FILE", help="the emotion of another voice")
    emotion.add_argument("--emotion-motion", metavar="FILE", help="the emotion of a motion (.npz, Live Link .csv)")
    add("--level", type=float, metavar="L", help="with a label: 1 slight, 2 medium, 3 strong")
    add("--intensity", type=float, metavar="X", help="linear strength of the expression, 0..2 (1)")
    add("--guidance", type=float, metavar="X", help="guidance inside the sampler, 0..4 (1)")
    add("--steps", type=int, metavar="N", help="sampler steps (the checkpoint's)")
    add("--seed", type=int, metavar="N", help="another seed, another take (0)")
    add("--num-samples", type=int, metavar="N", help="takes; files are numbered take_0, take_1, ... (1)")
    add("--fps", type=float, metavar="X", help="frames per second of the result (25)")
    style = parser.add_mutually_exclusive_group()
    style.add_argument("--style", choices=("artist", "rule"), help="captured lips, or larger rule-made ones (artist)")
    style.add_argument("--style-motion", metavar="FILE", help="move like the person of a motion (.npz, Live Link .csv)")
    style.add_argument("--style-audio", metavar="FILE", help="move as much as the speaker of another voice would")
    add("--controls", type=Path, metavar="JSON", help="strengths, smoothing and offsets of the face's parts and shapes")
    add("--no-blink", dest="blink", action="store_false", default=None, help="without blinks")
    add("--no-gaze", dest="gaze", action="store_false", default=None, help="without gaze and micro-motion")
    add("--device", metavar="D", help="cpu, cuda, cuda:1, ... or auto (cpu)")
    add("--dtype", choices=("auto", "float32", "bfloat16", "int8"), help="precision of the network (auto)")
    add("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    add("--layout", choices=("emoface", "diffposetalk", "emote", "emage", "vhap"), help="keys of the .npz (emoface)")
    _add_face(parser)
    add("--plot", type=Path, metavar="PNG", help="also draw the curves over the waveform")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def _add_face(parser: argparse.ArgumentParser) -> None:
    head = parser.add_mutually_exclusive_group()
    head.add_argument("--face", type=Path, metavar="FILE", help=(
        "head of .glb, .usda, .html and .mp4: an avatar (.glb, .vrm) with ARKit's shapes, or ICT-FaceKit (default: the "
        "open head)"))  # fmt: skip
    head.add_argument("--identity", type=parse_weights, metavar="N=W,...", help=(
        "another person's open head, about -1..1 each: nose_width=1,face_width=-.8; "
        "a wrong name lists them all"))  # fmt: skip


def _add_view(parser: argparse.ArgumentParser, size: int, zoom: float) -> None:
    _add_face(parser)
    add = parser.add_argument
    add("--size", type=int, default=size, metavar="PIXELS", help=f"height and width of a picture ({size})")
    add("--yaw", type=float, default=0.0, metavar="DEGREES", help="turn of the head; 35 three-quarter, 90 profile (0)")
    add("--pitch", type=float, default=0.0, metavar="DEGREES", help="seen from above (0)")
    add("--zoom", type=float, default=zoom, metavar="X", help=f"above 1 comes closer ({zoom:g})")


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run_render)
    add = parser.add_argument
    add("motion", type=Path, metavar="MOTION", help="motion (.npz, Live Link .csv)")
    add("-o", "--out", type=Path, required=True, metavar="OUT", help=".mp4 video, or .png of one moment")
    add("--audio", type=Path, metavar="FILE", help="the recording that belongs to it")
    add("--fps", type=float, metavar="X", help="frames per second of a .csv too short or too fast to show them")
    add("--at", type=float, metavar="SECONDS", help="the moment of a .png (0)")
    add("--controls", type=Path, metavar="JSON", help="strengths, smoothing and offsets of the face's parts and shapes")
    _add_view(parser, 512, 1.0)


def _add_sheet(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run_sheet)
    add = parser.add_argument
    add("subject", choices=("emotions", "shapes"), help="the face speaking in every emotion, or each of its shapes")
    add("-o", "--out", type=Path, required=True, metavar="PNG", help="the page")
    add("--audio", type=Path, metavar="FILE", help="recording spoken on the page of emotions (the bundled clip)")
    add("--at", type=float, metavar="SECONDS", help="its moment (where the jaw opens widest)")
    add("--levels", type=_levels, default=[1.0, 2.0, 3.0], metavar="L,...", help="of the emotions, 0..3 (1,2,3)")
    add("--seed", type=int, default=0, metavar="N", help="of the takes (0)")
    add("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    _add_view(parser, 220, 1.3)


def _levels(text: str) -> list[float]:
    return [_number(part, text) for part in text.split(",")]


OPTIONS = (
    "intensity", "guidance", "steps", "seed", "num_samples", "fps", "style", "blink", "gaze", "device", "dtype",
    "checkpoint",
)  # fmt: skip
"""Arguments handed to :func:`emoface.animate` where they were given."""


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


def _progress(share: float) -> None:
    print(f"\r{100 * share:3.0f} %", end="" if share < 1 else "\r     \r", file=sys.stderr, flush=True)


def run_animate(asked: argparse.Namespace) -> None:
    """``emoface animate``: all paths are checked before the work, results named on standard output."""
    from emoface.export import check_suffix
    from emoface.export.plot import check_plot
    from emoface.files import check_writable

    name = "stdin" if asked.audio == "-" else Path(asked.audio).stem
    outputs = asked.out or [Path(f"{name}.npz")]
    for path in outputs:
        check_suffix(path)
    suffixes = {path.suffix.lower() for path in outputs}
    for option in ("face", "identity"):
        if getattr(asked, option) and not suffixes & set(FACES):
            raise ValueError(f"--{option} goes with an --out that holds a head: {', '.join(FACES)}")
    if asked.layout and ".npz" not in suffixes:
        raise ValueError("--layout goes with an --out that ends in .npz")
    for path in [*outputs, *([asked.plot] if asked.plot else [])]:
        check_writable(path)
    if asked.plot:
        check_plot(asked.plot)
    options = {name: getattr(asked, name) for name in OPTIONS if getattr(asked, name) is not None}
    if asked.style_motion or asked.style_audio:
        from emoface.emotion import from_audio, from_motion

        options["style"] = from_motion(asked.style_motion) if asked.style_motion else from_audio(asked.style_audio)
    if asked.controls:
        options["controls"] = _controls(asked.controls)
    face = _face(asked)
    if not asked.quiet and sys.stderr.isatty():
        options["progress"] = _progress

    from emoface.api import animate

    audio = sys.stdin.buffer if asked.audio == "-" else asked.audio
    result = animate(audio, emotion=_emotion(asked), **options)
    takes = result if isinstance(result, list) else [result]
    for number, take in enumerate(takes):
        for path in (_numbered(path, number, len(takes)) for path in outputs):
            saving: dict[str, Any] = {}
            if asked.layout and path.suffix.lower() == ".npz":
                saving["layout"] = asked.layout
            if face is not None and path.suffix.lower() in FACES:
                saving["face"] = face
            take.save(path, **saving)
            _say(asked, f"{path}: {take.frames} frames, {take.fps:g} fps, {take.duration:.2f} s")
        if asked.plot:
            _say(asked, str(take.plot(_numbered(asked.plot, number, len(takes)))))


def _say(asked: argparse.Namespace, line: str) -> None:
    if not asked.quiet:
        print(line)


def _controls(path: Path) -> Any:
    from emoface.face.controls import Controls

    return Controls.load(path)


def _face(asked: argparse.Namespace) -> Any:
    """The rig of ``--face`` or ``--identity``, None for the plain open head; what it lacks is said."""
    if asked.face is None and asked.identity is None:
        return None
    from emoface.face.rigs import load_rig, open_head_rig

    if asked.identity is not None:
        return open_head_rig(asked.identity)
    rig = load_rig(asked.face)
    if rig.missing:
        names = ", ".join(rig.missing)
        print(f"emoface: {asked.face} lacks {len(rig.missing)} of ARKit's shapes: {names}", file=sys.stderr)
    return rig


def _view(asked: argparse.Namespace) -> dict[str, Any]:
    return {"face": _face(asked), **{name: getattr(asked, name) for name in ("size", "yaw", "pitch", "zoom")}}


def run_render(asked: argparse.Namespace) -> None:
    """``emoface render``."""
    from dataclasses import replace

    from emoface.animation import Animation
    from emoface.audio.load import open_audio
    from emoface.files import check_writable
    from emoface.render import write_png

    suffix = asked.out.suffix.lower()
    if suffix not in (".mp4", ".png"):
        raise ValueError(f"--out must be a .mp4 or a .png, got {asked.out}")
    if asked.at is not None and suffix != ".png":
        raise ValueError("--at goes with a .png")
    check_writable(asked.out)
    animation = Animation.load(asked.motion, **({} if asked.fps is None else {"fps": asked.fps}))
    if asked.audio:
        animation = replace(animation, audio=open_audio(asked.audio))
    if asked.controls:
        animation = animation.adjust(_controls(asked.controls))
    if suffix == ".png":
        write_png(asked.out, animation.picture(asked.at or 0.0, **_view(asked)))
    else:
        animation.save(asked.out, **_view(asked))
    print(asked.out)


def run_sheet(asked: argparse.Namespace) -> None:
    """``emoface sheet``."""
    from emoface.files import check_writable
    from emoface.render import write_png
    from emoface.render.sheet import animations_sheet, shapes_sheet

    if asked.out.suffix.lower() != ".png":
        raise ValueError(f"--out must be a .png, got {asked.out}")
    check_writable(asked.out)
    view = _view(asked)
    if asked.subject == "shapes":
        from emoface.face.rigs import open_head_rig

        page = shapes_sheet(view.pop("face") or open_head_rig(), **view)
    else:
        page = animations_sheet(*_emotions(asked), **view)
    write_png(asked.out, page)
    print(asked.out)


def _emotions(asked: argparse.Namespace) -> tuple[dict[str, list[Any]], list[str], float]:
    """Per level every emotion, the emotions' names, and the moment to look at."""
    from emoface.api import animate
    from emoface.binding.emotions import EMOTIONS
    from emoface.demo import demo_path

    recording, options = asked.audio or demo_path(), {"seed": asked.seed, "checkpoint": asked.checkpoint}
    rows = {}
    for level in asked.levels:
        rows[f"{level:g}"] = [
            animate(recording, emotion=(emotion, level), blink=False, gaze=False, **options) for emotion in EMOTIONS
        ]
    neutral = next(iter(rows.values()))[0]
    widest = (int(neutral.jaw_pose[:, 0].argmax()) + 0.5) / neutral.fps
    return rows, list(EMOTIONS), widest if asked.at is None else asked.at


def run_info(asked: argparse.Namespace) -> None:
    """``emoface info``."""
    from emoface.info import main as info

    info(["--json"] if asked.json else [])


def run_tune(asked: argparse.Namespace) -> None:
    """``emoface tune``."""
    from emoface.kernels._triton import tiles

    print(tiles.tune())


def run_train(asked: argparse.Namespace) -> None:
    """``emoface train STAGE``."""
    if asked.assets is not None and not asked.assets.is_dir():
        raise FileNotFoundError(f"--assets {asked.assets} is not a folder")
    train: Callable[..., Any] = importlib.import_module(STAGES[asked.stage]).train
    shipped = Path(__file__).parents[1] / "training" / "configs" / f"{asked.stage}.json"
    train(asked.config or shipped, asked.out, assets=asked.assets, resume=asked.resume)
    print(f"{asked.stage}: done, results in {asked.out}")


def run_eval(asked: argparse.Namespace) -> None:
    """``emoface eval``."""
    if asked.assets is not None and not asked.assets.is_dir():
        raise FileNotFoundError(f"--assets {asked.assets} is not a folder")
    if asked.student is not None and not asked.curve:
        raise ValueError("--student belongs to --curve")
    if asked.against is not None and asked.curve:
        raise ValueError("--against does not go with --curve")
    from emoface.evaluation import curve_markdown, evaluate, markdown, quality_curve

    def progress(part: str) -> None:
        print(f"measuring {part}", file=sys.stderr, flush=True)

    if asked.curve:
        report = quality_curve(asked.checkpoint, asked.student, asked.assets, asked.out, asked.quick, progress)
        print(curve_markdown(report))
        return
    print(markdown(evaluate(asked.checkpoint, asked.assets, asked.out, asked.quick, progress, asked.against)))


def run_card(asked: argparse.Namespace) -> None:
    """``emoface card``."""
    from emoface.evaluation.card import write_card

    print(write_card(asked.checkpoint, asked.evaluation, asked.out))


def run_compare(asked: argparse.Namespace) -> None:
    """``emoface compare``."""
    import json
    from dataclasses import asdict

    from emoface.files import atomic_path
    from emoface.metrics.compare import compare, load_pairs

    split = asked.split or asked.truth.resolve().name
    figures = compare(*load_pairs(asked.prediction, asked.truth), split, cut=asked.cut)
    if asked.out is not None:
        with atomic_path(asked.out) as path:
            path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n", encoding="utf-8")
    print("\n".join(map(str, figures)))


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"emoface: warning: {message}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: as typed after ``emoface``; those of the process if None.

    Returns:
        The exit code.
    """
    asked = build_parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            asked.run(asked)
    except KeyboardInterrupt:
        print("emoface: interrupted", file=sys.stderr)
        return 130
    except USER_ERRORS as error:
        if os.environ.get("EMOFACE_TRACEBACK") == "1":
            traceback.print_exc()
        line = " ".join(str(error).split()) or type(error).__name__
        print(f"emoface: error: {line}", file=sys.stderr)
        return 2
    return 0
