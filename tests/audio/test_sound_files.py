"""Files that are cut short, streamed, no files, or containers that libsndfile does not read."""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from emoface.audio.containers import find_container
from emoface.audio.load import open_audio
from emoface.audio.sound_files import ogg_is_cut, read_claim

RATE = 16000


def voice(seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    rng = np.random.default_rng(0)
    time = np.arange(int(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 220 * time) * np.sin(2 * np.pi * 2 * time) ** 2
            + 0.01 * rng.standard_normal(len(time))).astype(np.float32)  # fmt: skip


def encoded(container: str, subtype: str | None = None) -> bytes:
    target = io.BytesIO()
    soundfile.write(target, voice(), RATE, format=container, subtype=subtype)
    return target.getvalue()


def quietly(source: object) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return open_audio(source).waveform().numpy()


# ---- streamed headers


@pytest.mark.parametrize("sizes", [(0, 0), (36, 0), (0xFFFFFFFF, 0xFFFFFFFF), (0x7FFFF024, 0x7FFFF000)])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_streamed_wav_is_read_to_its_end(tmp_path: Path, sizes: tuple[int, int], subtype: str) -> None:
    data = bytearray(encoded("WAV", subtype))
    place = data.index(b"data")
    data[4:8], data[place + 4 : place + 8] = (struct.pack("<I", size) for size in sizes)
    path = tmp_path / "streamed.wav"
    path.write_bytes(bytes(data))
    for source in (path, io.BytesIO(bytes(data))):
        np.testing.assert_array_equal(quietly(source), quietly(io.BytesIO(encoded("WAV", subtype))))


def test_a_wav_that_holds_tags_but_no_samples_is_empty(tmp_path: Path) -> None:
    tags = b"LIST" + struct.pack("<I", 12) + b"INFOISFT\0\0\0\0"
    data = encoded("WAV", "PCM_16")
    head = data[: data.index(b"data")] + b"data" + struct.pack("<I", 0) + tags
    path = tmp_path / "tags.wav"
    path.write_bytes(head[:4] + struct.pack("<I", len(head) - 8) + head[8:])
    with pytest.raises(ValueError, match=r"tags\.wav holds no samples"):
        open_audio(path)


# ---- files cut short


@pytest.mark.parametrize("container", ["WAV", "AIFF", "W64", "RF64", "AU", "FLAC", "MP3"])
def test_a_file_cut_short_says_how_much_is_missing(tmp_path: Path, container: str) -> None:
    data = encoded(container)
    path = tmp_path / f"cut.{container.lower()}"
    path.write_bytes(data[: len(data) // 2])
    told = rf"audio .*{path.name} is cut short: ([\d.]+) of ([\d.]+) s are missing"
    with pytest.warns(UserWarning, match=told) as caught:
        audio = open_audio(path)
    missing, whole = map(float, re.search(told, str(caught[0].message)).groups())
    assert len(caught) == 1 and whole == pytest.approx(3, abs=0.12)
    assert audio.duration == pytest.approx(whole - missing, abs=0.02) and 0.8 < audio.duration < 2.2
    assert len(audio.waveform()) == audio.resampled_length
    lossless = container != "MP3"
    if lossless:
        np.testing.assert_allclose(audio.waveform().numpy(), voice()[: audio.num_samples], atol=1e-4)


def test_a_cut_ogg_says_that_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "cut.ogg"
    soundfile.write(path, np.tile(voice(), 4), RATE)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert ogg_is_cut(path)
    with pytest.warns(UserWarning, match=r"cut\.ogg is cut short, by how much it does not tell; [\d.]+ s are read"):
        assert 2 < open_audio(path).duration < 11


@pytest.mark.parametrize("container", ["WAV", "AIFF", "W64", "RF64", "AU", "FLAC", "MP3", "OGG", "CAF"])
def test_whole_files_do_not_warn(tmp_path: Path, container: str) -> None:
    path = tmp_path / "whole.bin"
    path.write_bytes(encoded(container) + (b"" if container in ("OGG", "CAF", "FLAC") else b"after the sound"))
    assert len(quietly(path)) == pytest.approx(3 * RATE, abs=2000)
    assert not ogg_is_cut(path)


@pytest.mark.parametrize("length", [0, 1, 3, 11, 12, 20])
@pytest.mark.parametrize("container", ["WAV", "AIFF", "W64", "RF64", "AU", "FLAC", "OGG"])
def test_headers_cut_anywhere_are_refused(tmp_path: Path, container: str, length: int) -> None:
    path = tmp_path / "head"
    path.write_bytes(encoded(container)[:length])
    read_claim(path)
    with pytest.raises(ValueError, match=r"head (is an empty file|is not a readable audio file|holds no samples)"):
        open_audio(path)


def test_chunks_that_lead_nowhere_end(tmp_path: Path) -> None:
    for beginning in (b"RIFF\0\0\0\0WAVE", b"FORM\0\0\0\0AIFF", b"riff" + bytes(36)):
        path = tmp_path / "loop"
        path.write_bytes(beginning + b"junk" + bytes(4) + bytes(100_000))
        assert read_claim(path) is None
    path.write_bytes(b"riff" + bytes(36) + b"junk" + b"\xff" * 20 + bytes(100))  # a chunk of 2^64 bytes
    assert read_claim(path) is None


# ---- containers


def in_container(tmp_path: Path, name: str, *options: str) -> Path:
    """A recording of 3 s, 44.1 kHz stereo, in a container that libsndfile does not read."""
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    wav = tmp_path / "source.wav"
    soundfile.write(wav, np.stack([voice(3, 44100)] * 2, 1), 44100)
    path = tmp_path / name
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", wav, *options, path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("suffix", ["m4a", "mp4", "mov", "webm", "mkv", "wma", "aac", "avi", "flv", "ac3"])
def test_containers_are_decoded(tmp_path: Path, suffix: str) -> None:
    path = in_container(tmp_path, f"a.{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        audio = open_audio(path)
        streamed = open_audio(io.BytesIO(path.read_bytes()))
    assert audio.name == path.name and audio.num_samples == streamed.num_samples
    assert audio.duration == pytest.approx(3, abs=0.15)
    heard = audio.waveform()
    assert torch.equal(heard, audio.waveform()) and torch.equal(heard, streamed.waveform())
    clean = torch.from_numpy(open_audio((voice(3, 44100), 44100)).waveform().numpy())
    match = torch.nn.functional.conv1d(heard[None, None], clean[None, None, 4000:40000])[0, 0]
    best = float(match.max() / (clean[4000:40000].norm() * heard[int(match.argmax()) :][:36000].norm()))
    assert best > 0.95 and abs(int(match.argmax()) - 4000) < 1700


def test_names_that_look_like_options_or_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = in_container(tmp_path, "a.m4a").read_bytes()
    monkeypatch.chdir(tmp_path)
    for name in ("-i.m4a", "http:a.m4a", os.fsdecode(b"gr\xfc\xdf.m4a")):
        Path(name).write_bytes(data)
        assert open_audio(name).duration == pytest.approx(3, abs=0.15)


def test_a_cut_container_says_how_much_is_missing(tmp_path: Path) -> None:
    path = in_container(tmp_path, "cut.m4a", "-movflags", "+faststart")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(UserWarning, match=r"cut\.m4a is cut short: 1\.\d+ of 3\.\d+ s are missing"):
        assert 1 < open_audio(path).duration < 2


def test_containers_without_sound_or_damaged(tmp_path: Path) -> None:
    silent = in_container(tmp_path, "a.mp4")
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    picture = ["-f", "lavfi", "-i", "color=black:s=16x16:d=0.2"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *picture, "-y", silent]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with pytest.raises(ValueError, match=r"voice .*a\.mp4 is not a readable audio file: .*holds no sound"):
        open_audio(silent, argument="voice")
    for head in (b"\0\0\0\x20ftypM4A \0\0\0\0" + bytes(500), b"\x1aE\xdf\xa3" + bytes(500)):
        (tmp_path / "bad").write_bytes(head)
        with pytest.raises(ValueError, match="bad is not a readable audio file"):
            open_audio(tmp_path / "bad")


def test_playlists_are_not_handed_to_ffmpeg(tmp_path: Path) -> None:
    for text in (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n", b"ffconcat version 1.0\nfile a.wav\n"):
        assert find_container(text[:16]) is None
        (tmp_path / "list.m3u8").write_bytes(text)
        with pytest.raises(ValueError, match=r"not a readable audio file.*m4a.*ffmpeg -i FILE speech\.wav"):
            open_audio(tmp_path / "list.m3u8")


def test_without_the_extra_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = in_container(tmp_path, "a.m4a")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    told = r"a\.m4a is an MPEG-4 file.*webm.*emoface\[video\].*ffmpeg -i FILE speech\.wav"
    with pytest.raises(ImportError, match=told):
        open_audio(path)


# ---- what is no file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"audio .*pipe cannot be read: it is not a regular file"):
        open_audio(tmp_path / "pipe")
    with pytest.raises(OSError, match="audio /dev/null cannot be read: it is not a regular file"):
        open_audio("/dev/null")


def test_files_that_may_not_be_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.wav"
    path.write_bytes(encoded("WAV"))
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything

        def refused(*_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("os.open", refused)
    with pytest.raises(PermissionError, match=r"audio .*secret\.wav cannot be read: Permission denied"):
        open_audio(path)


def test_paths_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"audio 'a\\x00b\.wav' cannot be read"):
        open_audio("a\0b.wav")
    with pytest.raises(OSError, match=r"audio x{300}\.wav cannot be read: File name too long"):
        open_audio("x" * 300 + ".wav")
    file = tmp_path / "a.wav"
    file.write_bytes(encoded("WAV"))
    with pytest.raises(NotADirectoryError, match=r"audio .*a\.wav/b\.wav cannot be read"):
        open_audio(file / "b.wav")


def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/gr\xfc\xdf.wav"
    with open(path, "wb") as file:
        file.write(encoded("WAV"))
    assert open_audio(os.fsdecode(path)).num_samples == 3 * RATE
    with pytest.raises(FileNotFoundError, match="does not exist"):
        open_audio(os.fsdecode(path) + "x")


# ---- arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_amplitudes_beyond_any_scale_are_named(dtype: type, tmp_path: Path) -> None:
    samples = np.zeros(70_000, dtype)
    samples[69_000] = -1e19
    with pytest.raises(ValueError, match=r"audio must hold finite samples of at most .*got 1e\+19 at sample 69000"):
        open_audio(samples, RATE)
    with pytest.raises(ValueError, match="at sample 69000"):
        open_audio(np.stack([samples, -samples], 1), RATE)
    with pytest.raises(ValueError, match=r"a\.wav must hold finite samples of at most"):
        soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
        open_audio(tmp_path / "a.wav")
    assert open_audio(np.full(100, 32767.0, dtype), RATE).num_samples == 100


@pytest.mark.filterwarnings("ignore:Sparse CSR|torch.quantize:UserWarning")
def test_tensors_without_dense_samples_are_named() -> None:
    for tensor in (torch.zeros(100).to_sparse(), torch.zeros(10, 10).to_sparse_csr()):
        with pytest.raises(TypeError, match=r"audio must be a dense tensor, got a tensor that is torch\.sparse"):
            open_audio(tensor, RATE)
    with pytest.raises(TypeError, match="that is quantized"):
        open_audio(torch.quantize_per_tensor(torch.zeros(10), 0.1, 0, torch.qint8), RATE)
    with pytest.raises(ValueError, match="audio must hold samples, got a tensor on the device 'meta'"):
        open_audio(torch.zeros(100, device="meta"), RATE)
    values = torch.linspace(-0.5, 0.5, 1000).to(torch.float8_e4m3fn)
    assert torch.equal(open_audio(values, RATE).waveform(), values.float())
