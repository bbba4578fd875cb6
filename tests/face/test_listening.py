"""Conversation: nods and looks follow the other's voice, turns the own one."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import MOTION_INDEX, MOTION_SIZE
from emoface.face.listening import listening
from emoface.face.nonverbal import SOUNDS

FPS = 25


def voice(seconds: float, *spans: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Relative loudness of syllables within spans of seconds, with short pauses between phrases."""
    rng, loud = np.random.default_rng(seed), np.zeros(round(seconds * FPS))
    for begin, end in spans:
        at = round(begin * FPS)
        while at < round(end * FPS):
            for _ in range(int(rng.integers(5, 10))):
                syllable = rng.uniform(0.75, 1.05) * np.array([0.6, 0.85, 1.0, 0.9, 0.7])
                room = min(5, round(end * FPS) - at)
                loud[at : at + max(room, 0)] = syllable[: max(room, 0)]
                at += 5
            at += int(rng.integers(8, 16))
    return loud


def sounds(frames: int, *laughs: tuple[int, int]) -> np.ndarray:
    active = np.zeros((frames, len(SOUNDS)), bool)
    for first, last in laughs:
        active[first:last, SOUNDS.index("laugh")] = True
    return active


def test_a_listener_nods_while_the_other_speaks() -> None:
    minute = 60.0
    other, silent = voice(minute, (0.5, 59.0)), np.zeros(1500)
    counts = [len(listening(silent, other, sounds(1500), FPS, seed).nods) for seed in range(3)]
    assert 5 <= np.mean(counts) <= 16, "a minute"
    alone = listening(silent, silent, sounds(1500), FPS, 0)
    assert not alone.nods and not alone.motion.any()
    assert listening(silent, other, sounds(1500), FPS, 1).nods != listening(silent, other, sounds(1500), FPS, 2).nods
    again = [listening(silent, other, sounds(1500), FPS, 3) for _ in range(2)]
    assert (again[0].motion == again[1].motion).all()


def test_turns_are_taken_and_given() -> None:
    own, other = voice(30, (10, 20), seed=1), voice(30, (0.5, 9), (21, 29))
    for seed in range(6):
        heard = listening(own, other, sounds(750), FPS, seed)
        assert len(heard.turns) == 1 and heard.turns[0] == pytest.approx((10, 20), abs=0.5)
        assert not [nod for nod in heard.nods if 10.2 < nod < 19.5], "nobody nods to himself"
        looks = heard.attention
        assert looks[4 * FPS] > 0.8 and looks[25 * FPS] > 0.8 and looks[17 * FPS] < 0.5
        assert heard.attention.min() >= 0 and heard.attention.max() <= 1
    away = [listening(own, other, sounds(750), FPS, seed).attention[round(10.5 * FPS)] for seed in range(12)]
    assert min(away) < 0.1 and np.mean(np.array(away) < 0.2) > 0.4, "eyes leave as a long turn begins"
    jaw = heard.motion[:, MOTION_INDEX["jaw_pose_x"]]
    assert jaw[round(9.95 * FPS)] > 0.01 and jaw[round(8 * FPS)] == 0, "breath is drawn before the turn"


def test_a_short_mhm_is_a_nod_and_no_turn() -> None:
    own, other = np.zeros(500), voice(20, (0.5, 19))
    own[200:210] = 0.9
    heard = listening(own, other, sounds(500), FPS, 0)
    assert not heard.turns and any(abs(nod - 8) < 0.3 for nod in heard.nods)


def test_a_laugh_is_answered_with_a_smile() -> None:
    silent, other = np.zeros(250), voice(10, (0.5, 9))
    smile = MOTION_INDEX["mouthSmileLeft"]
    laughed = listening(silent, other, sounds(250, (100, 130)), FPS, 0).motion[:, smile]
    assert laughed[115:140].max() > 0.3 and laughed[99] < 0.3


def test_added_to_a_face_it_stays_in_range() -> None:
    heard = listening(np.zeros(500), voice(20, (0, 19)), sounds(500), FPS, 2)
    motion = np.full((500, MOTION_SIZE), 0.0, np.float32)
    motion[:, :50] = 0.95
    moved = heard.apply(motion)
    assert moved.dtype == np.float32 and moved[:, :50].max() <= 1 and moved[:, :50].min() >= 0
    turns = np.degrees(moved[:, -3:])
    assert 2 < np.abs(turns).max() < 15


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="own and other must have shape"):
        listening(np.zeros(5), np.zeros(6), sounds(5), FPS, 0)
    with pytest.raises(ValueError, match="seed"):
        listening(np.zeros(5), np.zeros(5), sounds(5), FPS, -1)
