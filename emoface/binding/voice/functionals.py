"""Functionals of a stretch of speech: how high, moving, tense, bright and quick a voice is, one number each.

After the parameters that vary most with emotion in acted voices (Banse and Scherer 1996, Juslin and Laukka 2003,
Eyben et al. 2016), as far as log-mels show them. All are about the stretch itself: its level does not matter.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from emoface.audio.features import HIGH_HZ, LOW_HZ, MEL_BINS, MEL_RATE
from emoface.audio.normalize import SPEECH_FLOOR, SPEECH_MARGIN

from .pitch import PitchTrack

FUNCTIONALS = (
    "pitch median", "pitch 10 %", "pitch 90 %", "pitch range", "pitch quartiles", "pitch deviation", "pitch speed",
    "pitch slope", "pitch curvature", "pitch trend", "pitch end", "voiced run", "voiced share", "voicing", "blur",
    "loudness deviation", "loudness median", "loudness quarter", "speech share", "syllable rate", "rise", "fall",
    "attack", "pitch with loudness", "band 2", "band 3", "band 4", "band 5", "band 3 over 2", "band 4 over 3",
    "band 2 deviation", "band 3 deviation", "band 4 deviation", "band 2 with loudness", "band 3 with loudness",
    "band 4 with loudness", "band 2 loud over soft", "first over second harmonic", "first harmonic over band 2",
    "formant 1", "formant 1 deviation", "formant 1 width", "formant 2", "formant 2 deviation", "formant 2 width",
    "formant 3", "formant 3 deviation", "flux", "flux share",
)  # fmt: skip
"""Names, in the order of :func:`functionals`."""

_BANDS = ((80, 500), (500, 1500), (1500, 3000), (3000, 5000), (5000, HIGH_HZ))
_FORMANTS = ((250, 1100), (1000, 2700), (2300, 3800))
_LOUD = 6.0  # natural-log units below the loud level within which voiced frames are measured
_FEWEST = 5  # frames


@lru_cache(maxsize=1)
def _hertz() -> Tensor:
    """Centres (64,) of the mel bins in Hz."""
    mel = 2595 * torch.log10(1 + torch.tensor([LOW_HZ, HIGH_HZ], dtype=torch.float64) / 700)
    points = torch.linspace(float(mel[0]), float(mel[1]), MEL_BINS + 2, dtype=torch.float64)[1:-1]
    return (700 * (10 ** (points / 2595) - 1)).float()


@lru_cache(maxsize=1)
def _band_filters() -> Tensor:
    """(64, 5): mean over the bins of each band."""
    inside = torch.stack([(_hertz() >= low) & (_hertz() < high) for low, high in _BANDS], 1).float()
    return inside / inside.sum(0)


def speech_frames(mel: Tensor) -> Tensor:
    """Mel frames within 30 dB of the clip's loudest that are no silence; (M, 64) -> (M,) bool."""
    level = mel.mean(-1)
    return (level > level.max() - SPEECH_MARGIN) & (level > SPEECH_FLOOR)


def functionals(mel: Tensor, track: PitchTrack) -> Tensor:
    """The functionals of a stretch of speech.

    Args:
        mel: (M, 64) log-mel, M >= 5, with speech in it. track: its pitch, (M,) each.

    Returns:
        (49,) float32, finite, in the order of ``FUNCTIONALS``: pitch in octaves, times in seconds, energies in
        natural-log units.
    """
    speech = speech_frames(mel)
    places = speech.nonzero()[:, 0]
    first, last = (int(places[0]), int(places[-1]) + 1) if len(places) else (0, len(mel))
    first = min(first, max(len(mel) - _FEWEST, 0))
    part = slice(first, max(last, first + _FEWEST))
    mel, speech = mel[part], speech[part]
    pitch, voicing, blur = (values[part] for values in track)
    loud = torch.logsumexp(mel, 1)
    loud = loud - loud.quantile(0.95)  # (M,)
    voiced = (voicing > 0.5) & (loud > -_LOUD)
    if int(voiced.sum()) < _FEWEST:
        voiced = torch.zeros_like(voiced).scatter(0, voicing.topk(_FEWEST).indices, True)
    values = [
        *_melody(pitch, voiced),
        voiced.float().mean(), voicing[loud > -3].mean(), blur[voiced].mean(),
        *_rhythm(loud, speech),
        _slope(loud[voiced], pitch[voiced], 0.05) / 3,
        *_spectrum(mel[voiced], loud[voiced], pitch[voiced]),
        *_change(mel),
    ]  # fmt: skip
    return torch.stack(values).float()


def _melody(pitch: Tensor, voiced: Tensor) -> list[Tensor]:
    """Pitch: place, range, movement within voiced runs, trend over the stretch, how it ends, length of runs."""
    sung = pitch[voiced]
    low5, low, quarter, middle, upper, high, high95 = sung.quantile(
        torch.tensor([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
    )
    step = (pitch[1:] - pitch[:-1]).clamp(-0.3, 0.3)
    both = voiced[1:] & voiced[:-1]
    bend = (step[1:] - step[:-1])[both[1:] & both[:-1]]
    time = voiced.nonzero()[:, 0] / MEL_RATE
    runs = voiced[:1].sum() + (voiced[1:] & ~voiced[:-1]).sum()
    return [
        middle, low, high, high95 - low5, upper - quarter, sung.std(correction=0),
        MEL_RATE * _mean(step[both].abs()), MEL_RATE * _mean(step[both]), _mean(bend.abs()),
        _slope(time, sung, 0.05), sung[-10:].mean() - middle, (len(sung) / runs).log(),
    ]  # fmt: skip


def _rhythm(loud: Tensor, speech: Tensor) -> list[Tensor]:
    """Loudness: spread, share of speech, syllables a second, how steeply it rises and falls."""
    quarter, middle = loud.quantile(torch.tensor([0.25, 0.5]))
    smooth = _smooth(loud, torch.hann_window(11, periodic=False)[1:-1])
    peak = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & (smooth[1:-1] > -3.5)
    step = _smooth(loud, torch.ones(3)).diff()
    spoken = loud[speech] if speech.any() else loud
    return [
        spoken.std(correction=0), middle, quarter, speech.float().mean(), MEL_RATE * peak.float().sum() / len(loud),
        _mean(step[step > 0]), -_mean(step[step < 0]), step.quantile(0.95),
    ]  # fmt: skip


def _spectrum(mel: Tensor, loud: Tensor, pitch: Tensor) -> list[Tensor]:
    """Voiced frames (V, 64): balance of the bands, its spread and growth with loudness, harmonics, formants."""
    bands = mel @ _band_filters()  # (V, 5)
    over = bands[:, 1:] - bands[:, :1]  # (V, 4) over the lowest band
    mean, spread = over.mean(0), over.std(0, correction=0)
    strong = loud >= loud.median()
    soft = over[~strong, 0].mean() if (~strong).any() else mean[0]
    first, second = (_at(mel, octaves) for octaves in (pitch, pitch + 1))
    values = [
        *mean, mean[1] - mean[0], mean[2] - mean[1], *spread[:3], *(_slope(loud, over[:, i], 0.05) for i in range(3)),
        over[strong, 0].mean() - soft, (first - second).mean(), (first - bands[:, 1]).mean(),
    ]  # fmt: skip
    for number, (low, high) in enumerate(_FORMANTS):
        inside = (_hertz() >= low) & (_hertz() < high)
        weight = torch.exp(mel[:, inside] - mel[:, inside].amax(1, keepdim=True))  # (V, b)
        centre = (weight * _hertz()[inside].log2()).sum(1) / weight.sum(1)
        values += [centre.mean(), centre.std(correction=0)]
        if number < 2:
            values.append(weight.mean(1).log().mean())
    return values


def _change(mel: Tensor) -> list[Tensor]:
    """How much the spectrum changes from frame to frame, and against its spread."""
    flux = mel.diff(dim=0).abs().mean()
    return [flux, flux / (mel.std(correction=0) + 0.1)]


def _at(mel: Tensor, octaves: Tensor) -> Tensor:
    """Log-mel (V,) at a frequency of each frame, between the bins around it."""
    hertz = torch.exp2(octaves).contiguous()
    upper = torch.searchsorted(_hertz(), hertz).clamp(1, MEL_BINS - 1)
    low, high = _hertz()[upper - 1], _hertz()[upper]
    share = ((hertz - low) / (high - low)).clamp(0, 1)
    rows = torch.arange(len(mel))
    return mel[rows, upper - 1] * (1 - share) + mel[rows, upper] * share


def _mean(values: Tensor) -> Tensor:
    return values.mean() if len(values) else values.new_zeros(())


def _slope(x: Tensor, y: Tensor, floor: float) -> Tensor:
    """Least-squares slope of y over x, drawn to 0 where x hardly varies."""
    x = x - x.mean()
    return (x * (y - y.mean())).mean() / (x.square().mean() + floor)


def _smooth(values: Tensor, window: Tensor) -> Tensor:
    """Weighted moving average (M,), ends held."""
    margin = len(window) // 2
    padded = torch.nn.functional.pad(values[None, None], (margin, margin), mode="replicate")
    return torch.nn.functional.conv1d(padded, (window / window.sum())[None, None])[0, 0]
