"""What every mesh format asks of the animation and the rig, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.export.rig_curves import rig_curves, visible_deltas
from emoface.face.layout import ARKIT_INDEX, MOTION_INDEX
from emoface.face.rig import Rig

Make = Callable[..., Animation]
MESH_SUFFIXES = (".glb", ".usda", ".html")


def test_weights_by_name(animate: Make, small_rig: Rig) -> None:
    motion = animate().motion
    motion[:, MOTION_INDEX["tongueUp"]] = np.linspace(-1, 2, 60)
    animation = Animation.from_motion(motion)
    rig, weights = rig_curves(animation, small_rig)
    arkit = animation.arkit()
    assert rig is small_rig and weights.shape == (60, 4) and weights.dtype == np.float32
    assert np.array_equal(weights[:, 0], arkit[:, ARKIT_INDEX["jawOpen"]])
    assert np.array_equal(weights[:, 1], arkit[:, ARKIT_INDEX["mouthSmileLeft"]])
    np.testing.assert_allclose(weights[:, 2], np.linspace(-1, 2, 60).clip(0, 1), atol=1e-6)
    assert not weights[:, 3].any()


def test_only_visible_displacements(small_rig: Rig) -> None:
    deltas = visible_deltas(small_rig)
    assert not deltas[1, 30].any() and small_rig.deltas[1, 30].any()
    np.testing.assert_allclose(deltas, small_rig.deltas, atol=1e-6)


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_bad_rigs_are_refused_before_anything_is_written(
    tmp_path: Path, animate: Make, small_rig: Rig, suffix: str
) -> None:
    path, animation = tmp_path / f"take{suffix}", animate(frames=2)
    without = replace(small_rig, shape_names=("a", "b", "c", "d"))
    empty = replace(small_rig, shape_names=(), deltas=small_rig.deltas[:0])
    torn = replace(small_rig, parts=small_rig.parts[:1])
    swapped = replace(small_rig, parts=small_rig.parts[::-1])
    crossing = replace(small_rig, faces=np.flip(small_rig.faces, 0))
    holes = replace(small_rig, deltas=np.where(small_rig.deltas == 0.5, np.nan, small_rig.deltas))
    short = replace(small_rig, deltas=small_rig.deltas[:, :-1])
    for rig, message in (
        (without, "rig 'small' has none of the ARKit shapes; it has 4 others"),
        (empty, "has none of the ARKit shapes"),
        (torn, "parts of rig 'small' must cover all of its vertices and faces"),
        (swapped, "parts of rig 'small' must cover its vertices in order; 'tongue' does not"),
        (crossing, "faces of part 'skin' of rig 'small' must stay within the part's vertices"),
        (holes, "deltas of rig 'small' must be finite"),
        (short, r"deltas of rig 'small' must have shape \(4, 72, 3\), got \(4, 71, 3\)"),
    ):
        with pytest.raises(ValueError, match=message):
            animation.save(path, face=rig)
    with pytest.raises(TypeError, match="face must be a FlameModel, a Rig, the path of one, or None, got dict"):
        animation.save(path, face={"name": "head"})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_bad_animations_and_paths(tmp_path: Path, animate: Make, small_rig: Rig, suffix: str) -> None:
    path, animation = tmp_path / f"take{suffix}", animate(frames=3)
    foreign = Animation(np.zeros((3, 100)), np.zeros((3, 3)), expression_names=tuple(map(str, range(100))))
    with pytest.raises(ValueError, match="arkit\\(\\) needs the open head's named shapes"):
        foreign.save(path, face=small_rig)
    with pytest.raises(TypeError, match="got 'quality'"):
        animation.save(path, face=small_rig, quality=3)
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="cannot be written: there is no folder"):
        animate(frames=3).save(tmp_path / "none" / path.name, face=small_rig)
