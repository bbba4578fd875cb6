"""Live Link Face CSV, the table that Apple's face capture app writes and every character tool reads."""

from __future__ import annotations

import csv
import io
import os
import warnings
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rotation import from_head_angles, head_angles
from emoface.face_motion import FaceMotion
from emoface.limits import Account, OverBudget, UnreadableFile
from emoface.rates import MAX_FPS, frame_rate
from emoface.reading import open_file, plain_text

from ..files import atomic_path


def _file_order() -> list[str]:
    """ARKit names in the order of the app's columns: jaw and mouth to the right come before to the left."""
    names = list(ARKIT_NAMES)
    for left, right in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
        i, j = names.index(left), names.index(right)
        names[i], names[j] = right, left
    return names


SHAPES = tuple(_file_order())
HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
EYES = tuple(part + axis for part in ("LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
ROTATIONS = (*HEAD, *EYES)
HEAD_SIGNS = np.array([-1.0, 1.0, -1.0])
"""Of the columns against :func:`emoface.face.rotation.head_angles`: the app counts yaw and roll to the other side, as
for the eyes."""
COLUMNS = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in SHAPES), *ROTATIONS)
VALUES = len(SHAPES) + len(ROTATIONS)
APP_FPS = 60.0
RATES = (60.0, 30.0)
"""Frames per second that importers know."""
FEWEST_AT_60 = 31
"""Rows from which on the last frame's number, 30.5, says that there are 60 to the second."""
USUAL_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
FRAME_BYTES = 8 * 59  # of weights, head and timecode, as they are read
MISSING = 16
"""Frames that a row may stand for on average, where the app skipped some."""
LONGEST_GAP = 60
"""Seconds that may be missing besides, so that a short table may have a gap too."""
REGULAR = 1e-3  # frames by which a row may be off the even grid and still be taken as it is


def timecode(frame: int, base: int) -> str:
    """``HH:MM:SS:FF.500`` of the middle of a frame, ``base`` frames to the second, modulo 24 hours."""
    seconds, part = divmod(frame, base)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}:{part:02d}.500"


def write_live_link(animation: FaceMotion, path: str | os.PathLike[str], fps: float | None = None) -> None:
    """Write ARKit-52 weights and the turn of the head as a Live Link Face CSV of 63 columns.

    ``HeadYaw`` (to the speaker's right), ``HeadPitch`` (chin down) and ``HeadRoll`` (crown to the speaker's left) are
    radians, turned in this order. Rotations of the eyes are zero, as the gaze is in the eyeLook weights. ``tongueUp``
    has no column and is lost. Timecodes are those of the frames' middles,
    at which importers put the keys.

    Nothing in such a table says its rate. Unreal's newer importer takes 60 frames per second where a frame number
    exceeds 30, and 30 elsewhere; the older one always takes 60. So the table has 60, and at least 31 rows, of which the
    last are held where the motion is shorter.

    Args:
        animation: what to write; it is resampled.
        path: the file.
        fps: 60 if None, as the app itself writes; or 30, for the newer importer alone.

    Raises:
        ValueError: another rate, or a face whose shapes are not ARKit's. OSError: the path cannot be written.
    """
    rate = APP_FPS if fps is None else frame_rate(fps)
    if rate not in RATES:
        raise ValueError(
            f"fps of a Live Link Face table must be 60 or 30, got {rate:g}: importers read it at one of these, since "
            "nothing in it says its rate"
        )
    resampled = animation.resample(rate)
    weights = resampled.arkit()[:, [ARKIT_INDEX[name] for name in SHAPES]]  # (T, 52)
    head = HEAD_SIGNS * head_angles(resampled.neck_pose) + 0.0  # (T, 3), no -0
    values = np.concatenate([weights, head], 1)
    rows = max(len(weights), FEWEST_AT_60) if rate == APP_FPS else len(weights)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        still = ",".join(["0.0000000000"] * len(EYES))
        row = ",".join(["%.10f"] * values.shape[1])
        for frame in range(rows):
            shown = row % tuple(values[min(frame, len(values) - 1)].tolist())
            file.write(f"{timecode(frame, int(rate))},{VALUES},{shown},{still}\n")


def read_live_link(path: str | os.PathLike[str], fps: float | None = None) -> FaceMotion:
    """Read a Live Link Face CSV by column name, whatever its case and order; extra columns are ignored.

    Rows without a face are dropped, and where the times are uneven (the app skips frames) the curves are put
    on an even grid by linear interpolation. Rotations of the eyes are not kept. A row
    without the head's columns has a head that looks straight on.

    Args:
        path: the file.
        fps: frames per second that its timecodes count in. None: the smallest usual rate above the largest
            frame number, where the file lasts long enough to show it; otherwise 60, with a warning.

    Returns:
        The animation, without audio.

    Raises:
        OSError: no such file, or it cannot be read. ValueError: not such a table, missing columns, bad numbers or
            timecodes, or a time that is much longer than the rows, or beyond the budget (:mod:`emoface.limits`).
    """
    path = Path(path)
    account = Account(path)
    with open_file(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        try:
            codes, values, rows = _table(csv.reader(text), account)
        except UnreadableFile:
            raise
        except (ValueError, csv.Error) as error:
            raise ValueError(f"path {path} is not a Live Link Face CSV: {error!s:.300}") from error
    rate = _rate(codes, path) if fps is None else frame_rate(fps)
    base = max(round(rate), 1)
    position = ((codes[:, 0] * 60 + codes[:, 1]) * 60 + codes[:, 2]) * base + codes[:, 3]  # (rows,) in frames
    midnight = np.concatenate([[0], np.cumsum(np.diff(position) < -43200 * base)])
    position = position - position[0] + midnight * 86400 * base
    if (np.diff(position) <= 0).any():
        row = int(np.argmax(np.diff(position) <= 0)) + 1
        raise ValueError(f"path {path} must have increasing timecodes; at {rate:g} fps row {row + 1} of data does not")
    frames = round(position[-1]) + 1
    most = MISSING * rows + LONGEST_GAP * base
    if frames > most:
        raise OverBudget(
            f"path {path} claims {frames} frames, {frames / rate:.0f} s, in {rows} rows; at most {MISSING} frames for "
            f"each row and {LONGEST_GAP} s more are filled in"
        )
    account.claim(f"its {frames} frames", frames * FRAME_BYTES)
    even = np.arange(frames)
    if len(even) != len(position) or np.abs(even - position).max() > REGULAR:
        values = np.stack([np.interp(even, position, column) for column in values.T], 1)
    weights, head = np.split(values, [len(ARKIT_NAMES)], 1)
    for what, part in (("weights", weights), ("rotations", head)):
        with np.errstate(over="ignore"):
            finite = np.isfinite(part.astype(np.float32)).all()
        if not finite:
            raise ValueError(f"path {path} holds {what} that are not finite")
    neck_pose = from_head_angles(HEAD_SIGNS * head)
    return FaceMotion.from_arkit(weights, rate, neck_pose=neck_pose, metadata={"source": plain_text(path.name)})


def _table(rows: Iterator[list[str]], account: Account) -> tuple[np.ndarray, np.ndarray, int]:
    """Timecodes (n, 4: hours, minutes, seconds, frames), ARKit weights and head (n, 55), and number of rows."""
    heading = next(rows, None)
    if heading is None:
        raise ValueError("it is empty")
    column = {name.strip().lower(): i for i, name in enumerate(heading)}
    missing = [name for name in ("Timecode", *ARKIT_NAMES) if name.lower() not in column]
    if missing:
        raise ValueError(f"columns are missing: {', '.join(missing)}")
    pick, time = [column[name.lower()] for name in ARKIT_NAMES], column["timecode"]
    head = [column.get(name.lower(), len(heading)) for name in HEAD]
    weights, codes, count = array("d"), array("d"), 0
    for row in rows:  # only numbers are kept: the text of a row takes ten times as much
        count += 1
        if len(row) > max(*pick, time) and all(row[i].strip() for i in pick):
            account.claim("its rows", FRAME_BYTES)
            weights.extend(float(row[i]) for i in pick)
            weights.extend(float(row[i]) if i < len(row) and row[i].strip() else 0.0 for i in head)
            codes.extend(_timecode(row[time]))
    if not codes:
        raise ValueError("no row holds a face")
    return np.array(codes).reshape(-1, 4), np.array(weights).reshape(-1, len(pick) + len(head)), count


def _timecode(text: str) -> list[float]:
    """Hours, minutes, seconds and frames of ``HH:MM:SS:FF.fff``."""
    parts = text.replace(";", ":").split(":")
    code = [float(part) for part in parts] if len(parts) == 4 else []
    if not code or not all(0 <= part < most for part, most in zip(code, (24, 60, 60, MAX_FPS))):
        raise ValueError(f"timecodes must be HH:MM:SS:FF.fff, got {text!r:.60}")
    return code


def _rate(codes: np.ndarray, path: Path) -> float:
    seconds = len(np.unique(codes[:, 2]))
    largest = codes[:, 3].max()
    if largest >= USUAL_RATES[-1]:
        raise ValueError(f"path {path} counts {largest:g} frames in a second; pass its fps")
    if seconds > 2 or (seconds == 2 and largest >= USUAL_RATES[0] - 1):
        return float(next(rate for rate in USUAL_RATES if rate > largest))
    warnings.warn(f"path {path} is too short to show its frame rate; taking {APP_FPS:g} fps", stacklevel=4)
    return APP_FPS
