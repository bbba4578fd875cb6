"""The speech stage on a tiny teacher: what it reads, mixes, resumes and refuses."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from emoface.audio.features import MEL_RATE, SAMPLE_RATE
from emoface.training.corpus.sounds import random_music, shaped_noise
from emoface.training.lip_net import load_speech_encoder
from emoface.training.run import load_tensors
from emoface.training.speech import SpeechConfig, train
from emoface.training.speech.stage import SpeechStudent, SpeechWindows, distillation_loss
from emoface.training.speech.teacher import WhisperTeacher, read_encoder
from emoface.training.speech.voices import CHUNK, change_voice, find_recordings, in_chunks, load_voices

WIDTH = 64
SMALL = {"width": 8, "blocks": 1, "deep_width": 8, "deep_blocks": 1}


def teacher_weights(layers: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Random variables of an encoder of one head, named as in a converted Whisper model."""
    rng = np.random.default_rng(seed)

    def of(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float16)

    found = {
        "conv1/weight": of(WIDTH, 80, 3), "conv1/bias": of(WIDTH), "conv2/weight": of(WIDTH, WIDTH, 3),
        "conv2/bias": of(WIDTH), "position_encodings/encodings": of(200, WIDTH),
    }  # fmt: skip
    for i in range(layers):
        for part, size in (("self_attention", 3 * WIDTH), ("ffn", 4 * WIDTH)):
            name = f"layer_{i}/{part}"
            inner = WIDTH if part == "self_attention" else size
            found |= {
                f"{name}/layer_norm/gamma": np.ones(WIDTH, np.float16), f"{name}/layer_norm/beta": of(WIDTH),
                f"{name}/linear_0/weight": of(size, WIDTH), f"{name}/linear_0/bias": of(size),
                f"{name}/linear_1/weight": of(WIDTH, inner), f"{name}/linear_1/bias": of(WIDTH),
            }  # fmt: skip
    return {f"encoder/{name}": values for name, values in found.items()} | {"decoder/bias": of(3)}


def write_model(folder: Path, variables: dict[str, np.ndarray]) -> Path:
    """A file in CTranslate2's format."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    data = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, values in variables.items():
        data += text(name) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        data += struct.pack("<BI", 4, values.nbytes) + values.tobytes()
    folder.mkdir(exist_ok=True)
    (folder / "model.bin").write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher of two layers and two speakers whose voices are buzzes with pauses."""
    folder = tmp_path_factory.mktemp("assets")
    write_model(folder / "teacher", teacher_weights(2))
    rng = np.random.default_rng(1)
    for speaker, pitch in (("anna", 210), ("ben", 110)):
        (folder / speaker).mkdir()
        for number in range(3):
            time = np.arange(int(rng.uniform(2, 7) * SAMPLE_RATE)) / SAMPLE_RATE
            buzz = np.sign(np.sin(2 * np.pi * pitch * time)) * (np.sin(5 * time + number) > 0) * 0.3
            soundfile.write(folder / speaker / f"{number}.wav", buzz, SAMPLE_RATE)
    return folder


def config(**changes: Any) -> SpeechConfig:
    settings: dict[str, Any] = {
        "teacher": "teacher", "layers": [1, 2], "synthetic_minutes": 0.0, "held_out": 20, "steps": 6, "batch": 2,
        "voices": [
            {"name": "anna", "folder": "anna", "repeats": 2}, {"name": "ben", "folder": "ben", "leave_out": ["2.*"]}
        ],
        "model": SMALL, "pieces": 1, "save_every": 3,
    }  # fmt: skip
    return SpeechConfig(**settings | changes)


@pytest.fixture(scope="module")
def run_folder(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    train(config(), out, assets)
    return out


def test_the_stage_writes_an_encoder_and_says_from_what(run_folder: Path) -> None:
    card = json.loads((run_folder / "speech" / "card.json").read_text())
    assert card["steps"] == 6 and len(card["log"]) == 2 and card["recordings"] == 5
    assert set(card["voices_minutes"]) == {"anna", "ben"} and card["recordings_left_out"] == {}
    assert card["figures"]["chunks"] > 0 and card["figures"]["r2"] < 1
    encoder = load_speech_encoder(run_folder)
    assert encoder is not None and encoder(torch.zeros(1, 10, 64)).shape == (1, 10, 8)
    assert load_tensors(run_folder / "speech" / "model.safetensors")[1] == SMALL


def test_a_resumed_run_has_the_same_bits(
    run_folder: Path, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until(stop: int):
        def step(student: SpeechStudent, batch: Any, bfloat16: bool) -> torch.Tensor:
            nonlocal taken
            taken += 1
            if taken > stop:
                raise KeyboardInterrupt
            return distillation_loss(student, batch, bfloat16)

        return step

    taken = 0
    monkeypatch.setattr("emoface.training.speech.stage.distillation_loss", until(4))
    with pytest.raises(KeyboardInterrupt):
        train(config(), tmp_path, assets)
    monkeypatch.undo()
    train(config(teacher="gone"), tmp_path, assets, resume=True)  # what the teacher heard is kept
    model = "speech/model.safetensors"
    assert (tmp_path / model).read_bytes() == (run_folder / model).read_bytes()


def test_an_encoder_teaches_itself(run_folder: Path, assets: Path, tmp_path: Path) -> None:
    model = "speech/model.safetensors"
    own = {"teacher": "", "begin_from": str(run_folder), "learning_rate": 1e-3, "kinds": []}
    train(config(**own), tmp_path, assets)
    begun, found = (load_tensors(folder / model)[0] for folder in (run_folder, tmp_path))
    assert any(not torch.equal(found[name], begun[name]) for name in begun)
    encoder = load_speech_encoder(run_folder)
    assert encoder is not None
    voices = load_voices(tmp_path / "speech")
    windows = SpeechWindows(voices, config(**own, held_out=40))
    chunk = windows.taught[0]
    heard = encoder(windows.clean_mel(chunk)[None])
    torch.testing.assert_close(windows.features(np.array([chunk])), heard.half().float(), atol=2e-3, rtol=0)
    train(config(**own, kept=0.75), tmp_path, assets, resume=True)  # the voices are kept, the training begins anew
    kept = load_tensors(tmp_path / model)[0]
    for name, weights in begun.items():
        torch.testing.assert_close(kept[name], 0.25 * found[name] + 0.75 * weights)
    with pytest.raises(ValueError, match="begin_from must be a run whose encoder has the shape"):
        train(config(**own, model={**SMALL, "width": 4}), tmp_path / "other", assets)
    with pytest.raises(ValueError, match="kept must be at least 0 and below 1, and above 0 with begin_from alone"):
        config(kept=0.5)


@pytest.fixture(scope="module")
def windows(run_folder: Path) -> SpeechWindows:
    return SpeechWindows(load_voices(run_folder / "speech"), config(batch=3, clip=100.0, held_out=40))


def test_windows_depend_on_the_step_and_all_are_finite(windows: SpeechWindows) -> None:
    lengths = set()
    for step in range(30):
        batch = windows.batch(step)
        assert batch.mel.shape[:2] == batch.features.shape[:2] and batch.mel.shape[2] == 64
        assert batch.mel.isfinite().all() and batch.features.isfinite().all()
        lengths.add(batch.mel.shape[1])
    assert len(lengths) > 5 and 150 in lengths and min(lengths) >= 24
    again = SpeechWindows(windows.voices, windows.config).batch(29)
    assert torch.equal(again.mel, batch.mel) and torch.equal(again.features, batch.features)


def test_copies_of_a_recording_are_held_out_together(windows: SpeechWindows) -> None:
    names = np.array(windows.voices.names)
    taught, held_out = (set(names[windows.recording[chunks]]) for chunks in (windows.taught, windows.held_out))
    assert taught and held_out and not taught & held_out


@pytest.mark.parametrize(("sound", "decibels"), [("noise", 20.0), ("babble", 10.0), ("music", 0.0)])
def test_sounds_lie_so_many_decibels_under_the_voice(
    windows: SpeechWindows, monkeypatch: pytest.MonkeyPatch, sound: str, decibels: float
) -> None:
    monkeypatch.setattr(windows, "config", config(decibels=[decibels, decibels]))
    rng = np.random.default_rng(0)
    assert np.mean(windows._sound(sound, 4 * SAMPLE_RATE, rng) ** 2) == pytest.approx(1, rel=0.3)
    recording = int(np.argmax(np.diff(windows.voices.starts)))
    begin, end = windows.voices.starts[recording : recording + 2] * CHUNK
    samples = windows.voices.samples[begin:end].astype(np.float32) / 32767
    loud = np.sqrt(np.mean(samples[np.abs(samples) > 0.05 * np.abs(samples).max()] ** 2))
    level = windows._level(begin, end, rng)
    assert 20 * np.log10(loud / level) == pytest.approx(decibels, abs=3)


def test_features_are_standardised_at_each_place_of_a_chunk(
    windows: SpeechWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = windows.features(np.arange(windows.voices.starts[-1]))
    torch.testing.assert_close(features.mean(0), torch.zeros(150, 2 * WIDTH), atol=0.02, rtol=0)
    torch.testing.assert_close(features.square().mean((0, 1)).sqrt(), torch.ones(2 * WIDTH), atol=0.05, rtol=0)
    monkeypatch.setattr(windows, "config", config(clip=1.0))
    clipped = windows.features(np.arange(2))
    assert torch.equal(clipped, features[:2].clamp(-1, 1)) and (features[:2].abs() > 1).any()


def test_training_learns_and_bfloat16_tells_about_the_same(windows: SpeechWindows) -> None:
    torch.manual_seed(0)
    student = SpeechStudent(SMALL, 2 * WIDTH)
    batch = windows.batch(0)
    before = distillation_loss(student, batch).item()
    assert distillation_loss(student, batch, bfloat16=True).item() == pytest.approx(before, rel=0.02)
    optimizer = torch.optim.AdamW(student.parameters(), 1e-2)
    for _ in range(30):
        optimizer.zero_grad()
        distillation_loss(student, batch, bfloat16=True).backward()
        optimizer.step()
    assert distillation_loss(student, batch).item() < 0.9 * before


def test_the_teacher_hears_every_wanted_layer(assets: Path) -> None:
    audio = torch.from_numpy(shaped_noise(SAMPLE_RATE, np.random.default_rng(0)))[None] * 0.1
    both, second = (WhisperTeacher(assets / "teacher", layers)(audio) for layers in ((1, 2), (2,)))
    assert both.shape == (1, MEL_RATE, 2 * WIDTH)
    torch.testing.assert_close(both[..., WIDTH:], second)
    louder = WhisperTeacher(assets / "teacher", (2,))(3 * audio)
    assert not torch.allclose(louder, second)
    torch.testing.assert_close(WhisperTeacher(assets / "teacher", (2,), bfloat16=True)(audio), second, atol=0.2, rtol=0)


def test_teachers_that_are_none_are_refused(assets: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"teacher must be a folder with model\.bin"):
        train(config(teacher="nowhere"), tmp_path, assets)
    assert not (tmp_path / "speech").exists()
    with pytest.raises(ValueError, match=r"layers must be among the teacher's 1..2, got \(3,\)"):
        WhisperTeacher(assets / "teacher", (3,))
    whole = (assets / "teacher" / "model.bin").read_bytes()
    for data, message in ((whole[:-5], "cut short"), (b"RIFF" * 40, "CTranslate2"), (b"", "cut short")):
        (tmp_path / "model.bin").write_bytes(data)
        with pytest.raises(ValueError, match=message):
            read_encoder(tmp_path / "model.bin")
    write_model(tmp_path, {"decoder/bias": np.zeros(3, np.float16)})
    with pytest.raises(ValueError, match="has no Whisper encoder"):
        WhisperTeacher(tmp_path)


def test_voices_that_are_missing_are_named(assets: Path, tmp_path: Path) -> None:
    found = find_recordings(config().voices, assets)
    assert [(name, path.name) for name, path in found] == [
        *[("anna", f"{i}.wav") for i in (0, 1, 2)] * 2, ("ben", "0.wav"), ("ben", "1.wav")
    ]  # fmt: skip
    with pytest.raises(FileNotFoundError, match="folder of voices 'x' has no recordings"):
        find_recordings([{"name": "x", "folder": "nowhere"}], assets)
    with pytest.raises(ValueError, match="voices need a name and a folder"):
        find_recordings([{"name": "x", "folder": "anna", "share": 2}], assets)
    with pytest.raises(ValueError, match="there are no voices"):
        train(config(voices=[]), tmp_path, assets)


def test_a_damaged_recording_is_left_out_and_counted(assets: Path, tmp_path: Path) -> None:
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "0.wav").write_bytes((assets / "anna" / "0.wav").read_bytes())
    (tmp_path / "voices" / "1.wav").write_bytes(b"RIFF")
    voices = [{"name": "mine", "folder": str(tmp_path / "voices")}]
    with pytest.warns(UserWarning, match=r"left out: .*1\.wav"):
        train(config(voices=voices, held_out=0, steps=1), tmp_path / "run", assets)
    card = json.loads((tmp_path / "run" / "speech" / "card.json").read_text())
    assert card["recordings_left_out"] == {"damaged": 1} and card["figures"] == {}


def test_settings_out_of_range_are_refused() -> None:
    for changes, message in (
        ({"sounds": {"rain": 1.0}}, "sounds must give shares"), ({"sounds": {"clean": 0.0}}, "sounds must give shares"),
        ({"held_out": 100}, "held_out must be in 0..99"), ({"shortest": 0}, "shortest must be in 1..75"),
        ({"decibels": [9.0]}, "decibels must be a lowest"),
        ({"minutes": -1.0}, "minutes must be at least 0"), ({"pieces": 0}, "pieces must be at least 1"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            config(**changes)


def test_changed_voices_keep_the_words_and_chunks_the_sound() -> None:
    rng = np.random.default_rng(4)
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    samples = (0.5 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
    for _ in range(5):
        changed = change_voice(samples, rng)
        speed = len(samples) / len(changed)
        assert 0.84 < speed < 1.21 and 0.09 < np.abs(changed).max() < 1
        peak = np.abs(np.fft.rfft(changed)).argmax() * SAMPLE_RATE / len(changed)
        assert peak == pytest.approx(300 * speed, rel=0.01)  # pitch goes with speed
    chunks = in_chunks(samples, rng)
    assert chunks.shape == (1, CHUNK) and (chunks != 0).mean() > 0.9
    short = in_chunks(samples[: SAMPLE_RATE // 2], rng)
    assert short.shape == (1, CHUNK)
    np.testing.assert_array_equal(np.trim_zeros(short[0])[1:100], np.round(samples * 32767)[2:101].astype(np.int16))


@pytest.mark.parametrize("seed", range(4))
def test_music_and_noise_are_of_unit_level_and_differ(seed: int) -> None:
    first, second = (random_music(2.5, np.random.default_rng((seed, i))) for i in range(2))
    for sound in (first, second, shaped_noise(40000, np.random.default_rng(seed))):
        assert sound.dtype == np.float32 and sound.shape == (40000,) and np.isfinite(sound).all()
        assert np.mean(sound**2) == pytest.approx(1, rel=1e-3)
    assert np.corrcoef(first, second)[0, 1] < 0.9
