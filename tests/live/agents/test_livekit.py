"""The output in LiveKit Agents' own chain of outputs, before its queue for avatars."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

avatar = pytest.importorskip("livekit.agents.voice.avatar", reason="no LiveKit: pip install 'emoface[livekit]'")
from livekit import rtc  # noqa: E402

from emoface.live.agents.livekit import FaceOutput, to_room  # noqa: E402


def speech(samples: np.ndarray, rate: int) -> list[Any]:
    size = rate // 10
    return [
        rtc.AudioFrame(part.tobytes(), rate, 1, len(part))
        for part in (samples[start : start + size] for start in range(0, len(samples), size))
    ]


def test_an_utterance(stream: Any, utterance: tuple[np.ndarray, int], whole: np.ndarray, joined: Any) -> None:
    async def speak() -> tuple[list[dict[str, Any]], list[Any], Any]:
        published: list[tuple[dict[str, Any], str]] = []

        async def publish_data(payload: str, *, reliable: bool, topic: str) -> None:
            assert reliable
            published.append((json.loads(payload), topic))

        room: Any = SimpleNamespace(local_participant=SimpleNamespace(publish_data=publish_data))
        queue = avatar.QueueAudioOutput()
        face = FaceOutput(stream, queue, to_room(room))
        for frame in speech(*utterance):
            await face.capture_frame(frame)
        face.flush()
        played = []
        async for item in queue:
            played.append(item)
            if isinstance(item, avatar.AudioSegmentEnd):
                queue.notify_playback_finished(2.0, False)
                break
        finished = await face.wait_for_playout()
        await face.aclose()
        assert {topic for _, topic in published} == {"emoface"}
        return [message for message, _ in published], played, finished

    messages, played, finished = asyncio.run(speak())
    np.testing.assert_allclose(joined(messages)[: len(whole)], whole, atol=6e-5)
    samples = np.concatenate([np.frombuffer(frame.data, np.int16) for frame in played[:-1]])
    np.testing.assert_array_equal(samples, utterance[0])
    assert not finished.interrupted and finished.playback_position == 2.0


def test_an_interruption(stream: Any, utterance: tuple[np.ndarray, int], joined: Any) -> None:
    async def speak() -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []

        async def publish(message: dict[str, Any]) -> None:
            messages.append(message)

        queue = avatar.QueueAudioOutput()
        queue.on("clear_buffer", lambda: queue.notify_playback_finished(0.8, True))
        face = FaceOutput(stream, queue, publish)
        for frame in speech(*utterance):
            await face.capture_frame(frame)
        await face._work.join()
        face.clear_buffer()
        finished = await face.wait_for_playout()
        assert finished.interrupted and finished.playback_position == 0.8
        await face.aclose()
        return messages

    messages = asyncio.run(speak())
    assert messages[-1]["start"] == 20 and len(messages[-1]["weights"]) <= 5
    assert len(joined(messages)) == 20 + len(messages[-1]["weights"])


def test_a_room_that_is_gone(stream: Any, utterance: tuple[np.ndarray, int], caplog: pytest.LogCaptureFixture) -> None:
    async def speak() -> int:
        async def publish(_: dict[str, Any]) -> None:
            raise ConnectionError("the room is closed")

        face = FaceOutput(stream, avatar.QueueAudioOutput(), publish)
        for frame in speech(*utterance)[:5]:
            await face.capture_frame(frame)
        await face.aclose()
        return face.dropped

    assert asyncio.run(speak()) >= 3 and "the room is closed" in caplog.text
