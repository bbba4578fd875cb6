"""What crosses between a GPU and the host, counted without a GPU.

Tensors of a device that is none keep their values in ordinary memory. They do not mix with tensors of the host, and
whatever would wait on a GPU for all work before it is written down: looking at values from Python, and copies from the
host that are not asked to go on by themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode, resolve_name

import emoface
from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.face.flame import FlameModel
from emoface.face.open_head import open_head

GPU, HOST = torch.device("cuda"), torch.device("cpu")
LOOKS = {"item", "tolist", "numpy", "__bool__", "__int__", "__float__", "__index__", "__array__", "nonzero",
         "masked_select", "unique", "equal", "allclose"}  # fmt: skip
MAKES = {"tensor", "as_tensor", "new_tensor"}


class OnDevice(torch.Tensor):
    """A tensor that says it is on a GPU."""

    device = property(lambda self: GPU)  # type: ignore[assignment]
    is_cuda = property(lambda self: True)  # type: ignore[assignment]


def there(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.as_subclass(OnDevice)


def moved(module: torch.nn.Module) -> torch.nn.Module:
    """What `module.to("cuda")` gives."""
    for part in module.modules():
        for name, value in part.named_parameters(recurse=False):
            part._parameters[name] = torch.nn.Parameter(there(value.detach()), requires_grad=False)
        for name, value in part.named_buffers(recurse=False):
            part._buffers[name] = there(value)
    return module


def each(value: Any, change: Any) -> Any:
    """Nested arguments with something done to each tensor and device."""
    if type(value) in (tuple, list):
        return type(value)(each(part, change) for part in value)
    if type(value) is dict:
        return {key: each(part, change) for key, part in value.items()}
    return change(value) if isinstance(value, (torch.Tensor, torch.device)) else value


class Watch(TorchFunctionMode):
    """Lets tensors of both sides compute. `waits`: what waits for the device; `uploads`: copies to it."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []
        self.uploads = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        name = (resolve_name(func) or str(func)).rpartition(".")[2]
        given: list[Any] = []
        each((args, kwargs or {}), given.append)
        tensors = [value for value in given if isinstance(value, torch.Tensor)]
        goal = self._goal(name, given)
        before = GPU if any(isinstance(tensor, OnDevice) for tensor in tensors) else HOST
        upload = (name in MAKES and goal == GPU) or (name == "to" and (tensors[0].device, goal) == (HOST, GPU))
        self.uploads += upload
        looks = before == GPU and (goal == HOST or name in LOOKS)
        stays = upload and not (kwargs or {}).get("non_blocking")
        if looks or stays or (before == GPU and self._index_waits(name, args)):
            self.waits.append(name)
        if before == GPU == goal and name != "to":
            strangers = [tensor for tensor in tensors if not isinstance(tensor, OnDevice) and tensor.dim()]
            assert not strangers, f"{name} mixes the device with a tensor {tuple(strangers[0].shape)} of the host"
        args, kwargs = each((args, kwargs or {}), _hosted)
        out = func(*args, **kwargs)
        return each(out, lambda x: there(x) if isinstance(x, torch.Tensor) else x) if goal == GPU else out

    def _index_waits(self, name: str, args: tuple[Any, ...]) -> bool:
        """Whether an index is read from the device (a mask) or sent to it (a list, a tensor of the host)."""
        if name not in ("__getitem__", "__setitem__"):
            return False
        parts = args[1] if isinstance(args[1], tuple) else (args[1],)
        found = [part for part in parts if isinstance(part, torch.Tensor)]
        sent = any(isinstance(part, list) for part in parts) or any(tensor.device == HOST for tensor in found)
        return sent or any(tensor.dtype == torch.bool for tensor in found)

    def _goal(self, name: str, given: list[Any]) -> torch.device:
        """Where the result lies: where `to` or `device=` says, else where the tensors are."""
        named = [value for value in given if isinstance(value, torch.device)]
        if name == "cpu" or named:
            return named[0] if named else HOST
        places = [value.device for value in given]
        if name == "to":
            return places[-1]
        return GPU if GPU in places else HOST


def _hosted(value: Any) -> Any:
    return HOST if isinstance(value, torch.device) else value.as_subclass(torch.Tensor)


def test_what_waits_or_mixes_is_seen():
    values = there(torch.ones(3))
    with Watch() as seen:
        assert (values * 2 + 1.0).device == GPU and torch.zeros(3, device=GPU).is_cuda and not seen.waits
        assert torch.ones(3).to(values, non_blocking=True).is_cuda and seen.uploads == 1 and not seen.waits
        float(values.sum()), values[values > 2], values[[0]], values.cpu(), values.to(HOST)
        assert seen.waits == ["__float__", "__getitem__", "__getitem__", "cpu", "to"]
        assert torch.ones(3).to(GPU).is_cuda and torch.tensor([1.0], device=GPU).is_cuda
        assert seen.uploads == 3 and seen.waits[5:] == ["to", "tensor"]
        with pytest.raises(AssertionError, match="add mixes the device"):
            torch.add(values, torch.ones(3))


EMOTIONS = ["happy", {"happy": 0.7, "surprised": 0.3}, [(0.0, "neutral"), (1.5, "surprised")], None]


@pytest.mark.parametrize("emotion", EMOTIONS, ids=str)
def test_animate_waits_for_the_device_once(tiny_checkpoint, emotion):
    sound = 0.1 * np.random.default_rng(1).standard_normal(16000 * 8).astype(np.float32)
    options = {"emotion": emotion, "intensity": 0.8, "num_samples": 2}
    expected = emoface.load(tiny_checkpoint, dtype="float32").animate((sound, 16000), **options)
    pipeline = emoface.load(tiny_checkpoint, dtype="float32")
    for part in (pipeline.audio, pipeline.hearing, pipeline.denoiser):
        moved(part)
    pipeline.device, pipeline.mean, pipeline.deviation = GPU, there(pipeline.mean), there(pipeline.deviation)
    with Watch() as seen:
        takes = pipeline.animate((sound, 16000), **options)
    assert seen.waits == ["cpu"]
    assert seen.uploads >= 4  # the windows' sound
    for take, other in zip(takes, expected):
        np.testing.assert_allclose(take.motion, other.motion, atol=1e-5)


def test_the_audio_encoder_stays_on_the_device():
    encoder, mel = ContentEncoder(ContentConfig(channels=16)).requires_grad_(False), torch.randn(1, 20, 64)
    expected = encoder(mel)
    moved(encoder)
    with Watch() as seen:
        content = encoder(there(mel))
    assert content.is_cuda and not seen.waits and not seen.uploads
    torch.testing.assert_close(content.as_subclass(torch.Tensor), expected)


def test_flame_stays_on_the_device_and_animations_bring_vertices_back():
    expression, jaw = 0.3 * torch.rand(5, 50), 0.1 * torch.rand(5, 3)
    model = FlameModel(open_head().data).requires_grad_(False)
    expected = model(expression, jaw)
    moved(model)
    with Watch() as seen:
        vertices = model(there(expression), there(jaw), eye_pose=there(torch.zeros(1, 6)))
        assert vertices.is_cuda and model.landmarks(vertices).is_cuda
        assert not seen.waits and not seen.uploads
        mesh = emoface.Animation(expression.numpy(), jaw.numpy()).vertices(model)
        assert seen.waits == ["cpu"] and seen.uploads == 3
    np.testing.assert_allclose(mesh, expected.numpy(), atol=1e-6)
