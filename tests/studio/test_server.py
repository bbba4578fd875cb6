"""The studio over HTTP: takes are those of the API, and whatever is wrong is said with its place."""

from __future__ import annotations

import http.client
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from emoface import Animation, Direction, Pipeline
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.formats import FORMATS

TOKEN = "a-secret-of-sixteen-letters"
TRACKS: list[dict[str, Any]] = [
    {"track": "emotion", "emotion": ["angry", 3.0], "start": 0.5, "end": 1.5},
    {"track": "region", "do": "redo", "seed": 7, "region": ["brows"], "start": 0.8, "end": 1.6},
    {"track": "cue", "cue": "nod", "time": 1.0},
    {"track": "region", "do": "redo", "seed": 2, "emotion": "sad", "region": ["eyes"], "start": 1.0, "end": 2.0},
]


def ask(running: Any, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def perform(running: Any, *takes: Any, voice: str | None = None) -> tuple[int, dict[str, Any]]:
    name = running.studio.voice.id if voice is None else voice
    status, _, body = ask(running, "POST", "/perform", json.dumps({"voice": name, "takes": takes}))
    return status, json.loads(body)


def directed(*tracks: Any) -> dict[str, Any]:
    return {"direction": {"emoface_direction": 1, "tracks": list(tracks)}}


def test_a_take_is_that_of_the_api(shared: Any, pipeline: Pipeline, tmp_path: Path) -> None:
    for tracks in (TRACKS[:1], TRACKS, [*TRACKS[:3], {**TRACKS[3], "seed": 5}]):
        options = {"emotion": "happy", "seed": 3, "fps": 30}
        status, told = perform(shared, {**options, **directed(*tracks)})
        assert status == 200 and told["warnings"] == [], told
        expected = pipeline.animate(demo_path(), direction=Direction(tracks), **options)
        name = told["takes"][0]["id"]
        kept = shared.studio.desk.take(name)
        assert np.array_equal(kept.motion, expected.motion) and kept.metadata == expected.metadata
        for suffix in ("npz", "csv"):
            status, headers, body = ask(shared, "GET", f"/take/{name}/file?format={suffix}")
            assert status == 200 and f'filename="speech.{suffix}"' in headers["content-disposition"]
            assert body == expected.save(tmp_path / f"speech.{suffix}").read_bytes()


def test_what_is_known_is_not_performed_again(
    shared: Any, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    performed: list[str] = []
    for name in ("animate", "paint"):
        plain = getattr(Pipeline, name)
        monkeypatch.setattr(
            Pipeline, name,
            lambda self, *given, plain=plain, name=name, **more: performed.append(name) or plain(self, *given, **more),
        )  # fmt: skip
    emotion, brows, _, eyes = TRACKS
    for tracks in ([emotion], [emotion, brows], [emotion, brows, {**eyes, "seed": 9}], [emotion, brows]):
        perform(shared, {"seed": 11, **directed(*tracks)})
    assert performed == ["animate", "paint", "paint"]


def test_motion_is_what_the_head_of_the_page_wears(shared: Any) -> None:
    from emoface.export.rig_curves import rig_curves

    told = perform(shared, {"seed": 1}, {"seed": 2})[1]
    assert [take["seed"] for take in told["takes"]] == [1, 2]
    take = shared.studio.desk.take(told["takes"][1]["id"])
    status, _, body = ask(shared, "GET", f"/take/{told['takes'][1]['id']}/motion")
    plain = zlib.decompress(body)
    header = json.loads(plain[4 : 4 + struct.unpack("<I", plain[:4])[0]])
    _, weights = rig_curves(take.resample(60))
    assert status == 200 and (header["fps"], header["frameRate"]) == (60, 25)
    sizes = {name: (one["rows"], one["columns"]) for name, one in header["arrays"].items()}
    assert sizes["curves"] == weights.shape and sizes["turns"] == (len(weights), 4)


def test_a_voice_and_a_direction_are_uploaded(run_studio: Callable[..., Any], pipeline: Pipeline) -> None:
    with run_studio() as running:
        assert json.loads(ask(running, "GET", "/start")[2]) == {"voice": None, "direction": None}
        sound = demo_path().read_bytes()
        status, _, body = ask(running, "POST", f"/voice?name={quote('../my voice ä.wav')}", sound)
        voice = json.loads(body)
        assert status == 200 and voice["name"] == "_my voice ä.wav"
        status, _, body = ask(running, "POST", f"/voice?name={quote('声' * 120 + '.wav')}", sound)  # 364 bytes
        assert status == 200 and json.loads(body)["name"].endswith("声.wav"), body
        assert max(voice["peaks"]) == 255 and len(voice["peaks"]) == int(100 * voice["duration"])
        status, headers, body = ask(running, "GET", f"/voice/{voice['id']}/sound")
        assert status == 200 and headers["content-type"] == "audio/flac" and body[:4] == b"fLaC"
        script = "1\n00:00:00,400 --> 00:00:01,900\n[brows: worried] (nod) Fine.\n"
        status, _, body = ask(running, "POST", "/direction?name=a.srt", script.encode())
        tracks = json.loads(body)["result"]["tracks"]
        assert status == 200 and [track["track"] for track in tracks] == ["action", "cue"]
        status, told = perform(running, directed(*tracks), voice=voice["id"])
        expected = pipeline.animate(demo_path(), direction=Direction(tracks))
        assert np.array_equal(running.studio.desk.take(told["takes"][0]["id"]).motion, expected.motion)
        film = ask(running, "GET", f"/take/{told['takes'][0]['id']}/file?format=html")
        assert film[0] == 200 and b"_my voice" in film[2]


@pytest.mark.parametrize(
    ("tracks", "place", "field", "message"),
    [
        ([TRACKS[0], {"track": "emotion", "emotion": "happy", "start": 2, "end": 1}], "$.tracks[1].end", "end",
         "end must be after start"),
        ([{"track": "emotion"}], "$.tracks[0].emotion", "emotion", "is missing"),
        ([{"track": "emotion", "emotion": "hapy"}], "$.tracks[0].emotion", "emotion", "happy"),
        ([{"track": "dance"}], "$.tracks[0].track", "track", "must be one of"),
        ([{"track": "action", "action": "rize the browz"}], "$.tracks[0]", None, "there is no action"),
        ([*TRACKS, {"track": "cue", "cue": "nod", "time": 99}], "$.tracks[4].time", "time", "before the recording"),
        ([*TRACKS, {**TRACKS[1], "end": 99}], "$.tracks[4].end", "end", "must not be beyond"),
        ([3], "$.tracks[0]", None, "must be an object"),
    ],
)  # fmt: skip
def test_faults_of_a_direction_are_told_with_their_place(
    shared: Any, tracks: Any, place: str, field: str | None, message: str
) -> None:
    status, told = perform(shared, directed(*tracks))
    assert status == 400 and message in told["error"], told
    assert (told["place"], told["field"]) == (place, field) and told["track"] == int(place[9])


def test_contradictions_are_warnings(shared: Any) -> None:
    other = {"track": "emotion", "emotion": "sad", "start": 1.0, "end": 2.0}
    status, told = perform(shared, directed(TRACKS[0], other, TRACKS[1]))
    assert status == 200 and len(told["warnings"]) == 1 and "contradict each other" in told["warnings"][0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"), (b"[]", "must be an object"), (b'{"take": 1}', "take"), (b"[" * 5000, "nested"),
        (b'{"voice": 3, "takes": [{}]}', "voice must be a string"), (b'{"voice": "VOICE"}', "takes must be a list"),
        (b'{"voice": "VOICE", "takes": [{"seed": NaN}]}', "NaN"), (b'{"voice": "VOICE", "takes": ["{}"]}', "object"),
        (b'{"voice": "VOICE", "takes": [{"sed": 1}]}', "seed"),
        (b'{"voice": "VOICE", "takes": [{"num_samples": 2}]}', "num_samples must be 1"),
        (b'{"voice": "VOICE", "takes": [{"latency": "live"}]}', "latency must be 'file'"),
        (b'{"voice": "VOICE", "takes": [{"direction": "/etc/passwd"}]}', "direction must be an object"),
        (b'{"voice": "VOICE", "takes": [{},{},{},{},{},{},{},{},{}]}', "1 to 8"),
        (json.dumps({"voice": "VOICE", "takes": [directed(
            {"track": "region", "do": "take", "source": "a.npz"})]}).encode(), "cannot take regions from files"),
    ],
)  # fmt: skip
def test_wrong_requests(shared: Any, body: bytes, message: str) -> None:
    filled = body.replace(b"VOICE", shared.studio.voice.id.encode())
    status, _, answer = ask(shared, "POST", "/perform", filled)
    told = json.loads(answer)
    assert status == 400 and message in told["error"], told


def test_what_is_not_there(shared: Any) -> None:
    assert perform(shared, {}, voice="nobody")[0] == 404
    for path in ("/voice/nobody/sound", "/take/none/motion", "/take/none/file?format=npz"):
        status, _, body = ask(shared, "GET", path)
        assert status == 404 and "not here any more" in json.loads(body)["error"]
    assert ask(shared, "GET", "/etc/passwd")[0] == 404 and ask(shared, "GET", "/perform")[0] == 405


def test_wrong_formats(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    name = perform(shared, {})[1]["takes"][0]["id"]
    for query, message in (("", "format must be one of"), ("?format=exe", "got 'exe'"), ("?format=vrm", "avatar")):
        status, _, body = ask(shared, "GET", f"/take/{name}/file{query}")
        assert status == 400 and message in json.loads(body)["error"], body

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Animation, "save", broken)
    status, _, body = ask(shared, "GET", f"/take/{name}/file?format=npz")
    assert status == 400 and json.loads(body)["error"] == "the disk is full"
    assert not list(shared.studio.folder.iterdir())


def test_wrong_uploads(run_studio: Callable[..., Any]) -> None:
    with run_studio(file_bytes=2000, file_seconds=0.5) as running:
        for path, body, status, message in (
            ("/voice?name=a.wav", b"no sound at all", 400, "audio a.wav"),
            ("/voice?name=a.wav", b"", 400, "audio a.wav"),
            ("/voice?name=a.wav", bytes(5000), 413, "2000 bytes"),
            ("/direction?name=a.exe", b"{}", 400, "suffix of a direction must be one of .json"),
            ("/direction?name=a.json", b"{", 400, "not JSON"),
            ("/direction?name=a.json", b'{"tracks": []}', 400, "emoface_direction"),
            ("/direction?name=a.srt", b"1\n00:00:01,0 --> 00:00:02,0\n[dance the tango]\n", 400, "path a.srt, line 3"),
        ):
            found, _, answer = ask(running, "POST", path, body)
            assert found == status and message in json.loads(answer)["error"], answer
            assert str(running.studio.folder) not in answer.decode()
        assert not list(running.studio.folder.iterdir())
    with run_studio(file_seconds=0.5) as running:
        status, _, body = ask(running, "POST", "/voice?name=a.wav", demo_path().read_bytes())
        assert status == 400 and "at most 0.5 s long" in json.loads(body)["error"]


def test_who_comes_in(run_studio: Callable[..., Any], shared: Any) -> None:
    own = {"Origin": f"http://127.0.0.1:{shared.port}"}
    assert ask(shared, "GET", "/start", headers=own)[0] == 200
    assert ask(shared, "GET", "/start", headers={"Origin": "http://elsewhere.example"})[0] == 403
    for path in ("/", "/start"):  # another name that leads here
        assert ask(shared, "GET", path, headers={"Host": f"elsewhere.example:{shared.port}"})[0] == 403
    with run_studio(token=TOKEN) as running:
        assert ask(running, "GET", "/")[0] == 200
        assert ask(running, "GET", "/start")[0] == 401
        for token, status in ((TOKEN, 200), ("another-one-of-sixteen", 401)):
            assert ask(running, "GET", "/start", headers={"Authorization": f"Bearer {token}"})[0] == status


def test_old_voices_and_takes_give_way(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from emoface import AnimateOptions
    from emoface.studio import desk

    monkeypatch.setattr(desk, "VOICES", 1)
    monkeypatch.setattr(desk, "TAKES", 2)
    own = desk.Desk(pipeline, 60)
    (tmp_path / "upload").mkdir()
    first = own.put(open_audio(demo_path()), tmp_path / "upload")
    names = [own.perform(first, AnimateOptions(seed=seed))[0] for seed in range(3)]
    with pytest.raises(desk.Gone):
        own.take(names[0])
    assert own.take(names[2]) is own.perform(first, AnimateOptions(seed=2))[1]
    own.put(open_audio(demo_path()))
    with pytest.raises(desk.Gone):
        own.voice(first.id)
    assert not (tmp_path / "upload").exists() and demo_path().exists()


def test_the_page_offers_every_format(shared: Any) -> None:
    status, headers, body = ask(shared, "GET", "/")
    page = body.decode()
    assert status == 200 and "default-src 'none'" in headers["content-security-policy"] and "{{" not in page
    settings = json.loads(page.split('id="settings">')[1].split("</script>")[0])
    assert {f".{row['suffix']}" for row in settings["formats"]} == set(FORMATS) - {".vrm"}
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
