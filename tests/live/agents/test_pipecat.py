"""The processor in a pipeline of Pipecat's own, with a recorded utterance and an interruption."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

frames = pytest.importorskip("pipecat.frames.frames", reason="no Pipecat: pip install 'emoface[pipecat]'")
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.worker import PipelineWorker  # noqa: E402
from pipecat.processors.frame_processor import FrameDirection  # noqa: E402
from pipecat.tests.utils import QueuedFrameProcessor, run_test  # noqa: E402
from pipecat.workers.runner import WorkerRunner  # noqa: E402

from emoface.live.agents.pipecat import FaceFrame, FaceProcessor  # noqa: E402


def speech(samples: np.ndarray, rate: int) -> list[Any]:
    size = rate // 10
    return [
        frames.TTSAudioRawFrame(samples[start : start + size].tobytes(), rate, 1)
        for start in range(0, len(samples), size)
    ]


def test_an_utterance(stream: Any, utterance: tuple[np.ndarray, int], whole: np.ndarray, joined: Any) -> None:
    sent = [frames.TTSStartedFrame(), *speech(*utterance), frames.TTSStoppedFrame()]
    down, _ = asyncio.run(run_test(FaceProcessor(stream), frames_to_send=sent, start_timeout=60))
    faces = [frame.message for frame in down if isinstance(frame, FaceFrame)]
    np.testing.assert_allclose(joined(faces)[: len(whole)], whole, atol=6e-5)
    passed = [type(frame) for frame in down if not isinstance(frame, FaceFrame)]
    assert passed == [type(frame) for frame in sent]  # nothing is lost, held back or turned round
    places = [number for number, frame in enumerate(down) if isinstance(frame, FaceFrame)]
    assert places[0] < len(down) // 3  # faces come while the speech still does
    assert isinstance(down[0], frames.TTSStartedFrame)


def test_an_interruption(stream: Any, utterance: tuple[np.ndarray, int], joined: Any) -> None:
    now, down = [0.0], asyncio.Queue()
    processor = FaceProcessor(stream, clock=lambda: now[0])
    worker = PipelineWorker(
        Pipeline([processor, QueuedFrameProcessor(queue=down, queue_direction=FrameDirection.DOWNSTREAM)]),
        cancel_on_idle_timeout=False, enable_rtvi=False,
    )  # fmt: skip
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def begin(*_: Any) -> None:
        started.set()

    spoken: list[dict[str, Any]] = []

    async def converse() -> dict[str, Any]:
        await started.wait()
        await worker.queue_frame(frames.BotStartedSpeakingFrame())
        while not isinstance(await down.get(), frames.BotStartedSpeakingFrame):
            pass
        for frame in speech(*utterance):
            await worker.queue_frame(frame)
        while not spoken or spoken[-1]["start"] < 40:
            frame = await down.get()
            spoken.extend([frame.message] if isinstance(frame, FaceFrame) else [])
        now[0] = 0.8  # of which this much was heard
        await worker.queue_frame(frames.InterruptionFrame())
        while not isinstance(await down.get(), frames.InterruptionFrame):
            pass
        while not isinstance(frame := await down.get(), FaceFrame):
            pass
        await worker.queue_frame(frames.EndFrame())
        return frame.message

    async def run() -> dict[str, Any]:
        runner = WorkerRunner()
        await runner.add_workers(worker)
        return (await asyncio.gather(converse(), runner.run()))[0]

    closing = asyncio.run(run())
    assert closing["start"] == 20 and 1 <= len(closing["weights"]) <= 5
    assert len(joined([*spoken, closing])) == 20 + len(closing["weights"])
