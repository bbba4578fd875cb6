"""Utterances of an agent: their frames, their ends, and interruptions."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from emoface.live.agents.utterances import Utterances


def chunks(samples: np.ndarray, size: int = 1600) -> list[bytes]:
    return [samples[start : start + size].tobytes() for start in range(0, len(samples), size)]


def test_two_utterances(stream: Any, utterance: tuple[np.ndarray, int], whole: np.ndarray, joined: Any) -> None:
    samples, rate = utterance

    async def speak() -> list[dict[str, Any]]:
        said = Utterances(stream)
        assert await said.end() is None and await said.interrupt(1.0) is None  # nothing was said yet
        messages = [await said.hear(chunk, rate, 1) for chunk in chunks(samples)]
        messages.append(await said.end())
        again = await said.hear(samples.tobytes(), rate, 1)
        assert again["start"] == messages[-1]["start"] + len(messages[-1]["weights"]) and again["time"] == 0.02
        said.close()
        return [message for message in messages if message]

    messages = asyncio.run(speak())
    rows = joined(messages)
    np.testing.assert_allclose(rows[: len(whole)], whole, atol=6e-5)
    assert 1 <= len(rows) - len(whole) <= 5  # the mouth closes within a fifth of a second
    assert messages[0]["time"] == 0.02 and messages[-1]["time"] < 2


def test_interrupted_where_the_sound_was(stream: Any, utterance: tuple[np.ndarray, int], joined: Any) -> None:
    samples, rate = utterance

    async def speak() -> tuple[list[dict[str, Any]], dict[str, Any]]:
        said = Utterances(stream)
        first = await said.hear(np.repeat(samples[:, None], 2, 1).tobytes(), rate, 2)
        closing = await said.interrupt(0.6)
        following = await said.hear(samples.tobytes(), 2 * rate, 1)  # another voice, at another rate
        assert following["start"] == closing["start"] + len(closing["weights"]) and following["time"] == 0.02
        said.close()
        return [first], closing

    (first,), closing = asyncio.run(speak())
    assert first["start"] == 0 and len(first["weights"]) > 40
    assert closing["start"] == 15 and closing["time"] == 0.62 and 1 <= len(closing["weights"]) <= 5
    assert len(joined([first, closing])) == 15 + len(closing["weights"])
