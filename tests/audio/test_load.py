"""Opening recordings: every container, type, rate and shape; every way of being wrong."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.audio import load
from emoface.audio.load import Recording, open_audio
from emoface.demo import demo_path


def tone(seconds: float, rate: float, hertz: float = 200.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def in_blocks(audio: Recording, size: int) -> torch.Tensor:
    return torch.cat(list(audio.blocks(size)))


def write(path: Path, samples: np.ndarray, rate: int, **options: str) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


def test_demo_clip_is_read_exactly() -> None:
    audio = open_audio(demo_path())
    stored, rate = soundfile.read(demo_path(), dtype="float32")
    assert (audio.name, audio.sample_rate, audio.num_samples) == ("speech.wav", rate, len(stored))
    assert audio.duration == len(stored) / 16000
    assert audio.frames(25) == round(len(stored) / 16000 * 25)
    np.testing.assert_array_equal(audio.waveform().numpy(), stored)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000, 96000, 192000])
def test_any_rate_keeps_time_and_shape(rate: int) -> None:
    audio = open_audio(tone(1, rate), rate)
    waveform = audio.waveform()
    assert waveform.dtype == torch.float32
    assert waveform.shape == (round(audio.num_samples * 16000 / rate),) == (audio.resampled_length,)
    expected = tone(1, 16000)[500:-500]
    np.testing.assert_allclose(waveform[500:-500].numpy(), expected, atol=2e-3)


@given(
    rate=st.sampled_from([4000, 11025, 16000, 44100, 44100.5, 192000]),
    length=st.integers(1, 150_000),
    block=st.integers(200, 90_000),
)
@settings(max_examples=20, deadline=None)
def test_blocks_joined_equal_the_whole(rate: float, length: int, block: int) -> None:
    samples = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    audio = open_audio(samples, rate)
    whole = audio.waveform()
    assert len(whole) == round(length * 16000 / rate)
    if len(whole):
        sizes = [len(piece) for piece in audio.blocks(block)]
        assert set(sizes[:-1]) <= {block} and 0 < sizes[-1] <= block
        assert torch.equal(in_blocks(audio, block), whole)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_file_and_array_agree_bit_for_bit(tmp_path: Path, rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = tone(5, rate).astype(np.float32)
    path = write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    whole = open_audio(samples, rate).waveform()
    assert torch.equal(open_audio(str(path)).waveform(), whole)
    monkeypatch.setattr(load, "KEEP_FRAMES", 0)  # as for a long file, which is decoded again on every pass
    streamed = open_audio(path)
    assert torch.equal(streamed.waveform(), whole) and torch.equal(in_blocks(streamed, 12345), whole)


def test_passes_over_a_stream_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "KEEP_FRAMES", 0)
    data = io.BytesIO()
    soundfile.write(data, np.random.default_rng(0).standard_normal(300_000) * 0.1, 16000, format="WAV")
    data.seek(0)
    audio = open_audio(data)
    data.close()
    pairs = list(zip(audio.blocks(5000), audio.blocks(5000)))
    assert len(pairs) == 60 and all(torch.equal(a, b) for a, b in pairs)


class Pipe(io.RawIOBase):
    """A readable object that cannot seek, such as a socket or a pipe."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        return self.inner.readinto(buffer)


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "AIFF", "W64", "RF64"])
def test_file_objects_seekable_or_not(container: str) -> None:
    data = io.BytesIO()
    soundfile.write(data, tone(0.3, 22050), 22050, format=container)
    seekable = open_audio(io.BytesIO(data.getvalue()))
    piped = open_audio(Pipe(data.getvalue()))
    assert seekable.num_samples == piped.num_samples == round(0.3 * 22050)
    assert torch.equal(seekable.waveform(), piped.waveform())
    with open(demo_path(), "rb") as handle:
        assert open_audio(handle).name == "speech.wav"


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_wav_sample_types_and_channels(tmp_path: Path, subtype: str, channels: int) -> None:
    samples = np.stack([tone(0.2, 16000) * (1 + c) / channels for c in range(channels)], 1)
    audio = open_audio(write(tmp_path / "a.wav", samples, 16000, subtype=subtype))
    tolerance = {"PCM_U8": 1e-2, "ULAW": 2e-2}.get(subtype, 1e-4)
    np.testing.assert_allclose(audio.waveform().numpy(), samples.mean(1), atol=tolerance)


INTEGERS = st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])


@given(dtype=INTEGERS, channels=st.integers(1, 8), planar=st.booleans(), length=st.integers(9, 400))
@settings(max_examples=60, deadline=None)
def test_integer_arrays_are_scaled(dtype: str, channels: int, planar: bool, length: int) -> None:
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(length)
    raw = rng.integers(limits.min, limits.max, (length, channels), dtype=dtype, endpoint=True)
    half = 2.0 ** (limits.bits - 1)
    values = (raw.astype(np.float64) - (half if dtype.startswith("u") else 0)) / half
    waveform = open_audio(raw.T if planar else raw, 16000).waveform().numpy()
    np.testing.assert_allclose(waveform, values.mean(1), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", ">f4", ">i2"])
def test_float_widths_and_byte_orders(dtype: str) -> None:
    values = tone(0.1, 16000)
    raw = (values * 32768 if "i" in dtype else values).astype(dtype)
    np.testing.assert_allclose(open_audio(raw, 16000).waveform().numpy(), values, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int16])
def test_tensors(dtype: torch.dtype) -> None:
    values = torch.from_numpy(tone(0.1, 16000))
    raw = (values * 32768 if dtype == torch.int16 else values).to(dtype)
    tolerance = 1e-2 if dtype == torch.bfloat16 else 1e-3
    torch.testing.assert_close(open_audio(raw, 16000).waveform(), values.float(), atol=tolerance, rtol=0)


def test_tensor_that_requires_grad_and_is_strided() -> None:
    raw = torch.randn(2, 800, requires_grad=True)
    audio = open_audio((raw[:, ::2], 8000))
    assert audio.num_samples == 400 and not audio.waveform().requires_grad


def test_floats_beyond_one_are_not_clipped() -> None:
    loud = np.array([0.0, 3.0, -7.5, 100.0])
    assert open_audio(loud, 16000).waveform().tolist() == loud.tolist()


def test_smaller_side_is_the_channels() -> None:
    wide = np.arange(20, dtype=np.float32).reshape(2, 10)
    for shape in (wide, wide.T):
        assert open_audio(shape, 16000).waveform().tolist() == wide.mean(0).tolist()
    assert open_audio(np.array([[1.0, 3.0], [5.0, 7.0]]), 16000).waveform().tolist() == [2.0, 6.0]


def test_one_sample_and_silence_are_audio() -> None:
    one = open_audio(np.ones(1), 16000)
    assert one.num_samples == 1 and one.frames(25) == 0 and one.waveform().tolist() == [1.0]
    assert not open_audio(np.zeros(16000), 16000).waveform().any()


def test_hour_long_file_streams_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 44100, 2, subtype="PCM_16") as file:
        for _ in range(20):
            file.write(np.full((44100 * 60, 2), 0.1, np.float32))
    script = (
        "import resource, sys\n"
        "from emoface.audio.load import open_audio\n"
        "import soxr, soundfile\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "audio = open_audio(sys.argv[1])\n"
        "assert sum(len(b) for b in audio.blocks(16000)) == audio.resampled_length == 16000 * 1200\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    out = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert int(out.stdout) < 30_000, "kilobytes grown over 20 minutes of 44.1 kHz stereo (211 MB)"


def test_arrays_at_16_khz_need_no_audio_library() -> None:
    script = (
        "import sys\n"
        "sys.modules['soundfile'] = sys.modules['soxr'] = None\n"
        "import numpy as np\n"
        "from emoface.audio.load import open_audio\n"
        "print(open_audio(np.zeros(320, np.int16), 16000).waveform().shape[0])\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "320"


# ---- bad input


def test_missing_and_unfit_paths(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"audio .*nothing\.wav does not exist"):
        open_audio(tmp_path / "nothing.wav")
    with pytest.raises(IsADirectoryError, match=r"audio .* cannot be read: it is a folder"):
        open_audio(tmp_path)
    empty = tmp_path / "empty.wav"
    empty.touch()
    with pytest.raises(ValueError, match=r"audio .*empty\.wav is an empty file"):
        open_audio(empty)


@pytest.mark.parametrize("content", [b"x", b"not audio at all" * 100, b"RIFF\0\0\0\0WAVE", bytes(5000)])
def test_corrupt_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"voice .*bad\.wav (is not a readable audio file|holds no samples)"):
        open_audio(path, argument="voice")
    with pytest.raises(ValueError, match=r"voice (is not a readable audio file|holds no samples)"):
        open_audio(io.BytesIO(content), argument="voice")


def test_flac_damaged_in_the_middle(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", np.random.default_rng(0).standard_normal(200_000) * 0.1, 16000)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    path.write_bytes(bytes(data))
    with pytest.raises(ValueError, match="not a readable audio file"):
        open_audio(path)


def test_zero_length(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no samples"):
        open_audio(write(tmp_path / "none.wav", np.zeros(0), 16000))
    for shape in [(0,), (0, 2), (2, 0)]:
        with pytest.raises(ValueError, match=r"audio holds no samples: shape"):
            open_audio(np.zeros(shape), 16000)
    with pytest.raises(ValueError, match="no bytes"):
        open_audio(io.BytesIO())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_samples(tmp_path: Path, value: float) -> None:
    samples = np.zeros(100_000, np.float32)
    samples[70_001] = value
    with pytest.raises(ValueError, match=rf"audio must hold finite samples, got {value} at sample 70001"):
        open_audio(samples, 16000)
    with pytest.raises(ValueError, match=rf"a\.wav must hold finite samples, got {value} at sample 70001"):
        open_audio(write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT"))
    with pytest.raises(ValueError, match="finite"):
        open_audio(np.array([1e300, 0.0]), 16000)


@pytest.mark.parametrize("rate", [0, -16000, float("nan"), float("inf"), 3999, 192001])
def test_rates_out_of_range(rate: float) -> None:
    for call in (lambda: open_audio(np.zeros(100), rate), lambda: open_audio((np.zeros(100), rate))):
        with pytest.raises(ValueError, match=r"sample_rate of audio must be in 4000\.\.192000 Hz, got"):
            call()


@pytest.mark.parametrize("rate", ["16000", True, 1j, [16000]])
def test_rates_that_are_no_numbers(rate: object) -> None:
    with pytest.raises(TypeError, match="sample_rate of audio must be a number, got"):
        open_audio(np.zeros(100), rate)  # type: ignore[arg-type]


def test_file_with_a_rate_out_of_range(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.wav must be in 4000\.\.192000 Hz, got 1000"):
        open_audio(write(tmp_path / "a.wav", np.zeros(100), 1000))


def test_rate_missing_or_contradicting() -> None:
    with pytest.raises(TypeError, match="needs sample_rate="):
        open_audio(np.zeros(100))
    with pytest.raises(ValueError, match="has sample_rate 16000 Hz, but sample_rate=8000 was given"):
        open_audio(demo_path(), 8000)
    with pytest.raises(ValueError, match="brings sample_rate 16000, but 8000 was given"):
        open_audio((np.zeros(100), 16000), 8000)
    assert open_audio(demo_path(), 16000).sample_rate == 16000


@pytest.mark.parametrize("dtype", ["complex64", "bool", "object", "U3", "M8[s]"])
def test_element_types_that_are_no_samples(dtype: str) -> None:
    with pytest.raises(TypeError, match="audio must hold integer or float samples, got dtype"):
        open_audio(np.zeros(100, np.dtype(dtype)), 16000)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.bool])
def test_tensor_types_that_are_no_samples(dtype: torch.dtype) -> None:
    with pytest.raises(TypeError, match="audio must hold integer or float samples, got dtype torch"):
        open_audio(torch.zeros(100, dtype=dtype), 16000)


def test_shapes_and_channels_out_of_range(tmp_path: Path) -> None:
    for shape in [(), (2, 3, 4)]:
        with pytest.raises(ValueError, match="audio must be 1-D or 2-D"):
            open_audio(np.zeros(shape), 16000)
    with pytest.raises(ValueError, match="audio must have 1 to 8 channels, got 9"):
        open_audio(np.zeros((100, 9)), 16000)
    with pytest.raises(ValueError, match=r"nine\.wav must have 1 to 8 channels, got 9"):
        open_audio(write(tmp_path / "nine.wav", np.zeros((100, 9)), 16000))


@pytest.mark.parametrize("source", [None, 3, [0.0, 1.0], b"RIFF", object()])
def test_sources_of_a_wrong_type(source: object) -> None:
    with pytest.raises(TypeError, match="audio must be a path, a binary file object"):
        open_audio(source, 16000)


def test_text_file_and_wrong_tuple() -> None:
    with pytest.raises(TypeError, match="binary file object, got one opened in text mode"):
        open_audio(io.StringIO("RIFF"))
    with pytest.raises(ValueError, match=r"\(samples, sample_rate\), got 3 values"):
        open_audio((1, 2, 3))


def test_block_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match="samples_per_block must be at least 1, got 0"):
        next(open_audio(demo_path()).blocks(0))
