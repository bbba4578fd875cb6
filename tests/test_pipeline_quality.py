"""The default checkpoint on the bundled clip, as a coarse guard: `make eval` measures it with more material."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.binding.intensity import MOVING
from emoface.checkpoints import DEFAULT
from emoface.evaluation.expression import Expression
from emoface.evaluation.lips import bundled_rows, captured_rows
from emoface.evaluation.material import Performer, bundled, captured
from emoface.evaluation.noise import LEAD, after_lead, music
from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.blinks import blinks_per_minute
from emoface.metrics.emotion import linearity_error, rising, strength
from emoface.metrics.jitter import REGIONS, jitter
from emoface.training.corpus.adapters.signals import read_wave

pytestmark = pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
RATE = 16000


@pytest.fixture(scope="module")
def expression() -> Expression:
    return Expression(Performer(emoface.load()), [bundled()], draws=6)


def test_emotions_are_named_right(expression: Expression) -> None:
    row = expression.naming_rows()[0]
    assert row.value is not None and row.value >= 0.9, row


def test_shapes_move_the_expected_way(expression: Expression) -> None:
    row = expression.anatomy_rows()[0]
    assert row.value == 1, row


@pytest.mark.parametrize("emotion", MOVING)
def test_strength_follows_level_and_intensity(expression: Expression, emotion: str) -> None:
    prototype = expression.prototypes[emotion, 3]
    levels = [strength(expression.mean_moved(emotion, level), prototype) for level in (1, 2, 3)]
    assert rising(levels) and 0.65 <= levels[-1] <= 1.3, levels  # means of faces that come and go
    scaled = [strength(expression.mean_moved(emotion, 2, intensity=x), prototype) for x in (0.5, 1.0, 2.0)]
    assert linearity_error((0.5, 1.0, 2.0), scaled) <= 0.25, scaled  # brows that are wholly lowered go no further


def test_bilabials_close(expression: Expression) -> None:
    auc, ratio, shut = bundled_rows(expression.performer, expression.clips[0])
    assert shut.value is not None and shut.value >= 0.55, shut  # within 1 mm, where lips that touch read 0.8
    assert auc.value is not None and auc.value >= 0.9, auc
    assert ratio.value is not None and ratio.value <= 0.1, ratio


def test_lips_follow_a_measured_face(expression: Expression, assets: Path) -> None:
    rows = {row.name: row.value for row in captured_rows(expression.performer, captured(assets, 60.0), seeds=1)}
    jaw = rows["2_05 neutral, jawOpen r, full system"]
    assert jaw is not None and jaw >= 0.7, rows


def test_a_sentence_means_its_emotion() -> None:
    clip = bundled()
    neutral, sad = (
        emoface.animate(clip.samples, sample_rate=RATE, emotion=emotion, blink=False, gaze=False).arkit().mean(0)
        for emotion in ("neutral", "a man feels sad and speaks with lowered brow")
    )
    assert sad[ARKIT_INDEX["mouthFrownLeft"]] - neutral[ARKIT_INDEX["mouthFrownLeft"]] > 0.05


def test_a_motion_of_an_emotion_brings_it_back() -> None:
    space = emoface.load().emotion
    for emotion in MOVING:
        take = emoface.animate(bundled().samples, sample_rate=RATE, emotion=(emotion, 3))
        assert space.nearest_label(space.encode(motion=take.motion))[0] == emotion


@pytest.mark.parametrize("emotion", ["neutral", None])
def test_silence_gives_a_calm_living_face(emotion: str | None) -> None:
    silence = np.zeros(60 * RATE, np.float32)
    weights = emoface.animate(silence, sample_rate=RATE, emotion=emotion).arkit()
    assert weights[:, ARKIT_INDEX["jawOpen"]].max() < 0.15
    assert jitter(weights[:, list(REGIONS["mouth"])]) < 0.003
    assert 5 <= blinks_per_minute(weights[:, ARKIT_INDEX["eyeBlinkLeft"]], 25) <= 25
    assert weights[:, ARKIT_INDEX["eyeLookUpLeft"]].std() > 0


def test_an_angry_voice_makes_an_angry_or_a_calm_face_and_never_a_surprised_one(assets: Path) -> None:
    face = emoface.load()
    paths = sorted(path for path in (assets / "emodb" / "wav").glob("1[34]*") if path.stem[5] == "W")
    shown = [face.emotion.listen(read_wave(path)).shown() for path in paths]
    assert np.mean([name == "angry" or level < 0.5 for name, level in shown]) >= 0.9, shown
    for path in paths[:3]:
        curves = face.animate(path).arkit().mean(0)
        assert curves[ARKIT_INDEX["eyeWideLeft"]] < 0.1 and curves[ARKIT_INDEX["browInnerUp"]] < 0.15, path


@pytest.mark.parametrize("latency", ["file", "live"])
def test_music_before_anyone_speaks_moves_no_mouth(latency: str) -> None:
    speech = 0.5 * bundled().samples  # which is louder than voices usually are, for which a stream waits
    jaws = []
    for sound in (music(4 * RATE), np.zeros(4 * RATE, np.float32)):
        heard = after_lead(speech[: 2 * RATE], sound, 10.0)
        take = emoface.animate(heard, sample_rate=RATE, emotion="neutral", latency=latency, blink=False, gaze=False)
        jaws.append(take.arkit()[:, ARKIT_INDEX["jawOpen"]])
    before = round((LEAD - 0.12) * 25)
    noisy, still = jaws
    assert noisy[:before].mean() <= still[:before].mean() + 0.02
    assert np.corrcoef(noisy[before:], still[before:])[0, 1] > 0.85, "and the voice still does"
