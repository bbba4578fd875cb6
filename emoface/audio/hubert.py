"""HuBERT or wav2vec 2.0 features at motion rate, through the optional package transformers (extra ``hubert``).

The convolutions of both models hop 320 samples with a field of 400, so feature j is centred at 0.02 j + 0.0125 s.
Motion frame k at 25 fps is centred at 0.04 k + 0.02 s and therefore lies at feature position 2 k + 0.375.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emoface.kernels import has_bfloat16

from .features import SAMPLE_RATE, frame_count

KINDS = ("hubert", "wav2vec2")
FPS = 25
WINDOW_SECONDS, CONTEXT_SECONDS = 30, 2  # longer recordings go through in windows that overlap by the context


@contextlib.contextmanager
def _own_kernels_hidden() -> Iterator[None]:
    """Hide this project's source folder ``kernels`` (seen from a checkout) from transformers, which looks for a
    package of that name and imports what it finds."""
    spec = importlib.util.find_spec("kernels")
    own = Path(__file__).resolve().parents[2] / "kernels" / "__init__.py"
    if spec is None or spec.origin is None or Path(spec.origin).resolve() != own:
        yield
        return
    sys.modules["kernels"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["kernels"]


def _load(name: str, download: bool) -> Any:
    """The frozen model of a local folder or hub id."""
    try:
        with _own_kernels_hidden():
            from transformers import AutoConfig, HubertModel, Wav2Vec2Model
    except ImportError as error:
        raise ImportError(f"HuBERT features need transformers: pip install 'emoface[hubert]' ({error})") from error
    try:
        config = AutoConfig.from_pretrained(name, local_files_only=not download)
        if config.model_type not in KINDS:
            raise ValueError(f"model {name} must be one of {', '.join(KINDS)}, it is {config.model_type}")
        kind = HubertModel if config.model_type == "hubert" else Wav2Vec2Model
        return kind.from_pretrained(name, config=config, local_files_only=not download)
    except OSError as error:
        hint = "" if download else "; download=True would fetch it from the hub"
        raise FileNotFoundError(f"model {name} is neither a model folder nor in the local cache{hint}") from error


@torch.no_grad()
def _keep_faulty_convolutions_exact(model: torch.nn.Module) -> None:
    """Try every convolution of a bfloat16 model on noise; those that miss float32 by over a hundredth then run in it.

    Some releases of oneDNN multiply wrongly on processors with AMX where a group has an even number of channels below
    16 and channels x kernel is a multiple of 32; the base and large models, of 48 and 64 channels a group, are clear.
    """
    source = torch.Generator().manual_seed(0)
    for module in model.modules():
        if not isinstance(module, torch.nn.Conv1d):
            continue
        noise = torch.randn(1, module.in_channels, module.kernel_size[0] + 64, generator=source)
        given = noise.to(module.weight)  # (1, C, S)
        rough = module(given).float()
        module.float()
        exact = module(given.float())
        if (rough - exact).norm() <= 1e-2 * exact.norm():
            module.to(given.dtype)
        else:
            module.register_forward_pre_hook(lambda _, arguments: (arguments[0].float(),))
            module.register_forward_hook(lambda _, __, output: output.bfloat16())


class HubertFeatures:
    """Turns a waveform into hidden states of HuBERT or wav2vec 2.0, one per motion frame.

    Attributes:
        width: size F of a feature, 768 for the base models. dtype: what the network computes in.
    """

    def __init__(
        self, model: str | os.PathLike[str], download: bool = False, device: str | torch.device = "cpu",
        dtype: str = "auto",
    ) -> None:  # fmt: skip
        """Load a model.

        Args:
            model: folder with ``config.json`` and weights, or a hub id such as ``facebook/hubert-base-ls960``.
            download: allow fetching it; otherwise nothing leaves this machine.
            device: where it runs.
            dtype: of weights and activations: ``"float32"``, ``"bfloat16"`` or ``"auto"``: bfloat16 on a CPU that
                multiplies it natively, float32 elsewhere.

        Raises:
            ImportError: transformers is not installed. FileNotFoundError: no such model.
            ValueError: another kind of model, or an unknown dtype.
        """
        if dtype not in ("auto", "float32", "bfloat16"):
            raise ValueError(f"dtype must be 'auto', 'float32' or 'bfloat16', got {dtype!r}")
        automatic = torch.bfloat16 if torch.device(device).type == "cpu" and has_bfloat16() else torch.float32
        self.dtype = automatic if dtype == "auto" else getattr(torch, dtype)
        self.model = _load(os.fspath(model), download).eval().requires_grad_(False).to(device, self.dtype)
        if self.dtype == torch.bfloat16:
            _keep_faulty_convolutions_exact(self.model)
        config = self.model.config
        self.width: int = config.hidden_size
        self.hop, self.field = 1, 1  # samples from feature to feature, and that one feature sees
        for kernel, stride in zip(config.conv_kernel, config.conv_stride):
            self.field += (kernel - 1) * self.hop
            self.hop *= stride

    @torch.no_grad()
    def __call__(self, waveform: Tensor, frames: int | None = None) -> Tensor:
        """Compute the last hidden states and interpolate them linearly at the centres of the motion frames.

        The waveform is brought to zero mean and unit variance as a whole, as both base models expect.

        Args:
            waveform: (N,) float mono samples at 16 kHz.
            frames: number T of motion frames at 25 fps; ``round(N / 16000 * 25)`` if None.

        Returns:
            (T, F) float32.

        Raises:
            ValueError: the waveform is not one-dimensional or empty.
        """
        if waveform.ndim != 1 or len(waveform) == 0:
            raise ValueError(f"waveform must have shape (N,) with N at least 1, got {tuple(waveform.shape)}")
        if frames is None:
            frames = frame_count(len(waveform), SAMPLE_RATE, FPS)
        samples = waveform.to(self.model.device, torch.float32)
        samples = (samples - samples.mean()) / (samples.var(unbiased=False) + 1e-7).sqrt()
        samples = torch.nn.functional.pad(samples, (0, max(self.field - len(samples), 0)))
        hidden = self._hidden(samples)  # (S, F)
        seconds = (torch.arange(frames, device=hidden.device, dtype=torch.float64) + 0.5) / FPS
        position = ((seconds * SAMPLE_RATE - self.field / 2) / self.hop).clamp(0, len(hidden) - 1)  # (T,)
        before = position.floor().long()
        after = (before + 1).clamp(max=len(hidden) - 1)
        return torch.lerp(hidden[before], hidden[after], (position - before).float()[:, None])

    def _hidden(self, samples: Tensor) -> Tensor:
        """Features (S, F) of any length of samples, in windows of bounded size."""
        total = (len(samples) - self.field) // self.hop + 1
        step = WINDOW_SECONDS * SAMPLE_RATE // self.hop
        context = CONTEXT_SECONDS * SAMPLE_RATE // self.hop
        pieces = []
        for start in range(0, total, step):
            stop = min(start + step, total)
            low, high = max(start - context, 0), min(stop + context, total)
            window = samples[low * self.hop : (high - 1) * self.hop + self.field]
            hidden = self.model(window[None].to(self.dtype)).last_hidden_state  # (1, S, F)
            pieces.append(hidden[0, start - low : stop - low].float())
        return torch.cat(pieces)
