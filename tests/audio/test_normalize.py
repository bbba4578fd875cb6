"""Running normalisation of log-mels, speech presence and the mel stream."""

import math

import torch

from emoface.audio.features import SAMPLE_RATE, frame_count, log_mel
from emoface.audio.normalize import MelNormalizer, normalize_clip
from emoface.audio.stream import SAMPLES_PER_FRAME, MelStream


def speech(seconds=4.0, silence=1.0, gain=0.3):
    """A gliding harmonic tone in syllables of 0.2 s, between silences."""
    time = torch.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * math.pi * (120 * time + 10 * torch.sin(2 * time))
    tone = sum(torch.sin(k * phase) / k for k in range(1, 20))
    syllables = (torch.sin(2 * math.pi * 2.5 * time) > -0.3).float()
    rest = torch.zeros(int(silence * SAMPLE_RATE))
    return torch.cat([rest, gain * tone * syllables, rest])


def test_level_does_not_matter_much_and_silence_is_low():
    loud, quiet = (normalize_clip(log_mel(speech(gain=gain))) for gain in (0.3, 0.03))
    middle = slice(100, 250)
    assert (loud[middle] - quiet[middle]).abs().median() < 0.3
    assert loud[:40].mean() < -1.5 < loud[middle].mean()
    assert normalize_clip(log_mel(torch.zeros(SAMPLE_RATE))).max() < -0.5


def test_running_statistics_do_not_depend_on_the_pieces():
    mel = log_mel(speech())
    whole, pieces = MelNormalizer(), MelNormalizer()
    whole.update(mel)
    loudest = int(mel.mean(-1).argmax())
    for part in (mel[: loudest + 1], mel[loudest + 1 :], mel[:0]):
        pieces.update(part)
    # The peak is known after the first piece, so later ones are judged alike.
    assert pieces.peak == whole.peak
    assert torch.allclose(pieces.apply(mel), whole.apply(mel), atol=1e-4)
    copy = whole.copy()
    copy.update(mel + 5)
    assert whole.peak < copy.peak


def test_presence_tells_speech_from_silence():
    mel = log_mel(speech())
    normalizer = MelNormalizer()
    normalizer.update(mel)
    presence = normalizer.presence(mel)
    assert presence.shape == (mel.shape[0] // 2,)
    assert presence[:20].max() == 0 and presence[-20:].max() == 0
    assert presence[30:120].median() == 1


def test_nobody_is_present_in_silence_or_hiss():
    for waveform in (torch.zeros(SAMPLE_RATE), 1e-4 * torch.randn(SAMPLE_RATE)):
        mel = log_mel(waveform)
        normalizer = MelNormalizer()
        normalizer.update(mel)
        assert normalizer.presence(mel).max() == 0


def test_stream_equals_the_whole_whatever_the_blocks():
    waveform = speech(3.1)
    frames = frame_count(waveform.shape[0], SAMPLE_RATE, 25)
    whole = log_mel(waveform, frames + 4)
    for seconds in (0.05, 0.7, 10.0):
        size = int(seconds * SAMPLE_RATE)
        stream = MelStream(iter(waveform.split(size)))
        for start in range(0, frames, 40):
            stop = min(start + 60, frames + 4)
            _, raw = stream.read(start, stop, frames)
            assert torch.allclose(raw, whole[2 * start : 2 * stop], atol=1e-5)
            stream.finish(start + 30)
            # What is kept: from one frame before the next start to the last block that was needed.
            assert stream.buffer.shape[0] <= max(stop - start - 29, 0) * SAMPLES_PER_FRAME + 400 + size


def test_stream_refuses_to_go_back():
    stream = MelStream(iter([speech()]))
    stream.read(0, 50, 100)
    stream.finish(40)
    try:
        stream.read(0, 10, 100)
    except ValueError as error:
        assert "was dropped, got 0" in str(error)
    else:
        raise AssertionError("went back")
