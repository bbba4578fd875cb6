"""Settings of the stages: the shipped ones can be read, and name no place on one machine."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emoface.cli.train import STAGES
from emoface.evaluation.ablations import Ablations
from emoface.training import CONFIGS
from emoface.training.binding.config import BindingConfig
from emoface.training.corpus.build import CorpusConfig
from emoface.training.data import PROMPTS, read_prompts
from emoface.training.denoiser import DenoiserTraining
from emoface.training.distill import DistillTraining
from emoface.training.lip_net import LipsConfig
from emoface.training.nonverbal.stage import NonverbalConfig
from emoface.training.pack import PackConfig
from emoface.training.run import read_config
from emoface.training.speech import SpeechConfig
from emoface.training.style import StyleConfig
from emoface.training.text.train import TextTraining

CLASSES = {
    "corpus": CorpusConfig, "speech": SpeechConfig, "lips": LipsConfig, "text": TextTraining, "binding": BindingConfig,
    "denoiser": DenoiserTraining, "distill": DistillTraining, "pack": PackConfig, "nonverbal": NonverbalConfig,
    "ablations": Ablations, "style": StyleConfig,
}  # fmt: skip


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("stage", STAGES)
def test_settings_name_no_place_on_this_machine(stage: str) -> None:
    """A path in a config would be read from the folder one happens to stand in, and end up in the model card."""
    settings = dataclasses.asdict(read_config(CLASSES[stage], CONFIGS / f"{stage}.json"))
    found = list(strings(settings))
    assert found and not [text for text in found if "/" in text or "\\" in text]


def test_prompts_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lists = read_prompts()
    assert list(lists) == sorted(path.stem for path in PROMPTS.glob("*.json")) and len(lists["held_out"]) == 60
    assert all(row["text"] and row["emotion"] for rows in lists.values() for row in rows)
    assert read_prompts(TextTraining().held_out) == read_prompts(BindingConfig().held_out) == lists
    assert read_prompts(None) == {}
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileNotFoundError, match="mine is not a folder of prompts"):
        read_prompts("mine")
    (tmp_path / "mine" / "a.json").write_text('{"prompts": [{"text": "x", "emotion": "sad"}]}')
    assert read_prompts("mine") == {"a": [{"text": "x", "emotion": "sad"}]}
