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

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, arkit_to_motion
from emoface.face_motion import MAX_FPS, FaceMotion, check_fps
from emoface.limits import Account, OverBudget, UnreadableFile
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
ROTATIONS = tuple(part + axis for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
COLUMNS = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in SHAPES), *ROTATIONS)
VALUES = len(SHAPES) + len(ROTATIONS)
APP_FPS = 60.0
USUAL_RATES = (24, 25, 30, 48, 50, 60, 100, 120)
FRAME_BYTES = 8 * 56  # of weights and timecode, as they are read
MISSING = 16
"""Frames that a row may stand for on average, where the app skipped some."""
LONGEST_GAP = 60
"""Seconds that may be missing besides, so that a short table may have a gap too."""
REGULAR = 1e-3  # frames by which a row may be off the even grid and still be taken as it is


def timecode(frame: int, fps: float) -> str:
    """``HH:MM:SS:FF.fff`` of a frame, non-drop at ``round(fps)`` frames to the second, modulo 24 hours."""
    base = max(round(fps), 1)
    seconds, part = divmod(frame, base)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}:{part:02d}.000"


def write_live_link(animation: FaceMotion, path: str | os.PathLike[str], fps: float | None = None) -> None:
    """Write ARKit-52 weights as a Live Link Face CSV of 63 columns; head and eye rotations are zero radians.

    Gaze is in the eyeLook weights. ``tongueUp`` has no column and is lost.

    Args:
        animation: what to write.
        path: the file.
        fps: frames per second of the file, the animation's own if None; the app itself writes 60.

    Raises:
        ValueError: bad fps, or a face whose shapes are not ARKit's. OSError: the path cannot be written.
    """
    if fps is not None:
        animation = animation.resample(fps)
    weights = animation.arkit()[:, [ARKIT_INDEX[name] for name in SHAPES]]  # (T, 52)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        still = ",".join(["0.0000000000"] * len(ROTATIONS))
        row = ",".join(["%.10f"] * len(SHAPES))
        for frame, values in enumerate(weights.tolist()):
            file.write(f"{timecode(frame, animation.fps)},{VALUES},{row % tuple(values)},{still}\n")


def read_live_link(path: str | os.PathLike[str], fps: float | None = None) -> FaceMotion:
    """Read a Live Link Face CSV by column name, whatever its case and order; extra columns are ignored.

    Rows without a face are dropped, and where the times are uneven (the app skips frames) the curves are put
    on an even grid by linear interpolation. Head and eye rotations are not kept.

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
            codes, weights, rows = _table(csv.reader(text), account)
        except UnreadableFile:
            raise
        except (ValueError, csv.Error) as error:
            raise ValueError(f"path {path} is not a Live Link Face CSV: {error}") from error
    rate = _rate(codes, path) if fps is None else check_fps(fps)
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
        weights = np.stack([np.interp(even, position, column) for column in weights.T], 1)
    if not np.isfinite(weights).all():
        raise ValueError(f"path {path} holds weights that are not finite")
    return FaceMotion.from_motion(arkit_to_motion(weights), rate, metadata={"source": plain_text(path.name)})


def _table(rows: Iterator[list[str]], account: Account) -> tuple[np.ndarray, np.ndarray, int]:
    """Timecodes (n, 4: hours, minutes, seconds, frames), ARKit weights (n, 52), and how many rows the table has."""
    heading = next(rows, None)
    if heading is None:
        raise ValueError("it is empty")
    column = {name.strip().lower(): i for i, name in enumerate(heading)}
    missing = [name for name in ("Timecode", *ARKIT_NAMES) if name.lower() not in column]
    if missing:
        raise ValueError(f"columns are missing: {', '.join(missing)}")
    pick, time = [column[name.lower()] for name in ARKIT_NAMES], column["timecode"]
    weights, codes, count = array("d"), array("d"), 0
    for row in rows:  # only numbers are kept: the text of a row takes ten times as much
        count += 1
        if len(row) > max(*pick, time) and all(row[i].strip() for i in pick):
            account.claim("its rows", FRAME_BYTES)
            weights.extend(float(row[i]) for i in pick)
            codes.extend(_timecode(row[time]))
    if not codes:
        raise ValueError("no row holds a face")
    return np.array(codes).reshape(-1, 4), np.array(weights).reshape(-1, len(pick)), count


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
