"""A corpus, lip net and emotion space of toy size, for training in seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emoface.audio.lips import LipNet
from emoface.binding.space import EmotionSpace
from emoface.face.layout import MOTION_SIZE
from emoface.training.corpus.clips import Clip, save_clips
from emoface.training.run import save_tensors

FRAMES = 90
LIP_CONFIG = {"width": 16, "blocks": 2}


@pytest.fixture
def toy_config() -> dict[str, Any]:
    """A denoiser config that trains in a second."""
    return {
        "steps": 6, "batch": 4, "workers": 0, "sync_steps": 2, "save_every": 3, "warm_up": 2, "device": "cpu",
        "model": {"channels": 16, "heads": 2, "blocks": 2, "feed_forward": 32, "content": 16, "window": 48},
    }  # fmt: skip


@pytest.fixture(scope="session")
def toy_clips() -> Callable[..., list[Clip]]:
    """Makes one clip of each source: ``toy_clips(frames=90, seed=0)``."""

    def make(frames: int = FRAMES, seed: int = 0) -> list[Clip]:
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
def run_folder(tmp_path: Path, toy_clips: Callable[..., list[Clip]]) -> Path:
    """A run folder with all that the denoiser stage needs."""
    out = tmp_path / "run"
    save_clips(out / "corpus" / "toy.npz", toy_clips())
    torch.manual_seed(0)
    save_tensors(out / "lips" / "model.safetensors", LipNet(**LIP_CONFIG).state_dict(), LIP_CONFIG)
    space = EmotionSpace(8)
    save_tensors(out / "binding" / "model.safetensors", space.state_dict(), space.config())
    return out
