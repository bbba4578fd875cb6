"""Checkpoints: one safetensors file with the weights of every part, their configs and a digest of the content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.overrides import TorchFunctionMode

FORMAT = "emoface-1"
DEFAULT = Path(__file__).with_name("default.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    Attributes:
        config: configs by part: ``audio``, ``denoiser``, ``lips``, ``emotion``, ``layout``, ``sampling``.
        tensors: float32 weights (other dtypes as stored), named ``<part>.<parameter>``.
        sha256: digest of names, dtypes, shapes, values and config.
    """

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    sha256: str

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors of one part, with ``prefix.`` removed from their names."""
        return {k[len(prefix) + 1 :]: v for k, v in self.tensors.items() if k.startswith(prefix + ".")}


class Unfilled(TorchFunctionMode):
    """Inside, modules are made without drawing random first weights, since a checkpoint replaces them."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function in (Tensor.uniform_, Tensor.normal_) or getattr(function, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return function(*args, **kwargs)


def content_digest(tensors: dict[str, Tensor], config: dict[str, Any]) -> str:
    """SHA-256 over a checkpoint's config and its tensors in the order of their names."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save_checkpoint(path: str | Path, tensors: dict[str, Tensor], config: dict[str, Any]) -> str:
    """Write a checkpoint atomically.

    Args:
        path: destination, ``.safetensors``.
        tensors: weights as they shall be stored (float16, int8, ...), named ``<part>.<parameter>``.
        config: JSON-able configs by part.

    Returns:
        The content's SHA-256.
    """
    path = Path(path)
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    config = {**json.loads(json.dumps(config)), "format": FORMAT}
    sha256 = content_digest(stored, config)
    temporary = path.with_name(path.name + ".tmp")
    content = save(stored, metadata={"emoface_config": json.dumps(config), "content_sha256": sha256})
    temporary.write_bytes(content)  # save_file would make a file that its owner alone can read
    temporary.replace(path)
    return sha256


def load_checkpoint(path: str | Path | None = None) -> Checkpoint:
    """Read and verify a checkpoint; float16 weights come back as float32.

    Args:
        path: the file, or None for the default checkpoint in the package.

    Returns:
        The verified content.

    Raises:
        TypeError: ``path`` is not a path. FileNotFoundError: no such file.
        ValueError: not safetensors, truncated, not an emoface checkpoint, or its digest does not match.
    """
    if path is not None and not isinstance(path, (str, Path)):
        raise TypeError(f"checkpoint must be a path to a .safetensors file, got {type(path).__name__}")
    file = DEFAULT if path is None else Path(path)
    if not file.is_file():
        hint = "the package was installed without its default checkpoint" if path is None else "no such file"
        raise FileNotFoundError(f"checkpoint {file} cannot be read: {hint}")
    try:
        with safe_open(file, "pt") as handle:
            metadata = handle.metadata() or {}
            stored = {name: handle.get_tensor(name) for name in handle.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"checkpoint {file} is not a complete safetensors file: {error}") from error
    if "emoface_config" not in metadata or "content_sha256" not in metadata:
        raise ValueError(f"checkpoint {file} is not an emoface checkpoint: it carries no emoface_config")
    try:
        config = json.loads(metadata["emoface_config"])
    except json.JSONDecodeError as error:
        raise ValueError(f"checkpoint {file} has a damaged config: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise ValueError(f"checkpoint {file} must have format {FORMAT!r}, got {found!r}")
    found = content_digest(stored, config)
    if found != metadata["content_sha256"]:
        raise ValueError(f"checkpoint {file} was changed: SHA-256 {found} instead of {metadata['content_sha256']}")
    tensors = {name: tensor.float() if tensor.dtype == torch.float16 else tensor for name, tensor in stored.items()}
    return Checkpoint(config, tensors, found)
