"""The stage itself: the motion encoder first, then every other modality against it, frozen."""

from __future__ import annotations

import dataclasses
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.intensity import intensity_of
from emoface.binding.modalities.motion import Motion
from emoface.binding.modalities.valence_arousal import circumplex_intensity, circumplex_points
from emoface.binding.space import EmotionSpace
from emoface.training import run
from emoface.training.corpus.clips import load_clips
from emoface.training.corpus.skipped import Skipped
from emoface.training.data import read_prompts

from .adapters import bind
from .anchor import Anchors, train_motion
from .config import BindingConfig
from .figures import figures, voice_figures
from .lessons import Material, chosen, lessons_of
from .voices import split_voices
from .windows import WindowMaker, Windows, make_windows, stack_windows


def train(
    config: str | Path | dict[str, Any] | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Run the stage: ``<out>/binding/model.safetensors`` and ``card.json``, from ``<out>/corpus`` and
    ``<out>/text``.

    Args:
        config: JSON file or dict of :class:`BindingConfig`. out: the training folder. assets: not used by
            this stage.
        resume: keep the parts (motion encoder, each modality) that a run with the same settings already
            finished.

    Returns:
        The figures written to the card.

    Raises:
        FileNotFoundError: no corpus, or no text encoder where ``text`` is asked for; the message names the
        stage to run.
        ValueError: bad settings.
    """
    settings = run.read_config(BindingConfig, config)
    names = chosen(settings.modalities)
    folder = Path(out) / "binding"
    skipped = Skipped()
    clips = load_clips(Path(out) / "corpus", skipped)
    text_path = Path(out) / "text" / "model.safetensors"
    text_state = run.load_tensors(text_path) if "text" in names else None
    folder.mkdir(parents=True, exist_ok=True)
    started = time.time()
    inside, validation = split_voices(clips, settings.validation_speakers)
    if "audio" in names and not inside:
        warnings.warn("the corpus has no real voices with emotion labels; audio is left out", stacklevel=2)
        names.remove("audio")
    held_out = _texts(settings) if "text" in names else []
    material = Material(settings, clips, inside, text_state[0] if text_state else None, held_out)
    arguments: dict[str, dict[str, Any]] = {"audio": settings.audio}
    if text_state is not None:
        arguments["text"] = {"encoder": text_state[1]}

    run.seed_everything(settings.seed)
    space = EmotionSpace(settings.width, {"motion": settings.motion, "label": {}})
    maker = WindowMaker(clips, settings.frames, settings.captured)
    windows = make_windows(maker, settings.windows, settings.mixed, _rng(settings, "windows"))
    parts = _Parts(folder / "parts.pt", settings, resume)
    motion: Motion = space.modalities["motion"]  # type: ignore[assignment]

    def learn_motion() -> dict[str, Any]:
        return {"loss": train_motion(motion, windows, settings, _rng(settings, "motion"))}

    log = {"motion": parts.run("motion", motion, learn_motion)}
    motion.eval().requires_grad_(False)
    points = circumplex_points(settings.windows // 5, _rng(settings, "points"))
    rng = _rng(settings, "blends")
    blends = [(maker.blend(v, rng), v, -1, 0.0) for v in circumplex_intensity(points)]
    known = Windows(*(torch.cat(pair) for pair in zip(_fields(windows), _fields(stack_windows(blends)), strict=True)))
    anchors = Anchors(motion, known, settings.shortest, settings.kernel / 2, _rng(settings, "anchors"))

    for name in names:
        torch.manual_seed(settings.seed)
        modality = space.modalities[name] if name == "label" else space.add(name, **arguments.get(name, {}))

        def learn(name: str = name, modality: Any = modality) -> dict[str, Any]:
            rng = _rng(settings, name)
            batches, facts = lessons_of(modality, material, rng)
            return {**facts, **bind(modality, anchors, batches, settings, rng)}

        source = run.file_sha256(text_path) if name == "text" else ""
        log[name] = parts.run(name, modality, learn, source)

    space.eval()
    with torch.no_grad():
        space.prototypes.copy_(_prototypes(anchors))
    result = figures(space, maker, settings, _rng(settings, "figures"))
    if "audio" in names:
        others = Path(out) / "corpus" / "held_out"
        result["audio_validation"] = voice_figures(space, validation)
        result["audio_held_out"] = voice_figures(space, load_clips(others) if others.exists() else [])
    run.save_tensors(folder / "model.safetensors", space.state_dict(), space.config())
    run.write_stage_card(
        folder,
        "binding",
        settings,
        data={"clips": len(clips), "windows": len(known.level), "voices": len(inside)},
        shards_left_out=dict(skipped.counts),
        parameters={name: sum(p.numel() for p in m.parameters()) for name, m in space.modalities.items()},
        training=log,
        figures=result,
        minutes=round((time.time() - started) / 60, 2),
    )
    return result


def _texts(config: BindingConfig) -> list[str]:
    return [row["text"] for rows in read_prompts(config.held_out).values() for row in rows]


def _fields(windows: Windows) -> tuple[Tensor, ...]:
    return windows.motion, windows.intensity, windows.emotion, windows.level


def _rng(config: BindingConfig, part: str) -> np.random.Generator:
    """A generator of its own for each part, so that leaving one out changes no other."""
    return np.random.default_rng([config.seed, *part.encode()])


def _prototypes(anchors: Anchors) -> Tensor:
    """Mean motion z (8, 3, Z) of each emotion and level."""
    vectors = [intensity_of(name, level) for name in EMOTIONS for level in LEVELS]
    return anchors.mean(torch.from_numpy(np.stack(vectors))).unflatten(0, (len(EMOTIONS), len(LEVELS)))


class _Parts:
    """Finished parts of the stage, saved after each, so that an interrupted run goes on where it was."""

    def __init__(self, path: Path, config: BindingConfig, resume: bool) -> None:
        settings = dataclasses.asdict(config)
        for name in ("modalities", "prompts", "held_out", "check"):  # these change no part but text
            settings.pop(name)
        self.path, self.key = path, json.dumps(settings, sort_keys=True)
        self.done: dict[str, dict[str, Tensor]] = {}
        self.facts: dict[str, Any] = {}
        if resume and path.exists():
            state = run.load_state(path)
            if state["key"] == self.key:
                self.done, self.facts = state["done"], json.loads(state["facts"])

    def run(
        self, name: str, module: nn.Module, learn: Callable[[], dict[str, Any]], source: str = ""
    ) -> dict[str, Any]:
        """Restore a part, or learn and save it; returns the facts of its training.

        A part restored was made with the same settings and from the same ``source``, e.g. an encoder's hash.
        """
        name = f"{name} {source}".strip()
        if name in self.done:
            module.load_state_dict(self.done[name])
            return self.facts[name]
        begin = time.time()
        self.facts[name] = {**learn(), "seconds": round(time.time() - begin, 1)}
        self.done[name] = {key: value.clone() for key, value in module.state_dict().items()}
        run.save_state(self.path, key=self.key, done=self.done, facts=json.dumps(self.facts))
        return self.facts[name]
