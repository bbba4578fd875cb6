"""Pictures of an evaluation: curves, strengths, spectra, and contact sheets of emotions and of phones.

Every function writes into a folder and returns its files with a caption each.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.audio.load import open_audio
from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.export.plot import HUES, draw_voice, drawing
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, FPS, MOTION_INDEX, MOTION_SIZE, motion_to_arkit
from emoface.face_motion import FaceMotion
from emoface.metrics.jitter import FAST, spectrum
from emoface.metrics.lip_closure import Phone
from emoface.render.frames import face_renderer
from emoface.render.png import write_png
from emoface.render.sheet import animations_sheet, contact_sheet, moments_sheet

from .material import Captured, Performer, Spoken
from .strangers import Strangers
from .tracks import MEASURES

SHOWN = ("neutral", "happy", "sad", "angry")
REGIONS: dict[str, tuple[str, ...]] = {
    "jaw": ("jawOpen",),
    "mouth": ("mouthSmile", "mouthFrown", "mouthPress"),
    "brows": ("browInnerUp", "browOuterUp", "browDown"),
    "eyes": ("eyeWide", "eyeSquint"),
    "nose, cheeks": ("noseSneer", "cheekSquint"),
}
"""Rows of the picture of curves; a shape without a side is the mean of left and right."""
MEASURED = ("jawOpen", "mouthFunnel", "mouthLowerDownLeft")
MEASURED_SECONDS = 10
STRANGERS_SHOWN = 3  # clips of a split
STRIP, STRIP_FROM, STRIP_STEP = 10, 0.8, 0.2  # pictures of a strip, seconds of the first and between two
PHONES = 30


def draw_measured(performer: Performer, clip: Captured, folder: Path) -> dict[str, str]:
    """Draw ``measured.png``: our neutral mouth over the measured one, some seconds of a recording."""
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    frames = min(MEASURED_SECONDS * FPS, len(weights), len(clip.weights))
    seconds = (np.arange(frames) + 0.5) / FPS
    with drawing(folder / "measured.png", 11, 5, len(MEASURED), sharex=True) as panels:
        for axis, name in zip(panels[:, 0], MEASURED, strict=True):
            column = ARKIT_INDEX[name]
            axis.fill_between(seconds, clip.weights[:frames, column], color="0.8", label="measured")
            axis.plot(seconds, weights[:frames, column], color=HUES[1], label="ours")
            axis.set_title(name)
            axis.set_ylim(bottom=0)
            axis.margins(x=0)
        panels[0, 0].legend(ncols=2, loc="upper right")
        panels[-1, 0].set_xlabel("seconds")
    return {"measured.png": "Our neutral mouth over the measured one, a recording outside training"}


def draw_strangers(strangers: Strangers, folder: Path) -> dict[str, str]:
    """Draw ``strangers.png``: jaw, gap and width (columns) of some clips (rows), ours and the ridge's over measured."""
    lines = [(name, clip) for name, tracks in strangers.splits.items() for clip in tracks.clips[:STRANGERS_SHOWN]]
    if not lines:
        return {}
    methods = {name: {"ours": strangers.ours(name), **strangers.floored(name)} for name in strangers.splits}
    with drawing(folder / "strangers.png", 13, 1.9 * len(lines), len(lines), len(MEASURES)) as panels:
        for (name, clip), line in zip(lines, panels, strict=True):
            seconds = (np.arange(len(clip.measures)) + 0.5) / FPS
            for channel, axis in enumerate(line):
                theirs = clip.measures[:, channel] - np.nanmean(clip.measures[:, channel])
                axis.fill_between(seconds, theirs, np.nanmin(theirs), color="0.82", linewidth=0, label="measured")
                for method, hue, width in (("ridge", HUES[0], 1.0), ("ours", HUES[1], 1.8)):
                    found = methods[name].get(method)
                    if found is not None:
                        curve = found.pairs(channel)[found.clips.index(clip)][0][: len(seconds)]
                        axis.plot(seconds[: len(curve)], curve - np.nanmean(curve), color=hue, lw=width, label=method)
                axis.margins(x=0)
            line[0].set_ylabel(f"{name.removeprefix('grid_')}\n{clip.name}")
        for axis, measure in zip(panels[0], MEASURES, strict=True):
            axis.set_title(f"{measure}, mm about its mean")
        handles = panels[0, 0].get_legend_handles_labels()
        panels[0, 0].figure.legend(*handles, ncols=len(handles[0]), loc="outside upper right")
        for axis in panels[-1]:
            axis.set_xlabel("seconds")
    return {"strangers.png": "Mouths of captured people, each about its mean: measured, ours and a ridge regression's"}


def draw_strips(strangers: Strangers, folder: Path) -> dict[str, str]:
    """Draw ``strips.png``: captured people replayed on the open head, and ours of the same voices, every 0.2 s."""
    clips = [clip for tracks in strangers.splits.values() for clip in tracks.clips[:1] if clip.fitted is not None]
    takes: dict[str, FaceMotion] = {}
    for clip in clips:
        assert clip.fitted is not None
        motion = np.zeros((len(clip.fitted), MOTION_SIZE), np.float32)
        motion[:, [MOTION_INDEX[name] for name in clip.names]] = np.nan_to_num(clip.fitted)
        takes[f"{clip.name} captured"] = FaceMotion.from_motion(motion, FPS)
        pipeline = strangers.performer.pipeline
        takes[f"{clip.name} ours"] = pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion="neutral", seed=0)
    if not takes:
        return {}
    seconds = [round(STRIP_FROM + STRIP_STEP * k, 2) for k in range(STRIP)]
    write_png(folder / "strips.png", moments_sheet(takes, seconds, size=128))
    return {"strips.png": f"Captured people replayed on the head, and ours of the same voices, every {STRIP_STEP:g} s"}


def draw_curves(performer: Performer, clip: Spoken, folder: Path) -> dict[str, str]:
    """Draw ``curves.png``: regions of the face (rows) in four emotions at level 3 (columns)."""
    voice = open_audio(clip.samples, SAMPLE_RATE)
    with drawing(
        folder / "curves.png", 13, 9, len(REGIONS) + 1, len(SHOWN), sharex=True, sharey="row",
        height_ratios=[0.5, *[1] * len(REGIONS)],
    ) as panels:  # fmt: skip
        for column, emotion in enumerate(SHOWN):
            weights = motion_to_arkit(performer.motion(clip.samples, (emotion, 3), seed=0))
            seconds = (np.arange(len(weights)) + 0.5) / FPS
            draw_voice(panels[0, column], voice)
            panels[0, column].set(title=emotion, ylabel="" if column else "voice")
            for axis, (region, names) in zip(panels[1:, column], REGIONS.items(), strict=True):
                for name in names:
                    sides = [i for i, shape in enumerate(ARKIT_NAMES) if shape.startswith(name)]
                    axis.plot(seconds, weights[:, sides].mean(1), label=name)
                axis.set(ylim=(0, 1), ylabel="" if column else region)
                axis.margins(x=0)
            panels[-1, column].set_xlabel("seconds")
        for axis in panels[1:, -1]:
            axis.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05))
    return {"curves.png": f"One sentence ({clip.name}) in four emotions at level 3"}


def draw_strengths(strengths: dict[str, list[float]], folder: Path) -> dict[str, str]:
    """Draw ``strengths.png``: bars by emotion and level, 1 being the rules' mean."""
    places = np.arange(len(strengths))
    with drawing(folder / "strengths.png", 10, 4) as panels:
        axis = panels[0, 0]
        axis.axhspan(0.8, 1.2, color="0.93", zorder=0)
        for level, hue in enumerate(("#b9cfe0", "#6f9fc4", HUES[0])):
            heights = [values[level] for values in strengths.values()]
            axis.bar(places + 0.27 * (level - 1), heights, 0.25, label=f"level {level + 1}", color=hue)
        axis.axhline(1.0, color="0.4", linewidth=1)
        axis.set_xticks(places, list(strengths))
        axis.set(ylabel="strength over the rules' mean", ylim=(0, max(1.35, axis.get_ylim()[1])))
        axis.grid(axis="x", visible=False)
        axis.legend(ncols=3, loc="upper left")
    return {"strengths.png": "Strength of each emotion against the rules that it was learnt from; grey: the bar"}


def draw_spectra(performer: Performer, clip: Captured, folder: Path) -> dict[str, str]:
    """Draw ``spectra.png``: acceleration and jerk of our mouth and of the measured one."""
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    with drawing(folder / "spectra.png", 10, 3.8, 1, 2) as panels:
        for axis, (name, order) in zip(panels[0], (("Acceleration", 2), ("Jerk", 3)), strict=True):
            for label, curves, hue in (("measured", clip.weights, "0.6"), ("ours", weights, HUES[1])):
                hertz, power = spectrum(curves[:, clip.shapes], FPS, order)
                axis.semilogy(hertz[1:], power[1:], label=label, color=hue)
            axis.axvspan(FAST, FPS / 2, color="0.95", zorder=0)
            axis.set(title=f"{name} of the mouth", xlabel="Hz", ylabel=f"1/s$^{2 * order}$ / Hz", xlim=(0, FPS / 2))
        panels[0, 0].legend(loc="lower right")
    return {"spectra.png": f"How restless the neutral mouth is; grey: above {FAST:g} Hz, faster than syllables"}


def draw_sheets(performer: Performer, clip: Spoken, folder: Path) -> dict[str, str]:
    """Draw ``emotions.png``, levels by emotions at one moment, and ``phones.png``, the neutral mouth by phone.

    Args:
        performer: animates. clip: with phones. folder: of the pictures.

    Returns:
        Files and their captions.

    Raises:
        ImportError: Pillow is not installed.
    """

    def made(emotion: str, level: int) -> Animation:
        return Animation.from_motion(performer.motion(clip.samples, (emotion, level), seed=0))

    moment = (int(np.argmax(clip.loudness)) + 0.5) / FPS
    levels = {str(level): [made(emotion, level) for emotion in EMOTIONS] for level in LEVELS}
    write_png(folder / "emotions.png", animations_sheet(levels, EMOTIONS, moment, size=200, zoom=1.25))
    write_png(folder / "phones.png", mouths(made("neutral", 1), clip.phones[:PHONES]))
    return {
        "emotions.png": f"One moment of a sentence ({clip.name}) in every emotion and level",
        "phones.png": "The neutral mouth in the middle of each phone",
    }


def mouths(animation: Animation, phones: list[Phone], columns: int = 10) -> np.ndarray:
    """The mouth in the middle of each phone, (H, W, 3) uint8."""
    renderer = face_renderer(size=280, zoom=1.6)
    pictures = []
    for _, start, end in phones:
        frame = min(int((start + end) / 2 * animation.fps), len(animation) - 1)
        picture = renderer.frame(animation.vertices(start=frame, stop=frame + 1)[0])
        pictures.append(np.ascontiguousarray(picture[170:272, 70:210]))
    return contact_sheet(pictures, [label for label, _, _ in phones], columns)
