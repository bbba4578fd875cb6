"""The speech encoder: shapes, reach, and that what is heard later changes nothing beyond it."""

from __future__ import annotations

import pytest
import torch

from emoface.audio.features import MEL_PER_FRAME
from emoface.audio.speech_encoder import SpeechEncoder

SMALL = {"width": 16, "blocks": 2, "deep_width": 24, "deep_blocks": 3}


@pytest.fixture
def encoder() -> SpeechEncoder:
    torch.manual_seed(3)
    return SpeechEncoder(**SMALL).eval()


@torch.no_grad()
def test_features_are_of_unit_variance_at_50_hz(encoder: SpeechEncoder) -> None:
    features = encoder(torch.randn(2, 50, 64))
    assert features.shape == (2, 50, 16)
    torch.testing.assert_close(features.mean(-1), torch.zeros(2, 50), atol=1e-5, rtol=0)
    torch.testing.assert_close(features.var(-1, correction=0), torch.ones(2, 50), atol=1e-3, rtol=0)


@torch.no_grad()
def test_frames_within_reach_of_a_change_hear_it_and_others_do_not(encoder: SpeechEncoder) -> None:
    mel = torch.randn(1, 100, 64)
    changed = mel.clone()
    changed[:, 40:42] += 1  # motion frame 20
    moved = (encoder(mel) != encoder(changed)).any(-1)[0].nonzero().flatten() // MEL_PER_FRAME
    assert int(moved.min()) >= 20 - encoder.reach
    assert int(moved.max()) <= 20 + encoder.reach
    assert int(moved.max()) - int(moved.min()) >= encoder.reach  # it is no empty bound


@torch.no_grad()
@pytest.mark.parametrize("first", [0, 7, 21])
def test_a_part_with_its_context_has_the_features_of_the_whole(encoder: SpeechEncoder, first: int) -> None:
    mel = torch.randn(1, 2 * 70, 64)
    whole = encoder(mel)
    reach = encoder.reach
    part = encoder(mel[:, 2 * first : 2 * (first + 2 * reach + 6)])
    inside = slice(2 * reach, 2 * (reach + 6))
    torch.testing.assert_close(part[:, inside], whole[:, 2 * first :][:, inside], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_recordings_of_no_and_of_one_frame(encoder: SpeechEncoder) -> None:
    assert encoder(torch.zeros(1, 0, 64)).shape == (1, 0, 16)
    assert encoder(torch.zeros(1, 2, 64)).isfinite().all()


@pytest.mark.parametrize("shape", [(50, 64), (1, 50, 80), (1, 51, 64)])
def test_other_shapes_are_refused(encoder: SpeechEncoder, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"mel must have shape \(B, 2 T, 64\)"):
        encoder(torch.zeros(shape))


@pytest.mark.parametrize("name", ["width", "deep_width"])
def test_no_channels_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        SpeechEncoder(**{name: 0})


def test_the_default_has_at_most_two_million_parameters() -> None:
    assert sum(p.numel() for p in SpeechEncoder().parameters()) < 2_000_000
