"""The denoiser's step under other engines, each as a function without arguments, to be timed beside ours.

Every peer gets the same weights and inputs. Those that are not installed are left out (`pip install 'emoface[bench]'`).
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from emoface.diffusion.denoiser import ADAIN_EPS, ClipConditions, Denoiser, DenoiserConfig
from emoface.kernels import OPS, denoise_loop
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

SIZES = {
    "default": DenoiserConfig(),
    "paper": DenoiserConfig(content=768, channels=512, heads=8, feed_forward=1024, emotion=512, adain_residual=0.0),
}


GUIDANCE = 2.0


@contextmanager
def plain_operators() -> Iterator[None]:
    """Inside, our operators are their references also for compilers and exporters, which see through them."""
    kept = {name: op.backends for name, op in OPS.items()}
    try:
        for op in OPS.values():
            op.backends = ()
        yield
    finally:
        for name, op in OPS.items():
            op.backends = kept[name]


@dataclass
class Step:
    """One step guided by emotion: N branches of one noisy motion and one speech as a batch, random weights."""

    denoiser: Denoiser
    x: Tensor  # (1, T, motion)
    content: Tensor  # (N, T, content)
    emotion: Tensor  # (N, Z)
    times: Tensor  # (N,)

    @classmethod
    def of(cls, config: DenoiserConfig, branches: int, frames: int) -> Step:
        """Seeded weights and inputs."""
        torch.manual_seed(0)
        denoiser = Denoiser(config).eval().requires_grad_(False)
        for parameter in denoiser.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        content, emotion = torch.randn(1, frames, config.content), torch.randn(branches, config.emotion)
        content = content.repeat(branches, 1, 1)
        return cls(denoiser, torch.randn(1, frames, config.motion), content, emotion, torch.full((branches,), 0.5))

    @property
    def style(self) -> Tensor:
        return torch.zeros(len(self.content), dtype=torch.int64)

    def guided(self, predictions: Tensor) -> Tensor:
        """The branches' predictions (N, T, motion) as one."""
        return predictions[:1] + GUIDANCE * (predictions[-1:] - predictions[:1])

    def flops(self) -> int:
        """Multiplications and additions that the native loop needs: the branches share the first block."""
        config, (branches, frames, _) = self.denoiser.config, self.content.shape
        heads = config.heads, config.channels // config.heads
        one = DenoiseLoopCase(1, frames, *heads, config.feed_forward, config.motion, config.blocks, steps=1)
        return one.flops() * (branches * (config.blocks - 1) + 1) // config.blocks

    def ours(self, products: torch.dtype, threads: int, steps: int = 1) -> Callable[[], Tensor]:
        """The native loop for some steps, guidance and sampler update included."""
        denoiser, config, branches = self.denoiser, self.denoiser.config, len(self.content)
        speech, queries, adain = denoiser.prepare(self.content[:1], self.emotion, self.style[0])
        weights = denoiser.flat_weights(products)
        film = denoiser.prepare_schedule(self.times[:1].repeat(steps))
        table, guidance = torch.tensor([[0.0, 1, 0, 0, 1, 0]] * steps), torch.tensor([1.0, GUIDANCE])
        return lambda: denoise_loop(
            self.x, speech, queries, adain[:, None], film, table, guidance, *weights, [0] * branches,
            config.heads, config.feed_forward, config.attention_window, config.adain_residual, ADAIN_EPS,
            threads=threads,
        )  # fmt: skip


class Prepared(nn.Module):
    """The denoiser's step as a function of the noisy motion alone, all conditions as constants."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.denoiser = step.denoiser
        clip = step.denoiser.prepare_clip(step.content, step.emotion, step.style)
        self.film = nn.Parameter(step.denoiser.prepare_schedule(step.times[:1]))
        self.speech = nn.Parameter(clip.speech)
        self.queries = nn.ParameterList(clip.queries)
        self.adain = nn.ParameterList([half for pair in clip.adain for half in pair])
        self.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        adain = tuple((self.adain[i], self.adain[i + 1]) for i in range(0, len(self.adain), 2))
        return self.denoiser.denoise(x, self.film, ClipConditions(self.speech, tuple(self.queries), adain))


def peers(step: Step, threads: int, compiled: bool = True) -> dict[str, Callable[[], Tensor | np.ndarray]]:
    """Name -> one step; "eager" prepares nothing, "prepared" and all after it what does not depend on the motion."""
    whole, prepared = step.denoiser, Prepared(step)
    half = deepcopy(prepared).to(torch.bfloat16)
    x = step.x.repeat(len(step.content), 1, 1)

    def reference(function: Callable[[], Tensor]) -> Callable[[], Tensor]:
        def run() -> Tensor:
            with plain_operators():
                return function()

        return run

    found: dict[str, Callable[[], Tensor | np.ndarray]] = {
        "eager": reference(lambda: whole(x, step.times, step.content, step.emotion, step.style)),
        "prepared": reference(lambda: prepared(x)),
        "bfloat16": reference(lambda: half(x.bfloat16()).float()),
    }
    if compiled:
        with plain_operators():
            fast = torch.compile(prepared, dynamic=False)
            fast(x)
        found["compile"] = reference(lambda: fast(x))
    if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnxscript"):
        found["onnxruntime"] = _onnxruntime(prepared, x, threads)
    if importlib.util.find_spec("openvino"):
        for precision in ("f32", "bf16"):
            found[f"openvino {precision}"] = _openvino(prepared, x, threads, precision)
    return found


def _onnxruntime(model: nn.Module, x: Tensor, threads: int) -> Callable[[], np.ndarray]:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder, plain_operators():
        path = str(Path(folder) / "step.onnx")
        torch.onnx.export(model, (x,), path, dynamo=True, verbose=False, external_data=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, feed)[0]


def _openvino(model: nn.Module, x: Tensor, threads: int, precision: str) -> Callable[[], np.ndarray]:
    import openvino

    with plain_operators():
        converted = openvino.convert_model(model, example_input=x, input=[tuple(x.shape)])
    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 1}
    request = openvino.Core().compile_model(converted, "CPU", settings).create_infer_request()
    feed = x.numpy()
    return lambda: request.infer([feed])[0]
