"""The native denoiser on speech with the default checkpoint: it is the reference's, over whole trajectories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import emoface
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path
from emoface.diffusion import windows
from emoface.face.layout import lip_gap
from emoface.kernels import OPS, use_backend
from emoface.kernels._contract.judge import faults
from emoface.kernels._runtime import native

pytestmark = [
    pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there"),
    pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}"),
]


@pytest.fixture(scope="module", params=["demo", "recording"])
def voice(request) -> tuple[np.ndarray, int]:
    path = demo_path()
    if request.param == "recording":
        path = Path(request.getfixturevalue("assets")) / "a2f_samples" / "Mark_anger.wav"
    samples, rate = soundfile.read(path, dtype="float32")
    return samples[: 8 * rate], rate


def motion(voice, dtype="float32", **options) -> np.ndarray:
    samples, rate = voice
    return emoface.load(dtype=dtype).animate(samples, sample_rate=rate, blink=False, gaze=False, **options).motion


@pytest.mark.parametrize("options", [{}, {"guidance": 2.0, "intensity": 1.5}], ids=["plain", "guided"])
def test_ten_steps_hold_the_error_rule(voice, options, monkeypatch):
    calls = []

    def watched(*args):
        calls.append(args)
        return OPS["denoise_loop"](*args)

    monkeypatch.setattr(windows, "denoise_loop", watched)
    motion(voice, steps=10, emotion="angry", **options)
    assert len(calls) >= 2 and any(args[17].any() for args in calls), "several windows, some with carried frames"
    with torch.no_grad():
        for args in (calls[0], calls[-1]):
            plain = tuple(a.detach().clone() if isinstance(a, torch.Tensor) else a for a in args)
            assert not faults(OPS["denoise_loop"], OPS["denoise_loop"].call(*plain), plain)


def lips_apart(rough: np.ndarray, exact: np.ndarray) -> float:
    """How much the opening of the lips differs, in mm; one frame of a hundred may differ more."""
    gap = lip_gap(torch.from_numpy(rough)) - lip_gap(torch.from_numpy(exact))
    return float(gap.abs().quantile(0.99))


@pytest.mark.parametrize("steps", [4, 10])
def test_finished_motion_is_that_of_the_reference(voice, steps):
    ours = motion(voice, steps=steps, emotion="happy")
    with use_backend("reference"):
        reference = motion(voice, steps=steps, emotion="happy")
    assert np.abs(ours - reference).max() < 1e-4 and lips_apart(ours, reference) < 1e-3
    assert np.abs(reference).max() > 0.3


@pytest.mark.parametrize("dtype, most, apart", [("bfloat16", 1e-3, 0.15), ("int8", 2e-3, 0.3)])
def test_short_numbers_drift_less_than_one_sees(voice, dtype, most, apart):
    with use_backend("reference"):
        exact = motion(voice, steps=10, emotion="happy")
    rough = motion(voice, dtype, steps=10, emotion="happy")
    assert 0 < np.abs(rough - exact).mean() < most
    assert lips_apart(rough, exact) < apart


def test_same_seed_same_bits(voice):
    assert motion(voice, emotion="sad", seed=3).tobytes() == motion(voice, emotion="sad", seed=3).tobytes()
