"""JSON, a line a pose, to a file, a named pipe or standard output: for programs of one's own."""

from __future__ import annotations

import json
import os
import select
import sys
from pathlib import Path

from emoface.export.json import DECIMALS
from emoface.face.layout import ARKIT_NAMES

from ..pose import Pose
from .sender import Sender


class JsonLinesSender(Sender):
    """Writes a line that says what follows, then ``{"frame", "time", "weights", "rotation"}`` a pose.

    The first line is ``{"names": [...], "fps": ...}``; ``weights`` are 52 values in the order of ``names``,
    ``rotation`` is the turn of the head, axis-angle in radians.
    """

    name = "json"

    def __init__(self, path: str = "-") -> None:
        """Open the file.

        Args:
            path: of the file; ``-`` is standard output.

        Raises:
            OSError: the file cannot be written.
        """
        super().__init__("standard output" if path == "-" else path)
        where = os.dup(sys.stdout.fileno()) if path == "-" else Path(path)
        try:
            self._file = open(where, "wb", buffering=0)
        except OSError as error:
            raise type(error)(f"path {path} cannot be written: {error.strerror}") from error
        self._begun = False

    def _send(self, pose: Pose) -> bool:
        if not select.select([], [self._file], [], 0)[1]:  # a pipe whose reader is behind
            return False
        lines: list[dict[str, object]] = []
        if not self._begun:
            lines.append({"names": list(ARKIT_NAMES), "fps": pose.fps})
        lines.append({
            "frame": pose.index, "time": round(pose.seconds, DECIMALS),
            "weights": pose.arkit.astype(float).round(DECIMALS).tolist(),
            "rotation": (pose.head.astype(float).round(DECIMALS) + 0.0).tolist(),
        })  # fmt: skip
        self._file.write("".join(json.dumps(line) + "\n" for line in lines).encode())  # less than a pipe takes at once
        self._begun = True
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
