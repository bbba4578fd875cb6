"""Whatever the host program has set, the same bytes come out; and its settings are as they were afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import pickle
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import emoface
from emoface.demo import demo_path
from emoface.face.flame_files import load_flame
from emoface.host import own_settings, own_steps


@contextlib.contextmanager
def setting(change: Callable[[Any], Any], value: Any, back: Any) -> Iterator[None]:
    change(value)
    try:
        yield
    finally:
        change(back)


SETTINGS: dict[str, Callable[[], contextlib.AbstractContextManager]] = {
    "nothing": contextlib.nullcontext,
    "float64": lambda: setting(torch.set_default_dtype, torch.float64, torch.float32),
    "bfloat16": lambda: setting(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "default device": lambda: setting(torch.set_default_device, "meta", None),
    "with device": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu"),
    "autocast float16": lambda: torch.autocast("cpu", torch.float16),
    "seterr": lambda: np.errstate(all="raise"),
    "inference mode": torch.inference_mode,
    "no gradients": lambda: torch.set_grad_enabled(False),
    "matmul precision": lambda: setting(torch.set_float32_matmul_precision, "medium", "highest"),
    "deterministic": lambda: setting(torch.use_deterministic_algorithms, True, False),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True),
}
TOGETHER = [
    ("nothing",), ("float64", "seterr"), ("bfloat16", "deterministic"), ("default device", "matmul precision"),
    ("with device", "no gradients"), ("autocast", "anomalies"), ("autocast float16", "inference mode"),
]  # fmt: skip
"""Settings that have nothing to do with each other, made at once: each alone would take as long."""


def state() -> tuple[Any, ...]:
    return (
        torch.get_default_dtype(), torch.empty(0).device, torch.is_autocast_enabled("cpu"), np.geterr(),
        torch.is_inference_mode_enabled(), torch.is_grad_enabled(), torch.get_float32_matmul_precision(),
        torch.get_num_threads(),
    )  # fmt: skip


def flame_file(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    weights = draw.random((9, 5))
    arrays = {
        "v_template": draw.normal(size=(9, 3)), "f": draw.integers(0, 9, (7, 3)), "J_regressor": np.full((5, 9), 1 / 9),
        "shapedirs": draw.normal(size=(9, 3, 52)), "posedirs": draw.normal(size=(9, 3, 36)),
        "weights": weights / weights.sum(1, keepdims=True),
    }  # fmt: skip
    np.savez(folder / "flame.npz", **arrays)
    return folder / "flame.npz"


def everything(checkpoint: Path, folder: Path) -> dict[str, str]:
    """A digest of what each public entry point gives."""
    found: dict[str, Any] = {}
    pipeline = emoface.load(checkpoint)
    timeline = [(0.0, "neutral"), (1.0, "she is furious"), (2.0, ("happy", 3))]
    controls = emoface.Controls(upper_smoothing=0.1, lower_strength=1.2, symmetry=0.3)
    first = pipeline.animate(demo_path(), emotion=timeline, intensity=1.3, fps=30, controls=controls)
    found["animate"] = first.motion
    rate, voice = 8000, np.random.default_rng(0).normal(0, 0.1, 12000).astype(np.float32)
    references = {"emotion": emoface.from_motion(first), "style": emoface.from_audio(torch.from_numpy(voice), rate)}
    found["references"] = emoface.animate((voice, rate), checkpoint=checkpoint, **references).motion
    found["none"] = emoface.animate((voice * 1e-30, rate), checkpoint=checkpoint).motion
    found["encode"] = pipeline.emotion.encode(text="a sad man")
    found["mix"] = pipeline.emotion.mix({"happy": 0.5, "sad": 0.2})
    found["vertices"] = first.vertices(stop=3, identity={"nose_width": 1.0})
    found["resample"] = first.resample(24).motion
    found["picture"] = first.picture(1.0, size=48)
    found["render"] = np.stack([picture for picture, _ in zip(first.render(size=32, threads=2), range(3))])
    model = load_flame(flame_file(folder), identity_size=2)
    found["flame"] = model.expression_basis
    for suffix in (".npz", ".csv", ".json", ".glb", ".usda", ".html"):
        found[suffix] = first.save(folder / f"a{suffix}").read_bytes()
    rig = emoface.load_rig(folder / "a.glb")
    found["rig"] = rig.vertices(rig.weights(first.arkit()[:2]))
    found["load"] = emoface.Animation.load(folder / "a.csv", fps=60).motion
    huge = np.full((3, 50), 1e-300)
    found["tiny numbers"] = emoface.Animation(huge, np.zeros((3, 3))).expression
    return {name: digest(value) for name, value in found.items()}


def digest(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        value = value.numpy()
    content = value if isinstance(value, bytes) else f"{value.dtype}".encode() + value.tobytes()
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def expected(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return everything(tiny_checkpoint, tmp_path_factory.mktemp("plain"))


@pytest.mark.filterwarnings("ignore:Anomaly Detection", "ignore:TF32")
@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_the_same_bytes(
    names: tuple[str, ...], expected: dict[str, str], tiny_checkpoint: Path, tmp_path: Path
) -> None:
    emoface.api._cached.cache_clear()
    with contextlib.ExitStack() as made:
        for name in names:
            made.enter_context(SETTINGS[name]())
        before = state()
        assert everything(tiny_checkpoint, tmp_path) == expected
        assert state() == before


def test_every_setting_is_made() -> None:
    assert sorted(name for names in TOGETHER for name in names) == sorted(SETTINGS)


def test_pictures_leave_the_hosts_settings_between_them(tiny_checkpoint: Path) -> None:
    animation = emoface.Animation(np.zeros((3, 50)), np.zeros((3, 3)))
    with torch.autocast("cpu"), np.errstate(all="raise"):
        for _ in animation.render(size=32):
            assert torch.is_autocast_enabled("cpu") and np.geterr()["under"] == "raise"
    steps = own_steps(iter([1, 2]))
    assert list(steps) == [1, 2] and list(own_steps([])) == []


def test_overlapping_calls_restore_what_the_first_found() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with own_settings():
            inside.set()
            leave.wait(10)

    torch.set_default_dtype(torch.float64)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        inside.wait(10)
        with own_settings():
            assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_dtype() == torch.float32
        leave.set()
        thread.join()
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_error_restores_them_too() -> None:
    with torch.autocast("cpu"), pytest.raises(FileNotFoundError):
        emoface.load("none.safetensors")
    torch.set_default_dtype(torch.float64)
    try:
        with pytest.raises(FileNotFoundError):
            emoface.load("none.safetensors")
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_precision_set_in_the_new_way_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise RuntimeError("mix of the legacy and new APIs")

    monkeypatch.setattr(torch, "get_float32_matmul_precision", refuse)
    monkeypatch.setattr(torch, "set_float32_matmul_precision", lambda _: pytest.fail("was set"))
    with own_settings():
        pass


def motion_of(pipeline: emoface.Pipeline) -> bytes:
    return pipeline.animate(demo_path(), emotion="happy").motion.tobytes()


def vertices_of(animation: emoface.Animation) -> bytes:
    return animation.vertices(stop=2).tobytes() + animation.audio.waveform().numpy().tobytes()


def test_a_process_pool_takes_pipelines_and_animations(tiny_checkpoint: Path) -> None:
    pipeline = emoface.load(tiny_checkpoint, dtype="float32", threads=2)
    animation = pipeline.animate(demo_path(), emotion="sad")
    assert len(pickle.dumps(pipeline)) < 1000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(motion_of, (pipeline,)) == motion_of(pipeline)
        assert pool.apply(vertices_of, (animation,)) == vertices_of(animation)
    again = pickle.loads(pickle.dumps(pipeline))
    assert (again.threads, again.products, again.device) == (2, torch.float32, torch.device("cpu"))


def test_a_pickled_pipeline_knows_its_checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from emoface.checkpoints import Checkpoint, load_checkpoint, save_checkpoint

    path = tmp_path / "a.safetensors"
    path.write_bytes(tiny_checkpoint.read_bytes())
    kept = pickle.dumps(emoface.load(path))
    content = load_checkpoint(path)
    save_checkpoint(path, {**content.tensors, "motion.mean": content.tensors["motion.mean"] + 1}, content.config)
    with pytest.raises(ValueError, match=r"checkpoint .*a\.safetensors is not the one that was pickled"):
        pickle.loads(kept)
    made = Checkpoint(content.config, content.tensors, content.sha256)  # of no file: its content is pickled
    assert motion_of(pickle.loads(pickle.dumps(emoface.Pipeline(made)))) == motion_of(emoface.Pipeline(made))
    default = emoface.load()
    assert pickle.loads(pickle.dumps(default)).checkpoint.sha256 == default.checkpoint.sha256
