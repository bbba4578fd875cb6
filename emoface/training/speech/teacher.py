"""The teacher of the speech encoder: the first layers of a Whisper encoder, read from CTranslate2's file format."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.audio.features import SAMPLE_RATE

MODEL_FILE = "model.bin"
BANDS, WINDOW, HOP = 80, 400, 160
HEAD_SIZE = 64
_FLOAT_TYPES = {0: np.float32, 4: np.float16}
_ITEM_SIZES = {0: 4, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2}  # bytes per number of CTranslate2's types
_SLANEY_BREAK, _SLANEY_STEP, _SLANEY_LOG = 1000.0, 200.0 / 3, math.log(6.4) / 27


def read_encoder(path: Path) -> dict[str, Tensor]:
    """Floating-point variables of the encoder in a CTranslate2 model file, by their names after ``encoder/``.

    Args:
        path: ``model.bin`` of a model with float32 or float16 weights.

    Raises:
        FileNotFoundError: there is no such file. ValueError: it is no model file, or has no encoder of that kind.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"teacher must be a folder with {MODEL_FILE} of a Whisper model in CTranslate2's format, {path} is missing"
        )
    found: dict[str, Tensor] = {}
    with open(path, "rb") as file:

        def number(kind: str) -> int:
            data = file.read(struct.calcsize("<" + kind))
            if len(data) < struct.calcsize("<" + kind):
                raise ValueError(f"{path} is cut short or no CTranslate2 model")
            return struct.unpack("<" + kind, data)[0]

        def text() -> str:
            return file.read(number("H")).rstrip(b"\0").decode("utf-8", "replace")

        number("I")  # version of the format
        text()  # name of the model
        number("I")  # its revision
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            kind, size = number("B"), number("I")
            if kind not in _ITEM_SIZES or size != math.prod(shape) * _ITEM_SIZES[kind]:
                raise ValueError(f"{path} is no CTranslate2 model: variable {name!r} has type {kind} and {size} bytes")
            data = file.read(size)
            if len(data) < size:
                raise ValueError(f"{path} is cut short within variable {name!r}")
            if name.startswith("encoder/") and kind in _FLOAT_TYPES:
                values = np.frombuffer(data, _FLOAT_TYPES[kind]).astype(np.float32).reshape(shape)
                found[name.removeprefix("encoder/")] = torch.from_numpy(values)
    if "conv1/weight" not in found or "layer_0/self_attention/linear_0/weight" not in found:
        raise ValueError(f"{path} has no Whisper encoder with float32 or float16 weights")
    return found


class WhisperTeacher:
    """Hidden features of a Whisper encoder's layers at 50 Hz.

    Args:
        folder: with ``model.bin``. layers: numbers of the layers whose outputs are wanted, from 1 on.
        bfloat16: multiply in bfloat16; what the layers add up stays float32.

    Attributes:
        width: channels of all wanted layers together.
    """

    def __init__(self, folder: str | Path, layers: tuple[int, ...] = (2, 3), bfloat16: bool = False) -> None:
        self._weights = read_encoder(Path(folder) / MODEL_FILE)
        there = sum(name.endswith("ffn/linear_1/weight") for name in self._weights)
        if not layers or not all(1 <= layer <= there for layer in layers):
            raise ValueError(f"layers must be among the teacher's 1..{there}, got {layers}")
        self.layers = layers
        self.bfloat16 = bfloat16
        self._channels = self._weights["conv1/weight"].shape[0]
        self.width = len(layers) * self._channels
        self._window, self._filters = torch.hann_window(WINDOW), _slaney_filters()

    @torch.no_grad()
    def __call__(self, audio: Tensor) -> Tensor:
        """Encode recordings.

        Args:
            audio: (B, N) float32 at 16 kHz, N a multiple of 320, at most 30 s.

        Returns:
            (B, N / 320, width) float32, the wanted layers one after the other.
        """
        mel = self._log_mel(audio)  # (B, 80, 2 T)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            return self._encode(mel).float()

    def _encode(self, mel: Tensor) -> Tensor:
        w = self._weights
        x = F.gelu(F.conv1d(mel, w["conv1/weight"], w["conv1/bias"], padding=1))
        x = F.gelu(F.conv1d(x, w["conv2/weight"], w["conv2/bias"], stride=2, padding=1)).mT.float()
        x = x + w["position_encodings/encodings"][: x.shape[1]]
        outputs = []
        for layer in range(max(self.layers)):
            x = self._layer(x, f"layer_{layer}/")
            if layer + 1 in self.layers:
                outputs.append(x)
        return torch.cat(outputs, -1)

    def _log_mel(self, audio: Tensor) -> Tensor:
        spectrum = torch.stft(audio, WINDOW, HOP, window=self._window, return_complex=True)[..., :-1]
        power = spectrum.real.square() + spectrum.imag.square()  # (B, 201, 2 T)
        mel = (self._filters @ power).clamp(min=1e-10).log10()
        mel = torch.maximum(mel, mel.amax((1, 2), keepdim=True) - 8)
        return (mel + 4) / 4

    def _layer(self, x: Tensor, layer: str) -> Tensor:
        batch, frames, channels = x.shape
        qkv = self._linear(self._norm(x, f"{layer}self_attention/layer_norm"), f"{layer}self_attention/linear_0")
        heads = qkv.view(batch, frames, 3, channels // HEAD_SIZE, HEAD_SIZE).permute(2, 0, 3, 1, 4)  # (3, B, H, T, 64)
        mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2])  # (B, H, T, 64)
        x = x + self._linear(mixed.transpose(1, 2).flatten(2), f"{layer}self_attention/linear_1")
        hidden = F.gelu(self._linear(self._norm(x, f"{layer}ffn/layer_norm"), f"{layer}ffn/linear_0"))
        return x + self._linear(hidden, f"{layer}ffn/linear_1")

    def _norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self._weights[f"{name}/gamma"], self._weights[f"{name}/beta"])

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self._weights[f"{name}/weight"], self._weights[f"{name}/bias"])


def _slaney_filters() -> Tensor:
    """(80, 201) triangular filters of unit area on Slaney's mel scale, linear below 1 kHz and logarithmic above."""
    top = _SLANEY_BREAK / _SLANEY_STEP + math.log(SAMPLE_RATE / 2 / _SLANEY_BREAK) / _SLANEY_LOG
    mel = np.linspace(0, top, BANDS + 2)
    bend = _SLANEY_BREAK / _SLANEY_STEP
    edges = np.where(mel < bend, mel * _SLANEY_STEP, _SLANEY_BREAK * np.exp(_SLANEY_LOG * (mel - bend)))
    hertz = np.linspace(0, SAMPLE_RATE / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    return torch.from_numpy((triangles * 2 / (high - low)).astype(np.float32))
