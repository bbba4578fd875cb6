"""Blinks while speaking and in silence, and how calm the face is in silence."""

from __future__ import annotations

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.blinks import blinks_per_minute
from emoface.metrics.jitter import REGIONS, jitter
from emoface.pipeline import Pipeline

from .material import repeated
from .report import Row, told


def life_rows(pipeline: Pipeline, samples: np.ndarray, minutes: float) -> list[Row]:
    """Blinks while speaking and in silence, and how calm the face is in silence."""
    rates = []
    speech = repeated(samples, 60 * minutes)
    for seed, voice in enumerate((speech, np.zeros_like(speech))):
        animation = pipeline.animate(voice, sample_rate=SAMPLE_RATE, emotion="neutral", seed=seed)
        rates.append(blinks_per_minute(animation.arkit()[:, ARKIT_INDEX["eyeBlinkLeft"]], animation.fps))
    still = animation.arkit()
    blinks = [
        Row("blinks a minute, speaking", rates[0], low=10, high=22),
        Row("blinks a minute, silence", rates[1], low=10, high=22),
    ]
    calm = [
        Row("silence: largest jawOpen", float(still[:, ARKIT_INDEX["jawOpen"]].max()), high=0.1),
        Row("silence: mouth jitter", jitter(still[:, list(REGIONS["mouth"])]), high=0.002,
            unit="weight/frame2", definition="mean |x[t+1] - 2 x[t] + x[t-1]|", mask="mouth shapes"),
    ]  # fmt: skip
    split = f"{minutes:g} min of speech or of silence, neutral"
    return [
        *told(blinks, "1/min", "times eyeBlinkLeft rises through 0.5, a minute", "eyeBlinkLeft", split),
        *told(calm, "weight", "max_t jawOpen", "jawOpen", f"{minutes:g} min of silence, neutral"),
    ]
