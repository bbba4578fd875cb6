"""Readers of real recordings and of users' takes, on files written here in each layout."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emoface.face.layout import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    FACE_SIZE,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_SIZE,
    arkit_to_motion,
    lip_gap,
)
from emoface.training.corpus.adapters import ADAPTERS
from emoface.training.corpus.adapters.emodb import lablaut_visemes, read_lablaut
from emoface.training.corpus.adapters.flame import load_take
from emoface.training.corpus.adapters.mead import Told, told_by_name
from emoface.training.corpus.adapters.signals import as_rows, find_recording, read_wave, to_motion_rate
from emoface.training.corpus.adapters.takes import known_channels, load_beat
from emoface.training.corpus.build import train
from emoface.training.corpus.clips import load_clips
from emoface.training.corpus.phones import BILABIAL, SILENCE, VISEMES
from emoface.training.corpus.skipped import Skipped

RNG = np.random.default_rng(0)


def write_wave(path: Path, seconds: float = 2.0, rate: int = 16000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * rate)) / rate
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 180 * time) * (1 + np.sin(2 * np.pi * 4 * time)) / 2, rate)


def read(adapter: str, folder: Path, skipped: Skipped | None = None, **options: str):
    return list(ADAPTERS[adapter](folder, "set", skipped or Skipped(), **options))


def take(seconds: float = 2.0, fps: float = 25.0, width: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Expression (T, width) and jaw (T, 3)."""
    frames = round(seconds * fps)
    return RNG.normal(size=(frames, width)).astype(np.float32), RNG.normal(0, 0.1, (frames, 3)).astype(np.float32)


class TestSignals:
    def test_resampling_keeps_ramps_and_times(self) -> None:
        for fps in (30.0, 60.0, 25.0, 24.0, 100.0, 12.5):
            times = (np.arange(round(4 * fps)) + 0.5) / fps
            out = to_motion_rate(times[:, None], fps, 100)[:, 0]
            np.testing.assert_allclose(out[3:-3], ((np.arange(100) + 0.5) / 25)[3:-3], atol=1e-4)

    def test_resampling_ends_hold(self) -> None:
        out = to_motion_rate(np.array([[1.0], [3.0]]), 25, 4)
        np.testing.assert_array_equal(out[:, 0], [1, 3, 3, 3])
        with pytest.raises(ValueError, match="values must have shape"):
            to_motion_rate(np.zeros((0, 3)), 25, 4)
        with pytest.raises(ValueError, match="fps must be positive"):
            to_motion_rate(np.zeros((2, 3)), 0, 4)

    def test_rows_fill_the_recording(self) -> None:
        rows = as_rows([(3, 0.5, 1.0), (4, 1.0, 9.0)], 2.0)
        np.testing.assert_allclose(rows, [[SILENCE, 0, 0.5], [3, 0.5, 1], [4, 1, 2]])
        np.testing.assert_allclose(as_rows([], 1.0), [[SILENCE, 0, 1]])

    def test_waves(self, tmp_path: Path) -> None:
        write_wave(tmp_path / "a.wav", 1.0, 44100)
        assert len(read_wave(tmp_path / "a.wav")) == 16000
        (tmp_path / "b.wav").write_bytes(b"no")
        with pytest.raises(ValueError, match=r"b\.wav is not a readable"):
            read_wave(tmp_path / "b.wav")
        soundfile.write(tmp_path / "c.wav", np.zeros(0), 16000)
        with pytest.raises(ValueError, match="finite samples"):
            read_wave(tmp_path / "c.wav")


class TestEmodb:
    LABELS = """signal x
separator ;
#
    0.100000   -1 _t
    0.120000   -1 !t	+asp
    0.150000   -1 a
    0.250000   -1 	-lar
    0.300000   -1 b
    0.380000   -1 !b	+na
    0.440000   -1 m	+sil
    0.500000   -1 aI		3
    0.700000   -1 .
"""

    def test_times_are_starts_and_releases_open_the_lips(self, tmp_path: Path) -> None:
        path = tmp_path / "03a01Fa.lablaut"
        path.write_text(self.LABELS, "latin-1")
        assert read_lablaut(path, 1.0)[2] == ("a", 0.15, 0.25)
        assert read_lablaut(path, 1.0)[-1] == (".", 0.7, 1.0)
        visemes = lablaut_visemes(path, 1.0)
        assert [VISEMES[v] for v, _, _ in visemes] == ["dd", "aa", "pp", "pp", "aa", "ih", "sil"]
        assert visemes[1][1:] == (0.15, 0.3)  # "-lar" belongs to the vowel before
        assert visemes[2][1:] == pytest.approx((0.3, 0.4))  # the b ends 20 ms after its release
        assert visemes[3][1:] == pytest.approx((0.4, 0.5))

    def test_folder(self, tmp_path: Path) -> None:
        for name in ("03a01Fa", "03a01Lb", "14b02Wc"):
            write_wave(tmp_path / "wav" / f"{name}.wav", 1.0)
        (tmp_path / "lablaut").mkdir()
        (tmp_path / "lablaut" / "03a01Faxx.lablaut").write_text(self.LABELS, "latin-1")
        clips = read("emodb", tmp_path)
        assert [(c.speaker, c.emotion, c.source) for c in clips] == [
            ("03", "happy", "labelled"), ("03", None, "voice"), ("14", "angry", "voice")
        ]  # fmt: skip
        assert clips[0].language == "de" and clips[0].visemes[0, 0] == SILENCE


class TestFlame:
    def test_layouts(self, tmp_path: Path) -> None:
        expression, jaw = take()
        pose = np.concatenate([np.ones((50, 3), np.float32), jaw], 1)
        np.savez(tmp_path / "dpt.npz", exp=expression[:, :50], pose=pose, shape=np.zeros((50, 100)))
        np.savez(tmp_path / "emote.npz", expression=expression, jaw_pose=jaw, fps=30, flame_version="FLAME 2023")
        np.savez(tmp_path / "vhap.npz", expr=expression, jaw_pose=jaw, rotation=0 * jaw, eyes_pose=np.zeros((50, 6)))
        poses = np.zeros((50, 165), np.float32)
        poses[:, 66:69] = jaw
        np.savez(tmp_path / "2_scott_0_1_1.npz", poses=poses, expressions=expression, mocap_frame_rate=30)
        mead = np.concatenate([np.ones((50, 300), np.float32), expression, jaw], 1)
        np.save(tmp_path / "M003_001_5_1.npy", mead)
        np.save(tmp_path / "batched.npy", mead[None])
        (tmp_path / "flame_param").mkdir()
        for i in range(50):
            np.savez(tmp_path / "flame_param" / f"{i:05d}.npz", expr=expression[i : i + 1], jaw_pose=jaw[i : i + 1])
        found = {}
        for name in ("dpt.npz", "emote.npz", "vhap.npz", "2_scott_0_1_1.npz", "M003_001_5_1.npy", "batched.npy",
                     "flame_param"):  # fmt: skip
            animation = load_take(tmp_path / name)
            np.testing.assert_array_equal(animation.expression[:, :50], expression[:, :50])
            np.testing.assert_array_equal(animation.jaw_pose, jaw)
            found[name] = animation.fps, animation.flame_version
        assert found.pop("emote.npz") == (30, "FLAME 2023") and found.pop("2_scott_0_1_1.npz") == (30, "unknown")
        assert {v for k, v in found.items() if k.endswith(".npy")} == {(25, "FLAME 2020")}
        assert {v for k, v in found.items() if not k.endswith(".npy")} == {(25, "unknown")}

    def test_published_mead(self, tmp_path: Path) -> None:
        h5py = pytest.importorskip("h5py", reason="h5py is not installed")
        expression, jaw = take()
        folder = tmp_path / "W009" / "front" / "disgusted" / "level_3" / "021"
        folder.mkdir(parents=True)
        with h5py.File(folder / "shape_pose_cam.hdf5", "w") as file:
            file["exp"], file["jaw"], file["shape"] = expression[None], jaw[None], np.zeros((1, 50, 300))
        h5py.File(folder / "appearance.hdf5", "w").close()
        write_wave(tmp_path / "W009" / "audio" / "disgusted" / "level_3" / "021.wav")
        (clip,) = read("mead", tmp_path)
        assert (clip.name, clip.speaker, clip.emotion) == ("set/W009/front/disgusted/level_3/021", "W009", "disgusted")
        assert (clip.level, clip.sentence, clip.flame_version, clip.layout) == (3, "021", "FLAME 2020", "flame")
        np.testing.assert_allclose(clip.lips[:, :50], expression[:, :50], atol=5e-3)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("M003/front/angry/level_2/001.npz", Told("M003", "angry", 2, "001")),
            ("fits/W011/video/left_30/surprised/level_1/7.npz", Told("W011", "surprised", 1, "7")),
            ("M003_001_5_1.npy", Told("M003", "disgusted", 2, "001")),
            ("M041_sad_level_2_020.npz", Told("M041", "sad", 2, "020")),
            ("x/w024_front_happy_level_3_037.npz", Told("W024", "happy", 3, "037")),
            ("M003/front/angry/001.npz", None), ("M003_001_8_1.npy", None), ("M003_cross_level_2_020.npz", None),
            ("take_7.npz", None),
        ],
    )  # fmt: skip
    def test_names_of_mead(self, name: str, told: Told | None) -> None:
        assert told_by_name(Path(name)) == told

    def test_other_rates_come_to_25(self, tmp_path: Path) -> None:
        jaw = np.zeros((120, 3), np.float32)
        jaw[:, 0] = np.linspace(0, 0.3, 120)  # 4 s at 30 fps
        poses = np.zeros((120, 165), np.float32)
        poses[:, 66:69] = jaw
        folder = tmp_path / "smplxflame_30"
        folder.mkdir()
        np.savez(folder / "2_scott_0_1_1.npz", poses=poses, expressions=np.zeros((120, 100)), mocap_frame_rate=30)
        np.savez(folder / "slow.npz", exp=np.zeros((48, 50)), pose=poses[:48, :6])
        (folder / "slow.json").write_text('{"fps": 12, "speaker": "me"}')  # the file does not tell its rate
        write_wave(tmp_path / "wave16k" / "2_scott_0_1_1.wav", 4.0)
        write_wave(tmp_path / "wave16k" / "slow.wav", 4.0)
        scott, slow = read("flame", tmp_path)
        assert (scott.speaker, scott.frames, slow.speaker, slow.frames) == ("scott", 100, "me", 100)
        want = np.interp((np.arange(100) + 0.5) / 25, (np.arange(120) + 0.5) / 30, jaw[:, 0])
        np.testing.assert_allclose(scott.lips[2:-2, 50].astype(np.float32), want[2:-2], atol=2e-3)

    def test_folder_and_refusal_to_mix(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        write_wave(data / "M003" / "a.wav")
        write_wave(data / "wav" / "b.wav")
        expression, jaw = take(width=50)
        np.savez(data / "M003" / "a.npz", expression=expression, jaw_pose=0 * jaw)
        (data / "M003" / "a.json").write_text('{"emotion": "anger", "language": "en", "level": 3, "sentence": "s1"}')
        pose = np.zeros((50, 6), np.float32)
        np.savez(data / "b.npz", exp=expression, pose=pose)
        np.savez(data / "c.npz", exp=expression, pose=pose)
        with pytest.warns(UserWarning, match=r"c\.npz has no recording"):
            clips = read("flame", data)
        assert [(c.name, c.speaker, c.emotion, c.level) for c in clips] == [
            ("set/M003/a", "M003", "angry", 3), ("set/b", "b", None, None)
        ]  # fmt: skip
        assert all(c.layout == "flame" and c.lips.shape == (50, MOTION_SIZE) for c in clips)
        np.testing.assert_allclose(clips[0].lips[:, :50], expression, atol=5e-3)

        config = {
            "tts_hours": 0, "tts_held_out_minutes": 0, "held_out": {"mine": ["s1"]},
            "datasets": [{"adapter": "flame", "folder": str(data), "name": "mine"}],
        }  # fmt: skip
        with pytest.warns(UserWarning, match="'mine': 1 files left out: 1 without recording"):
            folder = train(config, tmp_path / "run")
        assert json.loads((folder / "card.json").read_text())["left_out"] == {"mine": {"without recording": 1}}
        assert [c.name for c in load_clips(folder / "held_out")] == ["mine/M003/a"], "a split by sentence"
        from emoface.training.lip_net import train as train_lips

        with pytest.raises(ValueError, match="layouts cannot be mixed"):
            train_lips({"steps": 1}, tmp_path / "run")

    def test_what_cannot_be_used_is_named_left_out_and_counted(self, tmp_path: Path) -> None:
        expression, jaw = take()
        good = {"expression": expression, "jaw_pose": jaw, "fps": 25}
        bad = {
            "damaged": [
                {"verts": np.zeros((5, 3))},
                {"exp": np.zeros((50, 10)), "pose": np.zeros((50, 6))},
                {"exp": np.zeros((50, 50)), "pose": np.zeros((50, 3))},
                {"exp": np.full((50, 50), np.nan), "pose": np.zeros((50, 6))},
                {"exp": np.zeros((50, 50)), "pose": np.zeros((4, 6))},
                {"exp": np.full((50, 50), 1e6), "pose": np.zeros((50, 6))},
                {**good, "fps": 0},
                {"exp": np.array([{"run": 1}], object), "pose": np.zeros((50, 6))},
            ],
            "other length": [{**good, "fps": 60}],
        }
        place = tmp_path / "M003" / "front" / "sad" / "level_1"
        place.mkdir(parents=True)
        number = 0
        for takes in bad.values():
            for arrays in takes:
                number += 1
                np.savez(place / f"{number:03d}.npz", **arrays)
                write_wave(place / f"{number:03d}.wav")
        for name in ("truncated", "pickled", "silent", "torn", "unlabelled", "dumb", "whole", "sheet"):
            np.savez((tmp_path if name == "unlabelled" else place) / f"{name}.npz", **good)
            if name != "dumb":
                write_wave((tmp_path if name == "unlabelled" else place) / f"{name}.wav")
        place.joinpath("truncated.npz").write_bytes(place.joinpath("whole.npz").read_bytes()[:900])
        place.joinpath("pickled.npz").unlink()
        place.joinpath("pickled.npy").write_bytes(b"\x80\x04K\x01.")
        place.joinpath("torn.wav").write_bytes(b"RIFF")
        soundfile.write(place / "silent.wav", np.zeros(32000), 16000)
        place.joinpath("sheet.json").write_text('{"emotion": "peckish"}')
        for name in ("truncated", "pickled", "silent", "torn", "dumb", "whole", "sheet"):  # named like MEAD's sentences
            number += 1
            for path in sorted(place.glob(f"{name}.*")):
                path.rename(path.with_stem(f"{number:03d}"))
        skipped = Skipped()
        with pytest.warns(UserWarning) as told:
            (clip,) = read("mead", tmp_path, skipped)
        assert (clip.emotion, clip.level, clip.sentence) == ("sad", 1, "015")
        assert skipped.counts == {
            "damaged": 8 + 3, "other length": 1, "silent": 1, "without recording": 1, "without emotion": 1,
            "damaged sheet": 1,
        }  # fmt: skip
        said = [str(warning.message) for warning in told if "left out" in str(warning.message)]
        assert len(said) == 16 and all(str(tmp_path) in line for line in said)
        assert str(skipped).startswith("16 files left out: 11 damaged, 1 damaged sheet, 1 other length")

    def test_with_the_model_they_become_named_shapes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from emoface.face.open_head import open_head
        from emoface.training.corpus.adapters import flame

        data = replace(open_head().data, version="FLAME 2020")
        monkeypatch.setattr(flame, "load_flame", lambda model, landmarks: data)
        weights = np.zeros((50, 52), np.float32)
        weights[:, ARKIT_INDEX["browInnerUp"]] = np.linspace(0, 0.8, 50)
        motion = arkit_to_motion(weights)
        arrays = {"expression": motion[:, :50], "jaw_pose": motion[:, 50:53]}
        for name, version in (("one", "FLAME 2020"), ("other", "FLAME 2023")):
            np.savez(tmp_path / f"{name}.npz", flame_version=version, **arrays)
            write_wave(tmp_path / f"{name}.wav")
        with pytest.warns(UserWarning, match=r"other\.npz is FLAME 2023's, the model FLAME 2020"):
            (clip,) = read("flame", tmp_path, model="generic_model.pkl", landmarks="l.npz")
        assert clip.layout == "open_head"
        np.testing.assert_allclose(clip.lips.astype(np.float32), motion, atol=0.02)


def beat(names: list[str], weights: np.ndarray, fps: float = 60.0) -> str:
    frames = [{"weights": row.tolist(), "time": i / fps, "rotation": []} for i, row in enumerate(weights)]
    return json.dumps({"names": names, "frames": frames})


class TestTakes:
    def test_beat(self, tmp_path: Path) -> None:
        names = [n for n in reversed(ARKIT_NAMES) if n != "tongueOut"]
        weights = np.zeros((120, len(names)), np.float32)
        weights[:, names.index("jawOpen")] = np.linspace(0, 1, 120)
        weights[:, names.index("jawRight")] = 0.5
        path = tmp_path / "1_wayne_0_1_1.json"
        path.write_text(beat(names, weights))
        loaded, fps, given = load_beat(path)
        assert fps == pytest.approx(60) and loaded.shape == (120, 52) and given.sum() == 51
        np.testing.assert_allclose(loaded[:, ARKIT_INDEX["jawOpen"]], np.linspace(0, 1, 120), atol=1e-5)
        write_wave(tmp_path / "1_wayne_0_1_1.wav")
        (clip,) = read("takes", tmp_path)
        assert (clip.speaker, clip.source, clip.frames) == ("wayne", "captured", 50)
        jaw = clip.lips[:, MOTION_INDEX["jaw_pose_x"]].astype(np.float32)
        assert jaw[-1] == pytest.approx(JAW_OPEN_RADIANS, abs=0.01) and (np.diff(jaw) > 0).all()
        np.testing.assert_allclose(clip.lips[:, MOTION_INDEX["jaw_pose_y"]], -0.5 * JAW_SIDE_RADIANS, atol=1e-3)
        assert not clip.known[MOTION_INDEX["tongueOut"]] and not clip.known[MOTION_INDEX["tongueUp"]]
        assert clip.known.sum() == FACE_SIZE - 3

    def test_beat_with_uneven_times(self, tmp_path: Path) -> None:
        stored = json.loads(beat(list(ARKIT_NAMES), np.repeat(np.linspace(0, 1, 60)[:, None], 52, 1)))
        del stored["frames"][30:33]
        (tmp_path / "x.json").write_text(json.dumps(stored))
        loaded, _, _ = load_beat(tmp_path / "x.json")
        np.testing.assert_allclose(loaded[:, 0], np.linspace(0, 1, 60), atol=1e-5)

    def test_beat_errors(self, tmp_path: Path) -> None:
        path = tmp_path / "x.json"
        good = json.loads(beat(list(ARKIT_NAMES), np.zeros((3, 52))))
        for change, message in (
            ({"names": ["jawOpen"]}, "finite weights"),
            ({"names": ["noSuchShape"] * 52}, "nosuchshape"),
            ({"frames": [{"time": 0}]}, "weights"),
            ({"frames": [good["frames"][1], good["frames"][0]]}, "increasing"),
        ):
            path.write_text(json.dumps({**good, **change}))
            with pytest.raises(ValueError, match=message):
                load_beat(path)
        path.write_text("{")
        with pytest.raises(ValueError, match="not a BEAT"):
            load_beat(path)

    def test_live_link_by_name(self, tmp_path: Path) -> None:
        names = [n[0].upper() + n[1:] for n in ARKIT_NAMES]
        i, j = names.index("JawLeft"), names.index("JawRight")
        names[i], names[j] = names[j], names[i]  # the app's order
        rows = ["Timecode,BlendShapeCount," + ",".join(names) + ",HeadYaw"]
        for frame in range(180):
            values = [0.25 if name == "JawRight" else 0.0 for name in names]
            code = f"00:00:{frame // 60:02d}:{frame % 60:02d}.000"
            rows.append(f"{code},61,{','.join(map(str, values))},0.1")
        (tmp_path / "take.csv").write_text("\n".join(rows).swapcase().replace("tIMECODE", "Timecode"))
        write_wave(tmp_path / "take.wav", 3.0)
        (clip,) = read("takes", tmp_path)
        assert clip.frames == 75
        np.testing.assert_allclose(clip.lips[:, MOTION_INDEX["jaw_pose_y"]], -0.25 * JAW_SIDE_RADIANS, atol=1e-3)

    def test_real_live_link(self, assets: Path, tmp_path: Path) -> None:
        source = next((assets / "livelink").glob("*.csv"))
        shutil.copy(source, tmp_path / "take.csv")
        with pytest.warns(UserWarning, match="no recording"):
            assert read("takes", tmp_path) == []
        write_wave(tmp_path / "take.wav", 5.4)
        (clip,) = read("takes", tmp_path)
        assert 125 <= clip.frames <= 135
        first = np.zeros((1, 52), np.float32)
        first[0, ARKIT_INDEX["jawOpen"]], first[0, ARKIT_INDEX["jawLeft"]] = 0.0897, 0.055
        want = arkit_to_motion(first)[0]
        for name in ("jaw_pose_x", "jaw_pose_y"):
            assert clip.lips[0, MOTION_INDEX[name]] == pytest.approx(want[MOTION_INDEX[name]], abs=2e-3)

    def test_known_channels(self) -> None:
        given = np.ones(52, bool)
        assert known_channels(given).sum() == FACE_SIZE - 2
        given[ARKIT_INDEX["jawLeft"]] = False
        assert not known_channels(given)[MOTION_INDEX["jaw_pose_y"]]


class TestOtherFolders:
    def test_labelled_errors(self, tmp_path: Path) -> None:
        write_wave(tmp_path / "x.wav")
        for sheet in ('{"phones": [["b", 2, 1]]}', '{"phones": 3}', "[]", "{", '{"phones": [], "emotion": "meh"}'):
            (tmp_path / "x.json").write_text(sheet)
            with pytest.warns(UserWarning, match=r"x\.json is not a phone sheet"):
                assert read("labelled", tmp_path) == []

    def test_a2f_names(self, tmp_path: Path) -> None:
        for name in ("Mark_anger", "Claire_joy_mandarin", "Mark_outofbreath", "Claire_sadness_16khz_5_sec"):
            write_wave(tmp_path / f"{name}.wav", 1.0)
        clips = {c.name: (c.speaker, c.emotion, c.language) for c in read("a2f", tmp_path)}
        assert clips == {
            "set/Claire_joy_mandarin": ("Claire", "happy", "zh"),
            "set/Mark_anger": ("Mark", "angry", "en"),
            "set/Mark_outofbreath": ("Mark", None, "en"),
        }

    def test_find_recording(self, tmp_path: Path) -> None:
        write_wave(tmp_path / "audio" / "s1" / "t.wav", 0.1)
        assert find_recording(tmp_path / "s1" / "t.npz", tmp_path) == tmp_path / "audio" / "s1" / "t.wav"
        assert find_recording(tmp_path / "s1" / "u.npz", tmp_path) is None


class TestAssets:
    def test_facegood(self, assets: Path) -> None:
        clips = {c.name: c for c in read("facegood", assets / "facegood")}
        clip = clips["set/2_05"]
        with np.load(assets / "facegood" / "arkit_mouth_curves.npz") as stored:
            jaw = stored["1114_2_05"][:, list(stored["channels"]).index("jawOpen")]
        times = (np.arange(clip.frames) + 0.5) / 25
        want = np.interp(times, (np.arange(len(jaw)) + 0.5) / 30, jaw) * JAW_OPEN_RADIANS
        np.testing.assert_allclose(clip.lips[:, MOTION_INDEX["jaw_pose_x"]], want, atol=5e-3)
        assert sum(c.source == "captured" for c in clips.values()) == 5 and clip.known.sum() == 26

    def test_emodb_stops_are_silent(self, assets: Path) -> None:
        levels: dict[bool, list[float]] = {True: [], False: []}
        for clip in read("emodb", assets / "emodb")[:40]:
            level = clip.mel.astype(np.float32).mean(1)
            for viseme, start, end in clip.visemes:
                frames = level[int(start * 50 + 0.5) : int(end * 50 + 0.5)]
                if len(frames) and viseme in (BILABIAL, 10):
                    levels[viseme == BILABIAL].append(float(np.median(frames)))
        assert np.median(levels[True]) < np.median(levels[False]) - 2  # natural-log units

    def test_ljspeech_alignment(self, assets: Path) -> None:
        pytest.importorskip("pocketsphinx", reason="pocketsphinx is not installed")
        clips = read("ljspeech", assets / "ljspeech32")
        assert sum(c.source == "labelled" for c in clips) >= 7
        first = next(c for c in clips if c.source == "labelled")
        assert next(VISEMES[int(v)] for v in first.visemes[:, 0] if v) == "pp"  # "Printing"


class TestTracks:
    def write(self, folder: Path, **changes) -> None:
        write_wave(folder / "audio" / "one.wav")
        write_wave(folder / "audio" / "two.wav")
        known = np.ones(MOTION_SIZE, bool)
        known[MOTION_INDEX["tongueOut"]] = False
        frames = 50, 50, 50
        confidence = np.ones(150, np.float32)
        confidence[60:65] = 0.1
        motion = np.linspace(0, 0.5, 150, dtype=np.float32)[:, None].repeat(MOTION_SIZE, 1)
        fitted = {
            "clips": np.array(["one", "two", "gone"]), "frames": np.array(frames), "motion": motion,
            "confidence": confidence, "known": known, "fps": np.float64(25),
        }  # fmt: skip
        np.savez(folder / "motion.npz", **{**fitted, **changes})

    def test_clips_with_gaps(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        skipped = Skipped()
        with pytest.warns(UserWarning, match="has no recording of gone"):
            clips = read("tracks", tmp_path, skipped, motion="motion.npz", language="en")
        assert [clip.name for clip in clips] == ["set/one", "set/two"] and skipped.counts["without recording"] == 1
        motion, known = clips[1].measured()
        assert clips[1].style == "person" and clips[1].frames == 50 and np.isfinite(motion).all()
        jaw = MOTION_INDEX["jaw_pose_x"]
        assert not known[10:15].any() and known[:10, jaw].all() and not known[:, MOTION_INDEX["tongueOut"]].any()
        assert motion[20, jaw] == pytest.approx(70 / 149 * 0.5, abs=1e-3)

    def test_other_layouts_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, fps=np.float64(30))
        with pytest.raises(ValueError, match=r"must hold .* channels at 25 fps"):
            read("tracks", tmp_path, motion="motion.npz")

    def test_fits_the_tracks_of_a_folder(self, assets: Path, tmp_path: Path) -> None:
        """A filmed person in the assets, four clips of him: his lips part, and nothing else is made up."""
        folder = assets / "grid_s1"
        if not (folder / "faces.npz").is_file():
            pytest.skip(f"no tracks in {folder}")
        with np.load(folder / "faces.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        frames = int(arrays["frames"][:4].sum())
        total = int(arrays["frames"].sum())
        few = {name: values[:frames] if np.ndim(values) and len(values) == total else values
               for name, values in arrays.items()}  # fmt: skip
        few |= {"clips": arrays["clips"][:4], "frames": arrays["frames"][:4]}
        np.savez(tmp_path / "faces.npz", **few)
        (tmp_path / "audio").symlink_to(folder / "audio")
        clips = read("tracks", tmp_path, language="en")
        assert len(clips) == 4 and {clip.style for clip in clips} == {"person"}
        for clip in clips:
            motion, known = clip.measured()
            assert 70 <= clip.frames <= 76 and known[:, MOTION_INDEX["jaw_pose_x"]].mean() > 0.8
            assert not known[:, MOTION_INDEX["tongueOut"]].any() and 3.0 < lip_gap(motion).max() < 30.0
