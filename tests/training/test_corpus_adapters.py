"""Readers of real recordings and of users' takes, on files written here in each layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emoface.face.layout import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_SIZE,
    arkit_to_motion,
)
from emoface.training.corpus.adapters import ADAPTERS
from emoface.training.corpus.adapters.emodb import lablaut_visemes, read_lablaut
from emoface.training.corpus.adapters.flame import load_flame
from emoface.training.corpus.adapters.signals import as_rows, find_recording, read_wave, resample_motion
from emoface.training.corpus.adapters.takes import known_channels, load_beat
from emoface.training.corpus.build import train
from emoface.training.corpus.phones import BILABIAL, SILENCE, VISEMES

RNG = np.random.default_rng(0)


def write_wave(path: Path, seconds: float = 2.0, rate: int = 16000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * rate)) / rate
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 180 * time) * (1 + np.sin(2 * np.pi * 4 * time)) / 2, rate)


def read(adapter: str, folder: Path):
    return list(ADAPTERS[adapter](folder, "set"))


class TestSignals:
    def test_resampling_keeps_ramps_and_times(self) -> None:
        for fps in (30.0, 60.0, 25.0, 24.0, 100.0, 12.5):
            times = (np.arange(round(4 * fps)) + 0.5) / fps
            out = resample_motion(times[:, None], fps, 100)[:, 0]
            np.testing.assert_allclose(out[3:-3], ((np.arange(100) + 0.5) / 25)[3:-3], atol=1e-4)

    def test_resampling_ends_hold(self) -> None:
        out = resample_motion(np.array([[1.0], [3.0]]), 25, 4)
        np.testing.assert_array_equal(out[:, 0], [1, 3, 3, 3])
        with pytest.raises(ValueError, match="values must have shape"):
            resample_motion(np.zeros((0, 3)), 25, 4)
        with pytest.raises(ValueError, match="fps must be positive"):
            resample_motion(np.zeros((2, 3)), 0, 4)

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
        expression = RNG.normal(size=(50, 100)).astype(np.float32)
        jaw = RNG.normal(0, 0.1, (50, 3)).astype(np.float32)
        want = np.concatenate([expression[:, :50], jaw], 1)
        pose = np.concatenate([np.ones((50, 3), np.float32), jaw], 1)
        np.savez(tmp_path / "dpt.npz", exp=expression[:, :50], pose=pose, shape=np.zeros((50, 100)))
        np.savez(tmp_path / "emote.npz", expression=expression, jaw_pose=jaw, fps=30)
        mead = np.concatenate([np.ones((50, 300), np.float32), expression, jaw], 1)
        np.save(tmp_path / "M003_001_5_1.npy", mead)
        np.save(tmp_path / "batched.npy", mead[None])
        for name in ("dpt.npz", "emote.npz", "M003_001_5_1.npy", "batched.npy"):
            motion, fps = load_flame(tmp_path / name)
            np.testing.assert_array_equal(motion, want)
            assert fps == (30 if name == "emote.npz" else 25)

    def test_folder_and_refusal_to_mix(self, tmp_path: Path) -> None:
        data = tmp_path / "data"
        write_wave(data / "M003" / "a.wav")
        write_wave(data / "wav" / "b.wav")
        motion = RNG.normal(size=(50, 50)).astype(np.float32)
        np.savez(data / "M003" / "a.npz", expression=motion, jaw_pose=np.zeros((50, 3), np.float32))
        (data / "M003" / "a.json").write_text('{"emotion": "anger", "language": "en"}')
        np.savez(data / "b.npz", exp=motion, pose=np.zeros((50, 6), np.float32))
        np.savez(data / "c.npz", exp=motion, pose=np.zeros((50, 6), np.float32))
        with pytest.warns(UserWarning, match=r"c\.npz has no recording"):
            clips = read("flame", data)
        assert [(c.name, c.speaker, c.emotion) for c in clips] == [
            ("set/M003/a", "M003", "angry"), ("set/b", "b", None)
        ]  # fmt: skip
        assert all(c.layout == "flame" and c.lips.shape == (50, MOTION_SIZE) for c in clips)
        np.testing.assert_allclose(clips[0].lips[:, :50], motion, atol=5e-3)

        config = {
            "tts_hours": 0, "tts_held_out_minutes": 0,
            "datasets": [{"adapter": "flame", "folder": str(data), "name": "mine"}],
        }  # fmt: skip
        with pytest.warns(UserWarning, match="no recording"):
            train(config, tmp_path / "run")
        from emoface.training.lips import train as train_lips

        with pytest.raises(ValueError, match="layouts cannot be mixed"):
            train_lips({"steps": 1}, tmp_path / "run")

    def test_errors(self, tmp_path: Path) -> None:
        write_wave(tmp_path / "x.wav")
        for arrays in (
            {"verts": np.zeros((5, 3))},
            {"exp": np.zeros((5, 10)), "pose": np.zeros((5, 6))},
            {"exp": np.zeros((5, 50)), "pose": np.zeros((5, 3))},
            {"exp": np.full((5, 50), np.nan), "pose": np.zeros((5, 6))},
            {"exp": np.zeros((5, 50)), "pose": np.zeros((4, 6))},
        ):
            np.savez(tmp_path / "x.npz", **arrays)
            with pytest.raises(ValueError, match=r"x\.npz is not a take of FLAME"):
                read("flame", tmp_path)
        (tmp_path / "x.npz").write_bytes(b"PK broken")
        with pytest.raises(ValueError, match=r"x\.npz"):
            read("flame", tmp_path)
        np.save(tmp_path / "y.npy", np.zeros((5, 400)))
        with pytest.raises(ValueError, match="403"):
            load_flame(tmp_path / "y.npy")


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
        assert clip.known.sum() == MOTION_SIZE - 3

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
        assert known_channels(given).sum() == MOTION_SIZE - 2
        given[ARKIT_INDEX["jawLeft"]] = False
        assert not known_channels(given)[MOTION_INDEX["jaw_pose_y"]]


class TestOtherFolders:
    def test_labelled_errors(self, tmp_path: Path) -> None:
        write_wave(tmp_path / "x.wav")
        for sheet in ('{"phones": [["b", 2, 1]]}', '{"phones": 3}', "[]", "{", '{"phones": [], "emotion": "meh"}'):
            (tmp_path / "x.json").write_text(sheet)
            with pytest.raises(ValueError, match=r"x\.json is not a phone sheet"):
                read("labelled", tmp_path)

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
