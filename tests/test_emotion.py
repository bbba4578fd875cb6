"""Emotions over time: when one gives way to the next, how often one blinks, and what is heard in a voice."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from emoface.audio.load import Recording
from emoface.audio.stream import MelStream
from emoface.binding.emotions import DEFAULT_LEVEL, EMOTIONS
from emoface.binding.hearing import Heard
from emoface.binding.space import EmotionSpace
from emoface.emotion import (
    BLINK_RATES,
    CROSSFADE,
    MOST_TRACKS,
    HeardEmotion,
    Keyframe,
    blink_rate,
    check_density,
    embed,
    from_motion,
    keyframe_weights,
    resolve,
    sounding,
)
from emoface.emotion_forms import EmotionReference
from emoface.face.life import RATE_RANGE

Z = torch.zeros(4)


def weights(*times: float, start: int = 0, stop: int = 200) -> np.ndarray:
    return keyframe_weights([Keyframe(time, Z) for time in times], start, stop).numpy()


@pytest.fixture(scope="module")
def space() -> EmotionSpace:
    torch.manual_seed(0)
    return EmotionSpace(16, {"motion": {"channels": 8}, "label": {}, "audio": {"channels": 8}}).eval()


def test_half_of_the_next_emotion_at_the_asked_time() -> None:
    first, second = weights(0.0, 3.02)  # the centre of frame 75
    assert second[75] == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_allclose(first + second, 1, atol=1e-6)
    np.testing.assert_allclose(second[60:91], 1 - second[60:91][::-1], atol=1e-5)  # as much before as after
    assert (np.diff(second) >= 0).all()


def test_a_cross_fade_lasts_three_tenths_of_a_second() -> None:
    assert CROSSFADE == 0.3
    _, second = weights(0.0, 3.02)
    seconds = (np.arange(200) + 0.5) / 25
    assert not second[seconds < 3.02 - 0.15].any() and (second[seconds > 3.02 + 0.15] == 1).all()
    inside = np.abs(seconds - 3.02) < 0.14
    assert inside.sum() == 7 and ((second[inside] > 0) & (second[inside] < 1)).all()
    x = (seconds[inside] - 3.02) / 0.3 + 0.5
    np.testing.assert_allclose(second[inside], 3 * x**2 - 2 * x**3, atol=1e-5)


def test_shares_do_not_depend_on_where_a_window_begins() -> None:
    whole = weights(0.0, 1.5, 1.6, 4.0)
    np.testing.assert_array_equal(whole[:, 30:70], weights(0.0, 1.5, 1.6, 4.0, start=30, stop=70))
    early = weights(0.0, 1.5, start=-8, stop=4)
    assert (early[0] == 1).all() and not early[1].any()


def test_each_emotion_has_its_turn_and_shares_add_up_to_one() -> None:
    shares = weights(0.0, 1.0, 1.1, 3.0)
    assert shares.shape == (4, 200) and shares.min() >= 0
    np.testing.assert_allclose(shares.sum(0), 1, atol=1e-6)
    assert [int(np.argmax(shares[:, frame])) for frame in (0, 20, 40, 70, 90, 199)] == [0, 0, 2, 2, 3, 3]
    assert shares[1].max() > 0.05, "an emotion of a tenth of a second is not left out"


def test_the_first_entry_of_a_timeline_begins_with_the_recording(space: EmotionSpace) -> None:
    resolved = resolve([(2.0, "sad"), (3.0, "happy")], space)
    assert resolved.keyframes is not None
    assert [keyframe.time for keyframe in resolved.keyframes] == [0.0, 3.0]
    assert resolved.told == [[2.0, "sad"], [3.0, "happy"]]
    assert torch.equal(resolved.keyframes[1].emotion, space.encode(label="happy"))


def test_a_mixture_is_animated_in_parts_and_a_label_is_not(space: EmotionSpace) -> None:
    mixture, label = (Keyframe.asked(0.0, emotion, space) for emotion in ({"happy": 3.0, "sad": 1.0}, "happy"))
    assert [share for _, share in mixture.parts] == [0.75, 0.25] and label.parts == ()
    assert torch.equal(mixture.parts[1][0], space.encode(label="sad"))


def test_rates_of_blinks_are_human() -> None:
    assert set(BLINK_RATES) == set(EMOTIONS)
    assert all(RATE_RANGE[0] <= rate <= RATE_RANGE[1] for rate in BLINK_RATES.values())


@pytest.mark.parametrize("name", EMOTIONS)
def test_each_emotion_blinks_at_its_own_rate(name: str) -> None:
    """With labels at right angles the nearest one's weight in a softmax at temperature 0.1 is almost 1."""
    points = torch.eye(8)
    known: Any = SimpleNamespace(label_points=lambda levels: points[:, None])
    rate = blink_rate(points[EMOTIONS.index(name)], known)
    assert rate == pytest.approx(BLINK_RATES[name], abs=0.01)
    between = blink_rate(torch.full((8,), 8**-0.5), known)
    assert between == pytest.approx(sum(BLINK_RATES.values()) / 8, abs=1e-4)


def test_what_is_heard_is_the_last_four_seconds_and_half_of_what_was_heard() -> None:
    heard: list[torch.Tensor] = []
    furious, calm = Heard(1.0, {"neutral": 0.0, "angry": 1.0}), Heard(0.0, {"neutral": 1.0, "angry": 0.0})
    answers = iter([furious, calm, calm])

    def listen(mel: torch.Tensor) -> Heard:
        heard.append(mel)
        return next(answers)

    known: Any = SimpleNamespace(listen=listen, encode=lambda label: label)
    follower, mel = HeardEmotion(known), torch.arange(300.0)[:, None].expand(300, 64)
    assert follower.update(mel) == furious.shown() == ("angry", DEFAULT_LEVEL)
    assert heard[0].shape == (200, 64) and heard[0][0, 0] == 100
    follower.update(mel)
    assert follower.heard == Heard(0.5, {"neutral": 0.5, "angry": 0.5})
    follower.update(mel)
    assert follower.heard == Heard(0.25, {"neutral": 0.75, "angry": 0.25})


@pytest.mark.parametrize("block", [160, 4001, 48000])
def test_what_is_heard_does_not_depend_on_the_pieces_that_the_voice_comes_in(space: EmotionSpace, block: int) -> None:
    generator = torch.Generator().manual_seed(0)
    samples = 0.2 * torch.randn(10 * 16000, generator=generator) * torch.linspace(0, 4, 160000).sin().abs()

    def heard(pieces: Iterator[torch.Tensor]) -> list[Heard | None]:
        stream, follower, states = MelStream(pieces), HeardEmotion(space), []
        for start in range(0, 200, 50):
            follower.update(stream.read(start, start + 100, 250)[1])
            stream.finish(start)
            states.append(follower.heard)
        return states

    assert heard(iter(samples.split(block))) == heard(iter([samples]))


def test_the_first_minute_of_a_voice_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoface.emotion.log_mel", lambda samples: samples)
    given: list[torch.Tensor] = []

    def encode(audio: torch.Tensor) -> torch.Tensor:
        given.append(audio)
        return Z

    read: list[int] = []

    class Long(Recording):
        def __init__(self) -> None:
            pass

        def blocks(self, *_: Any, **__: Any) -> Any:
            for number in range(10):
                read.append(number)
                yield torch.full((25 * 16000,), float(number))

    known: Any = SimpleNamespace(encode=encode)
    embed(EmotionReference("audio", Long()), known)
    assert given[0].shape == (60 * 16000,) and given[0][-1] == 2
    assert read == [0, 1, 2]


def test_an_embedding_is_scaled_to_unit_length_and_checked(space: EmotionSpace) -> None:
    z = embed(torch.full((16,), 3.0), space)
    torch.testing.assert_close(z, torch.full((16,), 0.25))
    for bad in (torch.zeros(16), torch.ones(15), torch.full((16,), float("nan"))):
        with pytest.raises(ValueError, match=r"must be a finite z \(16,\)"):
            embed(bad, space)


def test_motion_by_example_is_finite_frames() -> None:
    reference = from_motion(np.full((3, 53), 0.5, np.float64))
    assert reference.modality == "motion" and reference.value.shape == (3, 56) and not reference.value[:, 53:].any()
    assert reference.value.dtype == torch.float32
    for bad in (np.zeros((0, 53)), np.zeros(53), np.full((2, 53), np.nan)):
        with pytest.raises(ValueError, match="must be finite motion"):
            from_motion(bad)


def test_equal_emotions_of_a_timeline_are_one(space):
    mixture = {"happy": 0.5, "sad": 0.5}
    asked = [(0.0, "happy"), (1.0, mixture), (2.0, "happy"), (3.0, dict(mixture)), (4.0, ("happy", 3))]
    keyframes = resolve(asked, space).keyframes
    assert [keyframe.key for keyframe in keyframes] == [0, 1, 0, 1, 2]
    assert keyframes[2].emotion is keyframes[0].emotion and keyframes[3].parts is keyframes[1].parts
    assert [keyframe.time for keyframe in keyframes] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("step", [0.02, 0.1, 0.3, 0.9, 5.0])
def test_the_keyframes_near_a_window_have_all_shares(step):
    keyframes = [Keyframe(i * step, Z, key=i) for i in range(60)]
    for start, stop in ((-8, 92), (0, 1), (10, 11), (25, 125), (200, 300), (5000, 5001)):
        near = sounding(keyframes, start, stop)
        whole = keyframe_weights(keyframes, start, stop)
        first = near[0].key
        assert torch.equal(whole[first : first + len(near)], keyframe_weights(near, start, stop))
        assert not whole[:first].any() and not whole[first + len(near) :].any()
        assert len(near) <= (stop - start) / 25 / step + 2 * CROSSFADE / step + 3


def test_how_many_emotions_may_sound_together():
    def dense(count, step, keys):
        return [Keyframe(i * step, Z, key=i % keys) for i in range(count)]

    check_density(dense(5000, 0.001, 8), 4.0)
    check_density(dense(500, 0.5, 500), 4.0)  # all different, but not together
    check_density(dense(MOST_TRACKS, 0.001, MOST_TRACKS), 4.0)
    check_density([], 4.0)
    with pytest.raises(ValueError, match=r"at most 32 different emotions, .* within 4 s, got 33 up to 0.032 s"):
        check_density(dense(100, 0.001, 100), 4.0)
    with pytest.raises(ValueError, match="got 33 up to"):
        check_density(dense(500, 0.13, 500), 4.0)
    with pytest.raises(ValueError, match="got 40 up to 0 s"):
        check_density([Keyframe(0.0, Z, parts=((Z, 0.025),) * 40)], 4.0)


def test_density_is_that_of_the_keyframes_that_sound():
    """Held against a count over every place of the window."""
    draw = np.random.default_rng(0)
    for _ in range(30):
        times = np.sort(draw.uniform(0, 20, 120)).round(3)
        keyframes = [Keyframe(float(time), Z, key=int(draw.integers(60))) for time in np.unique(times)]
        most = max(
            len({k.key for k in (*[k for k in keyframes if k.time < end - 4 - CROSSFADE][-1:],
                                 *[k for k in keyframes if end - 4 - CROSSFADE <= k.time <= end])})
            for end in (keyframe.time for keyframe in keyframes)
        )  # fmt: skip
        if most > MOST_TRACKS:
            with pytest.raises(ValueError, match="different emotions"):
                check_density(keyframes, 4.0)
        else:
            check_density(keyframes, 4.0)
