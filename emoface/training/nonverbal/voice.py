"""Laughter, breaths, sighs, coughs and humming made by code: a source at the glottis and a tract that colours it.

What is known of these sounds sets the ranges: laughter is a row of bursts, 4 to 6 a second, of which half or less
sounds, with a pitch above that of speech that falls over the row, voiced or not (Bachorowski, Smoski and Owren 2001;
Provine 1996); a cough is a burst, a noisy stretch and sometimes a voiced end (Korpas, Sadlonova and Vrabec 1996);
breath is noise through an open tract; a hum is a nasal murmur, which holds its pitch or wanders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from emoface.audio.features import SAMPLE_RATE

NEUTRAL = ((500, 900), (1100, 1900), (2300, 3100), (3300, 4200))
"""Ranges of the resonances in Hz of an open, relaxed tract."""


@dataclass
class MadeSound:
    """A sound with what it is.

    Attributes:
        samples: (N,) float32 at 16 kHz, of peak 1. spans: (sound, start s, end s); a sound of "" is not judged.
    """

    samples: np.ndarray
    spans: list[tuple[str, float, float]]


def _time(seconds: float) -> np.ndarray:
    return np.arange(max(int(seconds * SAMPLE_RATE), 16)) / SAMPLE_RATE


def _voiced(pitch: np.ndarray, rng: np.random.Generator, breathiness: float) -> np.ndarray:
    """Pulses of a glottis with pitch (N,) in Hz, unsteady by a few percent, and noise while it is open."""
    wobble = np.interp(np.arange(len(pitch)), np.linspace(0, len(pitch), len(pitch) // 120 + 2),
                       rng.normal(0, rng.uniform(0.004, 0.03), len(pitch) // 120 + 2))  # fmt: skip
    phase = (np.cumsum(pitch * (1 + wobble)) / SAMPLE_RATE + rng.random()) % 1
    opened = rng.uniform(0.4, 0.75)
    flow = np.where(phase < opened, np.sin(np.pi * np.minimum(phase / opened, 1)).clip(0) ** rng.uniform(1.2, 2.5), 0)
    pulses = np.diff(flow, prepend=flow[0])
    pulses /= np.abs(pulses).max() + 1e-9
    noise = rng.standard_normal(len(pitch)) * 0.25 * (0.3 + flow)
    return (1 - breathiness) * pulses + breathiness * noise


def _tract(source: np.ndarray, formants: np.ndarray, bandwidths: np.ndarray, tilt: float = 0.0) -> np.ndarray:
    """The source through resonances (n,) in Hz with bandwidths (n,), and a tilt in dB an octave above 500 Hz."""
    size = 1 << (len(source) + 800).bit_length()
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    response = np.ones(len(hertz), complex)
    for formant, width in zip(formants, bandwidths):
        response /= 1 - (hertz / formant) ** 2 + 1j * hertz * width / formant**2
    # Each resonance falls by 12 dB an octave above itself; what a tract has beyond the last one makes up for it.
    response *= (1 + (hertz / formants[-1]) ** 2) ** (len(formants) / 2 - 0.5)
    response *= np.maximum(hertz / 500, 1) ** (tilt / 6.02)
    return np.fft.irfft(np.fft.rfft(source, size) * response, size)[: len(source)]


def _formants(rng: np.random.Generator, scale: float) -> tuple[np.ndarray, np.ndarray]:
    formants = scale * np.array([rng.uniform(*span) for span in NEUTRAL])
    return formants, rng.uniform(60, 180, len(formants)) * np.array([1, 1.2, 1.6, 2.2])


def _unit(samples: np.ndarray) -> np.ndarray:
    return (samples / (np.abs(samples).max() + 1e-9)).astype(np.float32)


def _swell(count: int, rise: float, power: float, fall: float) -> np.ndarray:
    """A course 0..1 over ``count`` samples that rises over a share ``rise`` and falls over a share ``fall``."""
    at = np.linspace(0, 1, count)
    return np.minimum(np.minimum(at / rise, 1) ** power, np.minimum((1 - at) / fall, 1))


def laugh(rng: np.random.Generator) -> MadeSound:
    """A row of bursts, voiced, breathy, nasal or mixed, and perhaps the breath drawn after it."""
    scale = rng.uniform(0.85, 1.25)
    formants, widths = _formants(rng, scale)
    kind = rng.choice(["voiced", "breathy", "nasal", "mixed"], p=[0.5, 0.2, 0.12, 0.18])
    if kind == "nasal":
        formants[0] *= 0.5
    tilt = rng.uniform(-12, -5) if kind == "nasal" else rng.uniform(-5, 2)
    notes = int(rng.integers(3, 15))
    period, slowing = rng.uniform(0.16, 0.27), rng.uniform(-0.005, 0.02)
    pitch = rng.choice([rng.uniform(110, 260), rng.uniform(220, 520)])
    fall, arch = rng.uniform(0.0, 0.5), rng.uniform(-0.15, 0.25)
    share, quiet = rng.uniform(0.35, 0.68), 10 ** (-rng.uniform(12, 34) / 20)
    first = rng.uniform(1.0, 2.2) if rng.random() < 0.4 else 1.0
    pieces, loud = [], rng.uniform(0.5, 1.0)
    for number in range(notes):
        length = period * (1 + slowing * number) * rng.uniform(0.88, 1.12) * (first if number == 0 else 1)
        time = _time(length)
        sounding = int(share * len(time))
        height = pitch * (1 - fall * number / notes) * rng.uniform(0.93, 1.07)
        course = height * (1 + arch * np.sin(np.linspace(0, np.pi * rng.uniform(0.8, 1.4), len(time))))
        voiced = kind in ("voiced", "nasal") or (kind == "mixed" and rng.random() < 0.6)
        source = _voiced(course, rng, rng.uniform(0.1, 0.45)) if voiced else 0.3 * rng.standard_normal(len(time))
        envelope = np.full(len(time), quiet)
        aspirated = int(rng.uniform(0.0, 0.35) * sounding) if voiced else 0
        source[:aspirated] = 0.2 * rng.standard_normal(aspirated)
        envelope[:sounding] += _swell(sounding, rng.uniform(0.12, 0.4), 1.0, rng.uniform(0.25, 0.6))
        rest = 0.2 * rng.standard_normal(len(time) - sounding)
        source[sounding:] = source[sounding:] * np.linspace(1, 0, len(rest)) ** 3 + rest
        size = loud * (1 - rng.uniform(0.2, 0.8) * number / notes) * rng.uniform(0.75, 1.2)
        moved = formants * rng.uniform(0.94, 1.06, len(formants))
        pieces.append(_tract(source * envelope * size, moved, widths, tilt))
    body = np.concatenate(pieces)
    spans = [("laugh", 0.0, len(body) / SAMPLE_RATE)]
    body = body / (np.abs(body).max() + 1e-9)
    if rng.random() < 0.4:
        gap, drawn = _time(rng.uniform(0.02, 0.15)) * 0, breath(rng)
        start = (len(body) + len(gap)) / SAMPLE_RATE
        spans += [("breath", start, start + len(drawn.samples) / SAMPLE_RATE)]
        body = np.concatenate([body, gap, drawn.samples * 10 ** (-rng.uniform(8, 24) / 20)])
    return MadeSound(_unit(body), spans)


def breath(rng: np.random.Generator) -> MadeSound:
    """Air drawn in: noise that swells and ends sooner than it began, coloured by a wide tract."""
    time = _time(rng.uniform(0.18, 0.75))
    scale = rng.uniform(0.85, 1.3)
    formants = scale * np.array([rng.uniform(600, 1300), rng.uniform(1400, 2200), rng.uniform(2500, 3400)])
    noise = _tract(rng.standard_normal(len(time)), formants, rng.uniform(200, 700, 3), rng.uniform(-6, 3))
    course = _swell(len(time), rng.uniform(0.3, 0.8), rng.uniform(0.6, 1.6), rng.uniform(0.08, 0.3))
    return MadeSound(_unit(noise * course), [("breath", 0.0, len(time) / SAMPLE_RATE)])


def sigh(rng: np.random.Generator) -> MadeSound:
    """Air let out, soon loud and long fading, perhaps with a falling voice at first."""
    time = _time(rng.uniform(0.6, 1.9))
    formants, widths = _formants(rng, rng.uniform(0.85, 1.25))
    if rng.random() < 0.4:  # rounded lips
        formants[:2] *= rng.uniform(0.55, 0.85)
    source = 0.3 * rng.standard_normal(len(time))
    if rng.random() < 0.4:
        until = int(rng.uniform(0.25, 0.8) * len(time))
        high = rng.choice([rng.uniform(110, 220), rng.uniform(200, 420)])
        pitch = high * np.linspace(1, rng.uniform(0.5, 0.85), until)
        voice = _voiced(pitch, rng, rng.uniform(0.3, 0.8)) * np.linspace(1, 0, until) ** rng.uniform(0.4, 1.5)
        source[:until] = source[:until] * rng.uniform(0.4, 1) + voice
    rise = rng.uniform(0.05, 0.3)
    course = _swell(len(time), rise, 1.0, 1 - rise) ** rng.uniform(0.8, 2.2)
    sound = _tract(source * course, formants, widths * rng.uniform(1, 2.5), rng.uniform(-9, 1))
    return MadeSound(_unit(sound), [("sigh", 0.0, 0.92 * len(time) / SAMPLE_RATE), ("", 0.92 * time[-1], time[-1])])


def cough(rng: np.random.Generator) -> MadeSound:
    """One to four coughs: a burst of all frequencies, a noisy stretch, sometimes a voiced end."""
    formants, widths = _formants(rng, rng.uniform(0.85, 1.25))
    voiced, pieces, spans, at = rng.random() < 0.6, [], [], 0.0
    for _ in range(int(rng.integers(1, 5))):
        burst = rng.standard_normal(len(_time(rng.uniform(0.015, 0.05))))
        burst *= _swell(len(burst), rng.uniform(0.05, 0.3), 1.0, 0.5)
        length = rng.uniform(0.08, 0.22)
        noise = rng.standard_normal(len(_time(length)))
        noise *= rng.uniform(0.2, 0.6) * np.linspace(1, rng.uniform(0.2, 0.7), len(noise))
        source = np.concatenate([burst, noise])
        if voiced:
            pitch = rng.uniform(160, 480) * np.linspace(1, rng.uniform(0.5, 0.8), len(_time(rng.uniform(0.06, 0.2))))
            end = _voiced(pitch, rng, rng.uniform(0.2, 0.6)) * np.linspace(1, 0, len(pitch))
            lap = int(rng.uniform(0.3, 0.9) * len(noise))
            source = np.concatenate([source, np.zeros(max(len(end) - lap, 0))])
            source[-len(end) :] += end * rng.uniform(0.5, 1.5)
        fade = int(0.03 * SAMPLE_RATE)
        source[-fade:] *= np.linspace(1, 0, fade)
        tilt = rng.uniform(-5, 2)
        made = _tract(source, formants * rng.uniform(0.93, 1.07, len(formants)), widths * 2, tilt)
        made *= rng.uniform(0.6, 1.0) / (np.abs(made).max() + 1e-9)
        gap = rng.standard_normal(len(_time(rng.uniform(0.05, 0.35)))) * 10 ** (-rng.uniform(25, 60) / 20)
        spans.append(("cough", at, at + len(made) / SAMPLE_RATE))
        at += (len(made) + len(gap)) / SAMPLE_RATE
        spans.append(("", at - len(gap) / SAMPLE_RATE, at))
        pieces += [made, gap]
    return MadeSound(_unit(np.concatenate(pieces)), spans)


def hum(rng: np.random.Generator) -> MadeSound:
    """A voice behind closed lips: one long "hm", an "mhm", or a tune."""
    base = rng.choice([rng.uniform(85, 180), rng.uniform(160, 380)])
    kind = rng.choice(["long", "mhm", "tune"], p=[0.35, 0.25, 0.4])
    if kind == "tune":
        lengths = rng.uniform(0.15, 0.8, int(rng.integers(3, 9)))
        steps = np.cumsum(rng.choice([-4, -2, -1, 0, 1, 2, 3, 5], len(lengths)))
        pitch = np.concatenate([np.full(len(_time(n)), base * 2 ** (s / 12)) for n, s in zip(lengths, steps)])
    elif kind == "mhm":
        low = np.full(len(_time(rng.uniform(0.16, 0.35))), base)
        pitch = np.concatenate([low, np.full(len(_time(rng.uniform(0.2, 0.45))), base * rng.uniform(0.85, 1.45))])
    else:
        count = len(_time(rng.uniform(0.4, 2.2)))
        pitch = base * np.linspace(1, rng.uniform(0.7, 1.25), count)
    glide = int(rng.uniform(0.02, 0.07) * SAMPLE_RATE)
    pitch = np.convolve(np.pad(pitch, (glide, glide), "edge"), np.ones(2 * glide + 1) / (2 * glide + 1), "valid")
    time = np.arange(len(pitch)) / SAMPLE_RATE
    pitch = pitch * 2 ** (rng.choice([0.0, 0.2, 0.5]) * np.sin(2 * np.pi * rng.uniform(4, 6.5) * time) / 12)
    scale = rng.uniform(0.85, 1.2)
    formants = scale * np.array([rng.uniform(220, 330), rng.uniform(900, 1300), rng.uniform(2000, 2600), 3300.0])
    sound = _tract(_voiced(pitch, rng, rng.uniform(0, 0.15)), formants, np.array([60, 200, 300, 400]) * 1.0,
                   rng.uniform(-14, -7))  # fmt: skip
    course = _swell(len(pitch), rng.uniform(0.03, 0.2), 1.0, rng.uniform(0.05, 0.3))
    if kind == "mhm":
        middle = rng.uniform(0.3, 0.55)
        course *= 1 - rng.uniform(0.3, 0.95) * np.exp(-(((np.linspace(0, 1, len(pitch)) - middle) / 0.06) ** 2))
    return MadeSound(_unit(sound * course), [("hum", 0.0, len(pitch) / SAMPLE_RATE)])


def vowel(rng: np.random.Generator) -> MadeSound:
    """A sung or held vowel, or several in turn, which is none of the sounds."""
    count = int(rng.integers(1, 4))
    pieces = []
    for _ in range(count):
        time = _time(rng.uniform(0.3, 1.2))
        scale = rng.uniform(0.85, 1.25)
        formants = scale * np.array([rng.uniform(280, 900), rng.uniform(800, 2500), rng.uniform(2300, 3200), 3700])
        pitch = rng.uniform(90, 450) * np.linspace(1, rng.uniform(0.75, 1.3), len(time))
        sound = _tract(_voiced(pitch, rng, rng.uniform(0, 0.3)), formants, rng.uniform(50, 150, 4), rng.uniform(-4, 3))
        sound *= _swell(len(time), 0.1, 1.0, 0.2)
        pieces.append(sound / (np.abs(sound).max() + 1e-9))
    body = np.concatenate(pieces)
    return MadeSound(_unit(body), [])


MAKERS: dict[str, Callable[[np.random.Generator], MadeSound]] = {
    "laugh": laugh, "breath": breath, "sigh": sigh, "cough": cough, "hum": hum, "": vowel,
}  # fmt: skip
"""Sound -> what makes one; "" makes voices that are none of the sounds."""
