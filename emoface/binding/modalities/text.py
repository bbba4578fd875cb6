"""The text modality: a free English prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from emoface.binding.modality import Modality, register_modality
from emoface.binding.text.encoder import TextEncoder, check_prompt, read_prompt

if TYPE_CHECKING:
    from emoface.binding.space import EmotionSpace


SLIGHT, STRONG = 1.4, 2.6
"""Levels up to and from which a reading tells a strength; between, the adapter's own stays."""


@register_modality("text")
class Text(Modality):
    """A prompt -> z: the frozen prompt encoder's token features, an adapter on each, maximum over the tokens.

    Args:
        width: Z. encoder: config of :class:`TextEncoder`. hidden: width of the adapter's hidden layer.
    """

    def __init__(self, width: int, encoder: dict[str, Any], hidden: int = 128) -> None:
        super().__init__(width)
        self.hidden = hidden
        self.encoder = TextEncoder(**encoder)
        self.adapter = nn.Sequential(nn.Linear(self.encoder.width, hidden), nn.GELU(), nn.Linear(hidden, width))

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {"encoder": self.encoder.config(), "hidden": self.hidden}

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a prompt (a string of 1 to 2,000 characters, not blank): ids (1, L) int64, mask (1, L)
        bool.

        Raises:
            TypeError, ValueError: see ``emoface.binding.text.check_prompt``.
        """
        return self.encoder.tokenize([check_prompt(value)])

    def features(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """Token features (B, L, F) and their mask."""
        return self.encoder(ids, mask), mask

    def embed(self, value: Any, space: EmotionSpace) -> Tensor:
        """z (Z,) of a prompt, by its reading where the adapter disagrees with it.

        The reading (``read_prompt``: network, lexicon and doubts) decides: a prompt that is not understood warns
        and gives neutral; where the nearest label of the adapter's z is another emotion than the one
        read, or of another level where a slight or a strong one was read, the label at the level read stands in.
        """
        reading = read_prompt(self.encoder, value)
        if reading.note:
            return space.neutral
        if reading.from_word:
            return space.encode(label=(reading.emotion, reading.level))
        z = super().embed(value, space)
        emotion, level, _ = space.nearest_label(z)
        read = round(reading.level) if not SLIGHT < reading.level < STRONG else level
        if emotion == reading.emotion and (emotion == "neutral" or level == read):
            return z
        return space.encode(label=(reading.emotion, reading.level))
