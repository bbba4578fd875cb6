"""One shard of synthetic speech, made by a process of its own: ``python -m emoface.training.corpus.shard JSON``.

espeak-ng keeps state (pitch phase, noise) from one utterance to the next and has no way to reset it, so a shard repeats
bit for bit only in a fresh process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from emoface.face.layout import FPS

from .adapters.signals import as_rows, mel_of
from .clips import Clip, save_clips
from .synth import random_quiet, random_utterance

FEWEST_VISEMES = 6


def synthesise(
    seed: int, part: int, number: int, seconds: float, espeak_share: float, quiet_share: float
) -> Iterator[Clip]:
    """Clips of synthetic speech, and some without speech, until ``seconds`` are full.

    Args:
        seed, part, number: seed of the corpus, 0 for training or 1 for evaluation, number of the shard.
        seconds: how much to make.
        espeak_share: probability of espeak-ng instead of flite.
        quiet_share: probability of a clip without speech.

    Yields:
        Clips of data sets ``tts`` and ``quiet``.
    """
    rng = np.random.default_rng([seed, part, number])
    made, count = 0.0, 0
    while made < seconds:
        quiet = rng.random() < quiet_share
        if quiet:
            spoken, voice, language = random_quiet(rng), "quiet", ""
        else:
            spoken, voice, language = random_utterance(rng, espeak_share)
            if len(spoken.visemes) < FEWEST_VISEMES:
                continue
        rows = as_rows(spoken.visemes, len(spoken.samples) / spoken.rate)
        name = f"{'quiet' if quiet else 'tts'}/{part}-{number:03d}-{count:04d}"
        clip = Clip(name, "tts", voice, language, None, mel_of(spoken.samples), rows)
        made, count = made + clip.frames / FPS, count + 1
        yield clip


def write_shard(path: Path, **arguments: float) -> None:
    """Write a shard of synthetic speech in a fresh process; ``arguments`` are those of :func:`synthesise`.

    Raises:
        RuntimeError: the process failed; the message has its last words.
    """
    order = json.dumps({"path": str(path), **arguments})
    done = subprocess.run([sys.executable, "-m", __name__, order], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"speech synthesis failed: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    ordered = json.loads(sys.argv[1])
    save_clips(ordered.pop("path"), list(synthesise(**ordered)))
