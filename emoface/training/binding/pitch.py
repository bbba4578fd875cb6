"""Training of the pitch network on synthetic voices, whose pitch is known exactly."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.audio.features import HOP, SAMPLE_RATE, log_mel
from emoface.binding.voice.pitch import HIGHEST, LOWEST, PitchNet
from emoface.training import run

from .config import BindingConfig
from .optimize import cosine_rate, take_step

SECONDS = 3.0
_STEP = 160  # samples between points of the formants' course
_TOP = 3800.0  # Hz, above which no harmonics are made: the network looks no higher
_SPREAD = 0.07  # octaves by which a target blurs into neighbouring classes


def _course(points: int, low: float, high: float, knots: float, rng: np.random.Generator) -> np.ndarray:
    """A random broken line (points,) between low and high with about so many corners."""
    corners = max(2, int(knots))
    at = np.concatenate([[0.0], np.sort(rng.random(corners)), [1.0]])
    return np.interp(np.linspace(0, 1, points), at, rng.uniform(low, high, corners + 2))


def synthetic_voice(seconds: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Speech-like sound of known pitch: harmonics through moving formants, hisses, pauses, a room's noise and a line.

    Args:
        seconds: length. rng: of everything.

    Returns:
        samples (N,) at 16 kHz, and pitch (M,) in Hz of the log-mel's frames, 0 where unvoiced.
    """
    count = int(seconds * SAMPLE_RATE) // HOP * HOP
    span = rng.uniform(0.05, 0.9)
    octaves = np.log2(rng.uniform(1, 4.3) * 75) + _course(count, -0.4 * span, span, seconds * rng.uniform(1, 4), rng)
    octaves += np.repeat(rng.normal(0, 0.01 * rng.random(), count // 80 + 1), 80)[:count]
    pitch = np.clip(2**octaves, LOWEST, HIGHEST)
    kind = np.zeros(count, int)  # 0 silence, 1 voice, 2 hiss
    begin = 0
    while begin < count:
        length = int(SAMPLE_RATE * rng.uniform(0.04, 0.35))
        kind[begin : begin + length] = rng.choice([0, 1, 1, 1, 2])
        begin += length
    window = np.hanning(320)
    gate = np.convolve(kind == 1, window / window.sum(), "same")
    loud = 10 ** (_course(count, -12, 0, 4 * seconds, rng) / 20)
    buzz = _harmonics(pitch, seconds, rng)
    breath = np.diff(rng.standard_normal(count), prepend=0) * rng.uniform(0, 0.25)
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    place, width = rng.uniform(1500, 6000), rng.uniform(500, 2500)
    hiss = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) / (1 + ((hertz - place) / width) ** 2), count)
    voice = loud * ((buzz + breath) * gate + rng.uniform(0.05, 0.4) * hiss / hiss.std() * (kind == 2))
    line = np.interp(np.log(hertz + 30), np.log([30, 100, 300, 1000, 3000, 8000]), rng.normal(0, 5, 6))
    if rng.random() < 0.25:  # a telephone
        line -= 30 * (hertz > rng.uniform(3300, 6000)) + rng.choice([0, 20]) * (hertz < rng.uniform(80, 300))
    voice = np.fft.irfft(np.fft.rfft(voice) * 10 ** (line / 20), count)
    noise = rng.standard_normal(count)
    if rng.random() < 0.5:  # a deep one
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.ones(801) / 801, "same")
    voice = voice / voice.std() + noise / noise.std() * 10 ** (-rng.uniform(8, 50) / 20)
    samples = 0.05 * voice * 10 ** (rng.uniform(-25, 8) / 20)
    centres = np.arange(count // HOP) * HOP + HOP // 2
    told = np.where(gate[centres] > 0.6, pitch[centres], 0)
    return torch.from_numpy(samples.astype(np.float32)), torch.from_numpy(told.astype(np.float32))


def _harmonics(pitch: np.ndarray, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Harmonics of a pitch (N,) through four formants, of deviation 1."""
    points = len(pitch) // _STEP
    tract = rng.uniform(0.85, 1.25)
    formants = [(250, 900, 4), (800, 2400, 4), (2300, 3200, 3), (3300, 4200, 0)]
    places = tract * np.stack([_course(points, low, high, k * seconds, rng) for low, high, k in formants])
    widths = np.array([60, 90, 140, 200]) * rng.uniform(0.8, 2)
    fall, first = rng.uniform(4, 16), rng.uniform(-4, 8)  # dB an octave, dB of the first harmonic
    number = np.arange(1, int(_TOP / pitch.min()) + 1)[:, None]  # (H, 1)
    hertz = pitch[::_STEP][:points] * number  # (H, points)
    gain = -fall * np.log2(number) + first * (number == 1)
    for place, width in zip(places, widths, strict=True):
        ratio = (hertz / place) ** 2
        gain = gain - 10 * np.log10((1 - ratio) ** 2 + ratio * (width / place) ** 2 + 1e-9)
    strength = torch.from_numpy((10 ** (np.clip(gain, -80, 40) / 20) * (hertz < _TOP)).astype(np.float32))
    strength = F.interpolate(strength[None], size=len(pitch), mode="linear")[0]  # (H, N)
    phase = torch.from_numpy((np.cumsum(pitch) / SAMPLE_RATE) % 1).float() * (2 * torch.pi)
    turns = torch.from_numpy(number.astype(np.float32))
    starts = torch.from_numpy(rng.uniform(0, 0.6, number.shape).astype(np.float32))
    sound = (strength * torch.sin(turns * phase + starts)).sum(0).numpy().astype(float)
    return sound / max(float(sound.std()), 1e-9)


def train_pitch(net: PitchNet, config: BindingConfig, rng: np.random.Generator) -> float:
    """Train the pitch network; returns the loss over the last tenth."""
    count, steps = config.pitch_voices, config.pitch_steps
    made = [synthetic_voice(SECONDS, rng) for _ in run.progress(range(count), "synthetic voices", count)]
    mels = torch.stack([log_mel(samples) for samples, _ in made])  # (n, M, 64)
    pitch = torch.stack([hertz for _, hertz in made])  # (n, M)
    away = pitch.clamp(min=LOWEST).log2()[..., None] - net.centres
    wanted = torch.softmax(-away.square() / (2 * _SPREAD**2), -1) * (pitch > 0)[..., None]
    wanted = torch.cat([wanted, (pitch == 0)[..., None].float()], -1)  # (n, M, 46)
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, config.pitch_rate, weight_decay=0.01)
    schedule = cosine_rate(optimizer, steps)
    losses = []
    net.train()
    for _ in run.progress(range(steps), "pitch network", steps):
        rows = torch.from_numpy(rng.integers(0, count, config.pitch_batch))
        logits = net(mels[rows] + 0.1 * torch.randn(mels[rows].shape))
        loss = -(wanted[rows] * torch.log_softmax(logits, -1)).sum(-1).mean()
        losses.append(take_step(loss, parameters, optimizer, schedule))
    net.eval().requires_grad_(False)
    return float(np.mean(losses[-max(steps // 10, 1) :]))
