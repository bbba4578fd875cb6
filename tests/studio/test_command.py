"""``emoface studio`` as a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from serving import bound, skip_without_extra

from emoface.cli import main
from emoface.demo import demo_path
from emoface.serve.access import VARIABLE
from emoface.serve.limits import Limits
from emoface.serve.run import Doors
from emoface.studio.run import run


def test_it_begins_with_what_was_named(
    tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skip_without_extra()
    scene = tmp_path / "scene.json"
    scene.write_text('{"emoface_direction": 1, "tracks": [{"track": "cue", "cue": "nod", "time": 1}]}')
    begun: list[Any] = []

    def run_app(studio: Any, listening: Any, doors: Doors, limits: Limits, ready: Any) -> None:
        begun.append((studio, listening.getsockname()[0], limits.file_seconds))
        ready("http://address/")
        studio.stop()

    monkeypatch.setattr("emoface.studio.run.run_app", run_app)
    monkeypatch.setattr("emoface.studio.app.build_app", lambda studio: studio)
    command = ["studio", str(demo_path()), "--direct", str(scene), "--port", "0", "--file-seconds", "20",
               "--identity", "gus,eye_colour=blue"]  # fmt: skip
    assert main([*command, "--checkpoint", str(tiny_checkpoint)]) == 0
    (studio, host, seconds), = begun
    assert (host, seconds, capsys.readouterr().out) == ("127.0.0.1", 20, "http://address/\n")
    assert studio.voice.recording.name == "speech.wav" and studio.direction.tracks[0].cue == "nod"
    assert "beard" in {part.name for part in studio.face.rig.parts} and studio.face.look.eye_colour is not None


def test_what_cannot_be_begun_is_said_before_a_checkpoint_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_extra()
    monkeypatch.delenv(VARIABLE, raising=False)

    def never() -> Any:
        raise AssertionError("the checkpoint was read")

    script = tmp_path / "scene.json"
    script.write_text('{"emoface_direction": 1, "tracks": [{"track": "dance"}]}')
    limits = Limits()
    with bound(limits) as taken:
        for doors, audio, direction, error, words in (
            (Doors(port=taken.getsockname()[1]), None, None, OSError, "is taken; --port names another one"),
            (Doors(host="0.0.0.0", port=0), None, None, ValueError, "can be reached by others"),
            (Doors(port=0), tmp_path / "none.wav", None, FileNotFoundError, "none.wav"),
            (Doors(port=0), script, None, ValueError, "audio .*scene.json"),
            (Doors(port=0), demo_path(), script, ValueError, r"scene.json: \$.tracks\[0\].track must be one of"),
        ):
            with pytest.raises(error, match=words):
                run(never, doors, limits, audio, direction)
