"""Does a fit give back motion that is known? The open head is drawn, tracked by a landmark net, and fitted.

``python -m emoface.evaluation.capture_fit pictures MOTION FOLDER`` draws takes of known motion. The net is no part of
this package: track the pictures with it, each take as a video, and store the landmarks in the form that
:func:`emoface.capture.read_tracks` reads. The same command with ``score MOTION TRACKS`` fits and compares.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from emoface import checks
from emoface.capture import Tracks, fit, read_tracks
from emoface.capture.solving import Forward
from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE
from emoface.face.open_head import open_head, open_head_model
from emoface.files import atomic_path
from emoface.reading import Arrays
from emoface.render.camera import Camera
from emoface.render.frames import face_renderer
from emoface.render.png import write_png

SIZE, ZOOM = 384, 0.85
NAMES = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
JAW = EXPRESSION_SIZE
STILL_TURN, STILL_SHAPE = 0.003, 0.01  # standard deviations below which a channel did not move in the takes


@dataclass(frozen=True, eq=False)
class KnownMotion:
    """Clips of motion that is known.

    Attributes:
        weights: (N, 53) expression and jaw. turn: (N, 3) of the neck, axis-angle in radians.
        frames: (C,) of each clip. clips: their names.
    """

    weights: np.ndarray
    turn: np.ndarray
    frames: np.ndarray
    clips: tuple[str, ...]

    def __post_init__(self) -> None:
        total = int(np.sum(self.frames))
        if self.weights.shape != (total, len(NAMES)) or self.turn.shape != (total, 3):
            shapes = f"{self.weights.shape} and {self.turn.shape}"
            raise ValueError(f"weights and turn must be ({total}, {len(NAMES)}) and ({total}, 3), got {shapes}")
        if len(self.clips) != len(self.frames):
            raise ValueError(f"clips must name {len(self.frames)} clips, got {len(self.clips)}")
        checks.finite("weights", self.weights, "frame")
        checks.finite("turn", self.turn, "frame")

    def of(self, clip: str) -> tuple[np.ndarray, np.ndarray]:
        """Weights (T, 53) and turn (T, 3) of a clip."""
        number = self.clips.index(clip)
        end = int(np.cumsum(self.frames)[number])
        part = slice(end - int(self.frames[number]), end)
        return self.weights[part], self.turn[part]


def read_motion(path: Path) -> KnownMotion:
    """Known motion from an ``.npz`` file of its four arrays."""
    with Arrays(path) as file:
        if missing := [name for name in ("weights", "turn", "frames", "clips") if name not in file]:
            raise ValueError(f"path {path} holds no known motion: it has no {', '.join(missing)}")
        clips = tuple(str(name) for name in file["clips"])
        return KnownMotion(file["weights"], file["turn"], file["frames"].astype(int), clips)


def camera() -> Camera:
    """The camera of the pictures."""
    return face_renderer(None, size=SIZE, zoom=ZOOM).camera


def draw(known: KnownMotion, folder: Path) -> None:
    """Pictures ``CLIP/FRAME.png`` of known motion, and the motion itself as ``motion.npz``."""
    folder.mkdir(parents=True, exist_ok=True)
    renderer = face_renderer(None, size=SIZE, zoom=ZOOM)
    with atomic_path(folder / "motion.npz") as temporary, open(temporary, "wb") as file:
        np.savez_compressed(
            file, weights=known.weights, turn=known.turn, frames=known.frames, clips=np.array(known.clips)
        )
    for clip in known.clips:
        (folder / clip).mkdir(exist_ok=True)
        weights, turn = (torch.as_tensor(part, dtype=torch.float32) for part in known.of(clip))
        with torch.inference_mode():
            vertices = open_head_model()(weights[:, :JAW], weights[:, JAW:], neck_pose=turn).numpy()
        for number, one in enumerate(vertices):
            write_png(folder / clip / f"{number:05d}.png", renderer.frame(one))


def within(values: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Values (N, n) less the mean of each clip."""
    return np.concatenate([part - part.mean(0) for part in np.split(values, np.cumsum(lengths)[:-1])])


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Correlation (n,) of the columns of (N, n)."""
    x, y = x - x.mean(0), y - y.mean(0)
    return (x * y).sum(0) / np.maximum(np.sqrt((x * x).sum(0) * (y * y).sum(0)), 1e-12)


def lip_gap_mm(weights: np.ndarray) -> np.ndarray:
    """(N,) opening of the inner lips on the mesh beyond that at rest, by way of the landmarks there."""
    return Forward(np.zeros(len(open_head().identity_names), np.float32))(np.asarray(weights, np.float64))[1][
        :, :3
    ].mean(1)


def score(known: KnownMotion, tracks: Sequence[Tracks]) -> list[tuple[str, float, float, float, float, float]]:
    """Rows (channel, standard deviation, r, slope, pooled r, bias) of what a fit gives back of known motion.

    r and slope (fitted over known) are about each clip's mean; pooled r is about the mean of all, so that it also
    counts how well the level of a clip is found. The takes are one person's, the open head's.
    """
    found = fit(list(tracks))
    fitted = np.concatenate([np.concatenate([one.motion.expression, one.motion.jaw_pose], 1) for one in found])
    truth = np.concatenate([known.of(take.name)[0] for take in tracks]).astype(np.float64)
    lengths = [len(take) for take in tracks]
    names = ["lip gap, mm", *NAMES]
    x, y = (np.concatenate([lip_gap_mm(one)[:, None], one], 1) for one in (fitted.astype(np.float64), truth))
    turn = np.concatenate([known.of(take.name)[1] for take in tracks]).astype(np.float64)
    neck = np.concatenate([one.motion.neck_pose for one in found]).astype(np.float64)
    x, y = np.concatenate([x, neck], 1), np.concatenate([y, turn], 1)
    names += ["neck_pose_x", "neck_pose_y", "neck_pose_z"]
    xw, yw = within(x, lengths), within(y, lengths)
    slope = (xw * yw).sum(0) / np.maximum((yw * yw).sum(0), 1e-12)
    columns = (yw.std(0), correlation(xw, yw), slope, correlation(x, y), (x - y).mean(0))
    rows = list(zip(names, *(map(float, column) for column in columns)))
    return [row for row in rows if row[1] > (STILL_TURN if "pose" in row[0] else STILL_SHAPE)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw takes, or score a file of tracks."""
    parser = argparse.ArgumentParser(prog="python -m emoface.evaluation.capture_fit", description=__doc__)
    parser.add_argument("step", choices=("pictures", "score"))
    parser.add_argument("motion", type=Path, help="motion.npz")
    parser.add_argument("place", type=Path, help="folder for pictures, or file of tracks")
    parser.add_argument("--clips", nargs="*", help="clips to score; all by default")
    asked = parser.parse_args(arguments)
    known = read_motion(asked.motion)
    if asked.step == "pictures":
        draw(known, asked.place)
        return
    rows = score(known, read_tracks(asked.place, asked.clips))
    lines = ["| channel | std | r | slope | pooled r | bias |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {name} | {std:.3f} | {r:.2f} | {slope:.2f} | {level:.2f} | {bias:.3f} |"
        for name, std, r, slope, level, bias in rows
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
