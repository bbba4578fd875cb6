"""A picture of an animation: its main curves under the waveform, for looking at."""

from __future__ import annotations

import os

import numpy as np

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.audio.load import Audio
from emoface.face.layout import ARKIT_INDEX, lip_gap

from .atomic import atomic_path

PANELS: dict[str, tuple[str, ...]] = {
    "lips": ("mouthSmile", "mouthFrown", "mouthPucker", "mouthFunnel", "mouthStretch", "mouthPress"),
    "lip edges": ("mouthUpperUp", "mouthLowerDown", "mouthRollLower", "mouthShrugLower", "mouthDimple"),
    "brows": ("browInnerUp", "browOuterUp", "browDown"),
    "eyes": ("eyeBlink", "eyeWide", "eyeSquint", "eyeLookDown"),
    "cheeks, nose": ("cheekSquint", "noseSneer", "cheekPuff"),
}
"""Panel -> ARKit shapes drawn in it; a name without a side is the mean of left and right."""
SIDE_GAP = 0.02  # mean left-right difference from which the sides are drawn apart, the right one dashed
COLUMNS = 1500  # waveform columns at most


def _envelope(audio: Audio) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (n,) and the lowest and highest sample (n,) around each, read in bounded memory."""
    width = max(audio.resampled_length // COLUMNS, 16)
    blocks = [block[: len(block) // width * width].view(-1, width) for block in audio.blocks(width * 512)]
    low = np.concatenate([block.amin(1).numpy() for block in blocks])
    high = np.concatenate([block.amax(1).numpy() for block in blocks])
    return (np.arange(len(low)) + 0.5) * width / SAMPLE_RATE, low, high


def check_plot(path: str | os.PathLike[str]) -> str:
    """The image format that a path's suffix names, once matplotlib is there to write it.

    Raises:
        ImportError: matplotlib is not installed (the extra ``plot``). ValueError: an unknown image suffix.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install 'emoface[plot]'") from error
    suffix = os.path.splitext(path)[1].lower().lstrip(".")
    if suffix not in FigureCanvasAgg.filetypes:
        raise ValueError(f"plot path {path} must end in one of {', '.join(sorted(FigureCanvasAgg.filetypes))}")
    return suffix


def plot_curves(animation: Animation, path: str | os.PathLike[str]) -> None:
    """Draw jaw and lip opening, lips, brows, eyes, cheeks and nose under the waveform, one panel each.

    Args:
        animation: what to draw, on the open head.
        path: image file; matplotlib picks the format by its suffix.

    Raises:
        ImportError: matplotlib is not installed (the extra ``plot``).
        ValueError: an unknown image suffix, or a face whose shapes are not ARKit's.
    """
    suffix = check_plot(path)
    from matplotlib.figure import Figure

    weights = animation.arkit()  # (T, 52)
    seconds = (np.arange(len(animation)) + 0.5) / animation.fps
    rows = (["voice"] if animation.audio else []) + ["opening", *PANELS]
    width = float(np.clip(1.3 * animation.duration, 9, 26))
    figure = Figure(figsize=(width, 1.5 * len(rows) + 0.6), layout="constrained")
    axes = dict(zip(rows, figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]))
    for name, axis in axes.items():
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
        axis.margins(x=0)
    if animation.audio:
        axes["voice"].fill_between(*_envelope(animation.audio), color="0.35", linewidth=0)
    axes["opening"].plot(seconds, weights[:, ARKIT_INDEX["jawOpen"]], label="jawOpen")
    axes["opening"].plot(seconds, lip_gap(animation.motion) / 10, label="lip gap (cm)")
    for panel, names in PANELS.items():
        for name in names:
            _draw(axes[panel], seconds, weights, name)
    for panel in ("opening", *PANELS):
        axes[panel].set_ylim(bottom=0)
        axes[panel].set_ylim(top=max(axes[panel].get_ylim()[1], 0.25))
        axes[panel].legend(loc="upper left", bbox_to_anchor=(1.0, 1.05), fontsize=8, frameon=False)
    axes[rows[-1]].set_xlabel("seconds")
    told = ", ".join(f"{key} {value}" for key, value in animation.metadata.items() if key in ("emotion", "seed"))
    figure.suptitle(": ".join(filter(None, [animation.audio.name if animation.audio else "", told])))
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format=suffix)


def _draw(axis, seconds: np.ndarray, weights: np.ndarray, name: str) -> None:
    if name in ARKIT_INDEX:
        axis.plot(seconds, weights[:, ARKIT_INDEX[name]], label=name)
        return
    left, right = (weights[:, ARKIT_INDEX[name + side]] for side in ("Left", "Right"))
    if np.abs(left - right).mean() < SIDE_GAP:
        axis.plot(seconds, (left + right) / 2, label=name)
        return
    (line,) = axis.plot(seconds, left, label=f"{name} (right dashed)")
    axis.plot(seconds, right, "--", color=line.get_color())
