"""Whether a word alone tells a feeling, so that it is read as a prompt."""

from __future__ import annotations

import re

from emoface.binding.text.encoder import LONGEST_PROMPT
from emoface.binding.text.feelings import names_feeling, plain_text
from emoface.binding.text.lexicon import read_evidence
from emoface.binding.text.other_languages import names_emotion
from emoface.binding.text.plainly import UNIT, without_signs
from emoface.binding.text.sayings import find_sayings


def tells_feeling(text: str) -> bool:
    """Whether a word tells a feeling, in English or in another language, or is an action unit such as ``"AU12"``.

    Args:
        text: one word; it may hold signs such as ``"+"``, ``","`` or ``"!"``. One beyond ``LONGEST_PROMPT`` is
            not looked at; in some languages a sentence is one.
    """
    if len(text) > LONGEST_PROMPT:
        return False
    plain = plain_text(without_signs(text))
    parts = re.findall(r"[a-z']+", plain)
    if any(map(names_feeling, [*parts, "".join(parts)])) or UNIT.search(plain) or find_sayings(plain):
        return True
    return bool(read_evidence(plain).emotions) or names_emotion(text)
