"""``emoface animate``: arguments arrive at the library, errors come before the work."""

from __future__ import annotations

import io
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.cli import main
from emoface.demo import demo_path
from emoface.export.formats import HEADS
from emoface.face.controls import Controls, Shape
from emoface.face.rigs import load_rig, open_head_rig
from emoface.face.rigs.gltf import Gltf
from tests.tools.heads import beardless_head

from ..export.vrm_avatars import avatar_file

DEMO = str(demo_path())


def test_default_output_lies_in_the_current_folder(
    calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["animate", DEMO]) == 0
    assert capsys.readouterr().out == "speech.npz: 121 frames, 25 fps, 4.86 s\n"
    assert [p.name for p in tmp_path.iterdir()] == ["speech.npz"]
    assert calls == [{"audio": DEMO}], "defaults are the library's"


def test_every_option_arrives(calls: list[dict]) -> None:
    arguments = (
        "--intensity 1.5 --guidance 2 --steps 6 --seed 9 --num-samples 2 --fps 30 --style rule --no-blink --no-gaze "
        "--head 0.5 --device cuda --dtype bfloat16 --checkpoint model.safetensors -q"
    )
    assert main(["animate", DEMO, *arguments.split()]) == 0
    assert calls == [
        {
            "audio": DEMO, "intensity": 1.5, "guidance": 2.0, "steps": 6, "seed": 9,
            "num_samples": 2, "fps": 30.0, "style": "rule", "blink": False, "gaze": False, "head": 0.5,
            "device": "cuda", "dtype": "bfloat16", "checkpoint": Path("model.safetensors"),
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
    assert calls[0]["emotion"].value.name == "speech.wav" and calls[1]["emotion"].value.shape == (30, 56)


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
    arguments = "-o a.npz -o b.csv --out c.json --layout emoface --num-samples 2 --plot p.png"
    assert main(["animate", DEMO, *arguments.split()]) == 0
    names = ["a_0.npz", "a_1.npz", "b_0.csv", "b_1.csv", "c_0.json", "c_1.json", "p_0.png", "p_1.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert len(capsys.readouterr().out.splitlines()) == 8
    assert Animation.load("a_1.npz").metadata == {"sample": 1}
    with np.load("a_0.npz") as file:
        assert file["expression"].shape == (121, 50)


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
    told = capsys.readouterr().err
    assert told.startswith("\r█") and " 50 %  0:00 left" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "a.xyz"], "path a.xyz has suffix '.xyz'; an animation can be saved as .csv, .glb"),
        (["-o", "none/a.npz"], "path none/a.npz cannot be written: there is no folder none"),
        (["--plot", "a.xyz"], "plot path a.xyz must end in one of"),
        (["--plot", "none/a.png"], "path none/a.png cannot be written"),
        (["-o", "a.csv", "--face", "avatar.glb"], "--face goes with an --out that holds a head: .mp4, .html, "),
        (["-o", "a.csv", "--identity", "nose_width=1"], "--identity goes with an --out that holds a head"),
        (["-o", "a.glb", "--identity", "nose=1"], "components of the open head or its colours (face_width"),
        (["-o", "a.glb", "--identity", "nose_width=1", "--face", "b.glb"], "not allowed with argument --identity"),
        (["-o", "a.csv", "--layout", "emote"], "--layout goes with an --out that ends in .npz"),
        (["--layout", "emage"], "--layout emage holds coefficients of FLAME 2020: name the model's file with --flame-"),
        (["-o", "a.csv", "--flame-model", "f.npz"], "--flame-model goes with an --out that ends in .npz"),
        (["--flame-model", "f.npz"], "--flame-model and --flame-landmarks go together"),
        (["-o", "a.csv", "--whole-frames"], "--whole-frames goes with an --out that ends in .glb or .usda"),
        (["-o", "a.glb", "--expressions", "arkit"], "--expressions goes with an --out that ends in .vrma"),
        (["-o", "a.csv", "--names", "map.json"], "--names goes with an --out that holds a head"),
        (["-o", "a.vrm"], "an --out that ends in .vrm goes with --face FILE, a VRM avatar"),
        (["--level", "2"], "--level goes with --emotion LABEL"),
        (["--emotion", "sad", "--mix", "sad=1"], "argument --mix: not allowed with argument --emotion"),
        (["--mix", "sad"], "argument --mix: expected NAME=WEIGHT,..., got 'sad'"),
        (["--timeline", ""], "argument --timeline: expected SECONDS:EMOTION[@LEVEL],..., got ''"),
        (["--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["--emotion-audio", "none.wav"], "none.wav does not exist"),
        (["--emotion-motion", "none.npz"], "none.npz does not exist"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--emotoin", "sad"], "unrecognized arguments: --emotoin sad; did you mean --emotion? (see emoface animate"),
    ],
)
def test_wrong_options(
    calls: list[dict], tmp_path: Path, error_of: Callable[..., str], arguments: list[str], message: str
) -> None:
    assert message in error_of("animate", DEMO, *arguments)
    assert not calls and not list(tmp_path.iterdir()), "nothing was computed and nothing was written"


def test_wrong_recordings(calls: list[dict], tmp_path: Path, error_of: Callable[..., str]) -> None:
    (tmp_path / "bad.wav").write_bytes(b"not audio" * 100)
    assert error_of("animate", "none.wav") == "audio none.wav does not exist"
    assert error_of("animate", ".") == "audio . is a folder; emoface batch animates all recordings of one"
    assert "is not a readable audio file" in error_of("animate", "bad.wav")
    assert [p.name for p in tmp_path.iterdir()] == ["bad.wav"]


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
        (["--emotion", "he is sad", "--level", "2"], "tell the strength in the sentence"),
        (["--emotion", "sad=1,happy=1"], "by --mix"),
        (["--device", "tpu"], "device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got 'tpu'"),
    ],
)
def test_values_out_of_range(
    tmp_path: Path,
    tiny_checkpoint: Path,
    monkeypatch: pytest.MonkeyPatch,
    error_of: Callable[..., str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in error_of("animate", DEMO, "--checkpoint", str(tiny_checkpoint), *arguments)
    assert not list(tmp_path.iterdir())


def test_wrong_checkpoint_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error_of: Callable[..., str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    assert "x.safetensors" in error_of("animate", DEMO, "--checkpoint", "x.safetensors")
    assert "none.safetensors" in error_of("animate", DEMO, "--checkpoint", "none.safetensors")


def test_an_identity_is_in_every_head(calls: list[dict], tmp_path: Path) -> None:
    suffixes = [suffix for suffix in HEADS if suffix != ".mp4"]  # which take long for a whole recording
    for person in ("face_width=1", "face_width=-1"):
        outputs = [f"{person[-2:]}{suffix}" for suffix in suffixes]
        assert main(["animate", DEMO, "-q", "--identity", person, *(f"--out={name}" for name in outputs)]) == 0
    for suffix in suffixes:
        assert (tmp_path / f"=1{suffix}").read_bytes() != (tmp_path / f"-1{suffix}").read_bytes(), suffix
    wide, narrow = (load_rig(tmp_path / f"{name}.glb").template for name in ("=1", "-1"))
    wide, narrow = (mesh[mesh[:, 1] > open_head_rig().neck.joint[1]] for mesh in (wide, narrow))  # not the shoulders
    assert np.ptp(wide[:, 0]) > np.ptp(narrow[:, 0]) + 0.005


def test_extras_are_asked_for_before_the_work(
    calls: list[dict], tmp_path: Path, error_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert "writing .mp4 needs imageio-ffmpeg" in error_of("animate", DEMO, "-o", "a.npz", "-o", "a.mp4")
    assert not calls and not list(tmp_path.iterdir())


def test_vrm(calls: list[dict], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    avatar = str(avatar_file(tmp_path))
    arguments = ["-o", "a.vrm", "-o", "b.vrma", "-o", "c.glb", "--face", avatar, "--whole-frames"]
    assert main(["animate", DEMO, *arguments]) == 0
    for name in ("a.vrm", "b.vrma", "c.glb"):
        assert b"VRMC_vrm_animation" in Path(name).read_bytes()
    assert main(["animate", DEMO, "-o", "d.vrma", "--expressions", "arkit"]) == 0
    assert b"mouthShrugUpper" in Path("d.vrma").read_bytes()
    calls.clear()
    capsys.readouterr()
    gltf = Gltf.from_bytes(Path(avatar).read_bytes())
    del gltf.document["extensions"]
    Path("plain.glb").write_bytes(gltf.to_bytes())
    assert main(["animate", DEMO, "-o", "a.vrm", "--face", "plain.glb"]) == 2
    assert "an --out of VRM needs a VRM avatar, 'plain' is none" in capsys.readouterr().err
    assert not calls


def test_coefficients_are_fitted_to_a_flame_model(
    calls: list[dict], tmp_path: Path, error_of: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    head = beardless_head()
    bases = np.concatenate([head.identity_basis, head.expression_basis[::-1]]).transpose(1, 2, 0)  # in another order
    identities = 300 - len(head.identity_basis)  # official files have 300
    official = {
        "v_template": head.template, "f": head.faces, "posedirs": head.pose_basis.transpose(1, 2, 0),
        "shapedirs": np.pad(bases, ((0, 0), (0, 0), (identities, 0))), "J_regressor": head.joint_regressor,
        "weights": head.skin_weights,
    }  # fmt: skip
    np.savez("flame2020.npz", **official)
    np.savez("flame2023.npz", **official)
    np.savez("marks.npz", lmk_face_idx=head.landmark_faces, lmk_b_coords=head.landmark_weights)
    model = ["--flame-landmarks", "marks.npz", "--flame-model"]
    message = error_of("animate", DEMO, *model, "flame2023.npz", "-o", "a.npz", "--layout", "emote")
    assert "layout 'emote' holds coefficients of FLAME 2020, these are of FLAME 2023" in message and not calls
    assert main(["animate", DEMO, *model, "flame2020.npz", "-o", "a.npz", "-o", "b.json", "--layout", "emote"]) == 0
    fitted = Animation.load("a.npz")
    assert fitted.flame_version == "FLAME 2020" and fitted.expression_names[0] == "exp_0"
    assert fitted.metadata["residual_mm"] < 0.1
    with np.load("a.npz") as file:
        assert file["expression"].shape == (121, 50) and "global_pose" in file
