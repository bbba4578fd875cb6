"""The corpus stage: synthesise speech, read real recordings, write shards of clips and a card."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emoface.training.run import file_sha256, progress, read_config, seed_everything, write_card

from .adapters import ADAPTERS
from .clips import Clip, hours, load_clips, save_clips
from .phones import BILABIAL, OPEN_VOWELS
from .shard import write_shard
from .synth import espeak_missing, flite_missing

HELD_OUT = "held_out"


@dataclass
class CorpusConfig:
    """What the corpus is made of.

    Attributes:
        seed: of all that is random.
        tts_hours: synthetic speech to make; 0 needs no synthesiser.
        tts_held_out_minutes: more of it, kept for evaluation.
        espeak_share: share of utterances by espeak-ng; the others are flite's.
        quiet_share: share of clips without speech (silence, hiss, hum).
        shard_minutes: synthetic speech in one shard, the unit of resuming.
        datasets: real recordings: ``{"adapter": name, "folder": path, "name": data set name (optional)}``;
            relative folders are looked for in the assets folder and skipped with a warning where there is
            none.
        held_out: per data set, the speakers or recordings kept for evaluation.
    """

    seed: int = 0
    tts_hours: float = 3.0
    tts_held_out_minutes: float = 5.0
    espeak_share: float = 0.8
    quiet_share: float = 0.03
    shard_minutes: float = 20.0
    datasets: list[dict[str, str]] = field(default_factory=list)
    held_out: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tts_hours < 0 or self.tts_held_out_minutes < 0 or self.shard_minutes <= 0:
            raise ValueError("tts_hours and tts_held_out_minutes must be >= 0 and shard_minutes > 0")
        if not 0 <= self.espeak_share <= 1 or not 0 <= self.quiet_share < 1:
            raise ValueError("espeak_share and quiet_share must be in 0..1")
        for entry in self.datasets:
            if entry.get("adapter") not in ADAPTERS:
                raise ValueError(f"adapter must be one of {sorted(ADAPTERS)}, got {entry.get('adapter')!r}")
            if "folder" not in entry:
                raise ValueError(f"each of datasets needs a folder, got {entry}")


def train(
    config: CorpusConfig | dict[str, Any] | str | Path | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> Path:
    """Build the corpus: ``<out>/corpus/*.npz``, the held-out clips in ``<out>/corpus/held_out``, and
    ``card.json``.

    Args:
        config: a :class:`CorpusConfig`, a dict or JSON file of its fields, or None for the defaults.
        out: folder of all stages' results.
        assets: folder in which relative data set folders are looked for.
        resume: keep the shards that an interrupted run finished.

    Returns:
        The corpus folder.

    Raises:
        RuntimeError: a synthesiser is needed but not installed; the message names the package.
        FileNotFoundError: a data set's folder does not exist. ValueError: bad config or damaged data.
    """
    if not isinstance(config, CorpusConfig):
        config = read_config(CorpusConfig, config)
    folders = _dataset_folders(config, assets)
    if config.tts_hours or config.tts_held_out_minutes:
        for missing in (
            config.espeak_share > 0 and espeak_missing(),
            config.espeak_share < 1 and flite_missing(),
        ):
            if missing:
                raise RuntimeError(f"the corpus stage needs a synthesiser: {missing}")
    folder = Path(out) / "corpus"
    (folder / HELD_OUT).mkdir(parents=True, exist_ok=True)
    planned = _planned_shards(config, folders)
    for path in (*folder.glob("*.npz"), *(folder / HELD_OUT).glob("*.npz")):
        if not resume or path.relative_to(folder).as_posix() not in planned:
            path.unlink()
    seed_everything(config.seed)
    names = list(planned)
    for i in progress(range(len(names)), "corpus", len(names)):
        path = folder / names[i]
        if not path.exists():
            planned[names[i]](path)
    if not any(folder.glob("*.npz")):
        raise ValueError("the corpus is empty: give tts_hours or datasets")
    _write_corpus_card(folder, config)
    return folder


def _dataset_folders(config: CorpusConfig, assets: str | Path | None) -> dict[str, tuple[str, Path]]:
    """Data set name -> (adapter, folder) of those that are there."""
    found = {}
    for entry in config.datasets:
        name = entry.get("name", entry["adapter"])
        folder = Path(entry["folder"])
        if not folder.is_absolute():
            if assets is None:
                warnings.warn(f"no assets folder given: data set {name!r} ({folder}) is left out", stacklevel=3)
                continue
            folder = Path(assets) / folder
        if not folder.is_dir():
            raise FileNotFoundError(f"folder of data set {name!r} does not exist: {folder}")
        if name in found:
            raise ValueError(f"datasets must have different names, got {name!r} twice")
        found[name] = entry["adapter"], folder
    return found


def _planned_shards(config: CorpusConfig, folders: dict[str, tuple[str, Path]]) -> dict[str, Callable[[Path], None]]:
    """Shard path within the corpus -> function that writes it."""
    plans: dict[str, Callable[[Path], None]] = {}
    for name, (adapter, source) in folders.items():
        plans[f"{name}.npz"] = partial(_write_dataset, config, adapter, source, name, False)
        if config.held_out.get(name):
            plans[f"{HELD_OUT}/{name}.npz"] = partial(_write_dataset, config, adapter, source, name, True)
    synthetic = partial(write_shard, seed=config.seed, espeak_share=config.espeak_share, quiet_share=config.quiet_share)
    seconds, shard = config.tts_hours * 3600, config.shard_minutes * 60
    for i in range(math.ceil(seconds / shard - 1e-9)):
        length = min(shard, seconds - i * shard)
        plans[f"tts_{i:03d}.npz"] = partial(synthetic, part=0, number=i, seconds=length)
    if config.tts_held_out_minutes:
        length = config.tts_held_out_minutes * 60
        plans[f"{HELD_OUT}/tts.npz"] = partial(synthetic, part=1, number=0, seconds=length)
    return plans


def _write_dataset(config: CorpusConfig, adapter: str, folder: Path, name: str, held_out: bool, path: Path) -> None:
    kept = set(config.held_out.get(name, ()))
    clips = ADAPTERS[adapter](folder, name)
    save_clips(path, [c for c in clips if (c.speaker in kept or c.name.split("/", 1)[1] in kept) == held_out])


def _write_corpus_card(folder: Path, config: CorpusConfig) -> None:
    parts = {}
    for part, path in (("train", folder), (HELD_OUT, folder / HELD_OUT)):
        if not any(path.glob("*.npz")):
            continue
        clips = load_clips(path)
        rows = [clip.visemes for clip in clips if clip.visemes is not None]
        ids = np.concatenate(rows)[:, 0].astype(int) if rows else np.zeros(0, int)
        parts[part] = {
            "clips": len(clips),
            "hours": round(hours(clips), 4),
            "hours_by_dataset": _hours_by(clips, "dataset"),
            "hours_by_source": _hours_by(clips, "source"),
            "hours_by_language": _hours_by(clips, "language"),
            "clips_by_emotion": dict(Counter(str(clip.emotion) for clip in clips)),
            "voices": len({(clip.dataset, clip.speaker) for clip in clips}),
            "bilabials": int((ids == BILABIAL).sum()),
            "open_vowels": int(np.isin(ids, list(OPEN_VOWELS)).sum()),
            "sha256": {p.name: file_sha256(p) for p in sorted(path.glob("*.npz"))},
        }
    write_card(folder, "corpus", config, parts=parts)


def _hours_by(clips: list[Clip], attribute: str) -> dict[str, float]:
    values = sorted({getattr(clip, attribute) for clip in clips})
    return {str(v): round(hours([c for c in clips if getattr(c, attribute) == v]), 4) for v in values}
