"""``emoface redo``: a stretch of a saved take is performed anew."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("redo", help="perform a stretch of a take anew, in all of the face or in parts")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("take", type=Path, metavar="TAKE", help="a take that `emoface animate` saved as .npz")
    add("--from", dest="start", type=float, required=True, metavar="S", help="seconds at which it begins")
    add("--to", dest="end", type=float, required=True, metavar="S", help="seconds at which it ends")
    add("--region", action="append", metavar="PART", help=(
        "brows, eyes, cheeks, mouth, jaw, head, upper, lower, face or all; may be given several times (all)"))
    add("--seed", type=int, metavar="N", help="of the new performance (default: the take's plus 1)")
    add("--emotion", metavar="TEXT", help="another emotion: a label or a sentence")
    add("--intensity", type=float, metavar="X", help="another intensity, 0 to 2")
    add("--fade", type=float, metavar="S", help="seconds at either end over which old and new join (0.5)")
    add("--audio", type=Path, metavar="FILE", help="the recording (default: the one it names, beside it or here)")
    add("--other", type=Path, metavar="FILE", help="the voice that the take listens to, if there was one")
    add("-o", "--out", type=Path, metavar="OUT", help="output file; its suffix says the format (default: TAKE itself)")


def run(asked: argparse.Namespace) -> None:
    """Edit and save; the result is named on standard output."""
    from emoface.direct.edits import FADE
    from emoface.files import check_writable
    from emoface.pipeline import Animation

    out = asked.out or asked.take
    check_writable(out)
    take = Animation.load(asked.take)
    changes = {name: getattr(asked, name) for name in ("seed", "emotion", "intensity")}
    given = {name: value for name, value in changes.items() if value is not None}
    audio = asked.audio or _recording(asked.take, take)
    fade = FADE if asked.fade is None else asked.fade
    where = {"regions": asked.region or "all", "fade": fade, "audio": audio, "other": asked.other}
    done = take.redo(asked.start, asked.end, **where, **given)
    done.save(out)
    print(f"{out}: {', '.join(asked.region or ['all'])} anew from {asked.start:g} to {asked.end:g} s")


def _recording(path: Path, take: object) -> Path:
    """The file of the recording that a take names, beside the take or in this folder."""
    name = getattr(take, "metadata", {}).get("recording", "")
    for folder in (path.parent, Path()):
        if name and (folder / Path(name).name).is_file():
            return folder / Path(name).name
    told = name or "which it does not name"
    raise ValueError(f"the take's recording, {told}, is not here: give it with --audio FILE")
