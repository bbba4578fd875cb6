"""What turned heads and other people do to the landmarks of the net, beyond what their meshes do.

``python -m authoring.capture_turns`` (extra ``capture``, and the landmark net) draws the open head as random people in
random light, with random faces, up to 34 degrees to each side; looks at them; and adds ``pose`` and ``people`` to
``emoface/capture/tracker.npz``, which ``python -m authoring.capture`` wrote before. With ``d`` the landmarks' distance
from where the mesh has them, t the turn as it is read and a the identity,

    d = pose . terms(t) + people . a + expression . w + constant

by least squares, first over the terms of the turn, then over the rest with a ridge of five frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from emoface.capture import similarity
from emoface.capture.landmarker import FaceLandmarker
from emoface.capture.neutral import mesh_identity_basis
from emoface.capture.similarity import align, matrix_axis_angle, of_head, pose_terms
from emoface.capture.solving import Forward
from emoface.capture.tracker import FILE, tracker
from emoface.evaluation.capture_fit import SIZE, ZOOM
from emoface.face.layout import EXPRESSION_SIZE
from emoface.face.open_head import open_head, open_head_model
from emoface.files import atomic_path
from emoface.render.frames import face_renderer
from emoface.render.lights import LIGHTS

from .capture import RIDGE, random_faces

PEOPLE = 0.45  # standard deviation of identity components
TURNS = np.radians([6.0, 34.0, 4.0])  # nod and tilt: standard deviation; turn: the furthest


def look(count: int, seed: int, model: Path | None, still: bool = False) -> dict[str, np.ndarray]:
    """Landmarks (N, L, 3) in pixels of random people, with weights (N, 53), turn (N, 3) and identity (N, I).

    Args:
        count: of people. seed: of chance. model: the landmark net. still: all look ahead, at rest.
    """
    rng = np.random.default_rng(seed)
    weights = random_faces(count, seed).weights
    weights[: count if still else count // 4] = 0  # faces at rest
    turn = rng.normal(size=(count, 3)) * TURNS
    turn[:, 1] = rng.uniform(-TURNS[1], TURNS[1], count)
    turn *= not still
    identity = (PEOPLE * rng.normal(size=(count, len(open_head().identity_names)))).clip(-1, 1)
    renderers = [face_renderer(None, size=SIZE, zoom=ZOOM, lights=lights) for lights in LIGHTS]
    net, points = FaceLandmarker(model, most_faces=1), np.full((count, len(tracker().index), 3), np.nan)
    head = open_head_model()
    for number in range(count):
        w, t, a = (
            torch.as_tensor(part[number : number + 1], dtype=torch.float32) for part in (weights, turn, identity)
        )
        with torch.inference_mode():
            vertices = head(w[:, :EXPRESSION_SIZE], w[:, EXPRESSION_SIZE:], identity=a[0], neck_pose=t)[0].numpy()
        net.forget()
        for face in net.faces(renderers[int(rng.integers(len(renderers)))].frame(vertices), 0):
            points[number] = face.points[tracker().index]
    seen = np.isfinite(points).all((1, 2))
    return {"points": points[seen], "weights": weights[seen], "turn": turn[seen], "identity": identity[seen]}


def beside_mesh(seen: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How far landmarks are from where the mesh has them, (N, 2 L) mm, and the turn (N, 3) as it is read."""
    blind = mock.patch.object(similarity, "pose_terms", lambda turn: np.zeros((len(turn), len(tracker().pose))))
    alone = mock.patch.multiple(similarity, POSE_SMOOTHING=1e-3, SCALE_SMOOTHING=1e-3)
    with blind, alone:
        aligned = align(seen["points"], tracker().neutral)
    moved, _ = Forward(np.zeros(len(open_head().identity_names), np.float32))(seen["weights"].astype(np.float64))
    moved = moved + np.einsum("ni,ilc->nlc", seen["identity"], mesh_identity_basis())
    left = ((aligned.points - tracker().neutral)[..., :2] - moved).reshape(len(moved), -1)
    return left, matrix_axis_angle(of_head(aligned.rotation))


def measure(seen: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """``pose`` (10, L, 2) and ``people`` (I, L, 2) of :class:`emoface.capture.tracker.Tracker`."""
    left, turn = beside_mesh(seen)
    terms = pose_terms(turn)
    terms = np.concatenate([np.ones((len(terms), 1)), terms], 1)
    pose = np.linalg.lstsq(terms, left, rcond=None)[0]
    left = left - terms @ pose
    rows = np.concatenate([seen["identity"], seen["weights"]], 1)
    people = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ left)[: seen["identity"].shape[1]]
    shape = (-1, len(tracker().index), 2)
    return {"pose": pose[1:].reshape(shape).astype(np.float16), "people": people.reshape(shape).astype(np.float16)}


def main() -> None:
    """Draw, look, measure and write."""
    add_measured("authoring.capture_turns", __doc__, 1600, 11, lambda *asked: measure(look(*asked)))


def add_measured(
    module: str, about: str | None, count: int, seed: int,
    measured: Callable[[int, int, Path | None], dict[str, np.ndarray]],
) -> None:  # fmt: skip
    """The command line of a module that measures something and adds it to the tracker's file.

    Args:
        module, about: its name, and what it says of itself. count, seed: of people, where no others are asked for.
        measured: arrays by name, of a count, a seed and a landmark net.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--seed", type=int, default=seed)
    parser.add_argument("--model", type=Path, help="the landmark net")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    with np.load(FILE, allow_pickle=False) as file:
        arrays: dict[str, Any] = {name: file[name] for name in file.files}
    arrays.update(measured(asked.count, asked.seed, asked.model))
    with atomic_path(asked.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    print(f"{asked.out}: {asked.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
