"""The pipeline: a recording and an emotion in, animation out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import torch
from torch import Tensor, nn

from .animation import Animation
from .audio.delivery import relative_loudness
from .audio.encoder import ContentConfig, ContentEncoder
from .audio.hearing import Hearing
from .audio.lip_net import STYLES, LipNet
from .audio.load import Recording, open_audio
from .audio.normalize import HEARD_PRESENCE
from .audio.speech_encoder import SpeechEncoder
from .audio.stream import MelStream
from .binding.space import EmotionSpace
from .checkpoints import Checkpoint, Unfilled, check_sizes, load_checkpoint
from .device import find_device, one_thread
from .diffusion.denoiser import Denoiser, DenoiserConfig
from .diffusion.finish import Sampling, finish
from .diffusion.windows import plan_windows
from .emotion import HeardEmotion, Keyframe, check_density, resolve
from .face.controls import Controls
from .face.layout import FACE_NAMES, FPS, MOTION_NAMES, MOTION_SIZE
from .face.life import add_life
from .host import own_settings
from .kernels import fast_products
from .live import Stream
from .options import AnimateOptions, LoadOptions
from .performer import Networks, Performer, Request

if TYPE_CHECKING:
    import os

    from .types import AudioInput


LIVE_BLOCK = 16000
"""Samples of a recording that are fed to a stream at once."""


@dataclass(frozen=True)
class Performance:
    """A whole recording at 25 fps, before blinks, gaze and controls.

    Attributes:
        motions: (B, T, 56). loudness: (T,) relative loudness of the voice. blinks: (T,) per minute.
        heard: whether a voice stands out anywhere.
    """

    motions: np.ndarray
    loudness: np.ndarray
    blinks: np.ndarray
    heard: bool


class Pipeline:
    """All parts of a checkpoint, each usable alone.

    Attributes:
        hearing: speech encoder and lip net. audio: content encoder on what is heard. emotion: emotion space.
        denoiser: the diffusion network. styles: names of the styles of lips that they know.
        mean, deviation: (K,) statistics of the network's motion, of K = 56 channels, or 53 if it was trained on the
            first layout and turns no head. sampling: default settings. checkpoint: what was loaded.
    """

    @own_settings()
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
        options = LoadOptions.among({"device": device, "dtype": dtype, "threads": threads})
        self._settings = (options.device, options.dtype, options.threads, network)
        self.device, self.threads = find_device(options.device), options.threads
        automatic = fast_products() if self.device.type == "cpu" else torch.float32
        self.products = automatic if options.dtype == "auto" else getattr(torch, options.dtype)
        self.checkpoint = checkpoint
        config = checkpoint.config
        try:
            check_sizes(config, checkpoint.tensors)
            names = tuple(config["layout"]["names"])
            if names not in (MOTION_NAMES, FACE_NAMES) or config["layout"]["fps"] != FPS:
                raise ValueError(f"its motion layout ({len(names)} channels) is not the open head's at {FPS} fps")
            self.sampling = Sampling(**config["sampling"])
            heard = ContentConfig(**config["audio"])
            if heard.kind == "hubert":
                raise ValueError("it was trained on HuBERT's features, which animate does not compute")
            if heard.kind == "heard" and "speech" not in config:
                raise ValueError("it reads a speech encoder, and holds none")
            with Unfilled(checkpoint.tensors):
                self.audio = _loaded(ContentEncoder(heard), checkpoint.part("audio"))
                lips = _loaded(LipNet(**config["lips"]), checkpoint.part("lips"))
                encoder = None
                if "speech" in config:
                    encoder = _loaded(SpeechEncoder(**config["speech"]), checkpoint.part("speech"))
                self.hearing = Hearing(encoder, lips)
                self.denoiser = _loaded(network(DenoiserConfig(**config["denoiser"])), checkpoint.part("denoiser"))
                self.emotion = EmotionSpace.from_config(config["emotion"], checkpoint.part("emotion"))
            self.emotion.label_points()
            known = min(self.denoiser.config.styles, lips.style.num_embeddings)
            self.styles = tuple(name for name, number in STYLES.items() if number < known)
            sizes = self.denoiser.config
            next(plan_windows(1, sizes.window, sizes.context, sizes.lookahead))
            motion = checkpoint.part("motion")
            if {tuple(values.shape) for values in motion.values()} != {(len(names),)}:
                raise ValueError(f"motion's statistics must have shape ({len(names)},)")
            if sizes.motion != len(names):
                raise ValueError(f"its denoiser has {sizes.motion} channels of motion, its layout {len(names)}")
            self.mean, self.deviation = motion["mean"].to(self.device), motion["deviation"].to(self.device)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError, OverflowError) as error:
            where = f"checkpoint {checkpoint.path}: config" if checkpoint.path else "checkpoint config"
            raise ValueError(f"{where} does not fit this version of emoface: {error!s:.500}") from error
        for part in (self.audio, self.hearing, self.denoiser):
            part.to(self.device).eval().requires_grad_(False)
        self.emotion.eval().requires_grad_(False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled for another process as the checkpoint, by its path and digest where it has one, and the settings."""
        return Pipeline, (self.checkpoint, *self._settings)

    @overload
    def animate(
        self, audio: AudioInput, *, num_samples: Literal[1] = 1, sample_rate: float | None = None,
        progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation: ...  # fmt: skip

    @overload
    def animate(
        self, audio: AudioInput, options: AnimateOptions | None = None, *, sample_rate: float | None = None,
        progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation | list[Animation]: ...  # fmt: skip

    @own_settings()
    @one_thread()
    def animate(
        self, audio: AudioInput, options: AnimateOptions | None = None, *, sample_rate: float | None = None,
        progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation | list[Animation]:  # fmt: skip
        """Animate a recording.

        Args:
            audio: as in :func:`emoface.animate`. options: how; the defaults if None.
            sample_rate: Hz of an array. progress: called with the finished share after every window.
            **changes: options by name, such as ``emotion="happy"``, which take the place of those in ``options``.

        Returns:
            ``round(duration * fps)`` frames; a list of takes if ``num_samples`` is above 1.

        Raises:
            TypeError, ValueError: an argument of the wrong kind or out of its range; nothing was computed.
            FileNotFoundError: no such recording.
        """
        request = self._request((options or AnimateOptions()).changed(**changes))
        if progress is not None and not callable(progress):
            raise TypeError(f"progress must be callable, got {type(progress).__name__}")
        recording = open_audio(audio, sample_rate)
        fps = request.options.fps
        if recording.frames(fps) == 0:
            raise ValueError(
                f"audio must be at least half a frame long, got {recording.num_samples} samples "
                f"({1000 * recording.duration:.3f} ms) at {fps:g} fps"
            )
        if request.options.latency != "file":
            numbers = range(request.options.num_samples)
            takes = [self._live_take(number, recording, request, progress) for number in numbers]
            return takes[0] if len(takes) == 1 else takes
        with torch.inference_mode():
            performance = self._perform(recording, request, progress)
            motions = self._in_manner(performance, recording, request)  # (B, T, 56)
        if not performance.heard:
            told = f"audio {recording.name!r} counts as silence, as no voice stands out in it; the mouth rests"
            warnings.warn(told, UserWarning, stacklevel=3)
        takes = [
            self._take(number, motion, performance, recording, request) for number, motion in enumerate(motions)
        ]
        return takes[0] if len(takes) == 1 else takes

    @own_settings()
    def stream(self, options: AnimateOptions | None = None, *, sample_rate: float = 16000, **changes: Any) -> Stream:
        """Make a stream: a face that answers while the voice still arrives.

        Args:
            options: how, as for :meth:`animate`; the defaults if None. ``latency`` is ``"live"`` if it is not given.
            sample_rate: Hz of the voice.
            **changes: options by name, such as ``emotion="happy"``, which take the place of those in ``options``.

        Returns:
            The stream.

        Raises:
            TypeError, ValueError: an argument of the wrong kind or out of its range, ``latency="file"``, a rate below
                25 fps, a speaker's style, which is read off whole takes, or more than one take.
        """
        asked = options or AnimateOptions()
        if asked.latency == "file":
            changes.setdefault("latency", "live")
        request = self._request(asked.changed(**changes))
        if request.options.latency == "file":
            raise ValueError('latency must be "live" or "instant" in a stream, as "file" hears whole recordings')
        if request.options.num_samples != 1:
            raise ValueError(f"num_samples must be 1 in a stream, got {request.options.num_samples}")
        return Stream(self._networks(), request, sample_rate)

    def _live_take(
        self, number: int, recording: Recording, request: Request, progress: Callable[[float], None] | None
    ) -> Animation:
        """One take of a recording that is heard as a stream is."""
        stream = Stream(self._networks(), request, recording.sample_rate, number)
        frames, heard = [], 0
        for block in recording.source():
            for start in range(0, len(block), LIVE_BLOCK):
                part = block[start : start + LIVE_BLOCK]
                frames.append(stream.feed(part).motion)
                heard += len(part)
                if progress is not None:
                    progress((number + heard / recording.num_samples) / request.options.num_samples)
        frames.append(stream.flush().motion)
        metadata = {**self._metadata(number, request), "latency": request.options.latency}
        return Animation.from_motion(np.concatenate(frames), request.options.fps, audio=recording, metadata=metadata)

    def _metadata(self, number: int, request: Request) -> dict[str, Any]:
        """What a take says of itself."""
        options = request.options
        return {
            "emotion": request.emotion.told, "intensity": options.intensity, "guidance": options.guidance,
            "steps": request.steps, "seed": options.seed, "sample": number,
            "style": request.lips if request.speaker is None else f"from {request.speaker.modality}",
            "checkpoint": self.checkpoint.sha256,
        }  # fmt: skip

    def _request(self, options: AnimateOptions) -> Request:
        """The checked options with what they leave to the checkpoint."""
        steps = self.sampling.steps if options.steps is None else options.steps
        emotion = resolve(options.emotion, self.emotion)
        check_density(emotion.keyframes or (), self.denoiser.config.window / FPS)
        lips = options.style if isinstance(options.style, str) else self.sampling.style
        if lips not in self.styles:
            known = ", ".join(self.styles)
            raise ValueError(f"style must be one that the checkpoint was trained on ({known}), got {lips!r}")
        request = Request(options, emotion, steps, lips)
        if options.latency != "file" and request.speaker is not None:
            raise ValueError(f"latency must be 'file' with a speaker's style, got {options.latency!r}")
        if options.latency != "file" and options.fps < FPS:
            raise ValueError(f"fps must be at least {FPS} with latency {options.latency!r}, got {options.fps:g}")
        return request

    def _take(
        self, number: int, motion: np.ndarray, performance: Performance, recording: Recording, request: Request
    ) -> Animation:
        """One take: motion (T, 56) with blinks and gaze, adjusted, at the asked frame rate."""
        options = request.options
        if options.head != 1:  # before the eyes make up for the turns
            motion = Controls(head_strength=options.head).apply(motion, FPS)
        moving = options.head > 0 and self.denoiser.config.motion > len(FACE_NAMES)
        lively = add_life(
            motion, FPS, seed=options.seed * 1000 + number, emotion_rate=performance.blinks,
            loudness=performance.loudness, blink=options.blink, gaze=options.gaze,
            head="breath" if moving else "still",
        )  # fmt: skip
        take = Animation.from_motion(lively, FPS, audio=recording, metadata=self._metadata(number, request))
        if options.controls is not None:
            take = take.adjust(options.controls)
        return take if options.fps == FPS else take.resample(options.fps)

    def _perform(
        self, recording: Recording, request: Request, progress: Callable[[float], None] | None
    ) -> Performance:
        """Denoise the recording window by window, and finish the whole."""
        frames = max(recording.frames(FPS), 1)
        shape = (request.options.num_samples, frames, MOTION_SIZE)
        motion, closure = torch.empty(shape, device=self.device), torch.empty(frames, device=self.device)
        presence, level, blinks = torch.empty(3, frames)
        config, stream = self.denoiser.config, MelStream(recording.heard(10 * 16000))
        performer = Performer(self._networks(), request)
        heard_emotion = HeardEmotion(self.emotion) if request.emotion.keyframes is None else None
        keyframes: Sequence[Keyframe] = request.emotion.keyframes or ()
        for window in plan_windows(frames, config.window, config.context, config.lookahead):
            normalized, raw = stream.read(window.start, window.stop, frames)  # (2 T, 64)
            if heard_emotion is not None:
                keyframes = [Keyframe.of(0.0, heard_emotion.update(raw), self.emotion)]
            piece = performer.perform(window, normalized, raw, stream.normalizer, keyframes, request.options.intensity)
            stream.finish(max(window.keep_to - config.context, 0))
            kept = slice(window.keep_from, window.keep_to)
            # Small tensors kept from window to window would scatter what others free between them.
            motion[:, kept], closure[kept] = piece.motion, piece.closure
            presence[kept], level[kept], blinks[kept] = piece.presence, piece.loudness, piece.blinks
            if progress is not None:
                progress(window.keep_to / frames)
        heard = float(presence.max()) >= HEARD_PRESENCE
        presence = presence.to(self.device, non_blocking=True)
        motion = finish(motion, closure, presence, self.sampling).cpu()  # the only wait for a GPU
        if not motion.isfinite().all():
            raise ValueError(f"checkpoint {self.checkpoint.path or ''} gives motion that is not finite: it is broken")
        return Performance(motion.numpy(), relative_loudness(level).numpy(), blinks.numpy(), heard)

    def _in_manner(self, performance: Performance, recording: Recording, request: Request) -> np.ndarray:
        """Motion (B, T, 56) in the asked speaker's style, which is read against the same takes in neutral."""
        speaker, motions, loud = request.speaker, performance.motions, performance.loudness
        if speaker is None:
            return motions
        bases = motions
        if speaker.modality == "motion":
            neutral = self._request(request.options.changed(emotion="neutral", intensity=1.0))
            bases = self._perform(recording, neutral, None).motions
        return np.stack([speaker.read(base, loud).apply(motion) for base, motion in zip(bases, motions)])

    def _networks(self) -> Networks:
        """The parts that perform a window."""
        return Networks(
            self.hearing, self.audio, self.emotion, self.denoiser, self.sampling, self.mean, self.deviation,
            self.products, self.threads,
        )  # fmt: skip


@own_settings()
def load(
    checkpoint: str | os.PathLike[str] | None = None, device: str = "cpu", dtype: str = "auto", threads: int = 1
) -> Pipeline:
    """Load a checkpoint into a :class:`Pipeline`.

    Args:
        checkpoint: path of a ``.safetensors`` checkpoint, None for the default in the package.
        device, dtype, threads: where and how its networks run, see :class:`emoface.LoadOptions`.

    Returns:
        The pipeline.

    Raises:
        FileNotFoundError: no such file. TypeError, ValueError: not an intact emoface checkpoint, a device that is not
            there, an unknown dtype, or threads that are no number from 1 to 64.
    """
    options = LoadOptions.among(locals())
    return Pipeline(load_checkpoint(options.checkpoint), options.device, options.dtype, options.threads)


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
