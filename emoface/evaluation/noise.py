"""Music, babble and noise: how much of the lips they cost, and whether they open the mouth before anyone speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import FPS
from emoface.metrics.following import mean_correlation, shifted

from .floors import Method
from .material import MEASURED, Captured, Performer
from .report import Row, not_measured
from .strangers import Strangers, followed, target
from .tracks import MEASURES, Tracked, mesh_measures

DECIBELS = (10.0, 0.0)
LOST = {10.0: 0.04, 0.0: 0.10}
OPENING_MM = 0.3
LEAD = 1.5  # seconds of noise before the voice
WIDEST = 0.95  # quantile over time that is told beside the mean
KINDS = ("music", "babble", "white")
VOICES = 8  # of a babble, each of another person
CHORDS = ((57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62))  # MIDI notes: A minor, F, C, G
BEAT = 0.5  # seconds
MADE = "music: struck chords with harmonics and a beat; babble: eight other people at once; seeded"


def music(length: int, seed: int = 0) -> np.ndarray:
    """Music-like sound of struck chords with six falling harmonics, a bass and a beat, (N,) float32 at unit power."""
    rng = np.random.default_rng(seed)
    beat = round(BEAT * SAMPLE_RATE)
    time = np.arange(2 * beat) / SAMPLE_RATE
    sound = np.zeros(length + 2 * beat)
    for number, start in enumerate(range(0, length, beat)):
        notes = CHORDS[number // 4 % len(CHORDS)]
        struck = np.zeros(2 * beat)
        for note in (*notes, notes[0] - 12, notes[rng.integers(3)] + 12):
            hertz = 440 * 2 ** ((note - 69) / 12)
            phases = rng.uniform(0, 2 * np.pi, 6)
            struck += sum(np.sin(2 * np.pi * k * hertz * time + phases[k - 1]) / k**1.3 for k in range(1, 7))
        struck *= np.minimum(time / 0.01, 1) * np.exp(-3 * time)
        struck += 3 * rng.standard_normal(2 * beat) * np.exp(-60 * time) * (1 + number % 2)
        sound[start : start + 2 * beat] += struck
    return _unit(sound[:length])


def babble(length: int, others: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """Several voices at once, each from a place of its own, repeated as needed, (N,) float32 at unit power.

    Raises:
        ValueError: no other voices.
    """
    if not others:
        raise ValueError("others must hold voices, got none")
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(others), min(VOICES, len(others)), replace=False)
    voices = [np.resize(np.roll(_unit(others[k]), int(rng.integers(len(others[k])))), length) for k in chosen]
    return _unit(np.sum(voices, 0))


def white(length: int, seed: int = 0) -> np.ndarray:
    """White noise, (N,) float32 at unit power."""
    return _unit(np.random.default_rng(seed).standard_normal(length))


def mixed(samples: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    """A voice with noise of unit power at a signal-to-noise ratio; no longer noise than the voice."""
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64))) * 10 ** (-decibels / 20)
    return (samples + level * noise[: len(samples)]).astype(np.float32)


def after_lead(samples: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    """A voice that begins after ``LEAD`` seconds of the noise that then goes on under it."""
    lead = round(LEAD * SAMPLE_RATE)
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64))) * 10 ** (-decibels / 20)
    late = np.concatenate([np.zeros(lead, np.float32), samples])
    return (late + level * noise[: len(late)]).astype(np.float32)


def _unit(sound: np.ndarray) -> np.ndarray:
    power = float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))
    return (np.asarray(sound, np.float64) / max(power, 1e-9)).astype(np.float32)


@dataclass(eq=False)
class Noises:
    """Noises for recordings; babble is of people other than the one that it goes under.

    Attributes:
        voices: speaker -> (N,) samples.
    """

    voices: Mapping[str, np.ndarray]

    def kinds(self) -> tuple[str, ...]:
        """The noises that can be made."""
        return KINDS if len(self.voices) > 1 else tuple(kind for kind in KINDS if kind != "babble")

    def make(self, kind: str, length: int, speaker: str, seed: int) -> np.ndarray:
        """A noise of so many samples at unit power, to go under a voice of ``speaker``."""
        if kind == "babble":
            return babble(length, [voice for name, voice in self.voices.items() if name != speaker], seed)
        return (music if kind == "music" else white)(length, seed)


def noise_rows(
    performer: Performer, clip: Captured | None, strangers: Strangers, voices: Mapping[str, np.ndarray], quick: bool
) -> list[Row]:
    """Jaw r lost under each noise, on the measured recording and on captured strangers, and the mouth before speech.

    Args:
        performer: animates. clip: the recording with measured curves, or None. strangers: tracked people.
        voices: speaker -> samples that babble is made of. quick: music and babble alone.
    """
    rows: list[Row] = []
    noises = Noises(voices)
    if clip is None:
        rows += not_measured(["2_05: jaw r lost under noise"], "there are no recordings with measured curves")
    else:
        measured = Tracked("2_05", MEASURED, clip.samples, mesh_measures(Animation.from_arkit(clip.weights)))
        split = f"FACEGOOD 2_05, {len(clip.weights) / FPS:.0f} s, neutral"
        rows += _rows("2_05", performer, [measured], noises, {}, split, quick)
    for name, tracks in strangers.splits.items():
        clips = tracks.clips[:6] if quick else tracks.clips[:24]
        split = f"{len(clips)} clips of {name}, neutral"
        rows += _rows(name, performer, clips, noises, strangers.floors, split, quick)
    return rows


def _rows(
    name: str, performer: Performer, clips: list[Tracked], noises: Noises, floors: dict[str, Method], split: str,
    quick: bool,
) -> list[Row]:  # fmt: skip
    """Rows of one set of clips."""

    def ours(samples: np.ndarray, frames: int) -> np.ndarray:
        return mesh_measures(Animation.from_motion(performer.motion(samples, "neutral", seed=0)))[:frames]

    methods: dict[str, Method] = {"ours": ours, **{floor: m for floor, m in floors.items() if floor == "ridge"}}
    clean = {
        method: followed([(c, make(c.samples, len(c.measures))) for c in clips]) for method, make in methods.items()
    }
    rows = []
    for kind in noises.kinds()[: 2 if quick else None]:
        sounds = [noises.make(kind, len(c.samples) + 2 * SAMPLE_RATE, c.speaker, k) for k, c in enumerate(clips)]
        for decibels in DECIBELS:
            under = [mixed(clip.samples, sound, decibels) for clip, sound in zip(clips, sounds)]
            lost: dict[str, list[float]] = {}
            for method, make in methods.items():
                takes = [make(samples, len(clip.measures)) for samples, clip in zip(under, clips)]
                lags = clean[method].lags
                for channel in (0, 1):
                    pairs = [(shifted(take[:, channel], lags[clip.speaker]), target(clip)[:, channel])
                             for take, clip in zip(takes, clips)]  # fmt: skip
                    before = mean_correlation(clean[method].pairs(channel))
                    lost.setdefault(method, []).append(before - mean_correlation(pairs))
            jaw, gap = lost.pop("ours")
            note = f"{MEASURES[1]} {gap:.3f}; clean jaw r {mean_correlation(clean['ours'].pairs(0)):.3f}"
            rows.append(
                Row(
                    f"{name}: jaw r lost, {kind} at {decibels:g} dB", jaw, high=LOST[decibels], note=note, unit="1",
                    definition=f"r of the jaw with the measured one, clean less under noise, at the clean lag; {MADE}",
                    mask="jaw on the mesh", split=split, floors={m: values[0] for m, values in lost.items()},
                )
            )  # fmt: skip
        rows.append(_before_speech(name, kind, clips[:8], sounds, ours, split))
    return rows


def _before_speech(
    name: str, kind: str, clips: list[Tracked], sounds: list[np.ndarray],
    ours: Callable[[np.ndarray, int], np.ndarray], split: str,
) -> Row:  # fmt: skip
    """How far the mouth opens in noise before the voice begins, beyond the closed mouth of silence."""
    frames = round(LEAD * FPS) - 3  # the mouth may open a little ahead of the voice
    opened, most = [], []
    for clip, sound in zip(clips, sounds):
        voice = clip.samples[: 2 * SAMPLE_RATE]
        silent = after_lead(voice, np.zeros_like(sound), DECIBELS[0])
        noisy, still = (ours(x, frames)[:, 1] for x in (after_lead(voice, sound, DECIBELS[0]), silent))
        opened.append(float(noisy.mean() - still.mean()))
        most.append(float(np.quantile(noisy, WIDEST) - np.quantile(still, WIDEST)))
    return Row(
        f"{name}: opening before speech, {kind} at {DECIBELS[0]:g} dB", float(np.mean(opened)), high=OPENING_MM,
        note=f"95 % quantile over time {np.mean(most):.2f} mm", unit="mm", mask="gap on the mesh", split=split,
        definition=f"mean over {LEAD:g} s of noise before the voice, less that of silence there; {MADE}",
    )  # fmt: skip
