"""Calls whose types a checker must know; ``make lint`` runs mypy on this file, nothing runs the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import emoface

if TYPE_CHECKING:
    from typing_extensions import assert_type

    from emoface import Animation


def one_take(count: int, timeline: list[tuple[float, str]]) -> None:
    """One take unless ``num_samples`` says otherwise, from the function and from a pipeline."""
    assert_type(emoface.animate("a.wav"), Animation)
    assert_type(emoface.animate(Path("a.wav"), emotion="happy", num_samples=1), Animation)
    assert_type(emoface.animate("a.wav", num_samples=3), Animation | list[Animation])
    assert_type(emoface.animate("a.wav", num_samples=count), Animation | list[Animation])
    assert_type(emoface.load().animate("a.wav", emotion="happy"), Animation)
    assert_type(emoface.load().animate("a.wav", num_samples=count), Animation | list[Animation])
    assert_type(emoface.load().animate("a.wav", emoface.AnimateOptions(seed=3)), Animation | list[Animation])
    emoface.animate("a.wav", emotion=timeline)


def every_form() -> None:
    """Every form of an emotion and of audio is known."""
    samples = np.zeros(16000, np.float32)
    emoface.animate((samples, 16000), emotion=("sad", 2))
    emoface.animate(samples, sample_rate=16000, emotion={"happy": 0.7, "surprised": 0.3})
    emoface.animate("a.wav", emotion={("happy", 3): 0.5}, fps="30000/1001")
    emoface.animate("a.wav", emotion=[(0.0, "neutral"), (1.5, ("happy", 3)), (3, {"sad": 1})])
    emoface.animate("a.wav", emotion=emoface.from_audio("b.wav"), style=emoface.from_motion("c.npz"))
    emoface.animate("a.wav", style=emoface.animate("b.wav"))


def refused() -> None:
    """What is none of the forms is an error; mypy complains about an ignored line without one."""
    emoface.animate("a.wav", emotion=3)  # type: ignore[call-overload]
    emoface.animate("a.wav", style=3)  # type: ignore[call-overload]
    emoface.animate("a.wav", emotoin="happy")  # type: ignore[call-overload]
    emoface.animate(3)  # type: ignore[call-overload]
