"""The stage that trains the net of sounds that are no words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emoface.audio.nonverbal import NonverbalNet
from emoface.face.nonverbal import SOUNDS
from emoface.reading import Arrays
from emoface.training.corpus.clips import Clip, save_clips
from emoface.training.nonverbal import train
from emoface.training.nonverbal.scenes import FRAMES, RISE, SceneMaker, drowned, judged
from emoface.training.nonverbal.stage import NonverbalConfig

TINY = {"sounds": 2, "scenes": 3, "tested": 1, "steps": 3, "batch": 2, "width": 8}


def test_the_stage_writes_a_net_and_a_card(tmp_path: Path, toy_clips: Callable[..., list[Any]]) -> None:
    written = []
    for out in (tmp_path / "a", tmp_path / "b"):
        save_clips(out / "corpus" / "toy.npz", toy_clips())
        folder = train(TINY, out)
        card = json.loads((folder / "card.json").read_text())
        assert card["stage"] == "nonverbal" and set(card["figures"]) == set(SOUNDS) and card["steps"] == 3
        with Arrays(folder / "nonverbal.npz") as arrays:
            written.append({name: torch.from_numpy(arrays[name].copy()).float() for name in arrays})
    NonverbalNet(8).load_state_dict(written[0])
    assert all((written[0][name] == written[1][name]).all() for name in written[0]), "the same seed, the same weights"


def test_scenes_hold_what_they_say(toy_clips: Callable[..., list[Any]]) -> None:
    shares = dict.fromkeys(SOUNDS, 1.0) | {"speech": 2.0, "music": 0.5}
    heard = SceneMaker(toy_clips(), 0, 3, shares).scenes(range(8))
    assert heard.mel.shape == (8, 2 * FRAMES, 64) and heard.classes.shape == heard.weights.shape == (8, FRAMES)
    assert heard.mel.float().isfinite().all() and set(heard.classes.unique().tolist()) == {0, 1, 2, 3, 4, 5}
    again = SceneMaker(toy_clips(), 0, 3, shares).scenes(range(5, 7))
    assert (again.mel == heard.mel[5:7]).all(), "a scene depends on its number alone"


def test_edges_and_beginnings_weigh_less() -> None:
    classes, weights = judged([("laugh", 1.0, 2.0), ("", 2.5, 3.0)], 100)
    assert (np.flatnonzero(classes == 1 + SOUNDS.index("laugh")) == np.arange(25, 50)).all()
    assert weights[24] == weights[25] == weights[50] == 0 and 0 < weights[28] < 1 == weights[40]
    assert not weights[63:74].any() and weights[80] == 1


def test_what_nobody_could_hear_is_not_judged() -> None:
    quiet, loud = np.zeros((200, 64)), np.zeros((200, 64))
    loud[40:80] = RISE + 0.1  # noise that covers all bands,
    loud[80:120, 3:] = 3.0  # all but three,
    loud[120:160, 4:] = 3.0  # and all but four
    found = drowned((quiet, loud))
    assert found.shape == (100,) and (np.flatnonzero(found) == np.arange(20, 60)).all()
    half = np.where(np.arange(64) % 2, RISE + 0.1, 0.0) * np.ones((200, 1))
    assert drowned((half, half[:, ::-1])).all() and not drowned((half, quiet)).any()


def test_pauses_of_real_speakers_may_be_breaths() -> None:
    mel = np.full((200, 64), -1.0, np.float16)
    mel[:60], mel[60:100] = -11.0, -6.0  # room, then something soft, then a voice
    makers = [
        SceneMaker([Clip("a/x", source, "s", "en", None, mel)], 0, 1, {"speech": 1.0}) for source in ("voice", "tts")
    ]
    real, synthetic = (maker.scenes(range(8)) for maker in makers)
    assert (real.weights == 0).any() and (synthetic.weights == 1).all() and not real.classes.any()


def test_settings_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shares must be of"):
        NonverbalConfig(shares={"sneeze": 1.0})
    with pytest.raises(ValueError, match="must be at least 1"):
        NonverbalConfig(steps=0)
    with pytest.raises(FileNotFoundError, match="corpus"):
        train(TINY, tmp_path)
