"""Options stand once: signatures, flags, JSON and the guide's table are what the option classes say."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import emoface
from emoface import AnimateOptions, LoadOptions, api, options, pipeline
from emoface.cli.options_flags import add_options, given_options
from emoface.options import Options, animate_arguments, options_of

MOTION = np.full((40, 53), 0.1, np.float32)
OTHERS: dict[str, Any] = {
    "emotion": ("sad", 2.0), "intensity": 1.5, "guidance": 2.0, "steps": 6, "seed": 9, "num_samples": 3, "fps": 30.0,
    "blink": False, "gaze": False, "head": 0.5, "nonverbal": 0.5, "latency": "instant", "style": "rule",
    "variety": (0.5, 2.0),
    "direction": emoface.Direction([{"track": "cue", "cue": "nod", "time": 1.0}]),
    "controls": emoface.Controls(symmetry=0.5, shapes={"jawOpen": emoface.face.controls.Shape(gain=2.0)}),
    "checkpoint": Path("model.safetensors"), "device": "auto", "dtype": "float32", "threads": 2,
}  # fmt: skip
"""Option -> a value that is not its default."""


def declared() -> list[ast.FunctionDef]:
    """The overloads of ``animate`` and the function itself, as they are written."""
    tree = ast.parse(Path(api.__file__).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "animate"]


def test_animate_takes_the_options() -> None:
    takes = inspect.signature(emoface.animate).parameters
    assert list(takes) == [option.name for option in animate_arguments()]
    for option in [*options_of(AnimateOptions).values(), *options_of(LoadOptions).values()]:
        if option.name != "threads":
            assert takes[option.name].kind is inspect.Parameter.KEYWORD_ONLY
            assert takes[option.name].default == option.default, option.name
            assert type(takes[option.name].default) is type(option.default), option.name


def test_load_takes_the_options() -> None:
    takes = inspect.signature(emoface.load).parameters
    assert {name: one.default for name, one in takes.items()} == {
        name: option.default for name, option in options_of(LoadOptions).items()
    }


def test_overloads_are_the_function() -> None:
    one, several, function = declared()
    for overload in (one, several):
        for ours, theirs in zip(overload.args.kwonlyargs, function.args.kwonlyargs, strict=True):
            assert ours.arg == theirs.arg
            if ours.arg != "num_samples":
                assert ast.unparse(ours.annotation) == ast.unparse(theirs.annotation), ours.arg
        for name, ours, theirs in zip(
            function.args.kwonlyargs, overload.args.kw_defaults, function.args.kw_defaults, strict=True
        ):
            given = None if ours is None else ast.unparse(ours)
            needed = overload is several and name.arg == "num_samples"
            assert given == (None if needed else ast.unparse(theirs)), name.arg


def test_annotations_are_those_of_the_fields() -> None:
    hints = {arg.arg: ast.unparse(arg.annotation) for arg in declared()[-1].args.kwonlyargs}
    for name, kind in AnimateOptions.__annotations__.items():
        assert hints[name] == ("RateInput" if name == "fps" else kind), "a rate is kept as a float"


def test_every_option_has_another_value_here() -> None:
    assert set(OTHERS) == {*options_of(AnimateOptions), *options_of(LoadOptions)}
    for name, value in OTHERS.items():
        kind = AnimateOptions if name in options_of(AnimateOptions) else LoadOptions
        assert value != options_of(kind)[name].default


def test_the_docstring_describes_every_argument() -> None:
    text = " ".join((emoface.animate.__doc__ or "").split())
    for option in animate_arguments():
        assert f"{option.name}: " in text and option.meaning.replace("`", "``") in text, option.name
    assert "emoface.options" not in text


def test_the_table_of_the_guide() -> None:
    guide = (Path(__file__).resolve().parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    command = "python -c 'from emoface.options import table; print(table())'"
    assert f"## Arguments of `animate`\n\n{options.table()}\n" in guide, command


def test_numbers_in_the_table() -> None:
    rows = {row.split("|")[1].strip(" `"): row for row in options.table().splitlines()[2:]}
    assert rows["intensity"].startswith("| `intensity` | 0 to 2 | 1 | linear strength")
    assert rows["steps"].startswith("| `steps` | 1 to 500 | the checkpoint's | ")
    assert rows["seed"].startswith("| `seed` | 0 to 2^31 - 1 | 0 | ")
    assert rows["fps"].startswith("| `fps` | 1 to 240 | 25 | ")
    assert rows["style"].startswith('| `style` | `"artist"`, `"person"`, `"rule"`, a speaker, an adapter | ')
    assert rows["blink"] == "| `blink` | `True`, `False` | `True` | blinks |"
    assert rows["sample_rate"] == "| `sample_rate` | 4000 to 192000 Hz | | of an array |"


# ---- values


@pytest.mark.parametrize("kind", [AnimateOptions, LoadOptions])
def test_every_option_goes_through_json(kind: type[Options]) -> None:
    asked = kind(**{name: value for name, value in OTHERS.items() if name in options_of(kind)})
    text = asked.to_json()
    assert list(json.loads(text)) == list(options_of(kind))
    assert kind.from_json(text) == asked == kind.from_json(json.loads(text)) == kind.from_json(text.encode())
    assert kind.from_json("{}") == kind()


def test_numpys_scalars_become_plain() -> None:
    asked = AnimateOptions(
        intensity=np.float32(1.5), guidance=np.int64(2), steps=np.int32(3), seed=np.uint8(4), fps=np.float64(29.97),
        blink=np.False_, style=np.str_("rule"), emotion=(np.str_("sad"), np.float32(2)),
    )  # fmt: skip
    for name, kind in {"intensity": float, "guidance": float, "steps": int, "seed": int, "fps": float, "blink": bool,
                       "style": str}.items():  # fmt: skip
        assert type(getattr(asked, name)) is kind, name
    assert json.loads(asked.to_json())["emotion"] == ["sad", 2.0]
    assert asked.fps == AnimateOptions(fps="30000/1001").fps == 30000 / 1001


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('{"intensty": 1}', ValueError, r"options has no 'intensty'; did you mean 'intensity'\?"),
        ('{"zzz": 1}', ValueError, "options has no 'zzz'; known are emotion, intensity"),
        ('{"controls": {"simmetry": 1}}', ValueError, r"controls has no 'simmetry'; did you mean 'symmetry'\?"),
        ('{"controls": 1}', TypeError, "controls must be an object, got int"),
        ('{"intensity": null}', TypeError, "intensity must be a number, got NoneType"),
        ('{"intensity": 2.5}', ValueError, r"intensity must be in 0\.\.2, got 2.5"),
        ('{"intensity": NaN}', ValueError, "intensity must be in"),
        ('{"blink": 1}', TypeError, "blink must be True or False, got 1"),
        ('{"emotion": ["sad", 9]}', ValueError, r"emotion level must be in 0\.\.3"),
        ('{"style": ["artist"]}', TypeError, "style must be 'artist', 'person', 'rule'"),
        ("[]", TypeError, "options must be an object, got list"),
        ("{", ValueError, "JSON"),
        ("[" * 100_000, ValueError, "JSON"),
    ],
)
def test_bad_json(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        AnimateOptions.from_json(text)


def test_examples_have_no_json() -> None:
    with pytest.raises(TypeError, match="emotion from motion has no JSON"):
        AnimateOptions(emotion=emoface.from_motion(MOTION)).to_json()
    with pytest.raises(TypeError, match="style from motion has no JSON; only artist, person, rule have"):
        AnimateOptions(style=emoface.from_motion(MOTION)).to_json()


def test_changed_options() -> None:
    asked = AnimateOptions(emotion="happy", seed=3)
    assert asked.changed(seed=4) == AnimateOptions(emotion="happy", seed=4) and asked.seed == 3
    with pytest.raises(TypeError, match=r"there is no option 'emotoin'; did you mean 'emotion'\?"):
        asked.changed(emotoin="sad")
    speaker = AnimateOptions(style=emoface.from_motion(MOTION))
    assert speaker.changed(seed=1).style is speaker.style, "a speaker is heard once"


def test_integers_of_eight_bits_are_for_a_cpu() -> None:
    assert LoadOptions(dtype="int8").dtype == "int8"
    with pytest.raises(ValueError, match=r"this machine has no usable CUDA GPU|'int8' is for a CPU"):
        LoadOptions(dtype="int8", device="cuda")


def test_styles_of_the_networks() -> None:
    kind = options_of(AnimateOptions)["style"].kind
    assert isinstance(kind, emoface.option_kinds.Style) and kind.names == tuple(pipeline.STYLES)


def test_pipelines_take_the_options_or_their_names(tiny_checkpoint: Path) -> None:
    voice = (0.1 * np.sin(np.arange(8000) * 0.05)).astype(np.float32)
    face = emoface.load(tiny_checkpoint)
    asked = AnimateOptions(emotion="happy", seed=3, num_samples=2)
    by_object = face.animate(voice, asked, sample_rate=16000)
    by_name = face.animate(voice, sample_rate=16000, emotion="happy", seed=3, num_samples=2)
    changed = face.animate(voice, asked, sample_rate=16000, num_samples=1)
    whole = emoface.animate(
        voice, sample_rate=16000, emotion="happy", seed=3, num_samples=2, checkpoint=tiny_checkpoint
    )
    for takes in (by_name, whole):
        assert [take.motion.tobytes() for take in takes] == [take.motion.tobytes() for take in by_object]
    assert changed.motion.tobytes() == by_object[0].motion.tobytes()
    with pytest.raises(TypeError, match=r"there is no option 'emotoin'; did you mean 'emotion'\?"):
        face.animate(voice, sample_rate=16000, emotoin="sad")


# ---- flags


def parsed(*arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    add_options(parser, AnimateOptions)
    add_options(parser, LoadOptions)
    return given_options(parser.parse_args(arguments))


def test_every_option_has_a_flag(tmp_path: Path) -> None:
    controls = tmp_path / "controls.json"
    controls.write_text(OTHERS["controls"].to_json())
    scene = OTHERS["direction"].save(tmp_path / "scene.json")
    told = {
        "emotion": ["--emotion", "sad", "--level", "2"], "controls": ["--controls", str(controls)],
        "direction": ["--direct", str(scene)], "variety": ["--variety", "0.5,2"],
    }  # fmt: skip
    for name, value in OTHERS.items():
        flag = f"--{name.replace('_', '-')}"
        arguments = told.get(name) or ([f"--no-{name}"] if value is False else [flag, str(value)])
        assert parsed(*arguments) == {name: value}, name
    assert parsed() == {}


def test_help_tells_ranges_and_defaults(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    parser = argparse.ArgumentParser()
    add_options(parser, AnimateOptions)
    text = parser.format_help()
    assert "any value but 1 doubles the work (0 to 2; default: 1)\n" in text
    assert "more steps give variety, not accuracy (1 to 500; default: the checkpoint's)\n" in text
    assert "--no-blink" in text and "without blinks\n" in text and "`" not in text


def test_reading_the_options_needs_no_networks() -> None:
    """The command line's help is quick: torch is loaded when an emotion or a device is checked."""
    program = "import sys, emoface.options as o; o.table(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
