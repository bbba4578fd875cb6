"""Speech with exactly known phones from espeak-ng (through ctypes) and flite (its command).

Both are programs of the machine, not Python packages, and are needed only by the corpus stage. Both time a
stop from its release, so its closure lies in the phone before it: :func:`find_closures` moves it back by the
signal's energy.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE

from .phones import BILABIAL, SILENCE, STOPS, Interval, arpabet_visemes, ipa_visemes
from .texts import LANGUAGES, sentence

FLITE_VOICES = ("kal16", "awb", "rms", "slt")
VARIANTS = (
    "Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario "
    "Michael Mike Nguyen Tweaky adam anika antonio aunty belinda benjamin boris caleb david ed edward "
    "edward2 f1 f2 f3 f4 f5 grandma grandpa gustave iven iven2 iven3 iven4 john kaukovalta klatt klatt2 "
    "klatt3 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m5 m6 m7 m8 marcelo max michel miguel norbert pablo "
    "paul pedro quincy rob robert sandro shelby steph steph2 steph3 travis victor zac"
).split()
"""espeak-ng's speaking voices, the novelty ones left out."""

_SYNCHRONOUS, _PHONEME_EVENTS, _PHONEME_IPA = 2, 1, 2
_EVENT_END, _EVENT_PHONEME = 0, 7
_RATE, _PITCH, _RANGE = 1, 3, 4
_UTF8 = 1

_STEP = 0.005  # seconds per energy frame
_QUIET = 28.0  # decibels below the loudest frame at which a stop counts as closed
_LONGEST_CLOSURE = 0.11
_BURST = 0.02  # seconds of the release during which the lips are still together


@dataclass
class Utterance:
    """Synthetic speech: mono float32 samples, their rate in Hz, and its visemes."""

    samples: np.ndarray
    rate: float
    visemes: list[Interval]


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _EventId),
    )  # fmt: skip


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def espeak_missing() -> str | None:
    """None if espeak-ng's library is there, else what to install."""
    if ctypes.util.find_library("espeak-ng") is None:
        return "espeak-ng is not installed; on Debian or Ubuntu: apt install libespeak-ng1 espeak-ng-data"
    return None


def flite_missing() -> str | None:
    """None if flite's command is there, else what to install."""
    if shutil.which("flite") is None:
        return "flite is not installed; on Debian or Ubuntu: apt install flite"
    return None


class Espeak:
    """The espeak-ng library; one per process, see :func:`espeak`."""

    def __init__(self) -> None:
        missing = espeak_missing()
        if missing:
            raise RuntimeError(missing)
        self._library = ctypes.CDLL(ctypes.util.find_library("espeak-ng"))
        self.rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS | _PHONEME_IPA)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng could not start; on Debian or Ubuntu: apt install espeak-ng-data")
        self._blocks: list[np.ndarray] = []
        self._phones: list[tuple[str, float]] = []
        self._callback = _Callback(self._receive)  # held here: the library keeps only the pointer
        self._library.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples, count, events) -> int:
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        i = 0
        while events[i].type != _EVENT_END:
            if events[i].type == _EVENT_PHONEME:
                name = events[i].id.string.decode("utf-8", "ignore")
                self._phones.append((name, events[i].audio_position / 1000))
            i += 1
        return 0

    def say(self, text: str, voice: str, rate: int = 170, pitch: int = 50, pitch_range: int = 50) -> Utterance:
        """Synthesise a text.

        Args:
            text: what to say, in the voice's language.
            voice: language code, optionally ``+variant``: ``"en-us+f2"``.
            rate: words per minute. pitch: 0..100. pitch_range: 0..100.

        Returns:
            The speech and its visemes, closures found.

        Raises:
            ValueError: unknown voice.
        """
        self._blocks.clear()
        self._phones.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"voice {voice!r} is not known to espeak-ng")
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._library.espeak_SetParameter(parameter, int(value), 0)
        data = text.encode("utf-8")
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate([np.zeros(0, np.int16), *self._blocks]).astype(np.float32) / 32768
        visemes = _espeak_visemes(self._phones, len(samples) / self.rate)
        return Utterance(samples, self.rate, find_closures(visemes, samples, self.rate))


@lru_cache(maxsize=1)
def espeak() -> Espeak:
    """The process's espeak-ng, started at first use.

    Raises:
        RuntimeError: it is not installed; the message names the package.
    """
    return Espeak()


def _espeak_visemes(phones: list[tuple[str, float]], duration: float) -> list[Interval]:
    """Phone events (name, start) to intervals; marks without letters lengthen the phone before, pauses are
    silence.
    """
    ends = [start for _, start in phones[1:]] + [duration]
    visemes: list[Interval] = []
    for (name, start), end in zip(phones, ends):
        if end <= start:
            continue
        switch = name.startswith("(")  # "(en)": from here on the text is read as English
        known = [] if switch else ipa_visemes("i" if name == "ʲ" else name, start, end)
        if known:
            visemes += known
        elif name.strip() in ("", "_", "_:") or not visemes:
            visemes.append((SILENCE, start, end))
        else:
            visemes[-1] = (visemes[-1][0], visemes[-1][1], end)
    return visemes


def flite(text: str, voice: str, stretch: float = 1.0, pitch: float = 120.0, deviation: float = 20.0) -> Utterance:
    """Synthesise an English text with flite.

    Args:
        text: English.
        voice: one of ``FLITE_VOICES``.
        stretch: duration factor. pitch: mean F0 in Hz. deviation: of F0, Hz.

    Returns:
        The speech and its visemes, closures found.

    Raises:
        ValueError: unknown voice. RuntimeError: flite is not installed, or failed.
    """
    import soundfile

    if voice not in FLITE_VOICES:
        raise ValueError(f"voice must be one of {FLITE_VOICES}, got {voice!r}")
    missing = flite_missing()
    if missing:
        raise RuntimeError(missing)
    settings = {
        "duration_stretch": stretch, "int_f0_target_mean": pitch, "int_f0_target_stddev": deviation
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("--setf", f"{name}={value:.3f}")]
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        done = subprocess.run(
            ["flite", "-voice", voice, "-psdur", *options, "-t", text, "-o", str(wav)],
            capture_output=True,
            text=True,
        )
        if done.returncode != 0 or not wav.exists():
            raise RuntimeError(f"flite failed on voice {voice!r}: {done.stderr.strip()[:200]}")
        samples, rate = soundfile.read(wav, dtype="float32")
    visemes: list[Interval] = []
    start = 0.0
    for phone, stop in re.findall(r"([a-z]+):([\d.]+)", done.stdout):
        end = float(stop)  # flite prints where each phone ends
        if end > start:
            visemes += arpabet_visemes(phone, start, end)
        start = max(start, end)
    return Utterance(samples, rate, find_closures(visemes, samples, rate))


def find_closures(visemes: list[Interval], samples: np.ndarray, rate: float) -> list[Interval]:
    """Move the start of each stop back from its release to where the signal fell quiet (at most 110 ms).

    A bilabial then ends with its burst; the rest of its time, aspiration, goes to the sound that follows.

    Args:
        visemes: intervals in order, stops timed from their release. samples: mono. rate: Hz.

    Returns:
        The corrected intervals.
    """
    hop = int(rate * _STEP)
    frames = len(samples) // hop
    if not frames or not visemes:
        return visemes
    level = 10 * np.log10((samples[: frames * hop].reshape(frames, hop) ** 2).mean(1) + 1e-9)
    quiet = level < level.max() - _QUIET
    moved = [list(v) for v in visemes]
    for i in range(1, len(moved)):
        previous, stop = moved[i - 1], moved[i]
        if stop[0] not in STOPS or previous[0] == SILENCE:
            continue
        release = stop[1]
        earliest = max(previous[1] + 0.4 * (previous[2] - previous[1]), release - _LONGEST_CLOSURE)
        frame = min(round(release / _STEP), frames)
        while frame > 0 and frame * _STEP > earliest and quiet[frame - 1]:
            frame -= 1
        start = min(release, frame * _STEP)
        if release - start <= 2 * _STEP:
            continue
        previous[2] = stop[1] = start
        burst_end = release + _BURST
        if stop[0] == BILABIAL and i + 1 < len(moved) and moved[i + 1][0] != SILENCE and burst_end < stop[2]:
            stop[2] = moved[i + 1][1] = burst_end
    return [(int(v), float(s), float(e)) for v, s, e in moved]


def random_utterance(rng: np.random.Generator, espeak_share: float) -> tuple[Utterance, str, str]:
    """A sentence in a random language and voice, at 16 kHz, padded with silence and varied.

    The recording is resampled by a factor of about exp(0.1 N(0,1)), which moves formants, pitch and speed
    together; half of them are coloured by a first-order filter; the level is -14 to 0 dB of full scale.

    Args:
        rng: source of everything random. espeak_share: probability of espeak-ng instead of flite.

    Returns:
        (utterance, voice name, language).

    Raises:
        RuntimeError: the synthesiser is missing.
    """
    import soxr

    if rng.random() < espeak_share:
        codes, weights = list(LANGUAGES), np.array(list(LANGUAGES.values()))
        language = codes[rng.choice(len(codes), p=weights / weights.sum())]
        voice = f"{language}+{VARIANTS[rng.integers(len(VARIANTS))]}"
        settings = int(rng.integers(120, 240)), int(rng.integers(20, 85)), int(rng.integers(20, 95))
        spoken = espeak().say(sentence(language, rng), voice, *settings)
        language = language.split("-")[0].replace("cmn", "zh")
    else:
        voice, language = FLITE_VOICES[rng.integers(len(FLITE_VOICES))], "en"
        text = sentence("en", rng)
        spoken = flite(text, voice, rng.uniform(0.75, 1.35), rng.uniform(90, 230), rng.uniform(10, 45))
        voice = f"flite-{voice}"
    factor = float(np.clip(np.exp(0.1 * rng.standard_normal()), 0.8, 1.25))
    samples = soxr.resample(spoken.samples, spoken.rate * factor, SAMPLE_RATE)
    if rng.random() < 0.5:
        samples[1:] += rng.uniform(-0.6, 0.6) * samples[:-1].copy()
    samples *= 10 ** (rng.uniform(-14, 0) / 20) / (np.abs(samples).max() + 1e-6)
    before, after = rng.uniform(0.05, 0.6, 2)
    lead = int(before * SAMPLE_RATE)
    samples = np.pad(samples, (lead, int(after * SAMPLE_RATE))).astype(np.float32)
    shift = lead / SAMPLE_RATE
    visemes = [(SILENCE, 0.0, shift)] + [(v, s / factor + shift, e / factor + shift) for v, s, e in spoken.visemes]
    visemes.append((SILENCE, visemes[-1][2], len(samples) / SAMPLE_RATE))
    return Utterance(samples, SAMPLE_RATE, visemes), voice, language


def random_quiet(rng: np.random.Generator) -> Utterance:
    """Two to five seconds without speech: digital silence, hiss, hum or a rumble, for a closed and resting
    mouth.
    """
    count = int(rng.uniform(2, 5) * SAMPLE_RATE)
    kind = rng.integers(4)
    if kind == 0:
        samples = np.zeros(count)
    elif kind == 1:
        samples = rng.standard_normal(count)
    elif kind == 2:
        time = np.arange(count) / SAMPLE_RATE
        hum = [np.sin(2 * np.pi * rng.uniform(48, 62) * k * time) / k for k in range(1, 6)]
        samples = np.sum(hum, 0) + 0.2 * rng.standard_normal(count)
    else:
        spectrum = np.fft.rfft(rng.standard_normal(count))
        samples = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20) ** rng.uniform(0.3, 1), count)
    level = 10 ** (rng.uniform(-75, -25) / 20)
    samples = samples / (np.sqrt((samples**2).mean()) + 1e-9) * level
    return Utterance(samples.astype(np.float32), SAMPLE_RATE, [(SILENCE, 0.0, count / SAMPLE_RATE)])
