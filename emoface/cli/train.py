"""``emoface train``: run one stage of the training."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emoface.cli.arguments import Commands, check_folder

STAGES = {
    "corpus": "emoface.training.corpus.build",
    "speech": "emoface.training.speech",
    "nonverbal": "emoface.training.nonverbal",
    "lips": "emoface.training.lip_net",
    "text": "emoface.training.text.train",
    "binding": "emoface.training.binding",
    "denoiser": "emoface.training.denoiser",
    "distill": "emoface.training.distill",
    "pack": "emoface.training.pack",
    "style": "emoface.training.style",
    "ablations": "emoface.evaluation.ablations",
}
"""Training stage -> module with ``train(config, out, assets=None, resume=False)``, in the order they are run."""


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("train", help="run one stage of the training")
    parser.add_argument("stage", choices=STAGES, help="in this order")
    parser.add_argument("--config", type=Path, metavar="JSON", help="settings; the default checkpoint's if left out")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of all stages' results")
    parser.add_argument("--assets", type=Path, metavar="DIR", help="folder of recorded data sets")
    parser.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Run the stage with the shipped settings, or those of ``--config``."""
    check_folder(asked.assets, "--assets")
    from emoface.training import CONFIGS

    train: Callable[..., Any] = importlib.import_module(STAGES[asked.stage]).train
    train(asked.config or CONFIGS / f"{asked.stage}.json", asked.out, assets=asked.assets, resume=asked.resume)
    print(f"{asked.stage}: done, results in {asked.out}")
