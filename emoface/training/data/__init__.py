"""Data that training and evaluation read, shipped with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROMPTS = Path(__file__).with_name("prompts")
"""Lists of prompts with the emotion each names: held out, negated, hard, and for development. ``abstain`` holds prompts
in other languages and odd English ones, with all that may be read from each without a warning."""
PHRASES = Path(__file__).with_name("phrases")
"""Words and scenes that the prompt grammar combines (``emoface.training.text.phrases``)."""
SHIPPED = "shipped"
"""In a config, the package's own lists of prompts, wherever it is installed."""


def read_prompts(source: str | Path | None = SHIPPED) -> dict[str, list[dict[str, Any]]]:
    """Read lists of prompts.

    Args:
        source: ``"shipped"`` for the package's own, a folder of JSON files whose ``prompts`` are rows of ``text``,
            ``emotion`` and, where it counts, ``level``, or None for no list.

    Returns:
        Name of a list -> its rows, in the order of the names.

    Raises:
        FileNotFoundError: the folder is not there or holds no list.
    """
    if source is None:
        return {}
    folder = PROMPTS if source == SHIPPED else Path(source)
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"{folder} is not a folder of prompts (*.json)")
    return {path.stem: json.loads(path.read_text(encoding="utf-8"))["prompts"] for path in paths}
