"""Joining the stages' weights into one checkpoint: `emoface train pack`."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emoface.checkpoints import save_checkpoint, save_difference
from emoface.checkpoints.difference import SMALL
from emoface.diffusion.finish import Sampling

from .run import load_tensors, read_config, save_json

PACKED_STAGES = ("corpus", "speech", "lips", "text", "binding", "denoiser")
NETWORKS = ("denoiser", "distill")


@dataclass
class PackConfig:
    """Config of the stage.

    Attributes:
        name: file name of the checkpoint. sampling: fields of ``Sampling`` that differ from its defaults.
        network: whose network is packed: that of ``"denoiser"``, or the student of ``"distill"``.
        difference: write what differs from the package's default checkpoint alone, which has to be there to read it.
    """

    name: str = "default.safetensors"
    sampling: dict[str, Any] = field(default_factory=dict)
    network: str = "denoiser"
    difference: bool = False

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ValueError(f"network must be one of {', '.join(NETWORKS)}, got {self.network!r}")


def compact(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Store large float32 tensors as float16; integers and small tensors as they are.

    Raises:
        ValueError: a weight does not fit into float16.
    """
    stored = {}
    for name, tensor in tensors.items():
        if tensor.dtype == torch.float32 and tensor.numel() > SMALL:
            half = tensor.half()
            if not torch.isfinite(half).all():
                raise ValueError(f"weight {name} does not fit into float16: largest value {tensor.abs().max():g}")
            stored[name] = half
        else:
            stored[name] = tensor
    return stored


def assemble(
    out: Path, denoiser: dict[str, Tensor], parts: dict[str, Any], emotion: dict[str, Tensor], sampling: Sampling
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and config of a checkpoint.

    Args:
        out: run folder with ``lips/`` and, where the networks use it, ``speech/``.
        denoiser: tensors of the denoiser, its content encoder and the motion's statistics. parts: their config and that
            of the emotion space. emotion: tensors of that. sampling: how the checkpoint samples by default.
    """
    lips, lip_config = load_tensors(out / "lips" / "model.safetensors")
    tensors, speech = dict(denoiser), {}
    if (out / "speech" / "model.safetensors").exists():
        encoder, speech["speech"] = load_tensors(out / "speech" / "model.safetensors")
        tensors |= {f"speech.{name}": tensor for name, tensor in encoder.items()}
    tensors |= {f"lips.{name}": tensor for name, tensor in lips.items()}
    tensors |= {f"emotion.{name}": tensor for name, tensor in emotion.items()}
    return tensors, {**parts, **speech, "lips": lip_config, "sampling": dataclasses.asdict(sampling)}


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Write ``<out>/<name>`` and its model card ``<name>.json`` from the stages under ``out``.

    Args:
        config: JSON file, dict or None for the defaults of ``PackConfig``.
        out: run folder with ``lips/``, ``binding/``, ``denoiser/`` and, where the networks use it, ``speech/``.
        assets: not used. resume: not used, packing takes seconds.

    Returns:
        The checkpoint's path.
    """
    settings = read_config(PackConfig, config)
    out = Path(out)
    denoiser, parts = load_tensors(out / settings.network / "model.safetensors")
    emotion, emotion_config = load_tensors(out / "binding" / "model.safetensors")
    parts["emotion"] = emotion_config
    tensors, full = assemble(out, denoiser, parts, emotion, Sampling(**settings.sampling))
    path = out / settings.name
    digest = (save_difference if settings.difference else save_checkpoint)(path, compact(tensors), full)
    cards = {}
    stages = PACKED_STAGES if settings.network in PACKED_STAGES else (*PACKED_STAGES, settings.network)
    for stage in stages:
        card = out / stage / "card.json"
        if card.exists():
            cards[stage] = json.loads(card.read_text(encoding="utf-8"))
    save_json(
        path.with_suffix(".json"),
        {
            "checkpoint": settings.name,
            "content_sha256": digest,
            "bytes": path.stat().st_size,
            "date": time.strftime("%Y-%m-%d"),
            "commands": [f"emoface train {stage} --out RUN --assets ASSETS" for stage in (*stages, "pack")],
            "stages": cards,
        },
    )
    return path
