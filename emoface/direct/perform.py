"""What a direction does to finished motion: curves of controls, cues, actions, and poses that are met exactly."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    NECK,
    limit_turn,
)
from emoface.face.life import FULL_LOOK, LID_DROP

from .actions import channels
from .direction import Direction
from .regions import region_mask
from .tracks import ActionTrack, ControlTrack, CueTrack, PoseTrack, RegionTrack, smooth

_JAW = tuple(MOTION_INDEX[f"jaw_pose_{axis}"] for axis in "xyz")
_BLINK, _WIDE, _UP, _DOWN = (
    [MOTION_INDEX[name + side] for side in ("Left", "Right")]
    for name in ("eyeBlink", "eyeWide", "eyeLookUp", "eyeLookDown")
)
_TO_LEFT = [MOTION_INDEX["eyeLookOutLeft"], MOTION_INDEX["eyeLookInRight"]]
_TO_RIGHT = [MOTION_INDEX["eyeLookInLeft"], MOTION_INDEX["eyeLookOutRight"]]
_PITCH, _YAW, _ROLL = NECK
SACCADE = 0.08
"""Seconds in which the eyes reach what they are told to look at."""
HEAD_SHARE = 0.25
"""Share of a look that the head turns along with, more slowly."""


def directed(motion: np.ndarray, fps: float, direction: Direction, first: int = 0) -> np.ndarray:
    """Motion with the curves of controls, the cues and the actions of a direction.

    Args:
        motion: (T, 56). fps: frames per second. direction: whose tracks are laid over each other in their order.
        first: number of the first frame; without tracks that smooth, frames do not depend on those beside them.

    Returns:
        (T, 56) float32, a new array; frames and channels that no track reaches keep their bits.
    """
    motion = np.array(motion, np.float32)
    for track in direction.of(ControlTrack):
        _control(motion, fps, track, first)
    for track in direction.tracks:
        if not isinstance(track, (CueTrack, ActionTrack)):
            continue
        begin, end = _frames(track.reach(), fps, len(motion), first)
        if begin == end:
            continue
        seconds = (np.arange(first + begin, first + end) + 0.5) / fps
        part = motion[begin:end]
        was = part.copy()
        if isinstance(track, CueTrack):
            _CUES[track.cue](part, seconds, track)
        else:
            _act(part, track.envelope(seconds)[:, None], track)
        _keep_in_range(part, was)
    return motion


def check_live(direction: Direction) -> None:
    """Refuse what needs frames that a voice has not reached yet.

    Raises:
        ValueError: a region track, or a control that smooths; the message begins with its place.
    """
    for number, track in enumerate(direction.tracks):
        if isinstance(track, RegionTrack):
            told = "must not be 'region' with low latency: it edits a finished take"
            raise ValueError(f"$.tracks[{number}].track {told}")
        if isinstance(track, ControlTrack) and track.field.endswith("smoothing"):
            told = f"must not be {track.field!r} with low latency: it reads frames to come"
            raise ValueError(f"$.tracks[{number}].field {told}")


def _frames(reach: tuple[float, float], fps: float, frames: int, first: int) -> tuple[int, int]:
    """The frame, counted from the first, that seconds reach, and the one after the last."""
    begin = min(max(math.floor(reach[0] * fps) - 1 - first, 0), frames)
    end = frames if reach[1] == math.inf else min(max(math.ceil(reach[1] * fps) + 1 - first, begin), frames)
    return begin, end


def _keep_in_range(part: np.ndarray, was: np.ndarray) -> None:
    """Clip what was changed to the anatomical range; what was not keeps its bits."""
    clipped = part.clip(0, 1)
    clipped[:, _JAW[0]] = part[:, _JAW[0]].clip(0, JAW_OPEN_RADIANS)
    clipped[:, _JAW[1:]] = part[:, _JAW[1:]].clip(-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)
    clipped[:, NECK] = limit_turn(part[:, NECK])
    part[:] = np.where(part == was, was, clipped)


def _control(motion: np.ndarray, fps: float, track: ControlTrack, first: int) -> None:
    """Between two points of the curve, the motions with the controls of both are mixed as the curve goes."""
    begin, end = _frames(track.reach(), fps, len(motion), first)
    if begin == end:
        return
    seconds = (np.arange(first + begin, first + end) + 0.5) / fps
    knots = track.knots()
    times = np.array([time for time, _ in knots])
    wide = slice(max(begin - round(fps), 0), end + round(fps))  # smoothing reads what lies beside
    own = slice(begin - wide.start, end - wide.start)
    values: dict[float, np.ndarray] = {}

    def at(value: float) -> np.ndarray:
        if value not in values:
            values[value] = track.controls(value).apply(motion[wide], fps)[own]
        return values[value]

    place = np.searchsorted(times, seconds, side="right") - 1
    result = np.empty_like(motion[begin:end])
    for number in np.unique(place):
        rows = place == number
        low, high = knots[max(number, 0)], knots[min(number + 1, len(knots) - 1)]
        share = 0.0 if number < 0 or high[0] <= low[0] else (seconds[rows] - low[0]) / (high[0] - low[0])
        first, last = at(low[1])[rows], at(high[1])[rows]
        result[rows] = first + (last - first) * np.reshape(share, (-1, 1) if np.ndim(share) else ())
    share = track.envelope(seconds)[:, None] * track.mask()
    part = motion[begin:end]
    part[:] = np.where(share > 0, part + share * (result - part), part)


def _act(part: np.ndarray, share: np.ndarray, track: ActionTrack) -> None:
    target = track.found.target()
    asked = np.flatnonzero(target)
    if track.mode == "add":
        part[:, asked] += share * track.value * target[asked]
    elif track.mode == "replace":
        part[:, asked] += share * (track.value * target[asked] - part[:, asked])
    else:
        own = part[:, asked]
        part[:, asked] = np.where(own * np.sign(target[asked]) > 0, own * (1 - share), own)


def _blink(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
    each = (track.duration or 0.0) / track.count
    shut = np.zeros(len(seconds))
    for number in range(track.count):
        after = (seconds - track.time - number * each) / each
        shut = np.maximum(shut, smooth(after / 0.3) * (1 - smooth((after - 0.4) / 0.6)))
    shut = track.strength * shut[:, None]
    part[:, _BLINK] = np.where(shut > 0, np.maximum(part[:, _BLINK], shut), part[:, _BLINK])
    part[:, _WIDE] *= 1 - shut


def _look(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
    end = track.end or 0.0

    def held(rise: float) -> np.ndarray:
        return track.strength * smooth((seconds - track.time) / rise) * (1 - smooth((seconds - end + rise) / rise))

    eyes, head = held(min(SACCADE, (track.duration or 1) / 3))[:, None], held(min(0.35, (track.duration or 1) / 3))
    left, up = track.at
    for plus, minus, degrees in ((_TO_LEFT, _TO_RIGHT, left), (_UP, _DOWN, up)):
        now = part[:, plus] - part[:, minus]
        aim = now + eyes * (degrees * (1 - HEAD_SHARE) / FULL_LOOK - now)
        touched = eyes > 0
        part[:, plus] = np.where(touched, aim.clip(0, 1), part[:, plus])
        part[:, minus] = np.where(touched, (-aim).clip(0, 1), part[:, minus])
    part[:, _BLINK] += eyes * LID_DROP * max(-up, 0.0) / FULL_LOOK
    part[:, _YAW] += head * math.radians(HEAD_SHARE * left)
    part[:, _PITCH] -= head * math.radians(HEAD_SHARE * up)


def _swing(channel: int, degrees: float, before: float) -> Callable[[np.ndarray, np.ndarray, CueTrack], None]:
    """A cue that swings the head about an axis, each swing a little smaller."""

    def swing(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
        duration = track.duration or 1.0
        after = ((seconds - track.time) / duration).clip(0, 1)
        cycles = max(track.count, 1) * before
        fade = smooth(after / 0.15) * (1 - smooth((after - 0.7) / 0.3))
        part[:, channel] += track.strength * math.radians(degrees) * fade * np.sin(2 * math.pi * cycles * after)

    return swing


def _poses(part: np.ndarray, course: np.ndarray, shapes: dict[str, float]) -> None:
    for channel, weight in channels(shapes).items():
        part[:, MOTION_INDEX[channel]] += course * weight


def _laugh(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
    duration = track.duration or 1.0
    after = ((seconds - track.time) / duration).clip(0, 1)
    whole = track.strength * smooth(after / 0.2) * (1 - smooth((after - 0.6) / 0.4))
    bursts = whole * (0.5 - 0.5 * np.cos(2 * math.pi * 4.8 * (seconds - track.time)))
    joy = {"mouthSmile": 0.6, "cheekSquint": 0.6, "eyeSquint": 0.35, "mouthUpperUp": 0.2, "headPitch": -4}
    _poses(part, whole, joy)
    _poses(part, bursts, {"jawOpen": 0.4, "headPitch": -2.5, "mouthLowerDown": 0.15})


def _sigh(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
    after = ((seconds - track.time) / (track.duration or 1.0)).clip(0, 1)
    drawn = track.strength * smooth(after / 0.3) * (1 - smooth((after - 0.3) / 0.2))
    let_go = track.strength * smooth((after - 0.3) / 0.25) * (1 - smooth((after - 0.65) / 0.35))
    _poses(part, drawn, {"headPitch": -3, "browInnerUp": 0.3, "noseSneer": 0.1, "jawOpen": 0.1})
    _poses(part, let_go, {"headPitch": 6, "jawOpen": 0.16, "mouthFunnel": 0.25, "eyeBlink": 0.35, "browInnerUp": 0.35})


def _breath(part: np.ndarray, seconds: np.ndarray, track: CueTrack) -> None:
    after = ((seconds - track.time) / (track.duration or 1.0)).clip(0, 1)
    course = track.strength * smooth(after / 0.55) * (1 - smooth((after - 0.6) / 0.4))
    _poses(part, course, {"jawOpen": 0.18, "headPitch": -2.5, "noseSneer": 0.1, "mouthLowerDown": 0.1})


_CUES = {
    "blink": _blink, "look": _look, "nod": _swing(_PITCH, 7.0, 1.5), "shake": _swing(_YAW, 10.0, 2.0),
    "laugh": _laugh, "sigh": _sigh, "breath": _breath,
}  # fmt: skip


def near_poses(
    motions: np.ndarray, fps: float, poses: list[PoseTrack]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is known about poses when the motion towards them is sampled.

    Args:
        motions: (B, T, 56). fps: frames per second. poses: to be met.

    Returns:
        Motion (B, T, 56) that goes through the poses; how far each value is free, (T, 56) 0..1: within a pose's reach,
        what it does not name of the parts of the face that it touches, which so answers to what it names; and how far
        the voice still closes the lips there, (T,) 0..1: not against a pose of the mouth.
    """
    known = np.stack([meet_poses(motion, fps, poses) for motion in motions])
    seconds = (np.arange(motions.shape[1]) + 0.5) / fps
    free, held = np.zeros(motions.shape[1:]), np.zeros(motions.shape[1:], bool)
    gate = np.ones(motions.shape[1], np.float32)
    for pose in poses:
        near = _hill((seconds - pose.time) / pose.reach_s)[:, None]  # (T, 1)
        free = np.maximum(free, smooth(2 * near) * region_mask(pose.parts()))
        numbers, _ = pose.row()
        held[:, numbers] |= near > 0
        if not {"mouth", "jaw"}.isdisjoint(pose.parts()):
            gate = np.minimum(gate, 1 - near[:, 0])
    return known, np.where(held, 0, free).astype(np.float32), gate


def meet_poses(
    motion: np.ndarray, fps: float, poses: list[PoseTrack], first: int = 0, more: bool = False
) -> np.ndarray:
    """Motion that passes through poses: under a smooth hill about its frame, it goes over into each.

    ``x + h (v - x)``, where h is the union ``1 - prod (1 - h_i)`` of the hills of a channel's poses, and v goes from
    one of them to the next as smoothly. Nothing leaves the range of motion and poses, so nothing is clipped.

    Args:
        motion: (T, 56). fps: frames per second. poses: each is met at the frame nearest to its time.
        first: number of the first frame. more: frames follow; else a pose behind the last one is met there.

    Returns:
        (T, 56) float32, a new array.
    """
    motion = np.array(motion, np.float32)
    at = np.arange(first, first + len(motion))
    asked: dict[int, dict[int, tuple[float, float]]] = {}
    for pose in poses:
        frame = max(round(pose.time * fps - 0.5), 0)
        frame = frame if more else min(frame, first + len(motion) - 1)
        for channel, value in zip(*pose.row()):
            asked.setdefault(int(channel), {})[frame] = (float(value), pose.reach_s * fps)
    for channel, points in asked.items():
        frames = np.array(sorted(points))
        values, reach = np.array([points[frame] for frame in sorted(points)]).T
        over = 1 - (1 - _hill((at[:, None] - frames) / reach)).prod(1)  # (T,)
        last = np.searchsorted(frames, at, side="right") - 1
        since, until = frames[last.clip(0)], frames[(last + 1).clip(max=len(frames) - 1)]
        way = _quintic((at - since) / (until - since).clip(1))
        target = values[last.clip(0)] + way * (values[(last + 1).clip(max=len(frames) - 1)] - values[last.clip(0)])
        curve = motion[:, channel]
        motion[:, channel] = np.where(over > 0, curve + over * (target - curve), curve)
    return motion


def _quintic(share: np.ndarray) -> np.ndarray:
    """A step of 0..1, twice continuously differentiable: the way of least jerk."""
    share = share.clip(0, 1)
    return share**3 * (10 - 15 * share + 6 * share**2)


def _hill(distance: np.ndarray) -> np.ndarray:
    """1 at 0 and 0 from 1 on, twice continuously differentiable: ``(1 - d^2)^3``."""
    return (1 - distance.clip(-1, 1) ** 2) ** 3
