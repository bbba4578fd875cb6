"""The timeline: JSON there and back, and faults named with their place."""

from __future__ import annotations

import json
import warnings

import pytest

from emoface import AnimateOptions, Direction
from emoface.direct.direction import MOST, schema
from emoface.direct.tracks import KINDS, keys_of

SCENE = [
    {"track": "emotion", "emotion": ["angry", 3.0], "start": 0.5, "end": 1.5, "region": ["brows"], "strength": 0.5},
    {"track": "emotion", "emotion": {"happy": 0.7, "sad@3": 0.3}, "name": "mixed feelings"},
    {"track": "curve", "of": "guidance", "value": [[0.0, 1.0], [1.0, 2.0]], "region": ["mouth", "jaw"]},
    {"track": "control", "field": "brow_offset", "value": 0.3, "fade_in": 0.5},
    {"track": "action", "action": "raise the left eyebrow", "value": 0.6, "mode": "replace", "start": 0.2, "end": 0.8},
    {"track": "pose", "time": 1.0, "shapes": {"browInnerUp": 0.5, "headPitch": 10.0}},
    {"track": "region", "do": "redo", "seed": 3, "start": 0.5, "end": 1.0, "region": ["eyes"]},
    {"track": "cue", "cue": "look", "time": 0.4, "at": [10.0, -5.0]},
]


def test_json_there_and_back(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    direction = Direction(SCENE)
    plain = json.loads(direction.to_json())
    assert Direction.from_json(direction.to_json()) == direction == Direction(direction.tracks)
    assert Direction.load(direction.save(tmp_path / "scene.json")) == direction
    jsonschema.Draft202012Validator(schema()).validate(plain)
    spoilt = {**plain, "tracks": [{"track": "cue", "time": 1}]}
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(spoilt))


def test_the_schema_knows_every_track_and_key():
    kinds = {one["title"]: one for one in schema()["properties"]["tracks"]["items"]["oneOf"]}
    assert set(kinds) == set(KINDS)
    for name, kind in KINDS.items():
        assert set(kinds[name]["properties"]) == {"track", *keys_of(kind)}
        assert set(kinds[name]["required"]) == {"track", *(key for key, needed in keys_of(kind).items() if needed)}


@pytest.mark.parametrize(
    ("track", "message"),
    [
        ({"track": "emotoin"}, "$.tracks[1].track must be one of emotion, curve"),
        ({}, "$.tracks[1].track must be one of"),
        ({"track": "emotion"}, "$.tracks[1].emotion is missing"),
        ({"track": "emotion", "emotion": "happpy"}, "$.tracks[1].emotion"),
        ({"track": "emotion", "emotion": "happy", "strat": 1}, "$.tracks[1].strat is not known; did you mean 'start'?"),
        ({"track": "emotion", "emotion": "happy", "start": 2, "end": 1}, "$.tracks[1].end must be after start, 2 s"),
        ({"track": "emotion", "emotion": "happy", "start": -1}, "$.tracks[1].start must be in 0"),
        ({"track": "emotion", "emotion": "happy", "fade_in": "x"}, "$.tracks[1].fade_in must be a number"),
        ({"track": "emotion", "emotion": "happy", "region": "noze"}, "$.tracks[1].region has no region 'noze'"),
        ({"track": "curve", "of": "guidance", "value": 9}, "$.tracks[1].value must be in 0..4, got 9"),
        ({"track": "curve", "of": "guidance", "value": [[1, 1], [1, 2]]}, "$.tracks[1].value[1][0] must be after"),
        ({"track": "control", "field": "brow_ofset", "value": 0}, "$.tracks[1].field must be a number of Controls"),
        ({"track": "action", "action": "browDwon"}, "$.tracks[1].action"),
        ({"track": "action", "action": "AU99"}, "$.tracks[1]: there is no action 'AU99'; the nearest units are 64"),
        ({"track": "action", "action": "nod"}, "$.tracks[1].action 'nod' happens at a moment: it is a cue"),
        ({"track": "pose", "time": 1, "shapes": {"browInerUp": 0.5}}, "did you mean 'browInnerUp'"),
        ({"track": "pose", "time": 1, "shapes": {"browInnerUp": 1.5}}, "$.tracks[1].shapes['browInnerUp'] must be in"),
        ({"track": "pose", "time": 1, "shapes": {"headYaw": 80}}, "$.tracks[1].shapes must turn the head by 60"),
        ({"track": "region", "do": "take"}, "$.tracks[1].source goes with do 'take'"),
        ({"track": "cue", "cue": "look", "time": 1, "at": "sideways"}, "$.tracks[1].at has no direction 'sideways'"),
    ],
)  # fmt: skip
def test_faults_are_named_with_their_place(track, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        Direction([SCENE[0], track])
    told = str(caught.value)
    assert message in told or (told.startswith(message) or "there is no action" in told), told
    assert told.startswith("$.tracks[1]")


def test_files_and_versions(tmp_path):
    for text, message in (
        ("{", "direction must be JSON"), ("[1]", r"\$"), ('{"tracks": []}', "emoface_direction must say the version"),
        ('{"emoface_direction": 2}', "must be 1, got 2"),
        ('{"emoface_direction": 1, "track": []}', "track is not known"),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=message):
            Direction.from_json(text)
    (tmp_path / "x.json").write_text('{"emoface_direction": 1, "tracks": [{"track": "cue"}]}')
    with pytest.raises(ValueError, match=r"x\.json: \$\.tracks\[0\]\.cue is missing"):
        Direction.load(tmp_path / "x.json")


def test_times_beyond_the_recording_are_refused():
    for track, message in (
        ({"track": "emotion", "emotion": "sad", "start": 5.0}, r"\$\.tracks\[0\]\.start must be before"),
        ({"track": "emotion", "emotion": "sad", "end": 9.0}, r"\$\.tracks\[0\]\.end must not be beyond"),
        ({"track": "cue", "cue": "nod", "time": 4.5}, r"\$\.tracks\[0\]\.time must be before"),
    ):
        with pytest.raises(ValueError, match=message):
            Direction([track]).check(4.0)


def test_contradictions_warn_by_name():
    clash = Direction([
        {"track": "emotion", "emotion": "sad", "start": 0, "end": 2, "name": "the sad part"},
        {"track": "emotion", "emotion": "happy", "start": 1, "end": 3},
    ])  # fmt: skip
    with pytest.warns(UserWarning, match="'the sad part' and 'emotion happy' contradict each other at 1 s; the latter"):
        clash.check(4.0)
    apart = Direction([
        {"track": "emotion", "emotion": "sad", "end": 2, "region": "brows"},
        {"track": "emotion", "emotion": "happy", "start": 1, "region": "mouth"},
        {"track": "action", "action": "AU4"}, {"track": "action", "action": "AU4", "value": 0.2},
    ])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        apart.check(4.0)


def test_ten_thousand_tracks_and_no_more():
    many = [{"track": "action", "action": "AU4", "start": 0.001 * n, "end": 0.001 * n + 1, "mode": "replace",
             "value": (n % 7) / 7} for n in range(MOST)]  # fmt: skip
    direction = Direction(many)
    direction.check(20.0)
    with pytest.raises(ValueError, match=r"at most 10000 tracks"):
        Direction([*many, many[0]])


def test_actions_that_name_nothing_are_left_out_when_asked(tmp_path):
    tracks = [{"track": "action", "action": "wiggle the ears"}, {"track": "action", "action": "smile"}]
    with pytest.warns(UserWarning, match=r"\$\.tracks\[0\].*there is no action 'wiggle the ears'.*left out"):
        assert len(Direction(tracks, unknown="skip")) == 1
    (tmp_path / "scene.json").write_text(json.dumps({"emoface_direction": 1, "tracks": tracks}))
    with pytest.warns(UserWarning, match="left out"):
        assert len(Direction.load(tmp_path / "scene.json", unknown="skip")) == 1


def test_a_point_is_looked_at():
    (track,) = Direction([{"track": "cue", "cue": "look", "time": 0, "at": [0.5, 0.0, 1.0]}]).tracks
    assert track.at == pytest.approx((26.565, 0.0), abs=1e-3)
    with pytest.raises(ValueError, match=r"\$\.tracks\[0\]\.at must be a point before the face"):
        Direction([{"track": "cue", "cue": "look", "time": 0, "at": [0.5, 0.0, -1.0]}])


def test_options_in_json_name_no_files():
    """They may come from elsewhere."""
    with pytest.raises(TypeError, match="direction must be an object in JSON"):
        AnimateOptions.from_json({"direction": "/etc/scene.json"})
    taking = {"emoface_direction": 1, "tracks": [{"track": "region", "do": "take", "source": "/tmp/take.npz"}]}
    with pytest.raises(ValueError, match="cannot take regions from files"):
        AnimateOptions.from_json({"direction": taking})
