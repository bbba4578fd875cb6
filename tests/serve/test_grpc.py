"""Clients of Audio2Face-3D: what they send by that protocol, and what they get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from emoface.face.layout import ARKIT_NAMES
from emoface.serve.audio2face.messages import BUILT, METHOD, SERVICE, compiled, message
from emoface.serve.audio2face.order import NAMES, PLACES, mixture

grpc = pytest.importorskip("grpc")
pytest.importorskip("google.protobuf")
RATE = 16000


@pytest.fixture(scope="module")
def service(run_service: Callable[..., Any]) -> Iterator[Any]:
    with run_service(grpc=True, connections=2, idle_seconds=5, queue_seconds=2) as running:
        yield running


@pytest.fixture(scope="module")
def call(service: Any) -> Iterator[Callable[..., list[Any]]]:
    """Sends requests and returns all that is answered."""
    with grpc.insecure_channel(service.grpc) as channel:
        method = channel.stream_stream(
            f"/{SERVICE}/{METHOD}",
            request_serializer=message("AudioStream").SerializeToString,
            response_deserializer=message("AnimationDataStream").FromString,
        )
        yield lambda requests, **more: list(method(iter(requests), timeout=30, **more))


def header(**parts: Any) -> Any:
    stream = message("AudioStream")()
    audio = {"channel_count": 1, "samples_per_second": RATE, "bits_per_sample": 16, **parts.pop("audio", {})}
    stream.audio_stream_header.audio_header.MergeFrom(message("AudioHeader")(**audio))
    for name, values in parts.items():
        field = getattr(stream.audio_stream_header, name)
        field.MergeFrom(type(field)(**values))
    return stream


def sound(samples: np.ndarray, *emotions: tuple[float, dict[str, float]]) -> Any:
    stream = message("AudioStream")()
    stream.audio_with_emotion.audio_buffer = samples.astype("<i2").tobytes()
    for time_code, weights in emotions:
        keyframe = stream.audio_with_emotion.emotions.add(time_code=time_code)
        for name, weight in weights.items():
            keyframe.emotion[name] = weight
    return stream


def end() -> Any:
    stream = message("AudioStream")()
    stream.end_of_audio.SetInParent()
    return stream


def test_a_clip(service: Any, call: Callable[..., list[Any]]) -> None:
    samples = np.concatenate([np.full(RATE, 8192), np.full(RATE, 16384)])
    asked = {"bs_weight_multipliers": {"JawOpen": 2.0}, "bs_weight_offsets": {"TongueOut": 0.5}}
    parts = [sound(part) for part in np.array_split(samples, 7)]
    answers = call([header(blendshape_params=asked), *parts, end()])
    kinds = [answer.WhichOneof("stream_part") for answer in answers]
    assert kinds[0] == "animation_data_stream_header" and kinds[-2:] == ["event", "status"]
    assert set(kinds[1:-2]) == {"animation_data"} and answers[-1].status.code == 0
    head = answers[0].animation_data_stream_header
    names = list(head.skel_animation_header.blend_shapes)
    assert head.audio_header.samples_per_second == RATE and names == list(NAMES)
    data = [answer.animation_data for answer in answers[1:-2]]
    rows = [row for one in data for row in one.skel_animation.blend_shape_weights]
    np.testing.assert_allclose([row.time_code for row in rows], np.arange(60) / 30)
    weights = np.array([row.values for row in rows])
    np.testing.assert_allclose(weights[:, names.index("JawOpen")], [0.5] * 30 + [1.0] * 30, atol=1e-3)
    assert (weights[:, names.index("TongueOut")] == 0.5).all()
    assert b"".join(one.audio.audio_buffer for one in data) == samples.astype("<i2").tobytes()
    assert data[0].audio.time_code == 0


def test_a_long_clip_in_a_burst_is_heard_to_its_end(call: Callable[..., list[Any]]) -> None:
    parts = [sound(np.full(RATE // 2, 100)) for _ in range(20)]  # five times what may wait
    answers = call([header(audio={"channel_count": 1}), *parts, end()])
    rows = sum(len(answer.animation_data.skel_animation.blend_shape_weights) for answer in answers)
    assert rows == 300


def test_emotions_come_at_their_times(service: Any, call: Callable[..., list[Any]]) -> None:
    first = sound(np.zeros(RATE), (0.0, {"joy": 0.7}), (1.5, {"anger": 1.0, "sadness": 1.0}))
    call([header(emotion_post_processing_params={"emotion_strength": 0.9}), first, sound(np.zeros(RATE)), end()])
    stream = service.streams.opened[-1]
    assert stream.emotion == {"angry": 0.5, "sad": 0.5} and abs(stream.intensity - 1.5) < 1e-6
    call([header(emotion_post_processing_params={"enable_preferred_emotion": False}), first, end()])
    assert service.streams.opened[-1].emotion is None


def test_an_unknown_emotion_is_warned_of(call: Callable[..., list[Any]]) -> None:
    answers = call([header(), sound(np.zeros(RATE), (0.0, {"boredom": 1.0})), end()])
    told = [answer.status for answer in answers if answer.WhichOneof("stream_part") == "status"]
    assert [status.code for status in told] == [2, 0] and "boredom" in told[0].message


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ([end()], "the first message must be audio_stream_header"),
        ([], "the first message must be audio_stream_header"),
        ([header(audio={"bits_per_sample": 32})], "PCM of 16 bits, got 32 bits"),
        ([header(audio={"samples_per_second": 100})], "got 100 Hz"),
        ([header(blendshape_params={"bs_weight_offsets": {"Jaw": 1.0}})], "blendshape_params has 'Jaw'"),
        ([header(), header()], "audio_stream_header must come once"),
    ],
)
def test_wrong_requests(call: Callable[..., list[Any]], requests: list[Any], words: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        call(requests)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT and words in refused.value.details()


def test_limits_and_tokens(run_service: Callable[..., Any]) -> None:
    token = "a-secret-of-sixteen-letters"
    with run_service(grpc=True, token=token, idle_seconds=0.3) as running:
        with grpc.insecure_channel(running.grpc) as channel:
            method = channel.stream_stream(
                f"/{SERVICE}/{METHOD}", request_serializer=message("AudioStream").SerializeToString
            )
            with pytest.raises(grpc.RpcError) as refused:
                list(method(iter([header(), end()]), timeout=10))
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            bearer = [("authorization", f"Bearer {token}")]
            assert list(method(iter([header(), end()]), timeout=10, metadata=bearer))
            held = method(never_ending(header()), timeout=10, metadata=bearer)
            with pytest.raises(grpc.RpcError) as refused:
                list(held)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "no message came for 0.3 s" in refused.value.details()


def never_ending(first: Any) -> Iterator[Any]:
    import threading

    yield first
    threading.Event().wait(3)


def test_shapes_are_arkit_in_another_order() -> None:
    assert sorted(PLACES) == list(range(52)) and len(set(NAMES)) == 52
    assert all(ARKIT_NAMES[place].lower() == name.lower() for place, name in zip(PLACES, NAMES))


def test_mixtures() -> None:
    assert mixture({}) == {"neutral": 1.0}
    assert mixture({"joy": 0.25, "cheekiness": 0.25}) == {"happy": 0.5, "neutral": 0.5}
    with pytest.raises(ValueError, match=r"must weigh 0..1, got 2"):
        mixture({"joy": 2.0})


def test_descriptors_are_those_of_the_text() -> None:
    pytest.importorskip("grpc_tools")
    assert BUILT.read_bytes() == compiled()
