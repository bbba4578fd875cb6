"""The pipeline: a recording and an emotion in, animation out."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import checks
from .animation import Animation
from .audio.delivery import relative_loudness
from .audio.encoder import ContentConfig, ContentEncoder
from .audio.features import loudness
from .audio.lip_net import ARTIST, RULE, LipNet, add_gestures, apply_closure, closure_weight
from .audio.load import Recording, open_audio
from .audio.stream import MelStream
from .binding.space import EmotionSpace
from .checkpoints import Checkpoint, Unfilled, load_checkpoint
from .diffusion.denoiser import Denoiser, DenoiserConfig
from .diffusion.guidance import Guidance
from .diffusion.samplers import SAMPLERS
from .diffusion.windows import Track, Window, WindowSampler, plan_windows
from .emotion import Keyframe, keyframe_weights, resolve
from .face.controls import Controls
from .face.layout import (
    EXPRESSION_SIZE,
    FPS,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    LIP_GAP_MM,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    UPPER,
)
from .face.life import add_life
from .kernels import fast_products
from .speaker import SpeakerReference

STYLES = {"artist": ARTIST, "rule": RULE}
LIMITS = {
    "intensity": (0.0, 2.0), "guidance": (0.0, 4.0), "steps": (1, 500), "num_samples": (1, 64), "fps": (1.0, 240.0),
    "threads": (1, 64),
}  # fmt: skip
FILTER_REACH = 4.0  # the smoothing filter ends after this many standard deviations
HEARD_FRAMES = 100  # the emotion in the voice is heard over the last four seconds
HEARD_MEMORY = 0.5
PARTING_MM = 3.0
RESTING = tuple(i for i in MOUTH if abs(LIP_GAP_MM.get(MOTION_NAMES[i], 0.0)) < PARTING_MM)
"""Mouth shapes that neither part nor close the lips."""


@dataclass(frozen=True)
class Sampling:
    """How motion is sampled by default; stored in the checkpoint.

    Attributes:
        sampler: name in ``SAMPLERS``. steps: network calls per window.
        mouth_temperature: scale of the start noise on the mouth channels; sampling, not training, limits the lips.
        upper_character, mouth_character: scale of what is constant in the start noise over a take, on the upper face
            and on mouth shapes that do not part the lips; the network by itself shrinks the variety between takes.
        upper_filter, mouth_filter: standard deviation in frames of the smoothing of each region, 0 for none; the
            closure gate is smoothed like the mouth. rest_filter: the mouth's where nobody speaks, so that it rests.
        closure: strength of the closure gate, 0..1.
        gestures: share of the voice's own small lip gestures that motion has at least, 0 for none.
    """

    sampler: str = "ddim"
    steps: int = 4
    mouth_temperature: float = 0.4
    upper_character: float = 1.65
    mouth_character: float = 2.1
    upper_filter: float = 0.8
    mouth_filter: float = 0.49
    rest_filter: float = 1.2
    closure: float = 1.0
    gestures: float = 1.0

    def scales(self) -> tuple[Tensor, Tensor]:
        """Scales of the start noise: temperature and character, each (53,)."""
        temperature = torch.ones(MOTION_SIZE)
        temperature[list(MOUTH)] = self.mouth_temperature
        character = temperature.clone()
        character[list(UPPER)] = self.upper_character
        character[list(RESTING)] = self.mouth_character
        return temperature, character


@dataclass(frozen=True)
class Request:
    """The checked arguments of :meth:`Pipeline.animate`."""

    keyframes: list[Keyframe] | None
    intensity: float
    guidance: float
    steps: int
    seed: int
    num_samples: int
    style: int
    speaker: SpeakerReference | None


class HeardEmotion:
    """Follows the arousal of the voice from window to window when no emotion was asked for."""

    def __init__(self, space: EmotionSpace) -> None:
        self.space = space
        self.heard: Tensor | None = None  # (Z,)

    def update(self, mel: Tensor) -> Tensor:
        """The emotion (Z,) after hearing more log-mel (M, 64), not normalised."""
        z = self.space.hear(mel)
        if self.heard is not None:
            z = nn.functional.normalize(HEARD_MEMORY * self.heard + (1 - HEARD_MEMORY) * z, dim=0)
        self.heard = z
        return z


_threads_lock = threading.Lock()
_threads_users = 0
_threads_before = 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's CPU work on one thread, and give the others back afterwards.

    The matrices are small: a second thread gains little on an idle machine, and on a busy one the threads of OpenMP
    wait for each other up to 80 times longer than the work takes (measured). Calls from several Python threads share
    the setting; the last one out restores it.
    """
    global _threads_users, _threads_before
    with _threads_lock:
        if _threads_users == 0:
            _threads_before = torch.get_num_threads()
        _threads_users += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _threads_lock:
            _threads_users -= 1
            torch.set_num_threads(1 if _threads_users else _threads_before)


class Pipeline:
    """All parts of a checkpoint, each usable alone.

    Attributes:
        audio: content encoder. lips: closure net. emotion: emotion space. denoiser: the diffusion network.
        mean, deviation: (53,) statistics of the motion. sampling: default settings. checkpoint: what was loaded.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str | torch.device = "cpu",
        dtype: str = "auto",
        threads: int = 1,
        network: type[Denoiser] = Denoiser,
    ) -> None:
        """Build from a checkpoint; use :func:`emoface.load`.

        Args:
            checkpoint: a verified checkpoint. device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"auto"``.
            dtype: of the denoiser's matrix products: ``"float32"``, ``"bfloat16"``, ``"int8"`` (CPU only; 8-bit
                products where the CPU has VNNI, 8-bit weights elsewhere) or ``"auto"``: bfloat16 on a CPU that
                multiplies it natively (the motion then differs by about 0.002, the lips by less than 0.05 mm), float32
                elsewhere.
            threads: CPU threads of the denoiser, 1 to 64. Motion does not depend on it. Two on idle cores need a little
                more than half of its time on one; on busy cores they wait for each other.
            network: class of the denoiser.

        Raises:
            TypeError, ValueError: unknown or missing device, unknown dtype, threads that are no number from 1 to 64, or
                a checkpoint whose config does not fit.
        """
        self.device = _device(device)
        if dtype not in ("auto", "float32", "bfloat16", "int8"):
            raise ValueError(f"dtype must be 'auto', 'float32', 'bfloat16' or 'int8', got {dtype!r}")
        if dtype == "int8" and self.device.type != "cpu":
            raise ValueError(f"dtype 'int8' is for a CPU, got it for device {str(self.device)!r}")
        self.threads = int(_number("threads", threads, whole=True))
        automatic = fast_products() if self.device.type == "cpu" else torch.float32
        self.products = automatic if dtype == "auto" else getattr(torch, dtype)
        self.checkpoint = checkpoint
        config = checkpoint.config
        try:
            names = tuple(config["layout"]["names"])
            if names != MOTION_NAMES or config["layout"]["fps"] != FPS:
                raise ValueError(f"its motion layout ({len(names)} channels) is not the open head's at {FPS} fps")
            self.sampling = Sampling(**config["sampling"])
            if self.sampling.sampler not in SAMPLERS:
                raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, got {self.sampling.sampler!r}")
            _number("steps", self.sampling.steps, whole=True)
            heard = ContentConfig(**config["audio"])
            if heard.kind != "mel":
                raise ValueError(f"it was trained on {heard.kind!r} features; animate computes log-mels only so far")
            with Unfilled(checkpoint.tensors):
                self.audio = _loaded(ContentEncoder(heard), checkpoint.part("audio"))
                self.lips = _loaded(LipNet(**config["lips"]), checkpoint.part("lips"))
                self.denoiser = _loaded(network(DenoiserConfig(**config["denoiser"])), checkpoint.part("denoiser"))
                self.emotion = EmotionSpace.from_config(config["emotion"], checkpoint.part("emotion"))
            sizes = self.denoiser.config
            next(plan_windows(1, sizes.window, sizes.context, sizes.lookahead))
            motion = checkpoint.part("motion")
            self.mean, self.deviation = motion["mean"].to(self.device), motion["deviation"].to(self.device)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"checkpoint config does not fit this version of emoface: {error}") from error
        for part in (self.audio, self.lips, self.denoiser):
            part.to(self.device).eval().requires_grad_(False)
        self.emotion.eval().requires_grad_(False)

    @one_thread()
    def animate(
        self,
        audio: Any,
        *,
        emotion: Any = None,
        sample_rate: float | None = None,
        intensity: float = 1.0,
        guidance: float = 1.0,
        steps: int | None = None,
        seed: int = 0,
        num_samples: int = 1,
        fps: float = FPS,
        blink: bool = True,
        gaze: bool = True,
        style: Any = "artist",
        controls: Controls | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Any:
        """Animate a recording; see :func:`emoface.animate` for the arguments."""
        request = self._check(emotion, intensity, guidance, steps, seed, num_samples, style)
        fps = _number("fps", fps)
        blink, gaze = checks.switch("blink", blink), checks.switch("gaze", gaze)
        if controls is not None and not isinstance(controls, Controls):
            raise TypeError(f"controls must be emoface.Controls, got {type(controls).__name__}")
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be callable, got {type(progress).__name__}")
        recording = open_audio(audio, sample_rate)
        if recording.frames(fps) == 0:
            raise ValueError(
                f"audio must be at least half a frame long, got {recording.num_samples} samples "
                f"({1000 * recording.duration:.3f} ms) at {fps:g} fps"
            )
        with torch.inference_mode():
            motions, loud, rates = self._run(recording, request, progress)  # (B, T, 53)
            motions = self._styled(motions, recording, request, loud)
        animations = []
        for number, motion in enumerate(motions):
            lively = add_life(
                motion, FPS, seed=request.seed * 1000 + number, emotion_rate=rates, loudness=loud,
                blink=blink, gaze=gaze,
            )  # fmt: skip
            animation = Animation(
                lively[:, :EXPRESSION_SIZE], lively[:, EXPRESSION_SIZE:], FPS, audio=recording,
                metadata={
                    "emotion": _describe(emotion), "intensity": request.intensity, "guidance": request.guidance,
                    "steps": request.steps, "seed": request.seed, "sample": number,
                    "style": style if request.speaker is None else f"from {request.speaker.modality}",
                    "checkpoint": self.checkpoint.sha256,
                },
            )  # fmt: skip
            if controls is not None:
                animation = animation.adjust(controls)
            animations.append(animation if fps == FPS else animation.resample(fps))
        return animations[0] if num_samples == 1 else animations

    def _check(
        self, emotion: Any, intensity: Any, guidance: Any, steps: Any, seed: Any, num_samples: Any, style: Any
    ) -> Request:
        if isinstance(style, str) and style not in STYLES:
            raise ValueError(f"style must be {', '.join(STYLES)}, or a speaker's motion or voice, got {style!r}")
        speaker = None if isinstance(style, str) else SpeakerReference(style)
        return Request(
            intensity=_number("intensity", intensity),
            guidance=_number("guidance", guidance),
            steps=int(_number("steps", self.sampling.steps if steps is None else steps, whole=True)),
            seed=checks.whole("seed", seed, 0, 2**31 - 1),
            num_samples=int(_number("num_samples", num_samples, whole=True)),
            style=STYLES["artist" if speaker else style],
            speaker=speaker,
            keyframes=resolve(emotion, self.emotion),
        )

    def _run(
        self, recording: Recording, request: Request, progress: Callable[[float], None] | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Motion (B, T, 53), relative loudness (T,) and blink rate (T,) at 25 fps."""
        frames = max(recording.frames(FPS), 1)
        pieces, closures, presences, levels, rates = [], [], [], [], []
        for window, motion, closure, presence, level, rate in self._windows(recording, frames, request):
            pieces.append(motion)
            closures.append(closure)
            presences.append(presence)
            levels.append(level)
            rates.append(rate)
            if progress is not None:
                progress(window.keep_to / frames)
        presence = torch.cat(presences).to(self.device, non_blocking=True)
        motion = self._finish(torch.cat(pieces, 1), torch.cat(closures), presence).cpu()  # the only wait for a GPU
        return motion.numpy(), relative_loudness(torch.cat(levels)).numpy(), torch.cat(rates).numpy()

    def _styled(self, motions: np.ndarray, recording: Recording, request: Request, loud: np.ndarray) -> np.ndarray:
        """Motion (B, T, 53) in the asked speaker's style, which is read against the same takes in neutral."""
        if request.speaker is None:
            return motions
        bases = motions
        if request.speaker.modality == "motion":
            neutral = replace(request, keyframes=resolve("neutral", self.emotion), intensity=1.0)
            bases, _, _ = self._run(recording, neutral, None)
        return np.stack([request.speaker.read(base, loud).apply(motion) for base, motion in zip(bases, motions)])

    def _windows(
        self, recording: Recording, frames: int, request: Request
    ) -> Iterator[tuple[Window, Tensor, Tensor, Tensor, Tensor, Tensor]]:
        """Yield per window: it, motion (B, k, 53), closure weight, presence of speech, loudness, blink rate (k,)."""
        config = self.denoiser.config
        temperature, character = (scale.to(self.device, non_blocking=True) for scale in self.sampling.scales())
        sampler = WindowSampler(
            self.denoiser, self.sampling.sampler, request.steps, Guidance(request.guidance), request.style,
            request.seed, request.num_samples, temperature, self.products, character, self.threads,
        )  # fmt: skip
        stream = MelStream(recording.blocks(10 * 16000))
        heard = HeardEmotion(self.emotion) if request.keyframes is None else None
        lip_style = torch.full((1,), request.style, device=self.device)
        for window in plan_windows(frames, config.window, config.context, config.lookahead):
            normalized, raw = stream.read(window.start, window.stop, frames)  # (2 T, 64)
            mel = normalized[None].to(self.device, non_blocking=True)  # waits for no window before
            if heard is not None:
                keyframes = [Keyframe.of(0.0, heard.update(raw[-2 * HEARD_FRAMES :]), self.emotion)]
            else:
                keyframes = request.keyframes or []
            tracks = self._tracks(keyframes, window, request.intensity)
            # Chance moves the mouth while somebody speaks; in silence it would mutter.
            presence = stream.normalizer.presence(raw)  # (T,)
            liveliness = torch.ones(window.stop - window.start, config.motion)
            liveliness[:, list(MOUTH)] = presence[:, None]
            content = self.audio(mel)[0]  # (T, F)
            motion = sampler.run(window, content, tracks, liveliness)  # (B, kept, 53)
            curves, logit = (out[0] for out in self.lips(mel, lip_style))  # (T, len(MOUTH)), (T,)
            kept = slice(window.keep_from - window.start, window.keep_to - window.start)
            shares = keyframe_weights(keyframes, window.keep_from, window.keep_to)  # (K, kept)
            rates = torch.tensor([keyframe.blinks for keyframe in keyframes])
            motion = add_gestures(motion * self.deviation + self.mean, curves[kept], self.sampling.gestures)
            yield (
                window, motion, closure_weight(logit)[kept], presence[kept],
                loudness(raw)[kept], (shares * rates[:, None]).sum(0),
            )  # fmt: skip
            stream.finish(max(window.keep_to - config.context, 0))

    def _tracks(self, keyframes: list[Keyframe], window: Window, intensity: float) -> list[Track]:
        """Trajectories of a window: the emotions that sound in it and, unless intensity is 1, neutral as their base."""
        shares = keyframe_weights(keyframes, window.start, window.stop)  # (K, T)
        tracks = []
        for number, (keyframe, share) in enumerate(zip(keyframes, shares, strict=True)):
            if share.any():
                for place, (z, part) in enumerate(keyframe.parts or ((keyframe.emotion, 1.0),)):
                    emotion = z.to(self.device, non_blocking=True)
                    tracks.append(Track((number, place), emotion, intensity * part * share))
        if intensity != 1:
            base = torch.full((window.stop - window.start,), 1 - intensity)
            tracks.append(Track("neutral", self.emotion.neutral.to(self.device, non_blocking=True), base))
        return tracks

    def _finish(self, motion: Tensor, closure: Tensor, presence: Tensor) -> Tensor:
        """Smooth, clip to the anatomical range and close the lips where the voice says so; (B, T, 53).

        The gate closes and opens as smoothly as the mouth moves.
        """
        sampling = self.sampling
        motion, gate = motion.clone(), closure.expand(motion.shape[0], -1)[..., None]  # (B, T, 1)
        upper, mouth = (torch.tensor(region).to(motion.device, non_blocking=True) for region in (UPPER, MOUTH))
        resting = gaussian_filter(motion[..., mouth], sampling.rest_filter)
        motion[..., upper] = gaussian_filter(motion[..., upper], sampling.upper_filter)
        speaking = gaussian_filter(motion[..., mouth], sampling.mouth_filter)
        motion[..., mouth] = torch.lerp(resting, speaking, gaussian_filter(presence[None, :, None], 1.0))
        gate = gaussian_filter(gate, sampling.mouth_filter)
        jaw = MOTION_INDEX["jaw_pose_x"]
        motion[..., :jaw].clamp_(0, 1)
        motion[..., jaw].clamp_(0, JAW_OPEN_RADIANS)
        motion[..., jaw + 1 :].clamp_(-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)
        return apply_closure(motion, gate[..., 0], self.sampling.closure)


def gaussian_filter(curves: Tensor, sigma: float) -> Tensor:
    """Smooth curves (B, T, C) over time with a Gaussian of ``sigma`` frames, 0 for none; ends held."""
    if sigma <= 0:
        return curves
    reach = math.ceil(FILTER_REACH * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=curves.dtype, device=curves.device)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    kernel = kernel / kernel.sum()
    batch, frames, channels = curves.shape
    rows = curves.transpose(1, 2).reshape(batch * channels, 1, frames)
    padded = torch.cat([rows[..., :1].expand(-1, -1, reach), rows, rows[..., -1:].expand(-1, -1, reach)], -1)
    return nn.functional.conv1d(padded, kernel[None, None]).view(batch, channels, frames).transpose(1, 2)


def load(
    checkpoint: str | Path | None = None, device: str = "cpu", dtype: str = "auto", threads: int = 1
) -> Pipeline:
    """Load a checkpoint into a :class:`Pipeline`.

    Args:
        checkpoint: path of a ``.safetensors`` checkpoint, None for the default in the package.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"auto"``. dtype: ``"auto"``, ``"float32"``, ``"bfloat16"``,
            ``"int8"``. threads: CPU threads of the denoiser; motion does not depend on it.

    Returns:
        The pipeline.

    Raises:
        FileNotFoundError: no such file. TypeError, ValueError: not an intact emoface checkpoint, a device that is not
            there, an unknown dtype, or threads that are no number from 1 to 64.
    """
    return Pipeline(load_checkpoint(checkpoint), device, dtype, threads)


def _loaded(module: nn.Module, tensors: dict[str, Tensor]) -> Any:
    """The module with these tensors as its own, not with copies of them."""
    wanted = module.state_dict()
    try:
        module.load_state_dict(
            {name: value.to(wanted[name].dtype) if name in wanted else value for name, value in tensors.items()},
            assign=True,
        )
    except RuntimeError as error:  # one line per tensor: the first says enough
        raise ValueError(" ".join(str(error).split("\n")[:2])) from None
    return module


def _device(device: str | torch.device) -> torch.device:
    if not isinstance(device, (str, torch.device)):
        raise TypeError(f"device must be a string such as 'cpu' or 'cuda', got {type(device).__name__}")
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got {device!r}") from error
    if wanted.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be 'cpu', 'cuda', 'cuda:N' or 'auto', got {device!r}")
    if wanted.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r} was asked for, but this machine has no usable CUDA GPU; use 'cpu'")
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {device!r} was asked for, but there are {torch.cuda.device_count()} CUDA GPUs")
    return wanted


def _number(name: str, value: Any, whole: bool = False) -> float:
    """A number within the argument's documented range."""
    low, high = LIMITS[name]
    return checks.whole(name, value, int(low), int(high)) if whole else checks.number(name, value, low, high)


def _describe(emotion: Any) -> Any:
    """The asked emotion as JSON-able text for the metadata of files."""
    if emotion is None:
        return "heard in the voice"
    if isinstance(emotion, (str, int, float)):
        return emotion
    if isinstance(emotion, (list, tuple)):
        return [_describe(part) for part in emotion]
    if isinstance(emotion, dict):
        return {str(key): float(value) for key, value in emotion.items()}
    return f"from {getattr(emotion, 'modality', 'embedding')}"
