"""What tracks do to a take on a recording: when, how much, and what they leave alone."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import emoface
from emoface import AnimateOptions, Animation, Controls, Direction
from emoface.demo import demo_path
from emoface.direct.perform import meet_poses
from emoface.direct.regions import PARTS
from emoface.direct.tracks import PoseTrack
from emoface.evaluation.seeds import between
from emoface.face.layout import EXPRESSION_NAMES, FPS, MOTION_INDEX, MOTION_SIZE
from emoface.metrics.liveliness import offset_share
from emoface.options import options_of
from emoface.pipeline import BESIDE, _beside, options_of_take
from emoface.training.corpus.adapters.signals import read_wave

OPTIONS = {"emotion": ("sad", 2), "blink": False, "gaze": False}


def performed(pipeline, *tracks, **options):
    return pipeline.animate(demo_path(), direction=Direction(tracks), **{**OPTIONS, **options})


def change(take, other, *parts):
    """Mean change (T,) of the channels of some parts."""
    numbers = [i for part in parts for i in PARTS[part]]
    return np.abs(take.motion - other.motion)[:, numbers].mean(1)


def half_rise(curve):
    """Seconds at which a curve first reaches half of its most."""
    return (np.argmax(curve > curve.max() / 2) + 0.5) / FPS


def test_an_empty_direction_changes_nothing(pipeline, take):
    assert np.array_equal(performed(pipeline).motion, take.motion)


@pytest.mark.parametrize("fps", [25, 60])
def test_an_action_is_there_within_a_frame(pipeline, take, fps):
    track = {"track": "action", "action": "AU4", "start": 0.8, "end": 1.4, "value": 0.6}
    there, plain = performed(pipeline, track, fps=fps), take.resample(fps)
    rise = (there.motion - plain.motion)[:, MOTION_INDEX["browDownLeft"]]
    seconds = (np.arange(len(rise)) + 0.5) / fps
    on = seconds[rise > 0.3]
    assert abs(on[0] - 0.8) <= 1 / fps and abs(on[-1] - 1.4) <= 1 / fps
    assert rise[(seconds > 0.9) & (seconds < 1.3)] == pytest.approx(0.6, abs=1e-5)
    changed = np.abs(there.motion - plain.motion).any(0)
    assert set(np.flatnonzero(changed)) == {MOTION_INDEX["browDownLeft"], MOTION_INDEX["browDownRight"]}


def test_actions_replace_and_forbid(pipeline, take):
    brow = {"track": "action", "action": "browInnerUp", "value": 0.9, "mode": "replace", "end": 1.5}
    held = performed(pipeline, brow)
    assert held.motion[5:30, MOTION_INDEX["browInnerUp"]] == pytest.approx(0.9)
    none = performed(pipeline, {"track": "action", "action": "mouthFrown", "mode": "forbid"})
    assert take.motion[:, MOTION_INDEX["mouthFrownLeft"]].max() > 0.02
    assert not none.motion[:, MOTION_INDEX["mouthFrownLeft"]].any()


def test_an_emotion_of_a_part_grows_with_its_strength_and_keeps_to_it(pipeline, take):
    def angry(strength):
        track = {"track": "emotion", "emotion": ["angry", 3], "region": "brows", "start": 0.8, "strength": strength}
        return performed(pipeline, track)

    changes = [change(angry(strength), take, "brows") for strength in (0.3, 0.6, 1.0)]
    most = [one[30:].mean() for one in changes]
    assert most[0] < most[1] < most[2] and most[2] > 0.05
    assert abs(half_rise(changes[2]) - 0.8) <= 0.1
    others = change(angry(1.0), take, *(part for part in PARTS if part != "brows"))
    assert others[30:].mean() < 0.05 * most[2]


def test_curves_of_the_sampler(pipeline, take):
    for of, value in (("intensity", 0.2), ("intensity", 1.8), ("guidance", 2.0), ("temperature", 2.0)):
        there = performed(pipeline, {"track": "curve", "of": of, "value": value, "region": "upper", "start": 1.0})
        upper, lower = (change(there, take, *parts)[30:].mean() for parts in (("brows", "eyes"), ("mouth", "jaw")))
        assert upper > 0.003, of
        assert lower < 0.2 * upper, of  # accents let the mouth answer to brows and eyes
        assert change(there, take, *PARTS)[:18].max() < 0.005, of


def test_controls_follow_their_curve(pipeline, take):
    track = {"track": "control", "field": "brow_offset", "value": [[0.0, 0.0], [2.0, 0.4]], "region": "brows"}
    rise = (performed(pipeline, track).motion - take.motion)[:, MOTION_INDEX["browInnerUp"]]
    seconds = (np.arange(len(rise)) + 0.5) / FPS
    free = take.motion[:, MOTION_INDEX["browInnerUp"]] < 0.55
    assert rise[free] == pytest.approx((0.2 * seconds).clip(max=0.4)[free], abs=1e-4)


def test_cues_move_their_part(pipeline, take):
    for cue, part in (("blink", "eyes"), ("look", "eyes"), ("nod", "head"), ("shake", "head"), ("laugh", "cheeks"),
                      ("sigh", "brows"), ("breath", "jaw")):  # fmt: skip
        aside = {"at": "left"} if cue == "look" else {}
        there = performed(pipeline, {"track": "cue", "cue": cue, "time": 0.8, **aside})
        moved = change(there, take, part)
        assert moved[:19].max() == 0 and moved[20:45].max() > 0.003, cue
    shut = performed(pipeline, {"track": "cue", "cue": "blink", "time": 0.8}).motion[:, MOTION_INDEX["eyeBlinkLeft"]]
    assert shut[20:28].max() > 0.95


def random_poses(seed, duration, count):
    """Partial faces at random moments, at least 0.3 s apart."""
    rng = np.random.default_rng(seed)
    names = [name for name in EXPRESSION_NAMES[:50] if not name.startswith(("eyeBlink", "eyeLook"))]
    times = np.sort(rng.uniform(0, duration - 0.8 - 0.3 * (count - 1), count)) + 0.4 + 0.3 * np.arange(count)
    return [
        {"track": "pose", "time": time,
         "shapes": {name: rng.uniform(0, 1) for name in rng.choice(names, rng.integers(2, 9), False)}}
        for time in times
    ]  # fmt: skip


def test_poses_are_met_without_a_jerk(pipeline, take):
    ordinary = np.quantile(np.abs(np.diff(take.motion[:, :50], 3, axis=0)), 0.99)
    for seed in range(20):
        tracks = random_poses(seed, take.duration, 4)
        poses = [PoseTrack(**{key: value for key, value in track.items() if key != "track"}) for track in tracks]
        met = performed(pipeline, *tracks).motion if seed < 2 else meet_poses(take.motion, FPS, poses)
        jerk = np.abs(np.diff(met, 3, axis=0))
        for track in tracks:
            frame = round(track["time"] * FPS - 0.5)
            for name, weight in track["shapes"].items():
                channel = MOTION_INDEX[name]
                assert met[frame, channel] == pytest.approx(weight, abs=1e-6)
                assert jerk[max(frame - 3, 0) : frame + 1, channel].max() <= 1.5 * ordinary


def test_a_pose_of_the_mouth_is_not_pressed_shut_by_the_voice(pipeline, take):
    """Lips that a pose parts against the jaw leave the other shapes of the mouth as calm as they were."""
    track = {"track": "pose", "time": 1.2, "shapes": {"mouthClose": 0.5, "mouthFunnel": 0.6}}
    pressed = performed(pipeline, track).motion[:, MOTION_INDEX["mouthPressRight"]]
    frame = round(1.2 * FPS - 0.5)
    assert pressed[frame - 2 : frame + 3].max() < 0.3


LIVE = [
    {"track": "emotion", "emotion": ["angry", 3], "region": "brows", "start": 0.8},
    {"track": "curve", "of": "intensity", "value": [[0.0, 1.0], [2.0, 0.4]]},
    {"track": "curve", "of": "temperature", "value": 1.5, "region": "head", "end": 1.0},
    {"track": "control", "field": "brow_offset", "value": [[0.0, 0.0], [2.0, 0.2]]},
    {"track": "action", "action": "AU12", "value": 0.5, "start": 0.5, "end": 1.2},
    {"track": "cue", "cue": "nod", "time": 1.0},
    {"track": "pose", "time": 1.5, "shapes": {"browInnerUp": 0.8, "headYaw": 10.0}},
]


@pytest.mark.parametrize(("latency", "fps"), [("live", 25), ("instant", 60)])
def test_a_stream_is_directed_as_its_recording_is(tiny_pipeline, latency, fps):
    """The same bits for every chunking; what a direction lays over finished motion is there within a frame."""
    samples = read_wave(demo_path())[: 2 * 16000]
    asked = {"emotion": ("sad", 2), "latency": latency, "fps": fps, "blink": False, "gaze": False}
    whole = tiny_pipeline.animate(samples, sample_rate=16000, direction=Direction(LIVE), **asked)
    for size in (160, 4321):
        stream = tiny_pipeline.stream(direction=Direction(LIVE), **asked)
        given = [stream.feed(samples[at : at + size]).motion for at in range(0, len(samples), size)]
        assert np.array_equal(np.concatenate([*given, stream.flush().motion]), whole.motion)
    plain = tiny_pipeline.animate(samples, sample_rate=16000, **asked)
    seconds = (np.arange(len(plain)) + 0.5) / fps
    assert np.abs(whole.motion - plain.motion)[seconds < 0.3][:, list(PARTS["mouth"])].max() < 0.05
    frame = round(1.5 * fps - 0.5)
    assert whole.motion[frame, MOTION_INDEX["browInnerUp"]] == pytest.approx(0.8, abs=1e-6)
    held = MOTION_INDEX["mouthSmileLeft"]
    only = tiny_pipeline.animate(samples, sample_rate=16000, direction=Direction(LIVE[4:5]), **asked)
    rise = (only.motion - plain.motion)[:, held]
    risen = seconds[rise > 0.2]
    assert abs(risen[0] - 0.5) < 1.01 / fps and abs(risen[-1] - 1.2) < 1.01 / fps


def test_what_needs_frames_to_come_is_refused_in_a_stream(tiny_pipeline):
    for track, message in (
        ({"track": "region", "do": "redo"}, r"\$\.tracks\[1\]\.track must not be 'region' with low latency"),
        ({"track": "control", "field": "upper_smoothing", "value": 0.2}, r"\$\.tracks\[1\]\.field must not be 'upp"),
    ):
        direction = Direction([LIVE[0], track])
        with pytest.raises(ValueError, match=message):
            tiny_pipeline.stream(direction=direction)
        with pytest.raises(ValueError, match=message):
            tiny_pipeline.animate(demo_path(), direction=direction, latency="live")


def test_redoing_brows_leaves_every_other_bit(pipeline, take):
    again = take.redo(0.8, 1.8, regions="brows", seed=7)
    seconds = (np.arange(len(take)) + 0.5) / FPS
    inside = (seconds > 0.8) & (seconds < 1.8)
    others = [i for i in range(MOTION_SIZE) if i not in PARTS["brows"]]
    assert np.array_equal(again.motion[~inside], take.motion[~inside])
    assert np.array_equal(again.motion[:, others], take.motion[:, others])
    middle = (seconds > 1.05) & (seconds < 1.55)
    assert np.abs(again.motion - take.motion)[middle][:, list(PARTS["brows"])].mean() > 0.005
    assert again.metadata["edits"] == [{"edit": "redo", "seconds": [0.8, 1.8], "regions": ["brows"]}]


@pytest.mark.parametrize("region", ["brows", "head"])
def test_what_is_redone_is_another_performance_of_the_same_strength(pipeline, region):
    take = pipeline.animate(demo_path(), emotion=("angry", 2), blink=False, gaze=False)
    own = list(PARTS[region])
    ordinary = np.quantile(np.abs(np.diff(take.motion[:, own], 2, axis=0)), 0.99)
    sizes = []
    for seed in range(1, 7):
        again = take.redo(0.3, 2.3, regions=region, seed=seed)
        inside = slice(round(0.8 * FPS), round(1.8 * FPS))
        assert between(np.stack([take.motion[inside, own], again.motion[inside, own]])) < 0.5
        sizes.append(np.abs(again.motion[inside, own]).mean() / np.abs(take.motion[inside, own]).mean())
        changed = (again.motion != take.motion)[:, own]
        bends = np.abs(np.diff(again.motion[:, own], 2, axis=0))
        seams = np.zeros(len(bends), bool)
        seams[round(0.3 * FPS) - 2 : round(0.8 * FPS)] = seams[round(1.8 * FPS) - 2 : round(2.3 * FPS)] = True
        touched = (changed[2:] | changed[1:-1] | changed[:-2]) & seams[:, None]
        assert bends[touched].max() <= 1.01 * ordinary
    assert region == "head" or 0.8 < np.mean(sizes) < 1.25


def test_what_finished_motion_was_given_is_not_given_twice(pipeline):
    """Controls and tracks reach a new stretch as they reached the take, and its fades no more than that."""
    nod = {"track": "action", "action": "browInnerUp", "value": 0.4}
    plain = performed(pipeline, emotion="neutral", controls=Controls(head_strength=0))
    raised = performed(pipeline, nod, emotion="neutral", controls=Controls(head_strength=0))
    again = raised.redo(0.4, 2.0, regions=["brows", "head"], seed=9)
    assert np.abs(again.neck_pose - plain.neck_pose).max() < 1e-6
    rise = again.motion[:, MOTION_INDEX["browInnerUp"]]
    assert 0.35 < rise.min() and rise.max() < raised.motion[:, MOTION_INDEX["browInnerUp"]].max() + 0.15


def test_a_take_by_example_is_repeated_or_a_warning_tells(pipeline, take, tmp_path):
    z = pipeline.emotion.encode(label=("angry", 3))
    shown = pipeline.animate(demo_path(), emotion=z, blink=False, gaze=False)
    named = pipeline.animate(demo_path(), emotion=("angry", 3), blink=False, gaze=False)
    shown.save(tmp_path / "take.npz")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = type(take).load(tmp_path / "take.npz").redo(0.5, 1.5, audio=demo_path())
    expected = named.redo(0.5, 1.5)
    assert np.abs(again.motion - expected.motion).max() < 1e-4
    manner = pipeline.animate(demo_path(), style=emoface.from_motion(take), blink=False, gaze=False)
    with pytest.warns(UserWarning, match="made with a manner from motion: give it as style; what is perf"):
        manner.redo(0.5, 1.5)
    with pytest.warns(UserWarning, match="made with a speaker's manner, which is laid over whole takes"):
        manner.redo(0.5, 1.5, style=emoface.from_motion(take))
    listening = pipeline.animate(demo_path(), other=demo_path(), blink=False)
    with pytest.warns(UserWarning, match=r"made with another voice, 'speech\.wav', to listen to: give it as other"):
        listening.redo(0.5, 1.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        listening.redo(0.5, 1.5, other=demo_path())


def test_metadata_tell_every_option():
    """What a take was made with is in its metadata, so that edits repeat it; or it says nothing of the face."""
    named = {"emotion", "intensity", "guidance", "steps", "seed", "style"}
    elsewhere = {"num_samples", "fps", "latency"}
    assert {*named, *BESIDE, *elsewhere} == set(options_of(AnimateOptions))
    told = {"blink": False, "gaze": False, "head": 0.5, "nonverbal": 0.0, "seed": 4, "intensity": 0.7}
    made = AnimateOptions(**told, emotion=("sad", 2))
    metadata = {"emotion": ["sad", 2.0], "intensity": 0.7, "seed": 4, **_beside(made)}
    motion = np.zeros((25, MOTION_SIZE), np.float32)
    assert options_of_take(Animation.from_motion(motion, FPS, metadata=metadata)) == made


def test_a_loaded_take_is_redone_with_its_recording(pipeline, take, tmp_path):
    take.save(tmp_path / "take.npz")
    loaded = type(take).load(tmp_path / "take.npz")
    with pytest.raises(ValueError, match=r"without its recording, 'speech\.wav': give it as audio"):
        loaded.redo(0.5, 1.0)
    again = loaded.redo(0.5, 1.0, regions="mouth", seed=5, audio=demo_path())
    assert np.array_equal(again.motion, take.redo(0.5, 1.0, regions="mouth", seed=5).motion)


def test_kept_parts_are_not_redone(take):
    kept = take.keep(0.0, 1.2, regions="brows")
    again = kept.redo(0.8, 1.8, regions="upper", seed=3)
    brows = list(PARTS["brows"])
    assert np.array_equal(again.motion[:30, brows], take.motion[:30, brows])
    assert not np.array_equal(again.motion[32:40, brows], take.motion[32:40, brows])


def test_blend_and_fill(pipeline, take):
    other = pipeline.animate(demo_path(), **{**OPTIONS, "emotion": ("happy", 3)})
    mixed = take.blend(other, 0.8, 1.8, regions="lower", fade=0.24)
    lower = [*PARTS["mouth"], *PARTS["jaw"]]
    assert np.array_equal(mixed.motion[28:38, lower], other.motion[28:38, lower])
    assert np.array_equal(mixed.motion[:19], take.motion[:19]) and np.array_equal(mixed.motion[46:], take.motion[46:])
    spoilt = take.motion.copy()
    spoilt[25:35] = 0
    filled = type(take).from_motion(spoilt, FPS, audio=take.audio, metadata=take.metadata).fill([(0.8, 1.6)])
    assert filled.motion[28:34, MOTION_INDEX["browInnerUp"]].min() > 0.02
    with pytest.raises(TypeError, match=r"gaps\[0\] must be \(start, end\)"):
        take.fill([1.0])
    with pytest.raises(TypeError, match=r"gaps must be a list of \(start, end\) in seconds, got NoneType"):
        take.fill(None)


def test_bad_edits_are_named(take):
    for wrong, message in (
        ((1.0, 0.5), "end must be after start"), ((-1, 0.5), "start must be in 0"), ((0, 99), "end must be in 0"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            take.redo(*wrong)
    with pytest.raises(ValueError, match="regions has no region 'ears'"):
        take.redo(0, 1, regions="ears")
    with pytest.raises(TypeError, match="there is no option 'sead'"):
        take.redo(0, 1, sead=3)


def test_the_command_line(pipeline, tmp_path, monkeypatch, capsys):
    from emoface.cli import main

    (tmp_path / "speech.wav").write_bytes(demo_path().read_bytes())
    (tmp_path / "scene.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\n[brows: worried] (wobbly) Fine.\n")
    monkeypatch.chdir(tmp_path)
    assert main(["animate", "speech.wav", "--direct", "scene.srt", "-o", "take.npz"]) == 2
    assert "line 3, column 19: 'wobbly' names nothing" in capsys.readouterr().err
    assert main(["animate", "speech.wav", "--direct", "scene.srt", "--skip-unknown", "-o", "take.npz"]) == 0
    stretch = ["--from", "0.6", "--to", "1.6", "--region", "mouth", "--seed", "7"]
    assert main(["redo", "take.npz", *stretch, "-o", "b.npz"]) == 0
    assert "mouth anew from 0.6 to 1.6 s" in capsys.readouterr().out
    assert (tmp_path / "b.npz").is_file()


def test_takes_differ_as_far_as_variety_says(pipeline):
    """In the pose that each holds, in what happens when, or in neither."""

    def seeds(variety):
        asked = {"emotion": "neutral", "blink": False, "gaze": False, "num_samples": 4, "variety": variety}
        return np.stack([one.motion for one in pipeline.animate(demo_path(), **asked)])[..., list(PARTS["head"])]

    usual, equal = seeds(1.0), seeds(0)
    assert np.array_equal(usual, seeds((1, 1))) and np.ptp(equal, 0).max() < 0.2 * np.ptp(usual, 0).max()
    poses, events = seeds((1.0, 0.2)), seeds((0.0, 2.0))
    assert offset_share(poses) > 2 * offset_share(usual) > 3 * offset_share(events)
    assert events.std(1).mean() > 1.5 * usual.std(1).mean()
    with pytest.raises(ValueError, match="variety, events must be in 0"):
        pipeline.animate(demo_path(), variety=(1, 9))
    with pytest.raises(ValueError, match=r"variety must be a number or \(pose, events\), got 3 numbers"):
        pipeline.animate(demo_path(), variety=(1, 1, 1))
