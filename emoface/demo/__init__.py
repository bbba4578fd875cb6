"""A bundled speech clip of our own making, for demonstrations and tests."""

from __future__ import annotations

from pathlib import Path


def demo_path() -> Path:
    """Path of the bundled clip: 4.9 s of English, 16 kHz mono; ``demo.json`` beside it holds its text and phones."""
    return Path(__file__).with_name("speech.wav")
