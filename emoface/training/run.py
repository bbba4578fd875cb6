"""What every training stage shares: configs, seeds, exponential moving averages, resuming and cards."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.optim import Optimizer

from emoface.files import atomic_path, write_text
from emoface.reading import check_safetensors, parse_json, read_json

ConfigType = TypeVar("ConfigType")


def read_config(config_class: type[ConfigType], source: str | Path | dict[str, Any] | None) -> ConfigType:
    """Build a stage's config dataclass from a JSON file or dict; fields left out keep their defaults.

    Raises:
        ValueError: unknown field, or the file is not a JSON object, or larger than the budget.
        FileNotFoundError: no such file.
    """
    if source is None:
        values: Any = {}
    elif not isinstance(source, (str, Path)):
        values = source
    else:
        values = read_json(source)
    if not isinstance(values, dict):
        raise ValueError(f"config must be a JSON object, got {type(values).__name__}")
    known = {field.name for field in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"config has unknown fields {unknown}; known fields are {sorted(known)}")
    return config_class(**values)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed Python, numpy and torch; returns the numpy generator that the stage draws its data from."""
    random.seed(seed)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


class Ema:
    """Exponential moving average of a module's parameters: ``e <- d e + (1 - d) p``, d = min(decay, n / (n + 20))."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.names = [name for name, p in module.named_parameters() if p.requires_grad]
        self.values = [p.detach().clone() for p in module.parameters() if p.requires_grad]

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the averages towards the module's present parameters."""
        self.updates += 1
        decay = min(self.decay, self.updates / (self.updates + 20))
        present = [p.detach() for p in module.parameters() if p.requires_grad]
        torch._foreach_lerp_(self.values, present, 1 - decay)

    @torch.no_grad()
    def copy_to(self, module: nn.Module) -> None:
        """Write the averages into the module."""
        for parameter, value in zip([p for p in module.parameters() if p.requires_grad], self.values, strict=True):
            parameter.copy_(value)

    def state(self) -> dict[str, Any]:
        """For :func:`save_state`."""
        return {"updates": self.updates, "values": self.values}

    def load(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state` gave."""
        self.updates = state["updates"]
        for value, saved in zip(self.values, state["values"], strict=True):
            value.copy_(saved)


def save_state(path: Path, **parts: Any) -> None:
    """Save a resumable training state (plain tensors and containers only), completely or not at all."""
    with atomic_path(path) as temporary:
        torch.save({**parts, "torch_rng": torch.get_rng_state()}, temporary)


def load_state(path: Path) -> dict[str, Any]:
    """Load what :func:`save_state` wrote, with torch's restricted unpickler, and restore torch's random state."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    torch.set_rng_state(state.pop("torch_rng"))
    return state


class TrainingState:
    """What an interrupted training goes on from: weights, optimiser, moving average, steps done and seconds spent."""

    def __init__(self, path: Path, model: nn.Module, optimizer: Optimizer, ema: Ema) -> None:
        self.path, self.model, self.optimizer, self.ema = path, model, optimizer, ema

    def restore(self) -> tuple[int, float]:
        """Load the saved state where there is one; returns the steps done and the seconds spent."""
        if not self.path.exists():
            return 0, 0.0
        state = load_state(self.path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.ema.load(state["ema"])
        return state["step"], state.get("seconds", 0.0)

    def save(self, step: int, seconds: float) -> None:
        """Save the state after ``step`` steps in ``seconds`` seconds."""
        save_state(
            self.path, model=self.model.state_dict(), optimizer=self.optimizer.state_dict(), ema=self.ema.state(),
            step=step, seconds=seconds,
        )  # fmt: skip


def save_tensors(path: Path, tensors: dict[str, Tensor], config: dict[str, Any]) -> None:
    """Write a stage's weights as safetensors with its config as metadata, atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contiguous = {name: tensor.detach().contiguous().clone() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(contiguous, metadata={"config": json.dumps(config)}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`save_tensors` wrote: (tensors, config).

    Raises:
        FileNotFoundError: no such file. ValueError: damaged, or larger than the budget (:mod:`emoface.limits`).
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; run the training stage that writes it first")
    check_safetensors(path, "weights")
    try:
        with safe_open(path, "pt") as handle:
            config = parse_json((handle.metadata() or {}).get("config", "{}"))
        return load_file(path), config
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{path} does not hold weights of a stage: {error}") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal text."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_stage_card(folder: Path, stage: str, config: Any, **facts: Any) -> None:
    """Write ``card.json`` of a stage: config, seed, data, steps, figures, versions and the hash of its weights."""
    weights = folder / "model.safetensors"
    card = {
        "stage": stage,
        "date": time.strftime("%Y-%m-%d"),
        "config": dataclasses.asdict(config),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        **facts,
    }
    if weights.exists():
        card["weights_sha256"] = file_sha256(weights)
    save_json(folder / "card.json", card)


def keep_share(network: nn.Module, begun: Mapping[str, Tensor], share: float) -> None:
    """Average a network's weights with those that its training began with (Wortsman et al. 2022, "Model soups").

    Args:
        network: trained. begun: its weights before, by name. share: of those in the result, 0..1.
    """
    trained = network.state_dict()
    network.load_state_dict({name: weights.lerp(begun[name], share) for name, weights in trained.items()})


def save_json(path: Path, values: Any) -> None:
    """Write JSON, completely or not at all."""
    write_text(path, json.dumps(values, indent=2) + "\n")


def progress(steps: Iterable[int], stage: str, total: int, initial: int = 0) -> Iterator[int]:
    """Iterate with a tqdm bar where tqdm is installed, plainly otherwise."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield from steps
        return
    yield from tqdm(steps, desc=stage, total=total, initial=initial, mininterval=2.0)
