"""Names for what users pass: annotations alone, nothing to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from fractions import Fraction
    from typing import BinaryIO

    import numpy as np
    from torch import Tensor

    from .audio.load import Recording
    from .direct.direction import Direction
    from .emotion_forms import EmotionReference
    from .face_motion import FaceMotion
    from .people import Adapter, Manner
    from .speaker import SpeakerReference

AudioInput: TypeAlias = (
    "str | os.PathLike[str] | BinaryIO | tuple[np.ndarray | Tensor, float] | np.ndarray | Tensor | Recording"
)
"""A recording: a path, a binary file object, ``(samples, sample_rate)``, samples beside ``sample_rate=``, or what was
opened."""

Label: TypeAlias = "str | tuple[str, float]"
"""A label of an emotion, or a label with its level, 0 to 3."""

OneEmotion: TypeAlias = (
    "Label | Mapping[str, float] | Mapping[tuple[str, float], float] | Mapping[tuple[str, int], float] "
    "| Mapping[Label, float] | EmotionReference | Tensor"  # a mapping's type of keys is taken exactly
)
"""An emotion that does not change: a label, a sentence, a mixture, an example, or an embedding z (Z,)."""

EmotionInput: TypeAlias = "OneEmotion | Sequence[tuple[float, OneEmotion]]"
"""An emotion, or a timeline of emotions from given seconds on; see :mod:`emoface.emotion_forms`."""

OneStyle: TypeAlias = (
    "Literal['artist', 'person', 'rule'] | str | os.PathLike[str] | EmotionReference | FaceMotion | SpeakerReference "
    "| Adapter"
)
"""A way to articulate, a speaker to move like, or a person's adapter or its path."""

VarietyInput: TypeAlias = "float | tuple[float, float]"
"""How far takes of different seeds differ: one number, or (pose, events)."""

StyleInput: TypeAlias = (
    "OneStyle | tuple[OneStyle, float] | Sequence[tuple[OneStyle, float]] | Mapping[str, float] | Manner"
)
"""A style, a style with its strength 0 to 2, or several of them."""

DirectionInput: TypeAlias = "Direction | str | os.PathLike[str] | Mapping[str, object]"
"""A timeline: the object, its JSON, or the path of a file of one."""

RateInput: TypeAlias = "float | str | Fraction"
"""Frames per second: a number, a fraction, or text such as ``"30000/1001"``; see :mod:`emoface.rates`."""
