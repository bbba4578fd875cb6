"""A picture of an animation: its main curves under the waveform, for looking at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.audio.load import Recording
from emoface.face.layout import ARKIT_INDEX, lip_gap
from emoface.face.rotation import head_angles
from emoface.face_motion import FaceMotion

from ..files import atomic_path
from .caption import caption

PANELS: dict[str, tuple[str, ...]] = {
    "jaw": ("jawOpen", "jawForward"),
    "lips": ("mouthSmile", "mouthFrown", "mouthPucker", "mouthFunnel", "mouthStretch", "mouthPress"),
    "lip edges": ("mouthUpperUp", "mouthLowerDown", "mouthRollLower", "mouthShrugLower", "mouthDimple"),
    "brows": ("browInnerUp", "browOuterUp", "browDown"),
    "eyes": ("eyeBlink", "eyeWide", "eyeSquint", "eyeLookDown"),
    "cheeks, nose": ("cheekSquint", "noseSneer", "cheekPuff"),
}
"""Panel -> ARKit shapes drawn in it; a name without a side is the mean of left and right."""
SIDE_GAP = 0.02  # mean left-right difference from which the sides are drawn apart, the right one dashed
COLUMNS = 1500  # waveform columns at most
HUES = ("#2f6f9f", "#d1603d", "#4f9d69", "#8a5aa3", "#c79a2c", "#6b6b6b")
STYLE: dict[str, Any] = {
    "font.size": 10, "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "axes.edgecolor": "0.7", "axes.labelcolor": "0.25", "xtick.color": "0.4", "ytick.color": "0.4",
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "0.92",
    "axes.axisbelow": True, "legend.frameon": False, "legend.fontsize": 9, "lines.linewidth": 1.6,
}  # fmt: skip
"""How drawings look, as matplotlib's settings; their colours are ``HUES``."""


def _envelope(audio: Recording) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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


@contextmanager
def drawing(
    path: str | os.PathLike[str], width: float, height: float, rows: int = 1, columns: int = 1, **shared: Any
) -> Iterator[Any]:
    """A figure to draw in, written when the block ends.

    Args:
        path: image file; matplotlib picks the format by its suffix. width, height: inches.
        rows, columns: of panels. **shared: of matplotlib's ``subplots``, such as ``sharex``.

    Yields:
        The panels (rows, columns), matplotlib's axes; their ``figure`` takes titles of the whole.

    Raises:
        ImportError: matplotlib is not installed (the extra ``plot``). ValueError: an unknown image suffix.
    """
    suffix = check_plot(path)
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.rcsetup import cycler

    style: Any = {**STYLE, "axes.prop_cycle": cycler(color=HUES)}
    with rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.subplots(rows, columns, squeeze=False, **shared)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=110, format=suffix)


def plot_curves(animation: FaceMotion, path: str | os.PathLike[str]) -> None:
    """Draw lip gap, jaw, lips, brows, eyes, cheeks, nose and the turn of the head under the waveform, a panel each.

    Args:
        animation: what to draw, on the open head.
        path: image file; matplotlib picks the format by its suffix.

    Raises:
        ImportError: matplotlib is not installed (the extra ``plot``).
        ValueError: an unknown image suffix, or a face whose shapes are not ARKit's.
    """
    check_plot(path)
    weights = animation.arkit()  # (T, 52)
    seconds = (np.arange(len(animation)) + 0.5) / animation.fps
    turns = np.degrees(head_angles(animation.neck_pose))  # (T, 3)
    rows = (["voice"] if animation.audio else []) + ["lip gap", *PANELS, "head"]
    width = float(np.clip(1.3 * animation.duration, 9, 26))
    with drawing(path, width, 1.5 * len(rows) + 0.6, len(rows), sharex=True) as panels:
        axes = dict(zip(rows, panels[:, 0]))
        for name, axis in axes.items():
            axis.set_ylabel(name)
            axis.margins(x=0)
        if animation.audio:
            draw_voice(axes["voice"], animation.audio)
        axes["lip gap"].plot(seconds, lip_gap(animation.motion), label="mm")
        for panel, names in PANELS.items():
            for name in names:
                _draw(axes[panel], seconds, weights, name)
        for name, turn in zip(("yaw", "pitch", "roll"), turns.T):
            axes["head"].plot(seconds, turn, label=f"{name} (°)")
        for panel, least in {"lip gap": 3.0, **dict.fromkeys(PANELS, 0.25)}.items():
            axes[panel].set_ylim(bottom=0)
            axes[panel].set_ylim(top=max(axes[panel].get_ylim()[1], least))
        reach = max(np.abs(turns).max(), 2.0) * 1.05
        axes["head"].set_ylim(-reach, reach)
        for panel in ("lip gap", *PANELS, "head"):
            axes[panel].legend(loc="upper left", bbox_to_anchor=(1.0, 1.05))
        axes[rows[-1]].set_xlabel("seconds")
        axes[rows[0]].set_title(caption(animation), parse_math=False)


def draw_voice(axis: Any, audio: Recording) -> None:
    """Draw the waveform of a recording over seconds into a panel."""
    axis.fill_between(*_envelope(audio), color="0.55", linewidth=0)
    axis.set(yticks=[], ylabel="voice")
    axis.grid(False)
    axis.spines["left"].set_visible(False)


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
