"""Pictures of an evaluation: curves, strengths, spectra, and contact sheets of emotions and of phones."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.export.atomic import atomic_path
from emoface.face.layout import FPS, motion_to_arkit
from emoface.metrics.jitter import FAST, spectrum
from emoface.metrics.lips import Phone
from emoface.pipeline import Pipeline
from emoface.render.frames import face_renderer
from emoface.render.png import write_png
from emoface.render.sheet import animations_sheet, contact_sheet

from .material import Captured, Performer, Spoken

SHOWN = ("neutral", "happy", "sad", "angry")
PHONES = 30


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


def draw_spectra(performer: Performer, clip: Captured, folder: Path) -> list[str]:
    """Draw ``spectra.png``: acceleration and jerk of our mouth and of the measured one; the name of the file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axis, (name, order) in zip(figure.subplots(1, 2), (("acceleration", 2), ("jerk", 3))):
        for label, curves in (("ours", weights), ("measured, 2_05", clip.weights)):
            hertz, power = spectrum(curves[:, clip.shapes], FPS, order)
            axis.semilogy(hertz[1:], power[1:], label=label)
        axis.axvspan(FAST, FPS / 2, color="0.93", zorder=0)
        axis.set(title=f"{name} of the mouth shapes", xlabel="Hz", ylabel=f"1/s^{2 * order} / Hz")
        axis.legend(frameon=False)
    with atomic_path(folder / "spectra.png") as path:
        figure.savefig(path, dpi=110, format="png")
    return ["spectra.png"]


def draw_sheets(performer: Performer, clip: Spoken, folder: Path) -> list[str]:
    """Draw ``emotions.png``, levels by emotions at one moment, and ``phones.png``, the neutral mouth by phone.

    Args:
        performer: animates. clip: with phones. folder: of the pictures.

    Returns:
        Names of the files.

    Raises:
        ImportError: Pillow is not installed.
    """

    def made(emotion: str, level: int) -> Animation:
        return Animation.from_motion(performer.motion(clip.samples, (emotion, level), seed=0))

    moment = (int(np.argmax(clip.loudness)) + 0.5) / FPS
    levels = {str(level): [made(emotion, level) for emotion in EMOTIONS] for level in LEVELS}
    write_png(folder / "emotions.png", animations_sheet(levels, EMOTIONS, moment, size=170, zoom=1.15))
    write_png(folder / "phones.png", mouths(made("neutral", 1), clip.phones[:PHONES]))
    return ["emotions.png", "phones.png"]


def mouths(animation: Animation, phones: list[Phone], columns: int = 10) -> np.ndarray:
    """The mouth in the middle of each phone, (H, W, 3) uint8."""
    renderer = face_renderer(size=240, zoom=1.6)
    pictures = []
    for _, start, end in phones:
        frame = min(int((start + end) / 2 * animation.fps), len(animation) - 1)
        picture = renderer.frame(animation.vertices(start=frame, stop=frame + 1)[0])
        pictures.append(np.ascontiguousarray(picture[150:230, 60:180]))
    return contact_sheet(pictures, [label for label, _, _ in phones], columns)
