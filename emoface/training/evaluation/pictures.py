"""Pictures of an evaluation: curves of one clip over its waveform, and strength by emotion and level."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.export.atomic import atomic_path
from emoface.pipeline import Pipeline

SHOWN = ("neutral", "happy", "sad", "angry")


def draw_curves(pipeline: Pipeline, samples: np.ndarray, folder: Path) -> list[str]:
    """Draw ``curves_<emotion>.png`` of a recording for four emotions at level 3; the names of the files."""
    names = []
    for emotion in SHOWN:
        animation = pipeline.animate(samples, sample_rate=SAMPLE_RATE, emotion=(emotion, 3))
        names.append(animation.plot(folder / f"curves_{emotion}.png").name)
    return names


def draw_strengths(strengths: dict[str, list[float]], folder: Path) -> list[str]:
    """Draw ``strengths.png``: bars by emotion and level, 1 being the rules' mean; the name of the file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    places = np.arange(len(strengths))
    for level in range(3):
        heights = [values[level] for values in strengths.values()]
        axis.bar(places + 0.27 * (level - 1), heights, 0.25, label=f"level {level + 1}")
    axis.axhspan(0.8, 1.2, color="0.9", zorder=0)
    axis.axhline(1.0, color="0.4", linewidth=1)
    axis.set_xticks(places, list(strengths))
    axis.set_ylabel("strength / the rules' mean")
    axis.legend(frameon=False, ncols=3)
    with atomic_path(folder / "strengths.png") as path:
        figure.savefig(path, dpi=110, format="png")
    return ["strengths.png"]
