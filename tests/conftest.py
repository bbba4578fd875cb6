"""Shared by every test: one thread, where the test assets lie, memory that shows what was never written."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent

if importlib.util.find_spec("emoface") is None:
    raise pytest.UsageError("emoface is not installed: run `pip install -e .` in the repository first")

sys.path.append(str(Path(__file__).parents[1]))  # authoring/ is no part of the package

import torch  # noqa: E402

# The interpreter must be chosen before Triton decorates a kernel, and never where kernels can run. Without a
# GPU it has a process of its own (tests/kernels/test_interpreter.py), which sets the variable itself.
if torch.cuda.is_available():
    os.environ.pop("TRITON_INTERPRET", None)

torch.set_num_threads(1)

LONG = ("test_interpreter.py", "test_packaging.py", "test_compile_only.py", "test_build.py", "test_run.py")
"""Files whose tests take longest; they come first, so that no process is left with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)  # keeps the order otherwise
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA device")
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of recordings that are not in the repository; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EMOFACE_ASSETS", ROOT.parent / "shared" / "assets"))
    if not folder.is_dir():
        pytest.skip(f"no test assets at {folder} (set EMOFACE_ASSETS)")
    return folder


@pytest.fixture(scope="session")
def setup_script() -> ModuleType:
    """setup.py as a module (it builds only as the main program)."""
    spec = importlib.util.spec_from_file_location("emoface_setup", ROOT / "setup.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def native_build(setup_script: ModuleType) -> ModuleType:
    """csrc/native_build.py: what the native modules are compiled from and how."""
    return setup_script.native_build


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of all parts at toy size with seeded random weights: it moves a face, but means nothing."""
    return make_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors")


def make_tiny_checkpoint(path: Path) -> Path:
    """Write that checkpoint."""
    from emoface.audio.encoder import ContentConfig, ContentEncoder
    from emoface.audio.lip_net import LipNet
    from emoface.binding.space import EmotionSpace
    from emoface.binding.text.tokenizer import WordPiece
    from emoface.checkpoints import save_checkpoint
    from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
    from emoface.face.layout import FPS, MOTION_NAMES, MOTION_SIZE

    before = torch.get_rng_state()
    torch.manual_seed(1)
    letters = [mark + letter for letter in "abcdefghijklmnopqrstuvwxyz" for mark in ("", "##")]
    vocabulary = WordPiece(["[PAD]", "[UNK]", *letters]).to_bytes()
    encoder = {
        "vocab_size": 54, "vocab_bytes": len(vocabulary), "table_width": 16, "width": 16, "layers": 1, "heads": 2,
        "feedforward": 16, "threshold": 0.0,
    }  # fmt: skip
    space = EmotionSpace(
        8, {"motion": {"channels": 8}, "label": {}, "audio": {"channels": 8}, "text": {"encoder": encoder},
            "valence_arousal": {}},
    )  # fmt: skip
    sizes = DenoiserConfig(
        emotion=8, content=16, channels=16, heads=2, blocks=2, feed_forward=32, window=64, context=8, lookahead=4
    )
    lips = {"width": 16, "blocks": 2}
    content = ContentConfig(channels=16)
    parts = {"audio": ContentEncoder(content), "lips": LipNet(**lips), "emotion": space, "denoiser": Denoiser(sizes)}
    tensors = {"motion.mean": torch.full((MOTION_SIZE,), 0.1), "motion.deviation": torch.full((MOTION_SIZE,), 0.1)}
    for prefix, part in parts.items():
        for name, tensor in part.state_dict().items():
            noise = torch.randn(tensor.shape)
            tensors[f"{prefix}.{name}"] = tensor + 0.2 * noise if tensor.is_floating_point() else tensor
    tensors["emotion.text.encoder.vocab"] = vocabulary
    tensors["emotion.text.encoder.table"] = (40 * torch.randn(54, 16)).to(torch.int8)
    torch.set_rng_state(before)
    config = {
        "layout": {"names": list(MOTION_NAMES), "fps": FPS}, "sampling": {}, "audio": parts["audio"].describe(),
        "lips": lips, "denoiser": parts["denoiser"].describe(), "emotion": space.config(),
    }  # fmt: skip
    save_checkpoint(path, tensors, config)
    return path


@pytest.fixture
def toy_config() -> dict[str, Any]:
    """A denoiser config that trains in a second."""
    return {
        "steps": 6, "batch": 4, "workers": 0, "sync_steps": 2, "save_every": 3, "warm_up": 2, "device": "cpu",
        "model": {"channels": 16, "heads": 2, "blocks": 2, "feed_forward": 32, "content": 16, "window": 48},
    }  # fmt: skip


@pytest.fixture(scope="session")
def toy_clips() -> Callable[..., list[Any]]:
    """Makes one clip of a corpus of each source: ``toy_clips(frames=90, seed=0)``."""
    from emoface.face.layout import MOTION_SIZE
    from emoface.training.corpus.clips import Clip

    def make(frames: int = 90, seed: int = 0) -> list[Clip]:
        rng = np.random.default_rng(seed)

        def mel() -> np.ndarray:
            return rng.normal(-4, 2, (2 * frames, 64)).astype(np.float16)

        times = np.arange(0, frames / 25, 0.2, dtype=np.float32)
        visemes = np.stack([rng.integers(0, 15, len(times)), times, times + 0.2], 1).astype(np.float32)
        lips = rng.uniform(0, 0.2, (frames, MOTION_SIZE)).astype(np.float16)
        return [
            Clip(f"toy/tts{seed}", "tts", "voice", "en", None, mel(), visemes),
            Clip(f"toy/hand{seed}", "labelled", "actor", "de", "angry", mel(), visemes),
            Clip(f"toy/face{seed}", "captured", "actor", "zh", None, mel(), None, lips),
            Clip(f"toy/voice{seed}", "voice", "actor", "en", None, mel()),
        ]

    return make


@pytest.fixture
def run_folder(tmp_path: Path, toy_clips: Callable[..., list[Any]]) -> Path:
    """A run folder with all that the denoiser stage needs: corpus, lip net and emotion space of toy size."""
    from emoface.audio.lip_net import LipNet
    from emoface.binding.space import EmotionSpace
    from emoface.training.corpus.clips import save_clips
    from emoface.training.run import save_tensors

    lips = {"width": 16, "blocks": 2}
    out = tmp_path / "run"
    save_clips(out / "corpus" / "toy.npz", toy_clips())
    torch.manual_seed(0)
    save_tensors(out / "lips" / "model.safetensors", LipNet(**lips).state_dict(), lips)
    space = EmotionSpace(8)
    save_tensors(out / "binding" / "model.safetensors", space.state_dict(), space.config())
    return out


def _poison(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype.is_floating_point:
        return tensor.fill_(float("nan"))
    return tensor if tensor.dtype == torch.bool else tensor.fill_(torch.iinfo(tensor.dtype).min)


@pytest.fixture
def poisoned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh tensors are full of NaN, so a kernel that leaves part of its output unwritten is seen."""
    for owner, name in ((torch, "empty"), (torch, "empty_like"), (torch.Tensor, "new_empty")):
        plain = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *args, _plain=plain, **kwargs: _poison(_plain(*args, **kwargs))
        )


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes in bytes of the curves that motions have copied and checked so far."""
    from emoface import face_motion

    seen = []

    class Counted(face_motion._Checked):
        def __new__(cls, data: bytes) -> Counted:
            seen.append(len(data))
            return super().__new__(cls, data)

    monkeypatch.setattr(face_motion, "_Checked", Counted)
    return seen
