"""Adapting to a person at toy size: reading clips, refusals, training, report and command."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

import emoface
from emoface.cli import main
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE
from emoface.face.person_motion import REACH, as_person
from emoface.people import load_adapter, save_adapter
from emoface.training.adapt import AdaptConfig, Person, PersonClip, Split, adapt, read_person
from emoface.training.adapt.report import page
from emoface.training.adapt.stage import manner_of, mixture_of

RATE = 16000
JAW = MOTION_INDEX["jaw_pose_x"]


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint, dtype="float32")


def voice(seconds: float, seed: int) -> np.ndarray:
    """Noise that comes and goes."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.uniform(0, 1, round(5 * seconds)), RATE // 5)
    return (0.1 * loud * rng.standard_normal(len(loud))).astype(np.float32)


def clip(pipeline: emoface.Pipeline, seed: int, seconds: float = 4.0) -> PersonClip:
    """A clip of somebody who opens the mouth a little more than the checkpoint."""
    samples = voice(seconds, seed)
    own = pipeline.animate(samples, sample_rate=RATE, emotion="neutral", blink=False, gaze=False).motion
    motion = np.full((len(own), MOTION_SIZE), np.nan)
    shown = [JAW, MOTION_INDEX["mouthSmileLeft"], MOTION_INDEX["browInnerUp"]]
    motion[:, shown] = 0.9 * own[:, shown].astype(np.float64) + [0.03 * JAW_OPEN_RADIANS, 0.05, 0.02]
    return PersonClip(f"clip{seed}", samples, motion)


@pytest.fixture(scope="module")
def person(pipeline: emoface.Pipeline) -> Person:
    return Person([clip(pipeline, seed) for seed in range(9)])


def write(folder: Path, person: Person) -> None:
    """The clips as recordings and motion beside them."""
    for one in person.clips:
        soundfile.write(folder / f"{one.name}.wav", one.samples, RATE)
        emoface.Animation.from_motion(np.nan_to_num(one.motion)).save(folder / f"{one.name}.npz")


def test_splits(person: Person) -> None:
    split = person.split()
    assert [len(part) for part in (split.training, split.stopping, split.held_out)] == [7, 1, 1]
    few = Person(person.clips[:2]).split()
    assert [len(part) for part in (few.training, few.stopping, few.held_out)] == [2, 2, 2]
    assert len(few.training[0].motion) + len(few.held_out[0].motion) + len(few.stopping[0].motion) == 100
    assert len(few.held_out[0].samples) == len(few.held_out[0].motion) * RATE // FPS


def test_read_person(person: Person, tmp_path: Path) -> None:
    write(tmp_path, Person(person.clips[:2]))
    emoface.Animation.from_motion(np.zeros((50, 56))).save(tmp_path / "alone.npz")
    (tmp_path / "broken.npz").write_bytes(b"no zip")
    soundfile.write(tmp_path / "long.wav", voice(9.0, 1), RATE)
    emoface.Animation.from_motion(np.zeros((50, 56))).save(tmp_path / "long.npz")
    read = read_person(tmp_path)
    assert [one.name for one in read.clips] == ["clip0", "clip1"]
    assert set(read.left_out) == {"alone.npz", "broken.npz", "long"}
    assert "no recording" in read.left_out["alone.npz"] and "9.00 s of sound" in read.left_out["long"]
    known = np.isfinite(read.clips[0].motion).all(0)
    assert known.sum() == 3 and known[JAW], "channels that never move were not captured"
    for folder, kind, said in (
        (tmp_path / "none", FileNotFoundError, "is not a folder"), (3, TypeError, "path of a folder"),
    ):  # fmt: skip
        with pytest.raises(kind, match=said):
            read_person(folder)  # type: ignore[arg-type]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no clip that can be used"):
        read_person(tmp_path / "empty")


def test_films(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emoface.capture import video

    motion = np.random.default_rng(0).uniform(0, 0.1, (50, MOTION_SIZE)).astype(np.float32)
    known, confidence = np.ones(MOTION_SIZE, bool), np.ones(50)
    known[MOTION_INDEX["browInnerUp"]], confidence[10:20] = False, 0
    sound = emoface.audio.load.open_audio(voice(2.0, 0), RATE)

    def capture(path: Path, model: object) -> SimpleNamespace:
        if path.name == "dumb.mp4":
            return SimpleNamespace(animation=emoface.Animation.from_motion(motion))
        if path.name == "wall.mp4":
            raise ValueError(f"path {path} shows no face")
        take = emoface.Animation.from_motion(motion, audio=sound, metadata={"gaps": [[0.0, 0.2, "covered"]]})
        return SimpleNamespace(animation=take, confidence=confidence, known=known)

    monkeypatch.setattr(video, "capture", capture)
    for name in ("me.mp4", "dumb.mp4", "wall.mp4", "notes.txt"):
        (tmp_path / name).touch()
    read = read_person(tmp_path)
    assert [one.name for one in read.clips] == ["me"]
    assert read.left_out["dumb.mp4"] == "it has no sound" and "no face" in read.left_out["wall.mp4"]
    seen = np.isfinite(read.clips[0].motion)
    assert not seen[:5].any() and not seen[10:20].any() and seen[5:10, JAW].all()
    assert not seen[:, MOTION_INDEX["browInnerUp"]].any()


def test_what_is_not_supported(pipeline: emoface.Pipeline, person: Person) -> None:
    def changed(change: object) -> Split:
        clips = [PersonClip(one.name, one.samples, change(one.motion.copy())) for one in person.clips]  # type: ignore
        return Person(clips).split()

    def still(motion: np.ndarray) -> np.ndarray:
        motion[:, JAW] = 0.01
        return motion

    rng = np.random.default_rng(0)

    def unrelated(motion: np.ndarray) -> np.ndarray:
        motion[:, JAW] = rng.uniform(0, 0.2, len(motion))
        return motion

    with pytest.raises(ValueError, match="film more"):
        adapt(pipeline, Person(person.clips[:2]).split())
    with pytest.raises(ValueError, match="a mouth that moves"):
        adapt(pipeline, changed(still))
    with pytest.raises(ValueError, match="a mouth that speaks what is heard"):
        adapt(pipeline, changed(unrelated))
    with pytest.raises(ValueError, match="narrowest must be"):
        AdaptConfig(narrowest=2)


def test_it_comes_nearer_and_says_so(pipeline: emoface.Pipeline, person: Person, tmp_path: Path) -> None:
    told: list[str] = []
    found = adapt(pipeline, person.split(), None, lambda what, share: told.append(what))
    again = adapt(pipeline, person.split())
    assert found.supported and found.adapter.sha256 == again.adapter.sha256, "the same clips give the same adapter"
    assert {"listen", "compare"} <= set(told)
    figures = found.comparison.figures
    assert figures["adapted"]["lips MAE"] < figures["checkpoint"]["lips MAE"]  # type: ignore[operator]
    assert figures["checkpoint"]["head spread"] is None
    assert {name.partition(".")[0] for name in found.adapter.tensors} == {"motion"}, "other voices keep their networks"
    html = page(found, person, "me.safetensors", True)
    assert "nearer" in html and "<svg" in html and "nan" not in html.lower().replace("nance", "")
    saved = save_adapter(tmp_path / "me.safetensors", found.adapter)
    assert load_adapter(tmp_path / "me.safetensors").facts["figures"]["lips_nearer"] == round(found.comparison.gain, 4)
    assert saved.base == pipeline.checkpoint.sha256


def test_a_manner_that_is_known_is_found() -> None:
    rng = np.random.default_rng(0)
    made = rng.uniform(0.02, 0.2, (400, MOTION_SIZE))
    shown = np.full_like(made, np.nan)
    smile, brow = MOTION_INDEX["mouthSmileLeft"], MOTION_INDEX["browInnerUp"]
    shown[:, JAW], shown[:, smile] = 0.6 * made[:, JAW] + 0.01, 1.5 * made[:, smile] - 0.02
    shown[:, brow] = rng.uniform(0.2, 0.4, 400)  # moves by chance
    gain, offset = manner_of(made, shown, AdaptConfig())
    np.testing.assert_allclose(gain[[JAW, smile, brow]], [0.6, 1.5, 1])
    np.testing.assert_allclose(offset[[JAW, smile]], [0.01, -0.02], atol=1e-9)
    assert abs(offset[brow] - 0.19) < 0.03
    unknown = np.isnan(shown).all(0)
    assert (gain[unknown] == 1).all() and (offset[unknown] == 0).all()


def test_what_follows_the_jaw_is_found() -> None:
    """Somebody's smile narrows as the jaw opens; brows, and what speech does not move, drive nothing."""
    rng = np.random.default_rng(0)
    made = rng.uniform(0.02, 0.2, (2000, MOTION_SIZE))
    smile, pucker = MOTION_INDEX["mouthSmileLeft"], MOTION_INDEX["mouthPucker"]
    shown = np.full_like(made, np.nan)
    shown[:, smile] = made[:, smile] - 0.3 * made[:, JAW] + 0.1 * made[:, pucker] + 0.05
    plain = np.ones(MOTION_SIZE), np.zeros(MOTION_SIZE)
    mixture, shift = mixture_of(made, shown, *plain, AdaptConfig(ridge=0.001))
    expected = np.zeros((MOTION_SIZE, MOTION_SIZE))
    expected[smile, [JAW, pucker]] = -0.3, 0.1
    np.testing.assert_allclose(mixture, expected, atol=0.01)
    assert abs(shift[smile] - 0.05) < 0.01
    strong, _ = mixture_of(made, shown, *plain, AdaptConfig(ridge=3.0))
    assert -0.12 < strong[smile, JAW] < -0.02
    motion = torch.from_numpy(made)
    moved = as_person(motion, *(torch.from_numpy(one) for one in (plain[0], shift, mixture)))
    np.testing.assert_allclose(moved[:, smile], shown[:, smile], atol=0.01)
    alone = as_person(motion[:1], *(torch.from_numpy(one) for one in (plain[0], shift, mixture)))
    assert torch.equal(alone, moved[:1])  # the same bits for any number of frames


def test_a_feeling_stays_as_strong_as_it_was() -> None:
    motion = torch.zeros(2, MOTION_SIZE)
    motion[:, MOTION_INDEX["mouthSmileLeft"]] = torch.tensor([REACH, 0.8])
    motion[:, JAW] = torch.tensor([0.1, 0.3])
    mixture = torch.zeros(MOTION_SIZE, MOTION_SIZE)
    moved = as_person(motion, torch.full((MOTION_SIZE,), 0.5), torch.zeros(MOTION_SIZE), mixture)
    assert torch.allclose(motion[:, JAW] / 2, moved[:, JAW])
    lost = (motion - moved)[:, MOTION_INDEX["mouthSmileLeft"]]
    assert torch.allclose(lost, torch.full((2,), REACH / 2)), "no more is lost of a smile than of speech"


def test_command(person: Person, tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    write(clips, person)
    (tmp_path / "quick.json").write_text('{"widest": 1.5}')
    out = tmp_path / "me.safetensors"
    call = ["adapt", str(clips), "-o", str(out), "--checkpoint", str(tiny_checkpoint)]
    code = main([*call, "--config", str(tmp_path / "quick.json")])
    told = capsys.readouterr()
    assert code == 0, told.err
    assert "9 clips, 36 s" in told.out and "% nearer" in told.out and out.with_suffix(".html").is_file()
    wav = str(clips / "clip0.wav")
    take = ["animate", wav, "--checkpoint", str(tiny_checkpoint), "--style-adapter", f"{out}=0.5", "-q"]
    assert main([*take, "-o", str(tmp_path / "take.npz")]) == 0
    assert "me.safetensors" in str(emoface.Animation.load(tmp_path / "take.npz").metadata["style"])
    assert main([*call[:3], str(tmp_path / "me.npz")]) == 2 and "must end in .safetensors" in capsys.readouterr().err
    assert main(["adapt", str(tmp_path / "none")]) == 2 and "is not a folder" in capsys.readouterr().err
