"""Clips, phones, lip rules, augmentation and the corpus stage."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.audio.features import MEL_BINS
from emoface.audio.normalize import SILENT_MEL
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE, lip_gap
from emoface.training.corpus.augment import KINDS, augment_mel, stretch_time
from emoface.training.corpus.build import CorpusConfig, train
from emoface.training.corpus.clips import Clip, load_clips, mel_loudness, require_layout, save_clips
from emoface.training.corpus.phones import SILENCE, VISEME_ID, VISEMES, ipa_visemes, phone_visemes
from emoface.training.corpus.skipped import Skipped
from emoface.training.corpus.synth import (
    espeak,
    espeak_missing,
    find_closures,
    flite,
    flite_missing,
    random_quiet,
    random_utterance,
)
from emoface.training.corpus.texts import LANGUAGES, sentence
from emoface.training.corpus.visemes import TARGETS, rule_lips

DEMO = Path(emoface.__file__).parent / "demo"
needs_espeak = pytest.mark.skipif(espeak_missing() is not None, reason=str(espeak_missing()))
needs_flite = pytest.mark.skipif(flite_missing() is not None, reason=str(flite_missing()))


def spell(*names: str, length: float = 0.1, start: float = 0.2) -> np.ndarray:
    """Rows of visemes one after the other."""
    return np.array([(VISEME_ID[n], start + i * length, start + (i + 1) * length) for i, n in enumerate(names)])


def make_clip(name: str = "set/a", frames: int = 30, **fields) -> Clip:
    mel = np.random.default_rng(0).normal(-5, 2, (2 * frames, MEL_BINS)).astype(np.float16)
    values = {"source": "voice", "speaker": "s", "language": "en", "emotion": None, "mel": mel} | fields
    return Clip(name, **values)


@pytest.fixture
def demo_folder(tmp_path: Path) -> Path:
    """A labelled folder: the bundled clip, two sentences from its phones' view."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    shutil.copy(DEMO / "speech.wav", folder / "one.wav")
    sheet = json.loads((DEMO / "demo.json").read_text())
    (folder / "one.json").write_text(json.dumps({**sheet, "stops": "release", "emotion": "joy", "speaker": "slt"}))
    shutil.copy(DEMO / "speech.wav", folder / "two.wav")
    return folder


class TestClips:
    def test_round_trip(self, tmp_path: Path) -> None:
        lips = np.random.default_rng(1).random((30, MOTION_SIZE)).astype(np.float16)
        known = np.arange(MOTION_SIZE) % 2 == 0
        clips = [
            make_clip("a/1", source="labelled", emotion="happy", visemes=spell("pp", "aa").astype(np.float32)),
            make_clip("a/ü", source="captured", lips=lips, known=known, layout="flame", style="person"),
            make_clip("b/3", frames=7),
        ]
        save_clips(tmp_path / "x.npz", clips)
        read = load_clips(tmp_path)
        assert [c.name for c in read] == ["a/1", "a/ü", "b/3"]
        assert (read[0].emotion, read[0].frames, read[1].layout, read[2].dataset) == ("happy", 30, "flame", "b")
        np.testing.assert_array_equal(read[0].visemes, clips[0].visemes)
        assert [c.style for c in read] == ["artist", "person", "artist"]
        assert read[0].lips is None and read[1].visemes is None and read[0].known is None
        np.testing.assert_array_equal(read[1].lips, lips)
        np.testing.assert_array_equal(read[1].known, known)
        for before, after in zip(clips, read):
            np.testing.assert_array_equal(before.mel, after.mel)
        assert not list(tmp_path.glob("*.tmp"))

    def test_empty_shard(self, tmp_path: Path) -> None:
        save_clips(tmp_path / "x.npz", [])
        assert load_clips(tmp_path) == []

    def test_errors(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="emoface train corpus"):
            load_clips(tmp_path)
        (tmp_path / "bad.npz").write_bytes(b"PK nonsense")
        with pytest.raises(ValueError, match=r"bad\.npz"):
            load_clips(tmp_path)
        np.savez(tmp_path / "bad.npz", mel=np.zeros(3))
        with pytest.raises(ValueError, match=r"bad\.npz"):
            load_clips(tmp_path)
        with pytest.raises(ValueError, match="source must be one of"):
            make_clip(source="radio")
        with pytest.raises(ValueError, match="mel must have shape"):
            make_clip(mel=np.zeros((3, MEL_BINS), np.float16))
        with pytest.raises(ValueError, match="lips must have shape"):
            make_clip(source="captured", lips=np.zeros((29, MOTION_SIZE), np.float16))

    def test_layouts_do_not_mix(self) -> None:
        flame = make_clip(source="captured", lips=np.zeros((30, MOTION_SIZE), np.float16), layout="flame")
        require_layout([make_clip()], "open_head", "the lip net")
        with pytest.raises(ValueError, match="layouts cannot be mixed"):
            require_layout([make_clip(), flame], "open_head", "the lip net")

    def test_damaged_shards_are_left_out_unless_all_are(self, tmp_path: Path) -> None:
        save_clips(tmp_path / "a.npz", [make_clip()])
        (tmp_path / "b.npz").write_bytes(b"PK")
        skipped = Skipped()
        with pytest.warns(UserWarning, match=r"left out: .*b\.npz"):
            assert len(load_clips(tmp_path, skipped)) == 1 and skipped.counts == {"damaged": 1}
        (tmp_path / "a.npz").unlink()
        with pytest.warns(UserWarning), pytest.raises(ValueError, match="must hold shards with clips, 1 files left"):
            load_clips(tmp_path, Skipped())

    def test_loudness(self) -> None:
        mel = np.full((40, MEL_BINS), SILENT_MEL, np.float32)
        assert mel_loudness(mel).max() == 0
        mel[20:] = 0.0
        loud = mel_loudness(mel)
        assert loud.shape == (20,) and loud[:10].max() == 0 and np.allclose(loud[10:], 1)
        assert np.allclose(mel_loudness(mel - 1), loud, atol=1e-4)


class TestPhones:
    @pytest.mark.parametrize(
        ("alphabet", "phone", "visemes"),
        [
            ("arpabet", "B", ["pp"]), ("arpabet", "ay1", ["aa", "ih"]), ("arpabet", "pau", ["sil"]),
            ("sampa", "aI", ["aa", "ih"]), ("sampa", "m", ["pp"]), ("sampa", "V", ["ff"]), ("sampa", "??", ["sil"]),
            ("ipa", "ˈaɪ", ["aa", "ih"]), ("ipa", "tʃ", ["dd", "ch"]), ("ipa", "b", ["pp"]), ("ipa", "ː", ["sil"]),
            ("viseme", "uu", ["uu"]),
        ],
    )  # fmt: skip
    def test_names(self, alphabet: str, phone: str, visemes: list[str]) -> None:
        intervals = phone_visemes(phone, 1.0, 1.2, alphabet)
        assert [VISEMES[v] for v, _, _ in intervals] == visemes
        assert intervals[0][1] == 1.0 and intervals[-1][2] == pytest.approx(1.2)

    def test_unknown(self) -> None:
        assert ipa_visemes("ˈ", 0, 1) == []
        with pytest.raises(ValueError, match="alphabet must be"):
            phone_visemes("b", 0, 1, "klingon")
        with pytest.raises(ValueError, match="viseme 'zz'"):
            phone_visemes("zz", 0, 1, "viseme")


class TestRuleLips:
    def test_bilabials_close_and_vowels_open(self) -> None:
        rows = spell("sil", "pp", "aa", "pp", "ae", "ff", "aa", "sil")
        for seed in range(20):
            motion, closure = rule_lips(rows, 30, np.random.default_rng(seed))
            gap = lip_gap(motion)
            times = (np.arange(30) + 0.5) / 25
            for viseme, start, end in rows:
                inside = (times >= start) & (times <= end)
                if viseme == VISEME_ID["pp"]:
                    assert gap[inside].min() < 1.0 and closure[inside].max() > 0.7
                if viseme == VISEME_ID["aa"]:
                    assert gap[inside].max() > 4 and closure[inside].min() < 0.3

    def test_shapes_follow_their_visemes(self) -> None:
        def peak(viseme: str, name: str) -> float:
            return float(rule_lips(spell("sil", viseme, viseme, "sil"), 20)[0][:, MOTION_INDEX[name]].max())

        assert peak("uu", "mouthPucker") > 0.3 > peak("ih", "mouthPucker")
        assert peak("th", "tongueOut") > 0.1 > peak("dd", "tongueOut")
        assert peak("ll", "tongueUp") > 0.4 > peak("aa", "tongueUp")
        assert peak("ff", "mouthRollLower") > 0.25
        assert peak("aa", "jaw_pose_x") > 2 * peak("ih", "jaw_pose_x")

    def test_range_rest_and_loudness(self) -> None:
        rows = spell(*VISEMES)
        motion, closure = rule_lips(rows, 80, np.random.default_rng(3), np.full(80, 1.2, np.float32))
        assert motion.dtype == closure.dtype == np.float32 and motion.shape == (80, MOTION_SIZE)
        assert motion.min() >= 0 and motion.max() <= 1 and closure.min() >= 0 and closure.max() <= 1
        assert lip_gap(motion)[-5:].max() < 0.3
        quiet = rule_lips(spell("aa"), 20, None, np.full(20, 0.2, np.float32))[0]
        loud = rule_lips(spell("aa"), 20, None, np.full(20, 1.0, np.float32))[0]
        assert lip_gap(loud).max() > 1.2 * lip_gap(quiet).max()
        silent, shut = rule_lips(np.array([[SILENCE, 0.0, 1.0]]), 25)
        assert not silent.any() and not shut.any()

    def test_a_pause_between_words_does_not_rest_the_mouth(self) -> None:
        short = rule_lips(np.array([[10, 0, 0.2], [0, 0.2, 0.24], [10, 0.24, 0.44]]), 11)[0]
        assert lip_gap(short)[5] > 5

    def test_blocks_do_not_show(self) -> None:
        rng = np.random.default_rng(0)
        rows = spell(*(VISEMES[i] for i in rng.integers(0, len(VISEMES), 400)), length=0.07)
        long = rule_lips(rows, 720)[0]
        part = rule_lips(rows[100:300] - [0, 4.0, 4.0], 720)[0]
        np.testing.assert_allclose(part[150:300], long[250:400], atol=1e-4)

    def test_errors(self) -> None:
        assert rule_lips(np.zeros((0, 3)), 5)[0].shape == (5, MOTION_SIZE)
        assert rule_lips(spell("aa"), 0)[0].shape == (0, MOTION_SIZE)
        with pytest.raises(ValueError, match="visemes must have shape"):
            rule_lips(np.zeros((3, 2)), 5)
        with pytest.raises(ValueError, match="ids in 0"):
            rule_lips(np.array([[len(VISEMES), 0, 1.0]]), 5)
        with pytest.raises(ValueError, match="loudness must have length"):
            rule_lips(spell("aa"), 5, None, np.ones(4))

    def test_table(self) -> None:
        assert TARGETS.shape[0] == len(VISEMES) and (TARGETS >= 0).all() and not TARGETS[SILENCE].any()


class TestAugment:
    @pytest.mark.parametrize("kind", KINDS)
    def test_each_kind(self, kind: str) -> None:
        mel = np.random.default_rng(0).normal(-5, 2, (120, MEL_BINS)).astype(np.float32)
        changed = 0
        for seed in range(12):
            new = augment_mel(mel, np.random.default_rng(seed), [kind])
            assert new.shape == mel.shape and new.dtype == np.float32 and np.isfinite(new).all()
            changed += not np.array_equal(new, mel)
            np.testing.assert_array_equal(new, augment_mel(mel, np.random.default_rng(seed), [kind]))
        assert changed

    def test_errors_and_edges(self) -> None:
        assert augment_mel(np.zeros((0, MEL_BINS), np.float16), np.random.default_rng(0)).shape == (0, MEL_BINS)
        with pytest.raises(ValueError, match="kinds must be among"):
            augment_mel(np.zeros((2, MEL_BINS)), np.random.default_rng(0), ["echo"])

    def test_stretch(self) -> None:
        ramp = np.arange(11, dtype=np.float32)[:, None]
        np.testing.assert_array_equal(stretch_time(ramp, 1.0), ramp)
        np.testing.assert_allclose(stretch_time(ramp, 2.0)[3:8, 0], [1, 3, 5, 7, 9])
        assert stretch_time(ramp[:1], 1.5).shape == (1, 1)


class TestSynthesis:
    def test_closures_are_found_before_the_release(self) -> None:
        rate = 16000
        tone = np.sin(2 * np.pi * 200 * np.arange(rate) / rate).astype(np.float32)
        tone[4000:5600] = 0  # silent from 0.25 to 0.35 s
        timed = [(10, 0.0, 0.35), (1, 0.35, 0.45), (10, 0.45, 1.0)]  # the stop timed from its release
        fixed = find_closures(timed, tone, rate)
        assert fixed[0][2] == fixed[1][1] == pytest.approx(0.25, abs=0.011)
        assert fixed[1][2] == fixed[2][1] == pytest.approx(0.37)
        assert find_closures(timed, np.zeros(0, np.float32), rate) == timed

    def test_quiet_clips(self) -> None:
        for seed in range(8):
            quiet = random_quiet(np.random.default_rng(seed))
            assert np.isfinite(quiet.samples).all() and np.abs(quiet.samples).max() < 0.4
            assert [v for v, _, _ in quiet.visemes] == [SILENCE]

    @needs_espeak
    def test_espeak_in_every_language(self) -> None:
        rng = np.random.default_rng(0)
        for language in LANGUAGES:
            spoken = espeak().say(sentence(language, rng), language + "+f2", rate=200)
            seconds = len(spoken.samples) / spoken.rate
            assert seconds > 0.5 and np.abs(spoken.samples).max() > 0.05, language
            voiced = [v for v in spoken.visemes if v[0] != SILENCE]
            assert len(voiced) >= 5, language
            starts = [s for _, s, _ in spoken.visemes]
            assert starts == sorted(starts) and all(s < e <= seconds + 0.01 for _, s, e in spoken.visemes), language

    @needs_espeak
    def test_espeak_unknown_voice(self) -> None:
        with pytest.raises(ValueError, match="voice 'xx\\+yy'"):
            espeak().say("hello", "xx+yy")

    @needs_flite
    def test_flite(self) -> None:
        spoken = flite("my mother made it", "slt")
        assert [VISEMES[v] for v, _, _ in spoken.visemes if v][:4] == ["pp", "aa", "ih", "pp"]
        assert spoken.visemes[-1][2] == pytest.approx(len(spoken.samples) / spoken.rate, abs=0.1)
        with pytest.raises(ValueError, match="voice must be one of"):
            flite("hello", "no-such-voice")

    @needs_espeak
    def test_utterances_are_16_khz_and_padded(self) -> None:
        first, voice, language = random_utterance(np.random.default_rng(5), 1.0)
        assert "+" in voice and language and first.rate == 16000 and np.abs(first.samples).max() <= 1
        assert first.visemes[0][1] == 0 and first.visemes[-1][2] == pytest.approx(len(first.samples) / 16000)


class TestStage:
    def test_labelled_folder(self, tmp_path: Path, demo_folder: Path) -> None:
        config = {
            "tts_hours": 0, "tts_held_out_minutes": 0,
            "datasets": [{"adapter": "labelled", "folder": str(demo_folder), "name": "mine"}],
            "held_out": {"mine": ["two"]},
        }  # fmt: skip
        folder = train(config, tmp_path)
        (clip,) = load_clips(folder)
        (held,) = load_clips(folder / "held_out")
        assert (clip.name, clip.source, clip.emotion, clip.language) == ("mine/one", "labelled", "happy", "en")
        assert (held.name, held.source, held.visemes) == ("mine/two", "voice", None)
        assert clip.visemes[0, 1] == 0 and clip.visemes[-1, 2] == pytest.approx(clip.frames / 25, abs=0.03)
        card = json.loads((folder / "card.json").read_text())
        assert card["parts"]["train"]["clips"] == 1 and "mine.npz" in card["parts"]["train"]["sha256"]
        motion, closure = rule_lips(clip.visemes, clip.frames, None, mel_loudness(clip.mel))
        assert closure.max() > 0.9 and lip_gap(motion).max() > 5

    @needs_espeak
    @needs_flite
    def test_synthetic_speech_seeds_and_resume(self, tmp_path: Path) -> None:
        config = CorpusConfig(seed=3, tts_hours=0.01, tts_held_out_minutes=0, shard_minutes=0.3, quiet_share=0.2)
        folder = train(config, tmp_path)
        assert sorted(p.name for p in folder.glob("*.npz")) == ["tts_000.npz", "tts_001.npz"]
        clips = load_clips(folder)
        assert sum(c.frames for c in clips) / 25 >= 36 and {c.source for c in clips} == {"tts"}
        assert {c.dataset for c in clips} == {"tts", "quiet"}
        made = {p.name: p.read_bytes() for p in folder.glob("*.npz")}
        kept = (folder / "tts_000.npz").stat().st_mtime_ns
        (folder / "tts_001.npz").unlink()
        (folder / "tts_009.npz").touch()  # of another config
        train(config, tmp_path, resume=True)
        assert {p.name: p.read_bytes() for p in folder.glob("*.npz")} == made
        assert (folder / "tts_000.npz").stat().st_mtime_ns == kept

    def test_errors(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        silent = {"tts_hours": 0, "tts_held_out_minutes": 0}
        with pytest.raises(ValueError, match="adapter must be one of"):
            train({**silent, "datasets": [{"adapter": "vhs", "folder": "x"}]}, tmp_path)
        with pytest.raises(FileNotFoundError, match="data set 'emodb' does not exist"):
            train({**silent, "datasets": [{"adapter": "emodb", "folder": "x"}]}, tmp_path, assets=tmp_path)
        with pytest.warns(UserWarning, match="no assets folder"), pytest.raises(ValueError, match="corpus is empty"):
            train({**silent, "datasets": [{"adapter": "emodb", "folder": "x"}]}, tmp_path)
        with pytest.raises(ValueError, match="unknown fields"):
            train({"hours": 3}, tmp_path)
        with pytest.raises(ValueError, match="tts_hours"):
            CorpusConfig(tts_hours=-1)
        monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
        with warnings.catch_warnings(), pytest.raises(RuntimeError, match="apt install libespeak-ng1"):
            train({"tts_hours": 0.1}, tmp_path)

    def test_shipped_config(self) -> None:
        path = Path(emoface.__file__).parent / "training" / "configs" / "corpus.json"
        assert CorpusConfig(**json.loads(path.read_text())).tts_hours > 0
