"""HuBERT features, with randomly initialised models of toy size; nothing is ever downloaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from emoface.audio import hubert
from emoface.audio.hubert import HubertFeatures
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.kernels import has_bfloat16

pytest.importorskip("transformers")


@pytest.fixture(scope="module", params=["hubert", "wav2vec2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with hubert._own_kernels_hidden():
        from transformers import HubertConfig, HubertModel, Wav2Vec2Config, Wav2Vec2Model
    config, model = {"hubert": (HubertConfig, HubertModel), "wav2vec2": (Wav2Vec2Config, Wav2Vec2Model)}[request.param]
    torch.manual_seed(0)
    sizes = {
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
        "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
    }  # fmt: skip
    path = tmp_path_factory.mktemp(request.param)
    model(config(**sizes)).save_pretrained(path)
    return path


def test_shapes_and_repeatability(folder: Path) -> None:
    features = HubertFeatures(folder)
    waveform = open_audio(demo_path()).waveform()
    hidden = features(waveform)
    assert hidden.shape == (121, 24) == (121, features.width) and hidden.dtype == torch.float32
    assert torch.equal(hidden, HubertFeatures(str(folder))(waveform)) and not hidden.requires_grad
    assert features(waveform, frames=200).shape == (200, 24)
    for length in (1, 399, 400, 640, 1600):
        assert torch.isfinite(features(torch.randn(length), frames=3)).all()


def test_level_does_not_matter(folder: Path) -> None:
    features = HubertFeatures(folder, dtype="float32")
    waveform = open_audio(demo_path()).waveform()[:16000]
    torch.testing.assert_close(features(0.1 * waveform + 0.2), features(waveform), atol=1e-3, rtol=0)


class Clock(torch.nn.Module):
    """Stands in for the network: each feature is the mean time of the samples in its field."""

    device = torch.device("cpu")

    def __call__(self, samples: torch.Tensor) -> Any:
        hidden = samples[0].unfold(0, 400, 320).mean(1)[None, :, None]
        return type("Output", (), {"last_hidden_state": hidden})


@pytest.mark.parametrize("seconds", [2, 95])
def test_features_sit_at_the_centres_of_the_frames(folder: Path, seconds: int) -> None:
    features = HubertFeatures(folder, dtype="float32")
    assert (features.hop, features.field) == (320, 400)
    features.model = Clock()
    time = (torch.arange(seconds * 16000, dtype=torch.float64) + 0.5) / 16000
    spread = time.var(unbiased=False).sqrt()
    centres = features(time)[:, 0] * spread + time.mean()
    expected = (torch.arange(seconds * 25) + 0.5) / 25
    torch.testing.assert_close(centres[1:-1].double(), expected[1:-1].double(), atol=1e-4 * seconds, rtol=0)


def test_long_recordings_go_through_in_windows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waveform = open_audio(demo_path()).waveform()
    features = HubertFeatures(folder)
    sizes: list[int] = []
    features.model.register_forward_hook(lambda _, given, __: sizes.append(given[0].shape[1]))
    features(waveform)
    monkeypatch.setattr(hubert, "WINDOW_SECONDS", 1)
    monkeypatch.setattr(hubert, "CONTEXT_SECONDS", 1)
    assert features(waveform).shape == (121, 24)
    assert sizes[0] > 77000 and len(sizes) == 6 and max(sizes[1:]) <= 3 * 16000 + 400


def test_bfloat16_is_near_float32_and_automatic_where_it_is_fast(folder: Path) -> None:
    waveform = open_audio(demo_path()).waveform()
    exact, rough = (HubertFeatures(folder, dtype=dtype)(waveform) for dtype in ("float32", "bfloat16"))
    assert rough.dtype == torch.float32
    assert 1e-4 < (rough - exact).norm() / exact.norm() < 3e-2
    automatic = HubertFeatures(folder)
    expected = torch.bfloat16 if has_bfloat16() else torch.float32
    assert automatic.dtype == expected == next(automatic.model.parameters()).dtype
    with pytest.raises(ValueError, match="dtype must be 'auto', 'float32' or 'bfloat16', got 'int8'"):
        HubertFeatures(folder, dtype="int8")


class WrongInBfloat16(torch.nn.Conv1d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).roll(1, dims=1) if x.dtype == torch.bfloat16 else super().forward(x)


def test_a_convolution_that_bfloat16_spoils_runs_in_float32() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv1d(32, 32, 4), WrongInBfloat16(32, 32, 4)).requires_grad_(False)
    x, random_state = torch.randn(1, 32, 90), torch.get_rng_state()
    exact = model(x)
    hubert._keep_faulty_convolutions_exact(model.bfloat16())
    assert torch.equal(torch.get_rng_state(), random_state)
    assert [layer.weight.dtype for layer in model] == [torch.bfloat16, torch.float32]
    rough = model(x.bfloat16())
    assert rough.dtype == torch.bfloat16 and (rough - exact).norm() < 1e-2 * exact.norm()


def test_wrong_models_and_waveforms(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"neither a model folder nor in the local cache; download=True"):
        HubertFeatures(tmp_path / "none")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ValueError, match="must be one of hubert, wav2vec2, it is bert"):
        HubertFeatures(tmp_path)
    for shape in ((0,), (1, 16000)):
        with pytest.raises(ValueError, match=r"waveform must have shape \(N,\)"):
            HubertFeatures(folder)(torch.zeros(shape))


def test_without_transformers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"pip install 'emoface\[hubert\]'"):
        HubertFeatures(tmp_path)
