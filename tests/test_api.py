"""The one-call API: bad input is refused with a clear message before anything is computed."""

from __future__ import annotations

import inspect
import json
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import emoface
from emoface.checkpoints import DEFAULT, load_checkpoint, save_checkpoint
from emoface.emotion import resolve

RATE = 16000


def tone(seconds: float = 0.5) -> np.ndarray:
    return np.sin(np.arange(round(seconds * RATE)) * 0.1).astype(np.float32)


def animate(checkpoint: Path, audio: Any = None, **options: Any) -> Any:
    """Animate half a second, or ``audio``; any progress is a failure of the test."""
    options = {"sample_rate": RATE, **options} if isinstance(audio, np.ndarray) or audio is None else options

    def progress(_: float) -> None:
        raise AssertionError("work had begun")

    return emoface.animate(tone() if audio is None else audio, checkpoint=checkpoint, progress=progress, **options)


# ---- the call itself


def test_same_as_the_pipeline(tiny_checkpoint: Path) -> None:
    ours = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    theirs = emoface.load(tiny_checkpoint).animate(tone(), sample_rate=RATE, emotion="happy")
    assert ours.motion.tobytes() == theirs.motion.tobytes()
    assert ours.metadata["checkpoint"] == load_checkpoint(tiny_checkpoint).sha256


def test_checkpoint_path_may_be_text(tiny_checkpoint: Path) -> None:
    assert len(emoface.animate(tone(), sample_rate=RATE, emotion="sad", checkpoint=str(tiny_checkpoint))) == 12


def test_every_argument_is_documented_and_keyword_only() -> None:
    parameters = dict(inspect.signature(emoface.animate).parameters)
    parameters.pop("audio")
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters.values())
    for name in parameters:
        assert name in (inspect.getdoc(emoface.animate) or ""), name


def test_numpy_numbers_are_numbers(tiny_checkpoint: Path) -> None:
    options: dict[str, Any] = {"seed": 3, "steps": 2, "intensity": 1.5, "fps": 30}
    plain = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint, **options)
    options = {"seed": np.int64(3), "steps": np.int32(2), "intensity": np.float32(1.5), "fps": np.float64(30)}
    numpy = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint, **options)
    assert plain.motion.tobytes() == numpy.motion.tobytes()
    json.dumps(numpy.metadata)


# ---- emotions


BAD_EMOTIONS: dict[str, tuple[Any, type[Exception], str]] = {
    "unknown label": ("hapy", ValueError, "emotion 'hapy' is not known.*neutral, happy.*contempt"),
    "unknown label with level": (("hapy", 2), ValueError, "'hapy' is not known"),
    "level too high": (("happy", 4), ValueError, r"level must be in 0\.\.3.*got 4"),
    "level below 0": (("happy", -1), ValueError, r"level must be in 0\.\.3.*got -1"),
    "level not finite": (("happy", float("nan")), ValueError, "level.*got nan"),
    "level a word": (("happy", "much"), TypeError, "level must be a number.*str"),
    "label of three": (("happy", 1, 2), TypeError, "happy"),
    "empty text": ("", ValueError, "emotion must be .*empty"),
    "blank text": ("   ", ValueError, "emotion must be .*empty"),
    "10k characters": ("so sad " * 1500, ValueError, "at most 2000 characters, got 10500"),
    "empty mixture": ({}, ValueError, "at least one of neutral, happy"),
    "unknown in mixture": ({"hapy": 1.0}, ValueError, "'hapy' is not known"),
    "negative weight": ({"happy": -0.5}, ValueError, "weight of 'happy'.*at least 0 and finite, got -0.5"),
    "weight a word": ({"happy": "much"}, TypeError, "weight of 'happy' must be a number, got str"),
    "empty timeline": ([], ValueError, "timeline must hold at least one"),
    "unordered times": ([(0, "sad"), (2, "happy"), (1, "sad")], ValueError, "times must rise, got 1 after 2"),
    "equal times": ([(0, "sad"), (1, "happy"), (1, "sad")], ValueError, "times must rise, got 1 after 1"),
    "negative time": ([(-1, "sad")], ValueError, "timeline entry 0 must be at least 0 and finite, got -1"),
    "endless time": ([(0, "sad"), (float("inf"), "happy")], ValueError, "finite.*got inf"),
    "no pairs": (["sad", "happy"], TypeError, r"entry 0 must be \(seconds, emotion\), got 'sad'"),
    "time a word": ([("now", "sad")], TypeError, "seconds of emotion timeline entry 0 must be a number, got str"),
    "unknown in timeline": ([(0, "sad"), (1, "hapy")], ValueError, "'hapy' is not known"),
    "nested timeline": ([(0, [(0, "sad")])], TypeError, "entry 0 must name an emotion"),
    "number": (3, TypeError, "emotion must be a label.*got int"),
    "embedding of another width": (torch.ones(3), ValueError, r"finite z \(8,\), got \(3,\)"),
    "empty embedding": (torch.zeros(8), ValueError, "finite z"),
}


@pytest.mark.parametrize("case", BAD_EMOTIONS)
def test_bad_emotions(tiny_checkpoint: Path, case: str) -> None:
    emotion, error, message = BAD_EMOTIONS[case]
    with pytest.raises(error, match=message):
        animate(tiny_checkpoint, emotion=emotion)


def test_bad_references(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="from_audio source"):
        emoface.from_audio(tmp_path / "none.wav")
    with pytest.raises(FileNotFoundError):
        emoface.from_motion(tmp_path / "none.npz")
    with pytest.raises(ValueError, match=r"\(T, 56\).*\(0, 53\)"):
        emoface.from_motion(np.zeros((0, 53), np.float32))
    with pytest.raises(ValueError, match="suffix"):
        emoface.from_motion(tmp_path / "take.mov")


def test_motion_of_another_width(tiny_checkpoint: Path) -> None:
    with pytest.raises(ValueError, match=r"motion must have shape \(\.\.\., 56\), got \(5, 52\)"):
        animate(tiny_checkpoint, emotion=emoface.from_motion(np.zeros((5, 52), np.float32)))


# ---- numbers


BAD_NUMBERS: list[tuple[str, Any, type[Exception], str]] = [
    ("intensity", -0.1, ValueError, r"intensity must be in 0\.\.2, got -0.1"),
    ("intensity", 2.5, ValueError, r"intensity must be in 0\.\.2, got 2.5"),
    ("intensity", float("nan"), ValueError, "intensity must be in"),
    ("intensity", "1", TypeError, "intensity must be a number, got str"),
    ("guidance", -1, ValueError, r"guidance must be in 0\.\.4, got -1"),
    ("guidance", 4.5, ValueError, r"guidance must be in 0\.\.4, got 4.5"),
    ("guidance", True, TypeError, "guidance must be a number, got bool"),
    ("steps", 0, ValueError, r"steps must be in 1\.\.500, got 0"),
    ("steps", 501, ValueError, r"steps must be in 1\.\.500, got 501"),
    ("steps", 4.0, TypeError, "steps must be an integer, got float"),
    ("num_samples", 0, ValueError, r"num_samples must be in 1\.\.64, got 0"),
    ("num_samples", 65, ValueError, r"num_samples must be in 1\.\.64, got 65"),
    ("seed", -1, ValueError, "seed must be in 0"),
    ("seed", 2**31, ValueError, "seed must be in 0"),
    ("seed", 1.5, TypeError, "seed must be an integer, got float"),
    ("fps", 0, ValueError, r"fps must be in 1\.\.240, got 0"),
    ("fps", 241, ValueError, r"fps must be in 1\.\.240, got 241"),
    ("fps", "fast", ValueError, "fps must be a number or a fraction such as 30000/1001, got 'fast'"),
    ("fps", None, TypeError, "fps must be a number, got NoneType"),
    ("style", "painter", ValueError, "style must be artist, person, rule, a speaker's motion or voice, or an adapter"),
    ("style", 1, TypeError, "style must be 'artist', 'person', 'rule', emoface.from_motion"),
    ("dtype", "float64", ValueError, "dtype must be one of auto, float32, bfloat16, int8, got 'float64'"),
    ("device", "gpu", ValueError, "device must be 'cpu', 'cuda'.*'gpu'"),
    ("device", "mps", ValueError, "device must be 'cpu', 'cuda'.*'mps'"),
    ("device", 0, TypeError, "device must be a string.*int"),
    ("blink", "no", TypeError, "blink must be True or False, got 'no'"),
    ("gaze", 1, TypeError, "gaze must be True or False, got 1"),
    ("progress", "bar", TypeError, "progress must be callable"),
]


@pytest.mark.parametrize(("name", "value", "error", "message"), BAD_NUMBERS)
def test_bad_numbers(tiny_checkpoint: Path, name: str, value: Any, error: type[Exception], message: str) -> None:
    options = {"sample_rate": RATE, "emotion": "happy", "checkpoint": tiny_checkpoint, name: value}
    with pytest.raises(error, match=message):
        emoface.animate(tone(), **options)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_cuda_where_there_is_none(tiny_checkpoint: Path, device: str) -> None:
    with pytest.raises(ValueError, match=f"'{device}' was asked for, but this machine has no usable CUDA GPU"):
        animate(tiny_checkpoint, emotion="happy", device=device)


def test_auto_device_falls_back_to_the_cpu(tiny_checkpoint: Path) -> None:
    assert len(emoface.animate(tone(), sample_rate=RATE, emotion="sad", checkpoint=tiny_checkpoint, device="auto"))


# ---- audio


def test_bad_audio(tiny_checkpoint: Path, tmp_path: Path) -> None:
    empty, text, cut = (tmp_path / name for name in ("empty.wav", "text.wav", "cut.wav"))
    empty.touch()
    text.write_text("this is no sound")
    cut.write_bytes(b"RIFF\x24\x00\x00\x00WAVE")
    cases: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
        (tmp_path / "none.wav", {}, FileNotFoundError, "audio .*none.wav does not exist"),
        (tmp_path, {}, IsADirectoryError, "cannot be read: it is a folder"),
        (empty, {}, ValueError, "empty file"),
        (text, {}, ValueError, "not a readable audio file"),
        (cut, {}, ValueError, "audio .*cut.wav"),
        (np.zeros(0, np.float32), {}, ValueError, "no samples"),
        (np.array([0.0, np.nan] * 800, np.float32), {}, ValueError, "finite samples, got nan at sample 1"),
        (np.array([0.0, np.inf] * 800, np.float32), {}, ValueError, "finite samples, got inf"),
        (np.zeros(1, np.float32), {}, ValueError, "longer than half a frame, got 1 samples"),
        (np.zeros(320, np.float32), {}, ValueError, "longer than half a frame, got 320 samples"),
        (np.zeros((2000, 9), np.float32), {}, ValueError, "1 to 8 channels, got 9"),
        (tone(), {"sample_rate": 1000}, ValueError, r"sample_rate.*4000\.\.192000 Hz, got 1000"),
        (tone(), {"sample_rate": None}, TypeError, "needs sample_rate="),
        (tone().astype(complex), {}, TypeError, "complex"),
        (7, {}, TypeError, "audio must be a path.*got int"),
    ]
    for audio, options, error, message in cases:
        with pytest.raises(error, match=message):
            animate(tiny_checkpoint, audio, emotion="happy", **options)


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "int64", "float16", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_sample_types_and_channels(tiny_checkpoint: Path, kind: str, channels: int) -> None:
    noise = 0.3 * np.random.default_rng(0).standard_normal(RATE // 2).clip(-3, 3).astype(np.float32)
    wave = np.repeat(noise[:, None], channels, 1)
    if kind.startswith("f"):
        samples = wave.astype(kind)
    else:
        half = 2.0 ** (np.dtype(kind).itemsize * 8 - 1)
        samples = (wave * (half - 1) + (half if kind == "uint8" else 0)).astype(kind)
    found = emoface.animate(samples, sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    expected = emoface.animate(noise, sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    np.testing.assert_allclose(found.motion, expected.motion, atol=0.05 if kind in ("uint8", "float16") else 0.01)


# ---- checkpoints


def test_no_default_checkpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("emoface.checkpoints.DEFAULT", tmp_path / "default.safetensors")
    with pytest.raises(FileNotFoundError, match="installed without its default checkpoint"):
        emoface.load()


def test_checkpoint_of_the_wrong_kind(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.safetensors cannot be read: no such file"):
        emoface.load(tmp_path / "none.safetensors")
    with pytest.raises(TypeError, match=r"checkpoint must be a path.*got int"):
        emoface.load(3)  # type: ignore[arg-type]
    (tmp_path / "text").write_text("no weights")
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        emoface.load(tmp_path / "text")
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign")
    with pytest.raises(ValueError, match="not an emoface checkpoint"):
        emoface.load(tmp_path / "foreign")


@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_truncated_checkpoint(tiny_checkpoint: Path, tmp_path: Path, share: float) -> None:
    content = tiny_checkpoint.read_bytes()
    (tmp_path / "cut").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="cut is not a complete safetensors file"):
        emoface.load(tmp_path / "cut")


def test_tampered_weight(tiny_checkpoint: Path, tmp_path: Path) -> None:
    content = bytearray(tiny_checkpoint.read_bytes())
    content[-3] ^= 1
    (tmp_path / "changed").write_bytes(content)
    with pytest.raises(ValueError, match="was changed: SHA-256"):
        emoface.load(tmp_path / "changed")


def test_tampered_config(tiny_checkpoint: Path, tmp_path: Path) -> None:
    content = tiny_checkpoint.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = content[8 : 8 + size].replace(rb"\"steps\": 4", rb"\"steps\": 9").replace(rb"\"fps\": 25", rb"\"fps\": 26")
    assert header != content[8 : 8 + size]
    (tmp_path / "changed").write_bytes(content[:8] + header + content[8 + size :])
    with pytest.raises(ValueError, match="was changed: SHA-256"):
        emoface.load(tmp_path / "changed")


WRONG_CONFIGS: dict[str, tuple[str, str, Any, str]] = {
    "other layout": ("layout", "names", ["a", "b"], "layout"),
    "other fps": ("layout", "fps", 30, "layout"),
    "other width": ("denoiser", "channels", 32, "size mismatch"),
    "unknown field": ("denoiser", "colour", "red", "colour"),
    "unknown sampling": ("sampling", "hops", 3, "hops"),
    "unknown sampler": ("sampling", "sampler", "magic", "sampler.*magic"),
    "impossible steps": ("sampling", "steps", 0, "steps"),
    "other emotions": ("emotion", "emotions", ["happy"], "emotions"),
    "unknown encoder": ("audio", "kind", "ears", "kind must be 'mel', 'heard' or 'hubert', got 'ears'"),
    "missing speech encoder": ("audio", "kind", "heard", "reads a speech encoder, and holds none"),
}


@pytest.mark.parametrize("case", WRONG_CONFIGS)
def test_wrong_config(tiny_checkpoint: Path, tmp_path: Path, case: str) -> None:
    part, name, value, message = WRONG_CONFIGS[case]
    content = load_checkpoint(tiny_checkpoint)
    content.config[part][name] = value
    save_checkpoint(tmp_path / "wrong.safetensors", content.tensors, content.config)
    with pytest.raises(ValueError, match=f"checkpoint .*config does not fit.*{message}"):
        emoface.load(tmp_path / "wrong.safetensors")


@pytest.mark.parametrize("part", ["layout", "sampling", "audio", "lips", "denoiser", "emotion"])
def test_config_without_a_part(tiny_checkpoint: Path, tmp_path: Path, part: str) -> None:
    content = load_checkpoint(tiny_checkpoint)
    del content.config[part]
    save_checkpoint(tmp_path / "wrong.safetensors", content.tensors, content.config)
    with pytest.raises(ValueError, match=f"checkpoint .*config does not fit.*'{part}'"):
        emoface.load(tmp_path / "wrong.safetensors")


def test_missing_tensor(tiny_checkpoint: Path, tmp_path: Path) -> None:
    content = load_checkpoint(tiny_checkpoint)
    for name in ("motion.mean", "denoiser.leave.weight", "emotion.label.adapter.weight"):
        fewer = {key: value for key, value in content.tensors.items() if key != name}
        save_checkpoint(tmp_path / "wrong.safetensors", fewer, content.config)
        with pytest.raises(ValueError, match=r"checkpoint .*config does not fit"):
            emoface.load(tmp_path / "wrong.safetensors")


def test_half_precision_weights_are_read(tiny_checkpoint: Path, tmp_path: Path) -> None:
    content = load_checkpoint(tiny_checkpoint)
    halved = {name: t.half() if t.dtype == torch.float32 else t for name, t in content.tensors.items()}
    save_checkpoint(tmp_path / "half.safetensors", halved, content.config)
    with safe_open(tmp_path / "half.safetensors", "pt") as file:
        assert file.get_tensor("denoiser.leave.weight").dtype == torch.float16
    ours = emoface.load(tmp_path / "half.safetensors").animate(tone(), sample_rate=RATE, emotion="happy")
    full = emoface.load(tiny_checkpoint).animate(tone(), sample_rate=RATE, emotion="happy")
    np.testing.assert_allclose(ours.motion, full.motion, atol=0.02)


def test_a_checkpoint_written_anew_is_read_anew(tiny_checkpoint: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    content = load_checkpoint(tiny_checkpoint)
    save_checkpoint(path, content.tensors, content.config)
    before = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=path)
    content.tensors["motion.mean"] += 0.1
    save_checkpoint(path, content.tensors, content.config)
    after = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=path)
    assert before.motion.tobytes() != after.motion.tobytes()


# ---- output


@pytest.mark.parametrize("name", ["take.mov", "take", "take.npz.zip"])
def test_unknown_suffix(tiny_checkpoint: Path, tmp_path: Path, name: str) -> None:
    take = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    with pytest.raises(ValueError, match=r"suffix.*\.npz"):
        take.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".json"])
def test_unwritable_output(tiny_checkpoint: Path, tmp_path: Path, suffix: str) -> None:
    take = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        take.save(tmp_path / "none" / f"take{suffix}")
    (tmp_path / f"take{suffix}").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        take.save(tmp_path / f"take{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"take{suffix}"]


@pytest.mark.parametrize("suffix", [".npz", ".csv", ".json"])
def test_nothing_half_written(
    tiny_checkpoint: Path, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint)
    path = tmp_path / f"take{suffix}"
    take.save(path)
    before = path.read_bytes()

    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        take.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_saved_takes_come_back(tiny_checkpoint: Path, tmp_path: Path, suffix: str) -> None:
    take = emoface.animate(tone(), sample_rate=RATE, emotion=("sad", 2), checkpoint=tiny_checkpoint)
    back = emoface.Animation.load(take.save(tmp_path / f"take{suffix}"), **({"fps": 60} if suffix == ".csv" else {}))
    saved = take.resample(60) if suffix == ".csv" else take
    np.testing.assert_allclose(back.arkit()[: len(saved)], saved.arkit(), atol=1e-4)


@pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
def test_default_checkpoint_is_intact_and_small() -> None:
    assert load_checkpoint().config["format"] and DEFAULT.stat().st_size < 25e6


def test_good_calls_do_not_warn(tiny_checkpoint: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        emoface.animate(tone(), sample_rate=RATE, emotion="happy", checkpoint=tiny_checkpoint, intensity=1.5)


def test_numbers_of_numpy_are_numbers(tiny_checkpoint: Path) -> None:
    """Levels, weights and times may come out of numpy arrays."""
    space = emoface.load(tiny_checkpoint).emotion
    assert torch.equal(space.encode(label=("sad", np.int64(2))), space.encode(label=("sad", 2)))
    assert torch.equal(space.mix({"sad": np.float32(0.5)}), space.mix({"sad": 0.5}))
    keyframes = resolve([(np.int64(0), "sad"), (np.float32(1.5), "happy")], space).keyframes
    assert keyframes is not None and keyframes[1].time == 1.5


def test_a_checkpoint_on_other_features_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Pipeline computes log-mels; a content encoder trained on HuBERT must not be fed with them."""
    known = load_checkpoint(tiny_checkpoint)
    config = {**known.config, "audio": {**known.config["audio"], "kind": "hubert"}}
    save_checkpoint(tmp_path / "hubert.safetensors", known.tensors, config)
    with pytest.raises(ValueError, match="was trained on HuBERT's features"):
        emoface.load(tmp_path / "hubert.safetensors")
