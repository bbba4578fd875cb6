"""Frames come in bursts and are shown one a tick."""

from __future__ import annotations

import pytest

from emoface.face.layout import ARKIT_INDEX, JAW_OPEN_RADIANS
from emoface.live.play_out import PlayOut

JAW = ARKIT_INDEX["jawOpen"]


def jaw(play: PlayOut, periods: int = 1) -> float:
    return round(float(play.show(periods).arkit[JAW]) * JAW_OPEN_RADIANS, 4)


def test_bursts_are_shown_evenly_after_the_reserve(frames_of) -> None:
    play = PlayOut(60, reserve=2 / 60)
    assert jaw(play) == 0 and play.held == 0  # nothing was due yet
    shown = []
    for burst in range(3):
        play.add(frames_of(*(0.01 * (5 * burst + k + 1) for k in range(5))))
        shown += [jaw(play) for _ in range(5)]
    assert shown == [0, 0, *(round(0.01 * (k + 1), 4) for k in range(13))]
    assert len(play) == 2 and play.held == play.skipped == 0


def test_an_empty_queue_holds_the_face_and_counts_once(frames_of) -> None:
    play = PlayOut(60, reserve=0)
    play.add(frames_of(0.1, 0.2))
    assert [jaw(play) for _ in range(5)] == [0.1, 0.2, 0.2, 0.2, 0.2]
    assert play.held == 1
    assert [play.show().index for _ in range(2)] == [5, 6]


def test_missed_ticks_leave_out_their_frames(frames_of) -> None:
    play = PlayOut(60, reserve=0)
    play.add(frames_of(0.01, 0.02, 0.03, 0.04))
    assert (jaw(play), jaw(play, 3), play.skipped) == (0.01, 0.04, 2)
    play.add(frames_of(0.1, 0.2))
    assert (jaw(play, 30), play.skipped, len(play)) == (0.2, 3, 0)


def test_a_clock_that_runs_ahead_costs_a_frame_a_second(frames_of) -> None:
    play = PlayOut(60, reserve=1 / 60)
    play.add(frames_of(*[0.1] * 20))
    for _ in range(10 * 60):
        play.add(frames_of(0.1))
        play.show()
    assert 7 <= play.skipped <= 10 and len(play) == 20 - play.skipped + 1


def test_memory_is_bounded(frames_of) -> None:
    play = PlayOut(60)
    for _ in range(10):
        play.add(frames_of(*[0.1] * 60))
    assert len(play) == 60 and play.skipped == 540


def test_frames_that_replace_others_are_shown_at_once(frames_of) -> None:
    play = PlayOut(60, reserve=3 / 60)
    assert play.last == -1
    play.add(frames_of(0.2, 0.25, 0.3, start=100))
    assert [jaw(play) for _ in range(4)] == [0, 0, 0, 0.2] and play.last == 100
    play.replace(frames_of(0.15, 0.1, 0.0, start=101))
    assert play.skipped == 2
    assert [jaw(play) for _ in range(4)] == [0.15, 0.1, 0, 0] and play.last == 103


def test_arguments() -> None:
    with pytest.raises(ValueError, match="reserve must be"):
        PlayOut(60, reserve=2)
    with pytest.raises(ValueError, match="fps must be"):
        PlayOut(0)
