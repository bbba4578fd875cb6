"""The GPU back end beside the CPU's: the same head, and no silent falling back."""

from __future__ import annotations

import builtins
import gc
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.face import as_face
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE
from emoface.face.open_head import open_head
from emoface.face.presets import PEOPLE
from emoface.render import face_renderer
from emoface.render.gpu import choose_backend, gpu_device, is_software

os.environ.setdefault("LP_NUM_THREADS", "0")  # Mesa's software driver in one thread: its helpers starve beside others
needs_gl = pytest.mark.skipif(gpu_device()[0] is None, reason=str(gpu_device()[1]))


def take(**shapes: float) -> Animation:
    motion = np.zeros((2, MOTION_SIZE), np.float32)
    for name, weight in shapes.items():
        motion[:, MOTION_INDEX[name]] = weight
    return Animation.from_motion(motion)


def both(animation: Animation, **view: Any) -> tuple[np.ndarray, np.ndarray]:
    one, other = (animation.picture(0.0, backend=backend, **view).astype(int) for backend in ("cpu", "gpu"))
    return one, other


def like(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Mean difference in grey levels, in the mean over 8 x 8 pixels at most, and share of pixels far apart."""
    apart = np.abs(one - other)
    size = len(one) // 8 * 8
    blocks = [p[:size, :size].reshape(size // 8, 8, size // 8, 8, -1).mean((1, 3)) for p in (one, other)]
    return apart.mean(), np.abs(blocks[0] - blocks[1]).max(), (apart.max(2) > 24).mean()


@needs_gl
@pytest.mark.parametrize(
    ("person", "view"),
    [
        ("bruno", {"yaw": 20}),
        ("ada", {"lights": "outdoors", "alpha": True}),
        ("gus", {"lights": "dramatic", "yaw": -60, "pitch": 10}),
        ("hana", {"lights": "flat", "zoom": 3.0, "two_sided": True}),
    ],
)
def test_the_same_head_with_the_same_curves(person: str, view: dict[str, Any]) -> None:
    shapes = {"browInnerUp": 0.8, "mouthSmileLeft": 0.7, "eyeBlinkRight": 0.5, "noseSneerLeft": 0.6, "tongueUp": 0.3}
    one, other = both(take(**shapes), identity=PEOPLE[person], size=192, **view)
    assert one.shape == other.shape == (192, 192, 4 if view.get("alpha") else 3)
    mean, block, far = like(one, other)
    assert mean < 1.0 and block < 12 and far < 0.03, (mean, block, far)


@needs_gl
@pytest.mark.parametrize("what", ["wrinkles", "pores", "shadow", "lamps", "caustic"])
def test_each_term_is_drawn(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving a term out of one picture is seen by the comparison: what it compares is not blind to it."""
    animation = take(browInnerUp=1.0, mouthSmileLeft=1.0, mouthSmileRight=1.0)
    face, zoom = as_face(), 3.0 if what == "caustic" else 2.0  # the irises are small
    folds = open_head().wrinkles.weights(animation.expression)[0]
    vertices = animation.vertices()[0]
    whole = face_renderer(face, size=256, zoom=zoom, backend="cpu").frame(vertices, folds).astype(int)
    full = face_renderer(face, size=256, zoom=zoom, backend="gpu").frame(vertices, folds).astype(int)
    lesser = face_renderer(face, size=256, zoom=zoom, backend="gpu")
    if what == "wrinkles":
        folds = None
    elif what == "pores":
        lesser._material[:, 3] = 0.0
    elif what == "caustic":
        lesser._irises._eyes = []
    elif what == "shadow":
        lesser._painter._thread.call(lesser._painter._shading["softness"].__setattr__, "value", 1e6)
    else:
        lamps = lesser._light.lamps.numpy()[:, 3:6] * 0.5
        lesser._painter._thread.call(lesser._painter._shading["radiance"].write, lamps.tobytes())
    without = lesser.frame(vertices, folds).astype(int)
    assert np.abs(whole - without).mean() > 1.3 * np.abs(whole - full).mean() or (
        (np.abs(whole - without).max(2) > 12).sum() > 1.3 * (np.abs(whole - full).max(2) > 12).sum()
    )


@needs_gl
def test_frames_of_a_film_and_several_renderers_at_a_time() -> None:
    animation = take(mouthSmileLeft=0.4)
    films: list[Iterator[np.ndarray]] = [animation.render(size=48, backend="gpu", yaw=yaw) for yaw in (0, 40)]
    pictures = [list(film) for film in zip(*films)]
    assert len(pictures) == 2
    for moment in pictures:
        assert np.abs(moment[0].astype(int) - moment[1]).mean() > 2
    np.testing.assert_array_equal(pictures[0][0], pictures[1][0], "the same frame twice")


@needs_gl
def test_painters_end_with_their_renderers() -> None:
    """Also where garbage is collected in the midst of other renderers' work."""
    before = threading.active_count()
    for _ in range(4):
        renderer = face_renderer(size=16, backend="gpu")
        renderer.frame(renderer._albedo.numpy())
        renderer.itself = renderer  # type: ignore[attr-defined]  # a circle: only the collector ends it
        del renderer
        gc.collect()
    end = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    assert threading.active_count() <= before


def test_a_forced_back_end_that_cannot_run_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "moderngl":
            raise ImportError(name)
        return plain(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    gpu_device.cache_clear()
    try:
        assert gpu_device() == (None, "moderngl is not installed: pip install 'emoface[gpu]'")
        with pytest.raises(RuntimeError, match="backend 'gpu' cannot draw: moderngl is not installed"):
            take().picture(0.0, size=16, backend="gpu")
        assert choose_backend("auto") == "cpu" and face_renderer(size=16, backend="auto").backend == "cpu"
    finally:
        gpu_device.cache_clear()


def test_auto_leaves_drivers_that_draw_on_the_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, expected in (("llvmpipe (LLVM 15.0.6, 256 bits)", "cpu"), ("NVIDIA GeForce RTX 4090/PCIe/SSE2", "gpu")):
        monkeypatch.setattr("emoface.render.gpu.gpu_device", lambda name=name: (name, None))
        assert is_software(name) == (expected == "cpu") and choose_backend("auto") == expected
        assert choose_backend("gpu") == "gpu" and choose_backend("cpu") == "cpu"


def test_an_unknown_back_end_is_refused() -> None:
    with pytest.raises(ValueError, match="backend must be one of cpu, gpu, auto, got 'vulkan'"):
        take().picture(0.0, size=16, backend="vulkan")
    with pytest.raises(TypeError, match="backend"):
        take().picture(0.0, size=16, backend=1)
