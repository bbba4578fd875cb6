"""Subtitles, labels and scripts become directions; faults are named with line and column."""

from __future__ import annotations

import json

import pytest

from emoface import Direction
from emoface.direct.subtitles import find_emotion, parse_subtitles
from emoface.direct.tracks import ActionTrack, CueTrack, CurveTrack, EmotionTrack, RegionTrack

SRT = """1
00:00:00,500 --> 00:00:02,000
[brows: worried] [mouth: forced smile] Fine, really.

2
00:00:02,000 --> 00:00:03,500
(angrily) No! [intensity: 1.5]
<i>Never</i> [nod]

3
00:00:04,000 --> 00:00:05,000
[eyes: look left; head: redo 7] {very happy}
"""


def kinds(direction: Direction) -> list[tuple[type, float, float | None]]:
    return [(type(track), track.start, track.end) for track in direction.tracks]


def test_a_line_directs_each_part_of_the_face():
    found = parse_subtitles(SRT)
    assert kinds(found) == [
        (ActionTrack, 0.5, 2.0), (ActionTrack, 0.5, 2.0), (EmotionTrack, 2.0, 3.5), (CurveTrack, 2.0, 3.5),
        (CueTrack, 2.0, 2.8), (CueTrack, 4.0, 5.0), (RegionTrack, 4.0, 5.0), (EmotionTrack, 4.0, 5.0),
    ]  # fmt: skip
    brows, mouth, angry, _, _, look, again, happy = found.tracks
    assert set(brows.found.weights) == {"browInnerUp"} and "mouthSmileLeft" in mouth.found.weights
    assert angry.emotion == "angry" and happy.emotion == ("happy", 3.0)
    assert look.at == (20.0, 0.0) and (again.do, again.seed, again.region) == ("redo", 7, ("head",))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("intensity: 1.5, nod", [("intensity", None), ("nod", None)]),
        ("brows: intensity: 1.5; worried", [("intensity", ("brows",)), ("worried brow", ("brows",))]),
        ("brows: worried, Guidance : 2, raised",
         [("worried brow", ("brows",)), ("guidance", None), ("raised brow", ("brows",))]),
    ],
)  # fmt: skip
def test_a_curve_is_of_a_part_of_the_face_or_of_all_of_it(words, found):
    tracks = parse_subtitles(f"1\n00:00:01,000 --> 00:00:02,000\n[{words}]\n").tracks
    whole = EmotionTrack(emotion="happy").region
    assert [(track.what, track.region) for track in tracks] == [(what, region or whole) for what, region in found]


@pytest.mark.parametrize(
    "spoilt",
    [
        "\ufeff" + SRT, SRT.replace("\n", "\r\n"), SRT.replace(",", ".").replace("Fine. really", "Fine, really"),
        SRT.replace("\n\n", "\n"), "\n\n" + SRT, SRT.replace(" --> ", "-->"),
    ],
    ids=["byte order mark", "CRLF", "dots", "no blank lines", "blank lines first", "no spaces"],
)  # fmt: skip
def test_files_that_are_a_little_off_are_read(spoilt):
    assert parse_subtitles(spoilt) == parse_subtitles(SRT)


def test_webvtt_and_labels_and_json_say_the_same(tmp_path):
    vtt = "WEBVTT - title\n\nNOTE nothing [foo]\n\nfirst\n00:01.000 --> 00:02.500 align:start\n(sadly) Oh. [blink]\n"
    labels = "1.000000\t2.500000\tsadly, blink\n\\\t100\t200\n"
    cues = [{"start": 1.0, "end": 2.5, "text": "(sadly) Oh. [blink]"}]
    for name, text in (("a.vtt", vtt), ("a.txt", labels), ("a.json", json.dumps(cues))):
        (tmp_path / name).write_text(text)
        found = Direction.load(tmp_path / name)
        assert [track.what for track in found.tracks] == ["sad", "blink"], name
        assert [track.start for track in found.tracks] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (SRT.replace("worried", "wobbly"), "srt", "line 3, column 9: 'wobbly' names nothing"),
        (SRT.replace("angrily", "angrrily"), "srt", "line 7, column 2: 'angrrily' names nothing; did you mean 'angry'"),
        (SRT.replace("[mouth:", "[mouht:"), "srt", "line 3, column 26: 'mouht' is no part of the face; did you mean"),
        (SRT.replace("00:00:02,000 -->", "00:00:02 -->"), "srt", "line 6, column 1: times must look like"),
        (SRT.replace("--> 00:00:05,000", "--> 00:00:03,000"), "srt", "line 11, column 1: the line must end after"),
        ("hello\n" + SRT, "srt", "line 1, column 1: text before any times"),
        ("1.0 2.0 happy\n", "txt", "line 1, column 1: a label is start, end and text"),
        (SRT.replace("1.5]", "lots]"), "srt", "line 7, column 16: intensity must be a number in 0..2"),
    ],
)  # fmt: skip
def test_faults_are_named_with_line_and_column(text, kind, message):
    with pytest.raises(ValueError, match="^" + message.replace("[", r"\[")):
        parse_subtitles(text, kind)


def test_unknown_words_are_left_out_when_asked(tmp_path):
    path = tmp_path / "scene.srt"
    path.write_text(SRT.replace("worried", "wobbly"))
    with pytest.warns(UserWarning, match=r"line 3, column 18: 'wobbly' names nothing.*left out|left out"):
        found = Direction.load(path, unknown="skip")
    assert len(found) == len(parse_subtitles(SRT)) - 1
    with pytest.raises(ValueError, match=r"scene\.srt, line 3"):
        Direction.load(path)


@pytest.mark.parametrize(
    ("words", "emotion"),
    [("angrily", "angry"), ("very sad", ("sad", 3.0)), ("happily", "happy"), ("fear 1", ("fear", 1.0)),
     ("contemptuously", "contempt"), ("shocked", "surprised"), ("slowly", None)],
)  # fmt: skip
def test_words_of_scripts_are_emotions(words, emotion):
    assert find_emotion(words) == emotion
