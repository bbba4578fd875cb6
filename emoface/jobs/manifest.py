"""Which recordings a folder holds, and what a manifest asks for each: a CSV or JSON file beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from emoface import checks
from emoface.options import AnimateOptions, options_of
from emoface.reading import parse_json, read_json, read_text

SOUNDS = (
    ".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".m4a", ".aac", ".mp4",
    ".mov", ".mkv", ".webm", ".wma",
)  # fmt: skip
"""Suffixes of what is taken for a recording; those of containers need the extra ``video``."""
NAME = "file"
LEVEL = "level"


def find_recordings(folder: Path) -> list[str]:
    """Names of the recordings below a folder, in the order of the alphabet, parted by ``/``; hidden ones are left out.

    Raises:
        NotADirectoryError: no such folder. ValueError: it holds no recording.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"folder {folder} does not exist or is no folder")
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in SOUNDS and path.is_file()]
    found = sorted(name.as_posix() for name in names if not any(part.startswith(".") for part in name.parts))
    if not found:
        raise ValueError(f"folder {folder} holds no recording: {' '.join(SOUNDS)}")
    return found


def read_manifest(path: Path) -> dict[str, dict[str, Any]]:
    """What a manifest asks for each recording, as :meth:`AnimateOptions.from_json` takes it.

    A CSV file has a column ``file`` and a column for each option that differs, such as ``emotion``, ``level``,
    ``intensity`` or ``style``; an empty cell leaves the option as it is. A cell is JSON where it can be (``0.5``,
    ``true``, ``{"happy": 0.7}``) and text otherwise. A JSON file is ``{file: {option: value}}``, or a list of objects
    that have ``file`` besides.

    Args:
        path: a .csv or .json file.

    Returns:
        Name of a recording below the folder -> options.

    Raises:
        OSError: it cannot be read. ValueError, TypeError: not such a file, or a recording that it names twice.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".json"):
        raise ValueError(f"manifest {path} must be a .csv or .json file")
    try:
        rows = _csv_rows(read_text(path)) if suffix == ".csv" else _json_rows(read_json(path))
        found: dict[str, dict[str, Any]] = {}
        for name, options in rows:
            if name in found:
                raise ValueError(f"{name} stands there twice")
            found[name] = options
    except (ValueError, TypeError, csv.Error) as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"manifest {path}: {error}") from error
    return found


def options_for(options: AnimateOptions, asked: Mapping[str, Any]) -> AnimateOptions:
    """Options with those that a manifest asks for one recording.

    Args:
        options: for all recordings. asked: from :func:`read_manifest`.

    Raises:
        ValueError, TypeError: an unknown option, or a bad value.
    """
    given = dict(asked)
    known = options_of(AnimateOptions)
    if LEVEL in given:
        if not isinstance(given.get("emotion"), str):
            raise ValueError(f"{LEVEL} goes with an emotion that is a label")
        given["emotion"] = [given["emotion"], given.pop(LEVEL)]
    checks.keys("options", given, (*known, LEVEL))
    return options.changed(**{name: None if v is None else known[name].kind.from_json(v) for name, v in given.items()})


def _csv_rows(text: str) -> list[tuple[str, dict[str, Any]]]:
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    columns = [name.strip() for name in rows.fieldnames or ()]
    if NAME not in columns:
        raise ValueError(f"it has no column {NAME!r}, but {', '.join(columns) or 'none'}")
    rows.fieldnames = columns
    found = []
    for row in rows:
        if None in row or None in row.values():
            raise ValueError(f"row {rows.line_num} has another number of cells than the heading")
        cells = {name: cell.strip() for name, cell in row.items()}
        name = _name(cells.pop(NAME))
        found.append((name, {option: _value(cell) for option, cell in cells.items() if cell}))
    return found


def _json_rows(read: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(read, dict):
        read = [{NAME: name, **_object(options)} for name, options in read.items()]
    if not isinstance(read, list):
        raise TypeError("it must hold an object or a list")
    rows = []
    for row in read:
        if NAME not in _object(row):
            raise ValueError(f"an entry lacks {NAME!r}: {row!r:.80}")
        rows.append((_name(row[NAME]), {name: value for name, value in row.items() if name != NAME}))
    return rows


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"an entry must be an object, got {value!r:.80}")
    return value


def _name(value: Any) -> str:
    """The name of a recording below the folder, in one spelling."""
    return PurePosixPath(checks.text(NAME, value).replace("\\", "/")).as_posix()


def _value(cell: str) -> Any:
    try:
        return parse_json(cell)
    except ValueError:
        return cell
