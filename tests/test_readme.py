"""The Python blocks of the README and the guide run as printed, and what they say of arguments and commands is true."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import soundfile

import emoface
from emoface import api
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path
from emoface.export import formats
from emoface.export.formats import FORMATS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "python.md"
DIRECTING = ROOT / "docs" / "direction.md"
LIVE, STREAMS, BATCH = (ROOT / "docs" / name for name in ("live-senders.md", "live.md", "batch.md"))
CONVERSATION = ROOT / "docs" / "conversation.md"
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")),
    *ROOT.glob("docs/*.md"),
]
BLOCKS = {
    f"{page.name} {number}": block
    for page in (README, GUIDE, DIRECTING, LIVE, STREAMS, BATCH, CONVERSATION)
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S))
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Path:
    """A folder with what the examples name, of the first three seconds of the bundled voice."""
    folder = tmp_path_factory.mktemp("named")
    samples, rate = soundfile.read(demo_path(), dtype="int16")
    for name in ("speech.wav", "angry_voice.wav", "other.wav"):
        soundfile.write(folder / name, samples[: 3 * rate], rate)
    checkpoint = None if DEFAULT.exists() else tiny_checkpoint
    take = emoface.animate(folder / "speech.wav", emotion="sad", checkpoint=checkpoint)
    take.save(folder / "take.npz")
    take.save(folder / "avatar.glb")
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: Path, tiny_checkpoint: Path) -> Path:
    """A folder with these files; without a default checkpoint the toy one serves."""
    shutil.copytree(named, tmp_path, dirs_exist_ok=True)
    if not DEFAULT.exists():
        for module in ("emoface.checkpoints", "emoface.api"):
            monkeypatch.setattr(f"{module}.DEFAULT", tiny_checkpoint)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_examples() -> None:
    assert len([place for place in BLOCKS if place.startswith("README")]) == 5
    assert all(len([line for line in block.splitlines() if line.strip()]) <= 8 for block in BLOCKS.values())


@pytest.mark.parametrize("place", BLOCKS)
def test_example_runs(place: str, folder: Path) -> None:
    for word, package in (("plot", "matplotlib"), (".mp4", "imageio_ffmpeg"), ("pipecat", "pipecat")):
        if word in BLOCKS[place]:
            pytest.importorskip(package)
    exec(compile(BLOCKS[place], place, "exec"), {"__name__": "__main__"})


def test_tables_of_formats() -> None:
    rows = "".join(f"| `{row.suffix}` | {row.content} |\n" for row in FORMATS.values())
    assert f"| suffix | content |\n|---|---|\n{rows}\n" in README.read_text(encoding="utf-8")
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"\n\n{formats.table()}\n" in page, "python -c 'from emoface.export.formats import table; print(table())'"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_exist() -> None:
    from emoface.cli import build_parser

    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    lines = re.findall(r"^    emoface (.*)$", text, re.M)
    assert len(lines) >= 20
    for line in lines:
        build_parser().parse_args(line.split("#")[0].split())
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^    |`)make (\w+)", text, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_api_is_what_the_package_offers() -> None:
    assert emoface.animate is api.animate
    assert {"animate", "load", "from_audio", "from_motion", "Animation", "EMOTIONS", "ARKIT_NAMES"} <= set(dir(emoface))
