"""The pipeline with a toy checkpoint of random weights: what holds whatever was learnt."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import emoface
from emoface.audio.load import Recording
from emoface.demo import demo_path
from emoface.diffusion.windows import plan_windows
from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOUTH,
    NECK,
    UPPER,
    lip_gap,
)
from emoface.kernels import use_backend

RATE = 16000


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint, dtype="float32")


def voice(seconds: float, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Noise with the rhythm of syllables."""
    count = round(seconds * rate)
    rhythm = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(count) / rate)
    return (0.1 * rhythm * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def plain(pipeline: emoface.Pipeline, seconds: float = 4.0, **options: Any) -> np.ndarray:
    """Motion (T, 53) without blinks and gaze."""
    return pipeline.animate(voice(seconds), sample_rate=RATE, blink=False, gaze=False, **options).motion


# ---- every form of emotion


FORMS: dict[str, Callable[[Path], Any]] = {
    "label": lambda _: "happy",
    "synonym": lambda _: "Joy",
    "level": lambda _: ("sad", 2),
    "fractional level": lambda _: ("angry", 1.5),
    "level 0": lambda _: ("angry", 0),
    "sentence": lambda _: "a man feels sad and speaks with lowered brow",
    "mixture": lambda _: {"happy": 0.7, "surprised": 0.3},
    "mixture with levels": lambda _: {("happy", 3): 0.5},
    "voice": lambda _: emoface.from_audio(demo_path()),
    "voice samples": lambda _: emoface.from_audio(voice(2.0), RATE),
    "motion array": lambda _: emoface.from_motion(np.full((40, 53), 0.1, np.float32)),
    "motion file": lambda folder: emoface.from_motion(_saved(folder / "take.npz")),
    "Live Link take": lambda folder: emoface.from_motion(_saved(folder / "take.csv")),
    "animation": lambda _: emoface.from_motion(_take()),
    "timeline": lambda _: [(0.0, "neutral"), (1.5, "surprised"), (3.0, ("happy", 3))],
    "timeline of references": lambda _: [(0, emoface.from_audio(demo_path())), (2, {"sad": 1.0})],
    "late timeline": lambda _: [(2.0, "fear"), (500.0, "contempt")],
    "embedding": lambda _: torch.ones(8),
    "heard": lambda _: None,
}


def _take() -> emoface.Animation:
    return emoface.Animation(np.full((60, 50), 0.2, np.float32), np.full((60, 3), 0.05, np.float32), fps=30)


def _saved(path: Path) -> Path:
    return _take().save(path)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_emotion(pipeline: emoface.Pipeline, form: str, tmp_path: Path) -> None:
    animation = pipeline.animate(voice(4.0), sample_rate=RATE, emotion=FORMS[form](tmp_path))
    assert animation.expression.shape == (100, 50) and animation.jaw_pose.shape == (100, 3)
    assert np.isfinite(animation.motion).all()
    json.dumps(animation.metadata)


def test_emotions_lead_to_different_motion(pipeline: emoface.Pipeline) -> None:
    motions = [plain(pipeline, emotion=emotion) for emotion in emoface.EMOTIONS]
    for i in range(len(motions)):
        for other in motions[:i]:
            assert np.abs(motions[i] - other).max() > 1e-3


def test_a_timeline_of_one_is_that_emotion(pipeline: emoface.Pipeline) -> None:
    np.testing.assert_array_equal(plain(pipeline, emotion=[(0.0, "happy")]), plain(pipeline, emotion="happy"))


@pytest.mark.parametrize("moment", [1.0, 2.1, 4.6])
def test_timeline_switches_within_a_fifth_of_a_second(pipeline: emoface.Pipeline, moment: float) -> None:
    before, after = plain(pipeline, 6.0, emotion="sad"), plain(pipeline, 6.0, emotion="surprised")
    both = plain(pipeline, 6.0, emotion=[(0.0, "sad"), (moment, "surprised")])
    first = round((moment - 0.5) * 25)
    np.testing.assert_allclose(both[:first], before[:first], atol=1e-5)
    way = (after - before)[:, list(UPPER)]
    share = ((both - before)[:, list(UPPER)] * way).sum(1) / (way * way).sum(1)
    switched = (np.argmax(share > 0.5) + 0.5) / 25
    assert abs(switched - moment) <= 0.2


# ---- determinism


def test_same_seed_same_bytes(pipeline: emoface.Pipeline, tiny_checkpoint: Path) -> None:
    first = pipeline.animate(voice(7.0), sample_rate=RATE, emotion="happy", seed=5)
    torch.manual_seed(123)
    np.random.seed(123)
    again = pipeline.animate(voice(7.0), sample_rate=RATE, emotion="happy", seed=5)
    other = emoface.load(tiny_checkpoint, dtype="float32")
    fresh = other.animate(voice(7.0), sample_rate=RATE, emotion="happy", seed=5)
    assert first.motion.tobytes() == again.motion.tobytes() == fresh.motion.tobytes()


def test_different_seeds_differ(pipeline: emoface.Pipeline) -> None:
    motions = [plain(pipeline, emotion="happy", seed=seed) for seed in (0, 1, 2, 2**31 - 1)]
    for i in range(len(motions)):
        for other in motions[:i]:
            assert np.abs(motions[i] - other).max() > 1e-3


def test_callers_random_state_is_left_alone(pipeline: emoface.Pipeline) -> None:
    torch.manual_seed(7)
    np.random.seed(7)
    expected = torch.rand(3), np.random.random(3)
    torch.manual_seed(7)
    np.random.seed(7)
    pipeline.animate(voice(1.0), sample_rate=RATE, emotion="happy")
    assert torch.equal(torch.rand(3), expected[0])
    np.testing.assert_array_equal(np.random.random(3), expected[1])


def test_num_samples(pipeline: emoface.Pipeline) -> None:
    takes = pipeline.animate(voice(4.0), sample_rate=RATE, emotion="sad", num_samples=3, seed=4)
    assert len(takes) == 3 and [take.metadata["sample"] for take in takes] == [0, 1, 2]
    assert np.abs(takes[0].motion - takes[1].motion).max() > 1e-3
    one = pipeline.animate(voice(4.0), sample_rate=RATE, emotion="sad", seed=4)
    np.testing.assert_allclose(takes[0].motion, one.motion, atol=1e-4)


# ---- length


@pytest.mark.parametrize("seconds", [0.021, 0.04, 0.1, 0.13, 0.5, 1.0, 2.55, 2.56, 2.57, 7.77, 20.0])
def test_length_is_duration_times_fps(pipeline: emoface.Pipeline, seconds: float) -> None:
    samples = voice(seconds)
    animation = pipeline.animate(samples, sample_rate=RATE, emotion="happy")
    assert len(animation) == round(len(samples) / RATE * 25)
    assert np.isfinite(animation.motion).all()


@pytest.mark.parametrize("fps", [12, 24, 24000 / 1001, 30, 60, 120])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_length_at_other_rates(pipeline: emoface.Pipeline, fps: float, rate: int) -> None:
    samples = voice(3.21, rate)
    animation = pipeline.animate(samples, sample_rate=rate, emotion="happy", fps=fps)
    assert len(animation) == round(len(samples) / rate * fps) and animation.fps == fps


def test_ten_minutes(pipeline: emoface.Pipeline) -> None:
    shares: list[float] = []
    samples = np.tile(voice(60.0), 10)
    animation = pipeline.animate(samples, sample_rate=RATE, emotion="happy", steps=1, progress=shares.append)
    assert len(animation) == 15000 and np.isfinite(animation.motion).all()
    assert shares == sorted(shares) and shares[-1] == 1.0


# ---- audio arrives in any form and any pieces


def test_forms_of_audio_agree(pipeline: emoface.Pipeline) -> None:
    path = demo_path()
    samples, rate = __import__("soundfile").read(path, dtype="float32")
    expected = pipeline.animate(path, emotion="happy").motion
    with open(path, "rb") as file:
        forms = [str(path), file, io.BytesIO(path.read_bytes()), (samples, rate), (torch.from_numpy(samples), rate)]
        for form in forms:
            np.testing.assert_array_equal(pipeline.animate(form, emotion="happy").motion, expected)
    stereo = np.stack([samples, samples], 1)
    np.testing.assert_array_equal(pipeline.animate(stereo, sample_rate=rate, emotion="happy").motion, expected)


def test_input_is_left_alone(pipeline: emoface.Pipeline) -> None:
    samples = voice(1.0)
    before = samples.copy()
    pipeline.animate(samples, sample_rate=RATE, emotion="happy")
    np.testing.assert_array_equal(samples, before)


@pytest.mark.parametrize("size", [1000, 16000, 77777])
def test_the_size_of_the_blocks_does_not_matter(
    pipeline: emoface.Pipeline, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pipeline.animate(voice(9.0), sample_rate=RATE, emotion="happy").motion
    whole = Recording.blocks
    monkeypatch.setattr(Recording, "blocks", lambda self, samples_per_block=0: whole(self, size))
    np.testing.assert_array_equal(
        pipeline.animate(voice(9.0), sample_rate=RATE, emotion="happy").motion, expected
    )


@pytest.mark.parametrize("emotion", ["happy", None, [(0.0, "sad"), (5.0, "happy")]])
def test_what_comes_later_does_not_change_what_came_before(pipeline: emoface.Pipeline, emotion: Any) -> None:
    config = pipeline.denoiser.config
    samples = voice(12.0)
    options = {"sample_rate": RATE, "emotion": emotion, "blink": False, "gaze": False}
    long = pipeline.animate(samples, **options).motion
    short = pipeline.animate(samples[: 8 * RATE], **options).motion
    same = len(short) - config.window - 8  # the last window, and the reach of the smoothing
    np.testing.assert_allclose(long[:same], short[:same], atol=1e-5)


# ---- controls


def test_intensity_is_linear_where_nothing_is_clipped(pipeline: emoface.Pipeline) -> None:
    neutral = plain(pipeline, emotion="happy", intensity=0.0)
    np.testing.assert_allclose(neutral, plain(pipeline, emotion="neutral"), atol=1e-5)
    half, one, two = (plain(pipeline, emotion="happy", intensity=value) for value in (0.5, 1.0, 2.0))
    np.testing.assert_array_equal(one, plain(pipeline, emotion="happy"))
    channels = list(UPPER)
    stacked = np.stack([neutral, half, one, two])[..., channels]
    wide = np.ones(17)
    free = ((stacked > 0.02) & (stacked < 0.98)).all(0)  # (T, C)
    free = np.stack([np.convolve(column, wide, "same") > 16.5 for column in free.T], 1)  # none clipped nearby
    assert free.mean() > 0.05
    np.testing.assert_allclose((half - neutral)[:, channels][free], 0.5 * (one - neutral)[:, channels][free], atol=1e-5)
    lids = [MOTION_NAMES[i].startswith(("eyeBlink", "eyeSquint", "eyeLookDown")) for i in channels]
    free[:, lids] = False  # see emoface.face.lids
    moved = (one - neutral)[:, channels][free]
    np.testing.assert_allclose((two - neutral)[:, channels][free], 2 * moved, atol=1e-5)


class TestSpeakersStyle:
    def test_moving_like_oneself_changes_nothing(self, pipeline: emoface.Pipeline) -> None:
        own = emoface.Animation.from_motion(plain(pipeline, emotion="neutral"))
        styled, usual = plain(pipeline, emotion="happy", style=own), plain(pipeline, emotion="happy")
        nod = NECK[0]  # with which the head breathes, in the own motion and not in what it is compared with
        np.testing.assert_array_equal(np.delete(styled, nod, 1), np.delete(usual, nod, 1))
        np.testing.assert_allclose(styled[:, nod], usual[:, nod], atol=2e-3)
        heard = emoface.from_audio(voice(4.0), RATE)
        np.testing.assert_allclose(plain(pipeline, style=heard), plain(pipeline), atol=2e-3)

    def test_a_quieter_face(self, pipeline: emoface.Pipeline) -> None:
        own = plain(pipeline, emotion="neutral")
        still = 0.5 * own
        styled = plain(pipeline, emotion="neutral", style=emoface.from_motion(still))
        for name in ("jaw_pose_x", "browInnerUp"):
            quiet, ours, full = (motion[:, MOTION_INDEX[name]].std() for motion in (still, styled, own))
            assert quiet <= ours < 0.8 * full, name
        take = pipeline.animate(voice(2.0), sample_rate=RATE, style=emoface.from_motion(still), num_samples=2)[1]
        assert take.metadata["style"] == "from motion"

    def test_a_voice_with_less_stress(self, pipeline: emoface.Pipeline) -> None:
        flat = 0.1 * np.random.default_rng(3).standard_normal(4 * RATE).astype(np.float32)
        ours, theirs = plain(pipeline), plain(pipeline, style=emoface.from_audio(flat, RATE))
        upper = list(UPPER)
        assert theirs[:, upper].std(0).mean() < 0.9 * ours[:, upper].std(0).mean()

    def test_what_is_no_style(self, pipeline: emoface.Pipeline) -> None:
        for style, kind, said in (
            (emoface.from_audio(np.zeros(RATE, np.float32), RATE), ValueError, "speak for a second at least"),
            (emoface.from_motion(np.zeros((1, 53), np.float32)), ValueError, "at least 2 frames"),
            (["artist"], TypeError, "style must be 'artist'"),
        ):
            with pytest.raises(kind, match=said):
                plain(pipeline, style=style)
        other = emoface.Animation(np.zeros((5, 50)), np.zeros((5, 3)), flame_version="FLAME 2020",
                                  expression_names=[f"exp_{i}" for i in range(50)])  # fmt: skip
        with pytest.raises(ValueError, match="got FLAME 2020's; to_open_head"):
            plain(pipeline, style=other)


def test_guidance_steps_and_style_change_the_motion(pipeline: emoface.Pipeline) -> None:
    usual = plain(pipeline, emotion="happy")
    for options in ({"guidance": 2.0}, {"guidance": 0.0}, {"steps": 1}, {"steps": 12}, {"style": "rule"}):
        motion = plain(pipeline, emotion="happy", **options)
        assert np.isfinite(motion).all() and np.abs(motion - usual).max() > 1e-4, options


def test_one_network_branch_by_default(pipeline: emoface.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    denoise = pipeline.denoiser.denoise
    monkeypatch.setattr(
        pipeline.denoiser, "denoise", lambda x, *rest: batches.append(x.shape[0]) or denoise(x, *rest)
    )
    with use_backend("reference"):  # others run all steps in one call
        plain(pipeline, 2.0, emotion="happy")
        assert batches == [1] * pipeline.sampling.steps
        batches.clear()
        plain(pipeline, 2.0, emotion="happy", intensity=1.5, guidance=2.0, steps=1)
    assert batches == [4], "asked and neutral, each with and without the emotion"


def test_blink_and_gaze_can_be_switched_off(pipeline: emoface.Pipeline) -> None:
    rest = plain(pipeline, 20.0, emotion="neutral")
    options = {"sample_rate": RATE, "emotion": "neutral"}
    blinking = pipeline.animate(voice(20.0), gaze=False, **options).motion
    looking = pipeline.animate(voice(20.0), blink=False, **options).motion
    lid, mouth = MOTION_INDEX["eyeBlinkLeft"], MOTION_INDEX["mouthFunnel"]
    assert (blinking[:, lid] - rest[:, lid]).max() > 0.3
    eyes = [i for name, i in MOTION_INDEX.items() if name.startswith("eyeLook")]
    assert np.abs(looking[:, eyes] - rest[:, eyes]).max() > 0.01
    np.testing.assert_array_equal(blinking[:, mouth], rest[:, mouth])


def test_takes_do_not_blink_together(pipeline: emoface.Pipeline) -> None:
    options: dict[str, Any] = {"sample_rate": RATE, "emotion": "neutral", "gaze": False, "num_samples": 3}
    takes, still = (pipeline.animate(voice(30.0), blink=blink, **options) for blink in (True, False))
    lid = MOTION_INDEX["eyeBlinkLeft"]
    shut = [take.motion[:, lid] - rest.motion[:, lid] > 0.3 for take, rest in zip(takes, still)]
    assert all(frames.any() for frames in shut)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (shut[one] & shut[other]).sum() < 0.5 * min(shut[one].sum(), shut[other].sum())
    alone = pipeline.animate(voice(30.0), **{**options, "num_samples": 1}).motion[:, lid]
    np.testing.assert_allclose(alone, takes[0].motion[:, lid], atol=1e-4)


class Told(torch.nn.Module):
    """Stands for the lip net: p, b or m is heard in the given motion frames and nowhere else."""

    def __init__(self, pipeline: emoface.Pipeline, frames: range, starts: list[int]) -> None:
        super().__init__()
        self.net, self.frames, self.starts = pipeline.hearing.lips, frames, iter(starts)

    def forward(
        self, mel: torch.Tensor, style: torch.Tensor, speech: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        curves, logit = self.net(mel, style, speech)
        starts = torch.tensor([next(self.starts) for _ in mel])  # of the windows that are heard together
        at = starts[:, None] + torch.arange(logit.shape[1])
        heard = (at >= self.frames.start) & (at < self.frames.stop)
        return curves, torch.where(heard, 9.0, -9.0)


@pytest.mark.parametrize("frames", [range(20, 30), range(54, 58), range(100, 101)])
def test_lips_close_where_the_voice_says_so(pipeline: emoface.Pipeline, frames: range) -> None:
    """The closure gate is on, in its frames and in no others, across the seam of windows too."""
    sizes = pipeline.denoiser.config
    starts = [w.start for w in plan_windows(150, sizes.window, sizes.context, sizes.lookahead)]

    def gap(frames: range) -> np.ndarray:
        pipeline.hearing.lips = Told(pipeline, frames, starts)
        try:
            return lip_gap(plain(pipeline, 6.0, emotion="happy"))
        finally:
            pipeline.hearing.lips = pipeline.hearing.lips.net

    closed, free = gap(frames), gap(range(0))
    assert free[frames].min() > 2.0, "lips are apart there"
    assert (closed[frames] < 0.25 * free[frames]).all()
    np.testing.assert_allclose(closed[: frames.start - 2], free[: frames.start - 2], atol=0.2)
    np.testing.assert_allclose(closed[frames.stop + 2 :], free[frames.stop + 2 :], atol=0.2)


def test_controls_are_applied_at_the_end(pipeline: emoface.Pipeline) -> None:
    controls = emoface.Controls(upper_strength=0.5, lower_strength=0.8)
    adjusted, free = (pipeline.animate(voice(2.0), sample_rate=RATE, controls=c) for c in (controls, None))
    np.testing.assert_array_equal(adjusted.motion, free.adjust(controls).motion)
    with pytest.raises(TypeError, match="controls"):
        pipeline.animate(voice(2.0), sample_rate=RATE, controls={"upper_strength": 0.5})


def test_motion_stays_in_its_range(pipeline: emoface.Pipeline) -> None:
    animation = pipeline.animate(voice(10.0), sample_rate=RATE, emotion="surprised", intensity=2.0, guidance=4.0)
    assert animation.expression.min() >= 0 and animation.expression.max() <= 1
    assert animation.jaw_pose[:, 0].min() >= 0 and animation.jaw_pose[:, 0].max() <= JAW_OPEN_RADIANS + 1e-6
    assert np.abs(animation.jaw_pose[:, 1:]).max() <= JAW_SIDE_RADIANS + 1e-6
    weights = animation.arkit()
    assert weights.shape == (250, 52) and weights.min() >= 0 and weights.max() <= 1


def test_bfloat16_stays_close(tiny_checkpoint: Path, pipeline: emoface.Pipeline) -> None:
    rough = plain(emoface.load(tiny_checkpoint, dtype="bfloat16"), emotion="happy")
    assert rough.dtype == np.float32
    assert np.abs(rough - plain(pipeline, emotion="happy")).mean() < 0.02


def test_automatic_dtype_is_one_of_the_two(tiny_checkpoint: Path, pipeline: emoface.Pipeline) -> None:
    chosen = plain(emoface.load(tiny_checkpoint), emotion="happy")
    ours = [plain(emoface.load(tiny_checkpoint, dtype=name), emotion="happy") for name in ("float32", "bfloat16")]
    assert any(np.array_equal(chosen, motion) for motion in ours)


def test_motion_does_not_depend_on_threads(tiny_checkpoint: Path, pipeline: emoface.Pipeline) -> None:
    options: dict[str, Any] = {"emotion": "happy", "guidance": 1.5, "num_samples": 3}
    one = pipeline.animate(voice(4.0), sample_rate=RATE, **options)
    for threads in (2, 3):
        more = emoface.load(tiny_checkpoint, dtype="float32", threads=threads)
        takes = more.animate(voice(4.0), sample_rate=RATE, **options)
        assert all(np.array_equal(a.motion, b.motion) for a, b in zip(one, takes, strict=True))


@pytest.mark.parametrize("threads, error", [(0, ValueError), (65, ValueError), (2.0, TypeError), (True, TypeError)])
def test_bad_threads_are_refused(tiny_checkpoint: Path, threads: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="threads must be"):
        emoface.load(tiny_checkpoint, threads=threads)


@pytest.mark.parametrize("emotion", ["happy", None])
def test_silence_is_finite_and_does_not_tremble(pipeline: emoface.Pipeline, emotion: Any) -> None:
    with pytest.warns(UserWarning, match="audio 'samples' counts as silence") as caught:
        animation = pipeline.animate(np.zeros(10 * RATE, np.float32), sample_rate=RATE, emotion=emotion)
    assert len(caught) == 1 and np.isfinite(animation.motion).all()
    mouth = animation.motion[25:-25, MOTION_INDEX["mouthFunnel"]]
    assert np.abs(np.diff(mouth)).mean() < 0.05


def test_the_mouth_rests_where_nobody_speaks(tiny_checkpoint: Path) -> None:
    """The filter of silence leaves speech as it is."""
    pauses = np.concatenate([voice(3.0), np.zeros(4 * RATE, np.float32), voice(3.0)])

    def jerks(rest_filter: float) -> tuple[np.ndarray, float]:
        face = emoface.load(tiny_checkpoint, dtype="float32")
        face.sampling = replace(face.sampling, rest_filter=rest_filter)
        motion = face.animate(pauses, sample_rate=RATE, emotion="happy", blink=False, gaze=False).motion
        mouth = motion[:, list(MOUTH)]
        return mouth[10:60], float(np.abs(np.diff(mouth[90:160], n=2, axis=0)).mean())

    (spoken, quick), (same, slow) = jerks(0.0), jerks(1.5)
    assert slow < quick / 4
    np.testing.assert_allclose(same, spoken, atol=1e-6)


def test_parts_can_be_used_alone(pipeline: emoface.Pipeline) -> None:
    z = pipeline.emotion.encode(label=("happy", 2))
    assert z.shape == (8,) and float(z.norm()) == pytest.approx(1, abs=1e-5)
    assert pipeline.audio(torch.zeros(1, 20, 64)).shape == (1, 10, 16)


@pytest.mark.gpu
def test_gpu_gives_the_same_motion(tiny_checkpoint: Path, pipeline: emoface.Pipeline) -> None:
    ours = plain(emoface.load(tiny_checkpoint, device="cuda"), emotion="happy", guidance=1.5)
    np.testing.assert_allclose(ours, plain(pipeline, emotion="happy", guidance=1.5), atol=2e-3)


@pytest.mark.filterwarnings("ignore:audio 'samples' counts as silence")
def test_animating_leaves_the_thread_count_alone(pipeline: emoface.Pipeline) -> None:
    """Sampling runs on one thread, also when several Python threads animate at once."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen: list[int] = []
        workers = [
            threading.Thread(
                target=pipeline.animate,
                args=(np.zeros(40000, np.float32),),
                kwargs={"sample_rate": 16000, "progress": lambda _: seen.append(torch.get_num_threads())},
            )
            for _ in range(3)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert seen and set(seen) == {1}
        pipeline.animate(np.zeros(40000, np.float32), sample_rate=16000)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_entries_of_one_emotion_share_work(pipeline: emoface.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    from emoface.diffusion.windows import WindowSampler

    counts, plain = [], WindowSampler.run

    def counted(self: WindowSampler, window: Any, content: Any, tracks: Any, *rest: Any) -> Any:
        counts.append(len(tracks))
        return plain(self, window, content, tracks, *rest)

    monkeypatch.setattr(WindowSampler, "run", counted)
    entries = [(i * 0.01, ("neutral", "happy", "sad")[i % 3]) for i in range(400)]
    pipeline.animate(demo_path(), emotion=entries)
    assert max(counts) == 3
    distinct = [(i * 0.05, ("happy", 3 * i / 80)) for i in range(80)]
    before = len(counts)
    with pytest.raises(ValueError, match="emotion must have at most 32 different emotions"):
        pipeline.animate(demo_path(), emotion=distinct)
    assert len(counts) == before


def test_windows_heard_together_are_those_heard_alone(
    pipeline: emoface.Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long recording, more windows than are heard at once and a last one of another length, bit for bit."""
    together = pipeline.animate(voice(9 * 4.0), sample_rate=RATE, emotion=None)
    monkeypatch.setattr("emoface.pipeline.AT_ONCE", 1)
    alone = pipeline.animate(voice(9 * 4.0), sample_rate=RATE, emotion=None)
    np.testing.assert_array_equal(together.motion, alone.motion)
