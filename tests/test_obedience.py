"""Controls do what they say: guidance, levels, mixtures, timelines, samples and lips, on the bundled clip."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import emoface
from emoface.binding.intensity import MOVING
from emoface.checkpoints import DEFAULT
from emoface.evaluation.expression import Expression
from emoface.evaluation.material import Performer, bundled
from emoface.face.layout import ARKIT_INDEX, FPS, lip_gap, motion_to_arkit
from emoface.metrics.emotion import rising, strength
from emoface.metrics.jitter import REGIONS
from emoface.metrics.lip_closure import closure, correlation, phone_gaps
from emoface.training.corpus.phones import CLOSING_LABELS, OPENING_LABELS, labelled

pytestmark = pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
RATE = 16000
JAW = ARKIT_INDEX["jawOpen"]
GUIDANCES = (0.5, 1.0, 1.5, 2.0, 3.0)
CHANGE = 1.6  # seconds
TAKES = 4


@pytest.fixture(scope="module")
def expression() -> Expression:
    return Expression(Performer(emoface.load()), [bundled()], draws=4)


def weights(expression: Expression, emotion: object, **options: object) -> np.ndarray:
    """ARKit weights (T, 52) of the bundled clip."""
    return motion_to_arkit(expression.performer.motion(expression.clips[0].samples, emotion, **options))


@pytest.mark.parametrize("emotion", MOVING)
def test_guidance_and_level_scale_expression(expression: Expression, emotion: str) -> None:
    prototype = expression.prototypes[emotion, 3]
    guided = [strength(expression.mean_moved(emotion, 2, guidance=g), prototype) for g in GUIDANCES]
    assert all(after > before - 0.03 for before, after in pairwise(guided)), guided  # it saturates above about 2
    assert rising(guided[:3]) and guided[-1] > 1.1 * guided[0], guided
    levels = [strength(expression.mean_moved(emotion, level), prototype) for level in (1, 1.5, 2, 2.5, 3)]
    assert rising(levels), levels


@pytest.mark.parametrize("pair", [("happy", "surprised"), ("sad", "angry"), ("fear", "disgusted")])
def test_mixtures_lie_between(expression: Expression, pair: tuple[str, str]) -> None:
    """A mixture lies on the line from one emotion to the other, as far along it as its share."""
    first, second = (weights(expression, (name, 2)).mean(0) for name in pair)
    line = second - first
    places, distances = [0.0], []
    for share in (0.25, 0.5, 0.75):
        mixed = weights(expression, {pair[0]: 1 - share, pair[1]: share}).mean(0) - first
        places.append(float(mixed @ line / (line @ line)))
        distances.append(np.linalg.norm(mixed - places[-1] * line) / np.linalg.norm(line))
    assert np.allclose(places, (0, 0.25, 0.5, 0.75), atol=0.1), places
    assert max(distances) < 0.1, distances


@pytest.mark.parametrize("pair", [("neutral", "happy"), ("sad", "surprised"), ("happy", "angry")])
def test_a_timeline_changes_at_the_asked_time_without_a_seam(expression: Expression, pair: tuple[str, str]) -> None:
    before, after = (weights(expression, (name, 3)) for name in pair)
    both = weights(expression, [(0.0, (pair[0], 3)), (CHANGE, (pair[1], 3))])
    line = after - before  # (T, 52)
    share = ((both - before) * line).sum(1) / (line * line).sum(1)  # (T,) 0 before, 1 after
    seconds = (np.arange(len(share)) + 0.5) / FPS
    crossed = seconds[np.argmax(share > 0.5)]
    assert abs(crossed - CHANGE) <= 0.2, crossed
    assert np.abs(share[seconds < CHANGE - 0.4]).max() < 0.05 and np.abs(share[seconds > CHANGE + 0.4] - 1).max() < 0.25
    speeds = [np.abs(np.diff(take[:, list(REGIONS["upper"])], axis=0)).max() for take in (before, after, both)]
    largest = np.abs(line[:, list(REGIONS["upper"])]).max()
    assert speeds[2] <= max(speeds[:2]) + 0.25 * largest, (speeds, largest)


def lips(expression: Expression, emotion: str) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Gaps of bilabials and open vowels in takes of the bundled clip, and the jaws' mean r with the neutral rules'."""
    clip = expression.clips[0]
    visemes = labelled(clip.visemes)
    labels = CLOSING_LABELS, OPENING_LABELS
    takes = [expression.performer.motion(clip.samples, (emotion, 3), seed=seed) for seed in range(TAKES)]
    target = motion_to_arkit(clip.rule("neutral", 1, 0))[:, JAW]
    r = [correlation(motion_to_arkit(take)[:, JAW], target) for take in takes]
    return [phone_gaps(lip_gap(take), visemes, FPS, *labels) for take in takes], float(np.mean(r))


def test_emotion_leaves_lips_intelligible(expression: Expression) -> None:
    """Closure and jaw over all emotions are at most 10 % worse than neutral's, one emotion's jaw at most 15 %."""
    gaps, jaw = lips(expression, "neutral")
    rest = closure(gaps)
    takes = {emotion: lips(expression, emotion) for emotion in MOVING}
    found = closure([take for gaps, _ in takes.values() for take in gaps])
    jaws = [r / jaw for _, r in takes.values()]
    assert jaw > 0.5 and np.mean(jaws) >= 0.9 and min(jaws) >= 0.85, jaws
    assert found.auc >= 0.9 * rest.auc and found.hit30 >= 0.9 * rest.hit30, (found, rest)


def test_samples_differ_visibly_and_stay_in_sync(expression: Expression) -> None:
    takes = emoface.animate(
        bundled().samples, sample_rate=RATE, emotion=("happy", 3), num_samples=6, blink=False, gaze=False
    )
    curves = np.stack([take.arkit() for take in takes])  # (6, T, 52)
    for region, shapes in REGIONS.items():
        spread = curves[:, :, list(shapes)].std(0).mean(0).max()  # between takes, frame by frame
        assert spread > 0.05, (region, spread)
        varied = curves[:, :, list(shapes)] - curves[:, :, list(shapes)].mean(0)
        offset = varied.mean(1)  # (6, shapes) what is constant over a take
        assert (offset**2).mean(0).sum() < 0.65 * (varied**2).mean((0, 1)).sum(), "seeds change what happens when"
    for one, other in pairwise(curves[:, :, JAW]):
        lags = {lag: correlation(one[3:-3], np.roll(other, lag)[3:-3]) for lag in range(-3, 4)}
        assert max(lags, key=lambda lag: lags[lag]) in (-1, 0, 1) and lags[0] > 0.8, lags
