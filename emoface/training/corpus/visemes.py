"""Lip targets from timed visemes: dominance-function coarticulation with hard closures for p, b, m and f, v.

Each viseme i has a target g_i for every shape and a dominance ``D_i(t) = a_i sqrt(h_i / 50 ms) exp(-d^1.4)``,
where d is the distance of t from the viseme's core in units of its reach, h_i half its length; the shape is
``sum D g / (sum D + rest)`` (after Cohen and Massaro 1993). Rounding reaches further than the jaw, lip
corners less. A weighted mean never quite closes the lips, so closures are multiplied in afterwards. The
numbers are our own judgement, checked against measured curves of one speaker.
"""

from __future__ import annotations

import numpy as np

from emoface.face.layout import FPS, JAW_OPEN_RADIANS, LIP_GAP_MM, MOTION_INDEX, MOTION_SIZE

from .phones import BILABIAL, LABIODENTAL, SILENCE, VISEMES

LEAD = -0.005
"""Seconds by which the mouth is ahead of the sound; measured, it is a little behind."""
BILABIAL_PRESS = 0.3
"""mouthPress of a full bilabial closure."""

SHAPES = ("jaw", "lower", "upper", "funnel", "pucker", "smile", "stretch", "tongueOut", "tongueUp", "forward")
_TARGETS = {
    #      jaw  lower upper  fun  puck smile stret tOut  tUp  fwd
    "sil": (0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
    "pp":  (0.02, 0.00, 0.00, 0.00, 0.03, 0.00, 0.00, 0.00, 0.00, 0.00),
    "ff":  (0.06, 0.02, 0.10, 0.02, 0.00, 0.01, 0.02, 0.00, 0.00, 0.00),
    "th":  (0.09, 0.08, 0.03, 0.00, 0.00, 0.01, 0.02, 0.30, 0.20, 0.00),
    "dd":  (0.06, 0.05, 0.02, 0.00, 0.00, 0.02, 0.02, 0.00, 0.60, 0.00),
    "ll":  (0.09, 0.05, 0.01, 0.00, 0.00, 0.01, 0.01, 0.02, 0.75, 0.00),
    "kk":  (0.09, 0.04, 0.01, 0.00, 0.00, 0.01, 0.01, 0.00, 0.10, 0.00),
    "ch":  (0.07, 0.12, 0.10, 0.36, 0.14, 0.00, 0.00, 0.00, 0.40, 0.06),
    "ss":  (0.04, 0.13, 0.05, 0.00, 0.00, 0.05, 0.08, 0.00, 0.35, 0.04),
    "rr":  (0.08, 0.05, 0.02, 0.16, 0.11, 0.00, 0.00, 0.00, 0.40, 0.00),
    "aa":  (0.48, 0.17, 0.04, 0.00, 0.00, 0.02, 0.02, 0.00, 0.00, 0.00),
    "ae":  (0.33, 0.14, 0.04, 0.00, 0.00, 0.08, 0.06, 0.00, 0.00, 0.00),
    "ih":  (0.13, 0.10, 0.03, 0.00, 0.00, 0.12, 0.11, 0.00, 0.20, 0.00),
    "ax":  (0.16, 0.06, 0.02, 0.02, 0.00, 0.01, 0.01, 0.00, 0.05, 0.00),
    "oh":  (0.36, 0.09, 0.02, 0.30, 0.07, 0.00, 0.00, 0.00, 0.00, 0.00),
    "ou":  (0.23, 0.06, 0.01, 0.37, 0.29, 0.00, 0.00, 0.00, 0.00, 0.02),
    "uu":  (0.09, 0.03, 0.00, 0.26, 0.54, 0.00, 0.00, 0.00, 0.00, 0.04),
    "yy":  (0.11, 0.05, 0.00, 0.26, 0.43, 0.00, 0.00, 0.00, 0.15, 0.03),
    "ah":  (0.34, 0.12, 0.03, 0.00, 0.00, 0.02, 0.02, 0.00, 0.00, 0.00),
    "hh":  (0.12, 0.04, 0.01, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
}  # fmt: skip
TARGETS = np.array([_TARGETS[v] for v in VISEMES], np.float32)
"""(visemes, shapes) targets in ARKit units (jaw: jawOpen)."""

_VOWELS = {"aa", "ae", "ih", "ax", "oh", "ou", "uu", "yy", "ah"}
_FIRM = {"ss", "ch", "ff", "pp"}  # consonants whose jaw and lips are not free
_ROUND = {"oh", "ch", "rr"}
_PURSED = {"ou", "uu", "yy"}
_TONGUE = {"th", "dd", "ll", "ss", "ch", "rr", "kk"}


def _strengths(rest: float, free: float, **groups: tuple[set[str], float]) -> np.ndarray:
    value = dict.fromkeys(VISEMES, free) | {"sil": rest}
    for members, strength in groups.values():
        value |= dict.fromkeys(members, strength)
    return np.array([value[v] for v in VISEMES], np.float32)


# (shapes, dominance of each viseme, reach in seconds)
_GROUPS = (
    (("jaw", "forward"), _strengths(0.9, 0.5, vowel=(_VOWELS, 1.0), firm=(_FIRM, 0.9)), 0.05),
    (("lower", "upper"), _strengths(0.8, 0.4, vowel=(_VOWELS, 1.0), firm=(_FIRM, 0.8)), 0.045),
    (
        ("funnel", "pucker", "smile", "stretch"),
        _strengths(0.5, 0.12, vowel=(_VOWELS, 0.6), round=(_ROUND, 0.9), pursed=(_PURSED, 1.2)),
        0.075,
    ),
    (("tongueOut", "tongueUp"), _strengths(0.5, 0.3, vowel=(_VOWELS, 0.6), tongue=(_TONGUE, 1.2)), 0.03),
)
_REST = 0.02  # dominance of the neutral mouth, everywhere
_BLOCK, _MARGIN = 512, 1.2  # frames computed at once; seconds of visemes around them
_PAUSE = 0.2  # seconds of silence from which on the mouth comes to rest
_EDGE = 0.009  # seconds over which a closure forms
_SHORTEST_CLOSURE = 0.07  # seconds; shorter would fall between the frames

_LEFT_RIGHT = {
    "lower": "mouthLowerDown", "upper": "mouthUpperUp", "smile": "mouthSmile", "stretch": "mouthStretch",
    "press": "mouthPress",
}  # fmt: skip
_SINGLE = {
    "funnel": "mouthFunnel", "pucker": "mouthPucker", "tongueOut": "tongueOut", "tongueUp": "tongueUp",
    "forward": "jawForward", "rollLower": "mouthRollLower", "rollUpper": "mouthRollUpper",
    "close": "mouthClose",
}  # fmt: skip


def rule_lips(
    visemes: np.ndarray,
    frames: int,
    rng: np.random.Generator | None = None,
    loudness: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rule-made lip motion of timed visemes.

    Args:
        visemes: (n, 3) rows of viseme id, start s, end s.
        frames: T at 25 fps; frame k is centred at (k + 0.5) / 25 s.
        rng: source of a speaker's and an utterance's variation; none without it.
        loudness: (T,) relative loudness 0..1.2 that opens the jaw further on loud vowels; level without it.

    Returns:
        Motion (T, 53) float32, and closure (T,) float32, how firmly the lips are shut by p, b, m, 0..1.

    Raises:
        ValueError: ``visemes`` has another shape, ids that do not exist, or ``loudness`` another length.
    """
    visemes = np.asarray(visemes, np.float64)
    if visemes.ndim != 2 or visemes.shape[1] != 3:
        raise ValueError(f"visemes must have shape (n, 3), got {visemes.shape}")
    ids = visemes[:, 0].astype(int)
    if len(ids) and not 0 <= ids.min() <= ids.max() < len(VISEMES):
        raise ValueError(f"visemes must have ids in 0..{len(VISEMES) - 1}, got {ids.min()}..{ids.max()}")
    if loudness is not None and len(loudness) != frames:
        raise ValueError(f"loudness must have length {frames}, got {len(loudness)}")
    starts, ends = visemes[:, 1], np.maximum(visemes[:, 2], visemes[:, 1] + 0.02)
    lead, reach, gains = LEAD, 1.0, np.ones(3)
    targets = TARGETS[ids]  # (n, shapes)
    firmness = 1.0
    if rng is not None:
        lead += rng.uniform(-0.015, 0.015)
        reach = np.exp(0.15 * rng.standard_normal())
        gains = np.exp(0.18 * rng.standard_normal(3))
        targets = targets * np.exp(0.12 * rng.standard_normal(targets.shape))
        firmness = rng.uniform(0.85, 1.0)
    centres, halves = (starts + ends) / 2 - lead, (ends - starts) / 2
    if loudness is not None and frames and len(ids):
        heard = np.interp(centres, (np.arange(frames) + 0.5) / FPS, loudness)
        targets = targets.copy()
        targets[:, SHAPES.index("jaw")] *= 0.65 + 0.5 * heard
    times = (np.arange(frames) + 0.5) / FPS
    curves = _blend(times, ids, centres, halves, targets, reach)  # {shape: (T,)}
    shut = firmness * _held(times, ids == BILABIAL, starts - lead, ends - lead)
    teeth = _held(times, ids == LABIODENTAL, starts - lead, ends - lead)
    for gain, shapes in zip(gains, (("jaw",), ("funnel", "pucker"), ("lower", "upper", "smile", "stretch"))):
        for shape in shapes:
            curves[shape] = curves[shape] * gain
    return _compose(curves, shut, teeth), shut.astype(np.float32)


def _blend(
    times: np.ndarray,
    ids: np.ndarray,
    centres: np.ndarray,
    halves: np.ndarray,
    targets: np.ndarray,
    reach: float,
) -> dict[str, np.ndarray]:
    """Dominance-weighted mean of the targets, in blocks of time so that long clips stay cheap."""
    blended = np.zeros((len(SHAPES), len(times)))
    settled = np.where(ids == SILENCE, np.minimum(2 * halves / _PAUSE, 1), 1)  # short gaps do not rest the mouth
    for first in range(0, len(times), _BLOCK):
        t = times[first : first + _BLOCK, None]  # (t, 1)
        near = np.flatnonzero((centres + halves > t[0] - _MARGIN) & (centres - halves < t[-1] + _MARGIN))
        distance = np.maximum(np.abs(t - centres[near]) - 0.6 * halves[near], 0)  # (t, n)
        for shapes, strength, extent in _GROUPS:
            weight = strength[ids[near]] * np.sqrt(halves[near] / 0.05) * settled[near]
            dominance = weight * np.exp(-((distance / (extent * reach + 0.25 * halves[near])) ** 1.4))
            share = dominance / (dominance.sum(1, keepdims=True) + _REST)  # (t, n)
            for shape in shapes:
                column = SHAPES.index(shape)
                blended[column, first : first + _BLOCK] = share @ targets[near, column]
    return dict(zip(SHAPES, blended))


def _held(times: np.ndarray, chosen: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """1 inside the chosen intervals, 0 outside, with soft edges; short intervals are widened."""
    level = np.zeros(len(times))
    for start, end in zip(starts[chosen], ends[chosen]):
        widen = max(_SHORTEST_CLOSURE - (end - start), 0) / 2
        low, high = np.searchsorted(times, [start - widen - 0.1, end + widen + 0.1])
        t = times[low:high]
        rise = 1 / (1 + np.exp(-(t - start + widen) / _EDGE))
        level[low:high] = np.maximum(level[low:high], rise / (1 + np.exp((t - end - widen) / _EDGE)))
    return level


def _compose(curves: dict[str, np.ndarray], shut: np.ndarray, teeth: np.ndarray) -> np.ndarray:
    """Put the shapes into a motion array (T, 53), closing the lips where p, b, m or f, v hold them."""
    open_lips = 1 - shut
    jaw = np.clip(curves["jaw"], 0, 1) * (1 - 0.8 * shut) * (1 - 0.45 * teeth)
    curves = curves | {
        "lower": curves["lower"] * open_lips * (1 - 0.8 * teeth),
        "upper": curves["upper"] * open_lips,
        "stretch": curves["stretch"] * open_lips,
        "funnel": curves["funnel"] * (1 - 0.7 * shut),
        "press": BILABIAL_PRESS * shut,
        "rollLower": 0.12 * shut + 0.35 * teeth,
        "rollUpper": 0.10 * shut,
        # The lips meet although the jaw stays a little open: mouthClose takes up what the jaw still parts.
        "close": shut * jaw * JAW_OPEN_RADIANS * LIP_GAP_MM["jaw_pose_x"] / -LIP_GAP_MM["mouthClose"],
    }
    motion = np.zeros((len(shut), MOTION_SIZE), np.float32)
    for shape, name in _SINGLE.items():
        motion[:, MOTION_INDEX[name]] = curves[shape]
    for shape, name in _LEFT_RIGHT.items():
        for side in ("Left", "Right"):
            motion[:, MOTION_INDEX[name + side]] = curves[shape]
    motion = np.clip(motion, 0, 1)
    motion[:, MOTION_INDEX["jaw_pose_x"]] = jaw * JAW_OPEN_RADIANS
    return motion
