"""The command line: arguments arrive at the library, errors are one line with exit code 2."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface import training
from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.binding.emotions import EMOTIONS
from emoface.cli import STAGES, build_parser, main, parse_timeline, parse_weights
from emoface.demo import demo_path
from emoface.face.controls import Controls, Shape
from emoface.face.layout import ARKIT_INDEX
from emoface.face.rigs import load_rig
from emoface.face.rigs.gltf import Gltf

DEMO = str(demo_path())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What ``emoface.animate`` is called with, instead of calling it; in an empty folder."""
    seen: list[dict[str, Any]] = []

    def fake(audio: Any, **options: Any) -> Any:
        recording = open_audio(audio)
        seen.append({"audio": audio, **options})
        motion = np.full((recording.frames(25), 53), 0.1)
        takes = [
            Animation.from_motion(motion, 25, audio=recording, metadata={"sample": n})
            for n in range(options.get("num_samples", 1))
        ]
        return takes if len(takes) > 1 else takes[0]

    monkeypatch.setattr("emoface.api.animate", fake)
    monkeypatch.chdir(tmp_path)
    return seen


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must fail as a user error; the one line it says."""
    try:
        code: Any = main(arguments)
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr()
    assert code == 2 and told.out == ""
    assert told.err.startswith("emoface: error: ") and told.err.count("\n") == 1
    return told.err.strip().removeprefix("emoface: error: ")


# ---- animate


def test_default_output_lies_in_the_current_folder(
    calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["animate", DEMO]) == 0
    assert capsys.readouterr().out == "speech.npz: 121 frames, 25 fps, 4.86 s\n"
    assert [p.name for p in tmp_path.iterdir()] == ["speech.npz"]
    assert calls == [{"audio": DEMO, "emotion": None}], "defaults are the library's"


def test_every_option_arrives(calls: list[dict]) -> None:
    arguments = (
        "--intensity 1.5 --guidance 2 --steps 6 --seed 9 --num-samples 2 --fps 30 --style rule --no-blink --no-gaze "
        "--device cuda --dtype bfloat16 --checkpoint model.safetensors -q"
    )
    assert main(["animate", DEMO, *arguments.split()]) == 0
    assert calls == [
        {
            "audio": DEMO, "emotion": None, "intensity": 1.5, "guidance": 2.0, "steps": 6, "seed": 9,
            "num_samples": 2, "fps": 30.0, "style": "rule", "blink": False, "gaze": False, "device": "cuda",
            "dtype": "bfloat16", "checkpoint": Path("model.safetensors"),
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "emotion"),
    [
        (["--emotion", "happy"], "happy"),
        (["--emotion", "sad", "--level", "3"], ("sad", 3.0)),
        (["--emotion", "a man feels sad, and speaks slowly"], "a man feels sad, and speaks slowly"),
        (["--mix", "happy=.7, surprised=0.3"], {"happy": 0.7, "surprised": 0.3}),
        (
            ["--timeline", "0:neutral,1.5:surprised, 3:happy@2.5"],
            [(0.0, "neutral"), (1.5, "surprised"), (3.0, ("happy", 2.5))],
        ),
    ],
)
def test_forms_of_emotion(calls: list[dict], arguments: list[str], emotion: Any) -> None:
    assert main(["animate", DEMO, "-q", *arguments]) == 0
    assert calls[0]["emotion"] == emotion


def test_emotion_by_example(calls: list[dict], tmp_path: Path) -> None:
    Animation.from_motion(np.full((30, 53), 0.2)).save(tmp_path / "take.npz")
    assert main(["animate", DEMO, "-q", "--emotion-audio", DEMO]) == 0
    assert main(["animate", DEMO, "-q", "--emotion-motion", "take.npz"]) == 0
    assert [call["emotion"].modality for call in calls] == ["audio", "motion"]
    assert calls[0]["emotion"].value.name == "speech.wav" and calls[1]["emotion"].value.shape == (30, 53)


def test_style_by_example(calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Animation.from_motion(np.full((30, 53), 0.2)).save(tmp_path / "take.npz")
    assert main(["animate", DEMO, "-q", "--style-motion", "take.npz"]) == 0
    assert main(["animate", DEMO, "-q", "--style-audio", DEMO]) == 0
    assert [call["style"].modality for call in calls] == ["motion", "audio"]
    with pytest.raises(SystemExit):
        main(["animate", DEMO, "--style", "rule", "--style-audio", DEMO])
    assert "not allowed with" in capsys.readouterr().err


def test_several_outputs_takes_and_a_plot(
    calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    arguments = "-o a.npz -o b.csv --out c.json --layout diffposetalk --num-samples 2 --plot p.png"
    assert main(["animate", DEMO, *arguments.split()]) == 0
    names = ["a_0.npz", "a_1.npz", "b_0.csv", "b_1.csv", "c_0.json", "c_1.json", "p_0.png", "p_1.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert len(capsys.readouterr().out.splitlines()) == 8
    assert Animation.load("a_1.npz").metadata == {"sample": 1}
    with np.load("a_0.npz") as file:
        assert file["pose"].shape == (121, 6)


def test_controls_and_an_avatar_arrive(calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    controls = Controls(upper_strength=1.5, shapes={"jawOpen": Shape(gain=0.5)})
    Path("controls.json").write_text(controls.to_json())
    Animation.from_motion(np.zeros((2, 53))).save("avatar.glb")
    arguments = "-o out.glb -o out.npz --controls controls.json --face avatar.glb"
    assert main(["animate", DEMO, *arguments.split()]) == 0
    assert calls[0]["controls"] == controls
    assert load_rig("out.glb").missing == () and "out.glb" in capsys.readouterr().out
    before, after = (Gltf.from_bytes(Path(name).read_bytes()) for name in ("avatar.glb", "out.glb"))
    assert len(after.items("animations")) == len(before.items("animations")) + 1, "the avatar's own file, with one more"


def test_standard_input(calls: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(demo_path().read_bytes())))
    assert main(["animate", "-", "-q"]) == 0
    assert (tmp_path / "stdin.npz").exists()


def test_progress_only_on_a_terminal(
    calls: list[dict], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["animate", DEMO]) == 0 and main(["animate", DEMO, "-q"]) == 0
    assert "progress" in calls[0] and "progress" not in calls[1]
    calls[0]["progress"](0.5)
    assert capsys.readouterr().err == "\r 50 %"


def test_warnings_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import warnings

    monkeypatch.setattr("emoface.info.main", lambda _: warnings.warn("the text is not clear", stacklevel=1))
    assert main(["info"]) == 0
    assert capsys.readouterr().err == "emoface: warning: the text is not clear\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.xyz"], "path a.xyz has suffix '.xyz'; an animation can be saved as .csv, .glb"),
        (["-o", "none/a.npz"], "path none/a.npz cannot be written: there is no folder none"),
        (["--plot", "a.xyz"], "plot path a.xyz must end in one of"),
        (["--plot", "none/a.png"], "path none/a.png cannot be written"),
        (["-o", "a.csv", "--face", "avatar.glb"], "--face goes with an --out that holds a head: .glb, .usda, .html"),
        (["-o", "a.csv", "--identity", "nose_width=1"], "--identity goes with an --out that holds a head"),
        (["-o", "a.glb", "--identity", "nose=1"], "identity must name components of the open head (face_width"),
        (["-o", "a.glb", "--identity", "nose_width=1", "--face", "b.glb"], "not allowed with argument --identity"),
        (["-o", "a.csv", "--layout", "emote"], "--layout goes with an --out that ends in .npz"),
        (["--level", "2"], "--level goes with --emotion LABEL"),
        (["--emotion", "sad", "--mix", "sad=1"], "argument --mix: not allowed with argument --emotion"),
        (["--mix", "sad"], "argument --mix: expected NAME=WEIGHT,..., got 'sad'"),
        (["--timeline", ""], "argument --timeline: expected SECONDS:EMOTION[@LEVEL],..., got ''"),
        (["--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["--emotion-audio", "none.wav"], "none.wav does not exist"),
        (["--emotion-motion", "none.npz"], "none.npz does not exist"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_options(
    calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert message in error_of(capsys, "animate", DEMO, *arguments)
    assert not calls and not list(tmp_path.iterdir()), "nothing was computed and nothing was written"


def test_wrong_recordings(calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.wav").write_bytes(b"not audio" * 100)
    assert error_of(capsys, "animate", "none.wav") == "audio none.wav does not exist"
    assert "is not a readable audio file" in error_of(capsys, "animate", "bad.wav")
    assert [p.name for p in tmp_path.iterdir()] == ["bad.wav"]


def test_trace_on_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOFACE_TRACEBACK", "1")
    assert main(["animate", "none.wav", "-o", "none/a.npz"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("Traceback") and told.splitlines()[-1].startswith("emoface: error: path none/a.npz")


def test_faults_of_the_program_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: list[str]) -> None:
        raise AssertionError

    monkeypatch.setattr("emoface.info.main", broken)
    with pytest.raises(AssertionError):
        main(["info"])


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("emoface.info.main", stopped)
    assert main(["info"]) == 130 and capsys.readouterr().err == "emoface: interrupted\n"


# ---- forms of text


def test_timeline_of_sentences_with_commas() -> None:
    text = "0: he is glad, and shows it ,2.5:a note: at 3, sad@1"
    assert parse_timeline(text) == [(0.0, "he is glad, and shows it"), (2.5, ("a note: at 3, sad", 1.0))]
    assert parse_timeline("0:happy,x") == [(0.0, "happy,x")]


@pytest.mark.parametrize("text", ["", "happy", "0:", ":happy", "1.2.3:happy", "0:happy@.", "0:a,1:"])
def test_bad_timelines(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        parse_timeline(text)


@pytest.mark.parametrize("text", ["", "happy", "=1", "happy=", "happy=x", "happy=1,", "happy=1,happy=2"])
def test_bad_mixtures(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_weights(text)


# ---- the other commands


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    assert "versions" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("stage", STAGES)
def test_train_hands_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    seen: list[Any] = []
    module = types.ModuleType(STAGES[stage])
    module.train = lambda config, out, assets=None, resume=False: seen.append((config, out, assets, resume))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, STAGES[stage], module)
    out, config = tmp_path / "run", tmp_path / "c.json"
    assert main(["train", stage, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{stage}: done, results in {out}\n"
    options = ["--out", str(out), "--config", str(config), "--assets", str(tmp_path), "--resume"]
    assert main(["train", stage, *options]) == 0
    shipped = Path(training.__file__).with_name("configs") / f"{stage}.json"
    assert shipped.exists()
    assert seen == [(shipped, out, None, False), (config, out, tmp_path, True)]


def test_every_stage_is_there() -> None:
    import importlib
    import inspect

    for module in STAGES.values():
        asked = list(inspect.signature(importlib.import_module(module).train).parameters.values())
        assert [parameter.name for parameter in asked[:4]] == ["config", "out", "assets", "resume"], module
        assert all(parameter.default is not inspect.Parameter.empty for parameter in asked[4:]), module


def test_eval_hands_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from emoface import evaluation

    seen: list[Any] = []
    monkeypatch.setattr(evaluation, "evaluate", lambda *given: seen.append(given) or given[4]("lips"))
    monkeypatch.setattr(evaluation, "markdown", lambda _: "| figure |")
    folders = ["--assets", str(tmp_path), "--out", str(tmp_path / "report")]
    assert main(["eval", *folders, "--quick", "--against", "a"]) == 0
    assert seen[0][:4] == (None, tmp_path, tmp_path / "report", True) and seen[0][5] == Path("a")
    told = capsys.readouterr()
    assert told.out == "| figure |\n" and told.err == "measuring lips\n"


def test_wrong_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ("--out", str(tmp_path))
    assert "required: COMMAND" in error_of(capsys)
    assert "argument stage: invalid choice: 'x'" in error_of(capsys, "train", "x", *out)
    assert "required: --out" in error_of(capsys, "train", "lips")
    assert "none is not a folder" in error_of(capsys, "train", "lips", *out, "--assets", "none")
    assert "none is not a folder" in error_of(capsys, "eval", *out, "--assets", "none")


# ---- render and sheet


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Saved motion whose jaw opens over ten frames, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    weights = np.zeros((10, 52), np.float32)
    weights[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.8, 10)
    return Animation.from_arkit(weights).save("take.npz")


def test_render_a_picture(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = pytest.importorskip("PIL.Image")
    view = ["--size", "96", "--yaw", "35"]
    for name, moment in (("shut.png", "0"), ("open.png", "0.4")):
        assert main(["render", str(take), "-o", name, "--at", moment, *view]) == 0
    shut, opened = (np.asarray(image.open(name), int) for name in ("shut.png", "open.png"))
    assert shut.shape == (96, 96, 3) and np.abs(shut - opened).max() > 40
    assert capsys.readouterr().out == "shut.png\nopen.png\n"


def test_render_a_video(take: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    av = pytest.importorskip("av")
    assert main(["render", str(take), "-o", "take.mp4", "--audio", DEMO, "--size", "64"]) == 0
    with av.open("take.mp4") as video:
        assert len(video.streams.audio) == 1 and video.streams.video[0].codec_context.width == 64


def test_an_identity_shows(take: Path) -> None:
    picture = ["render", str(take), "--size", "64", "-o"]
    assert main([*picture, "plain.png"]) == 0
    assert main([*picture, "wide.png", "--identity", "face_width=1,nose_width=-1"]) == 0
    assert Path("plain.png").read_bytes() != Path("wide.png").read_bytes()


def test_render_refuses(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--out must be a .mp4 or a .png" in error_of(capsys, "render", str(take), "-o", "take.gif")
    assert "--at goes with a .png" in error_of(capsys, "render", str(take), "-o", "take.mp4", "--at", "1")
    assert "seconds must be in 0..0.4" in error_of(capsys, "render", str(take), "-o", "a.png", "--at", "9")
    assert "none.npz" in error_of(capsys, "render", "none.npz", "-o", "a.png")
    assert "none.glb" in error_of(capsys, "render", str(take), "-o", "a.png", "--face", "none.glb")
    assert [p.name for p in Path().iterdir()] == ["take.npz"]


def test_sheets(calls: list[dict]) -> None:
    image = pytest.importorskip("PIL.Image")
    assert main(["sheet", "emotions", "-o", "emotions.png", "--levels", "1,3", "--size", "48"]) == 0
    assert [call["emotion"] for call in calls] == [(emotion, level) for level in (1, 3) for emotion in EMOTIONS]
    assert image.open("emotions.png").width == 48 * len(EMOTIONS)
    assert main(["sheet", "shapes", "-o", "shapes.png", "--size", "24"]) == 0
    assert image.open("shapes.png").width == 24 * 9


def test_sheet_refuses(calls: list[dict], capsys: pytest.CaptureFixture[str]) -> None:
    assert "--out must be a .png, got page.jpg" in error_of(capsys, "sheet", "emotions", "-o", "page.jpg")
    assert not calls


def test_help_needs_no_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; from emoface.cli import main; main(['animate', '--help'])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "--timeline" in done.stdout
    assert build_parser().prog == "emoface"


# ---- the real thing


def emoface(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emoface", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_as_a_process(tmp_path: Path, tiny_checkpoint: Path) -> None:
    options = ["--checkpoint", str(tiny_checkpoint), "--seed", "3"]
    done = emoface("animate", DEMO, "-o", "a.npz", "-o", "a.csv", *options, "--emotion", "happy", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    animation = Animation.load(tmp_path / "a.npz")
    assert len(animation) == 121 and animation.metadata["emotion"] == "happy" and animation.metadata["seed"] == 3
    failed = emoface("animate", DEMO, "--emotion", "hungry", *options, cwd=tmp_path)
    assert failed.returncode == 2 and failed.stdout == ""
    assert failed.stderr.startswith("emoface: error: emotion 'hungry' is not known; expected one of neutral, happy")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.npz"]


def test_same_bytes_every_time(tmp_path: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        options = ["--checkpoint", str(tiny_checkpoint), "--seed", seed, "-o", f"{name}.npz", "-q"]
        assert main(["animate", DEMO, *options]) == 0
    content = {name: (tmp_path / f"{name}.npz").read_bytes() for name in "abc"}
    assert content["a"] == content["b"] != content["c"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--guidance", "9"], "guidance must be in 0..4, got 9"),
        (["--steps", "0"], "steps must be in 1..500, got 0"),
        (["--intensity", "-1"], "intensity must be in 0..2, got -1"),
        (["--fps", "0"], "fps must be in 1..240, got 0"),
        (["--num-samples", "0"], "num_samples must be in 1..64, got 0"),
        (["--seed", "-1"], "seed must be in 0.."),
        (["--emotion", ""], "emotion must be"),
        (["--emotion", "sad", "--level", "4"], "emotion level must be in 0..3"),
        (["--timeline", "0:sad,2:happy,1:sad"], "emotion timeline times must rise"),
        (["--mix", "sad=1,hungry=1"], "'hungry' is not known"),
        (["--device", "tpu"], "device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got 'tpu'"),
    ],
)
def test_values_out_of_range(
    tmp_path: Path,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in error_of(capsys, "animate", DEMO, "--checkpoint", str(tiny_checkpoint), *arguments)
    assert not list(tmp_path.iterdir())


def test_wrong_checkpoint_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    assert "x.safetensors" in error_of(capsys, "animate", DEMO, "--checkpoint", "x.safetensors")
    assert "none.safetensors" in error_of(capsys, "animate", DEMO, "--checkpoint", "none.safetensors")


def test_compare_measures_files_and_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rest, opened = np.zeros((4, 52)), np.zeros((4, 52))
    opened[:, 17] = 0.5  # jawOpen
    for folder, weights in (("ours", opened), ("real", rest)):
        (tmp_path / folder).mkdir()
        Animation.from_arkit(weights).save(tmp_path / folder / "a.npz")
    ours, real, out = tmp_path / "ours", tmp_path / "real", tmp_path / "figures.json"
    assert main(["compare", str(ours), str(real), "--split", "two clips", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    found = {figure["name"]: figure for figure in json.loads(out.read_text())}
    assert found["LVE"]["value"] > 5 and "two clips; 1 sequences, 4 frames" in found["LVE"]["split"]
    assert "mean_t max_{v in L}" in printed and "vertices of open head" in printed
    Animation.from_arkit(rest[:3]).save(tmp_path / "short.npz")
    Animation.from_arkit(rest, fps=30).save(tmp_path / "other.npz")
    one = str(ours / "a.npz")
    assert main(["compare", one, str(tmp_path / "short.npz"), "--cut"]) == 0
    assert "cut to the shorter" in capsys.readouterr().out
    assert "cut=True" in error_of(capsys, "compare", one, str(tmp_path / "short.npz"))
    assert "25 fps and truth 30" in error_of(capsys, "compare", one, str(tmp_path / "other.npz"))
    assert "two files or two folders" in error_of(capsys, "compare", one, str(real))
    assert "does not exist" in error_of(capsys, "compare", one, str(tmp_path / "none.npz"))
    (real / "a.npz").rename(real / "b.npz")
    assert "['a', 'b']" in error_of(capsys, "compare", str(ours), str(real))
