"""A prompt in the plain words that the prompt network has learnt: spelling, sayings, litotes, tears, action units."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from emoface.binding.text.feelings import (
    affirms,
    find_feelings,
    likely_meant,
    names_feeling,
    plain_text,
    without_comparisons,
)
from emoface.binding.text.lexicon import LOW_DEGREES, is_negated
from emoface.binding.text.sayings import PLAIN, find_sayings

UNITS = {
    1: "inner brows raised", 2: "brows raised", 4: "brows lowered", 5: "lids raised", 6: "cheeks raised",
    7: "eyes narrowed", 9: "nose wrinkled", 10: "upper lip raised", 12: "lip corners raised",
    14: "one corner of the mouth pulled", 15: "lip corners lowered", 20: "lips stretched", 23: "lips tightened",
    24: "lips pressed", 25: "mouth open", 26: "jaw dropped", 27: "mouth open",
}  # fmt: skip
"""Action units of FACS (Ekman & Friesen 1978) that tell an emotion, in words that the lexicon reads."""
UNIT_NAMES = {
    "inner brow raiser": 1, "outer brow raiser": 2, "brow lowerer": 4, "upper lid raiser": 5, "cheek raiser": 6,
    "lid tightener": 7, "nose wrinkler": 9, "upper lip raiser": 10, "lip corner puller": 12, "dimpler": 14,
    "lip corner depressor": 15, "lip stretcher": 20, "lip tightener": 23, "lip pressor": 24, "lips part": 25,
    "jaw drop": 26, "mouth stretch": 27,
}  # fmt: skip
UNIT = re.compile(r"\bau ?0?(\d{1,2})(?:[a-e]|[lr])?\b(?:\s*\+\s*)?", re.IGNORECASE)
_NAMED_UNIT = re.compile(rf"\b({'|'.join(UNIT_NAMES)})\b", re.IGNORECASE)

_SIGNS = {
    "happy": ":-) :) :D :-D ;) ;-) =) ^^ 😀 😃 😄 😁 😆 😅 😊 🙂 😂 🤣 🥰 😍 😇 😋 🤗 😺 🥳 🎉",
    "sad": ":-( :( :'( :'-( =( 😢 😭 ☹ 🙁 😞 😔 😟 😥 🥺 💔 😿",
    "surprised": ":-O :O :o O_O o_O 😮 😲 😯 🤯 😳 🙀",
    "fear": "😨 😱 😰 😧 😬", "disgusted": "🤢 🤮 🤧", "angry": ">:( >:-( 😠 😡 🤬 👿 😤", "contempt": "🙄 😏 😒 🤨",
    "neutral": ":| :-| 😐 😶 😑",
}  # fmt: skip
_SIGN_OF = {sign: emotion for emotion, signs in _SIGNS.items() for sign in signs.split()}
_SIGN = re.compile("|".join(rf"(?<!\w){re.escape(sign)}(?!\w)" for sign in sorted(_SIGN_OF, key=len, reverse=True)))
_LEVEL = re.compile(
    r"[,;(]?\s*\b(?:level|intensity|strength)\s*[:=]?\s*(?:(1|low|slight)|(2|medium)|(3|high|strong))\b\)?"
)

_HYPHENED = re.compile(r"\b(?!cross-)[a-z]+(?:-[a-z]+)+\b")  # who sits cross-legged is not cross

_SHED = r"(?:(?:cr(?:y|ies|ied|ying)|we(?:ep|eps|pt|eping)|sob\w*|shed(?:s|ding)?|with|in)\s+)?"
_TEARS_OF = re.compile(rf"\b{_SHED}tears of (?:pure |sheer |utter )?(\w+)")
_OVERCOME = re.compile(r"\b(beside \w+sel(?:f|ves)|sick|mad|\w+) (?:with|from) (?:pure |sheer |utter )?(\w+)\b")
_TRYING = re.compile(
    r"\b(?:tr(?:y|ies|ied|ying)|struggl(?:e|es|ed|ing)|fight(?:s|ing)?|fought)(?: so| very| really)?(?: hard)?"
    r" (?:not to|to (?:hide|hold back|suppress|contain|keep back|conceal))\b"
)

# What is meant by denying it: mildly ("not happy"), and strongly ("far from happy").
_DENIED_STATES = {
    "happy glad cheerful joyful content fulfilled": ("slightly sad", "sad"),
    "pleased satisfied thrilled delighted": ("slightly disappointed", "disappointed"),
    "amused": ("slightly annoyed", "annoyed"),
    "impressed": ("slightly contemptuous", "contemptuous"),
    "unhappy displeased dissatisfied": ("slightly happy", "happy"),
    "sad upset depressed gloomy miserable": ("", "happy"),
}
_OPPOSITE = {word: meant for words, meant in _DENIED_STATES.items() for word in words.split()}
_MILDLY = r"(?:not|never|hardly|scarcely|no longer|less than|none too|[a-z]+n't)"
_STRONGLY = (
    r"(?:far from|anything but|nowhere near|the (?:very )?opposite of|a long way from|not in the least|not one bit"
    r"|not at all|[a-z]+n't at all)"
)
_IN_BETWEEN = r"(?:\s+(?!be\b)[a-z']+){0,3}?\s+"
_STATE = rf"(?P<state>{'|'.join(_OPPOSITE)})\b(?P<after>\s+(?:at all|in the (?:least|slightest)|one bit)\b)?"
_LITOTES = re.compile(rf"\b(?:(?P<strong>{_STRONGLY})|(?P<mild>{_MILDLY})){_IN_BETWEEN}{_STATE}")
_STATE_WORDS = re.compile(rf"\b(?:{'|'.join(_OPPOSITE)})\b")
_COMMAND = re.compile(r"^(?:please )?(?:do not|don't|never|try not to)\b")
_LOW = re.compile(rf"\b(?:{'|'.join(LOW_DEGREES)})\s+$")

_CLOSE = 0.8
"""Least likeness of a misspelt word to what is meant, as of ``difflib``."""
_COMMON = (
    "really extremely very slightly absolutely completely totally incredibly terribly utterly deeply little somewhat"
    " feels feeling speaks speaking looks looking sounds talks woman person voice face eyebrows mouth eyes brows"
).split()


def plainly(text: str, is_english: Callable[[str], bool]) -> str:
    """Put plain words where a prompt tells a feeling in other ways.

    Args:
        text: an English prompt. is_english: whether a word, lower case without accents, is known.

    Returns:
        The prompt, in lower case where anything was changed: ``"he cries tears of rage"`` gives ``"he overcome with
        rage"``, ``"fed up"`` gives ``"angry"``, ``"AU12"`` gives ``"lip corners raised"``.
    """
    plain = plain_text(text)
    told = _HYPHENED.sub(_joined, without_units(plain_text(without_signs(text))))
    told = respelt(told, is_english)
    told = _with_degree(told)
    told = without_comparisons(told)
    told = _TRYING.sub("can't hide", told)
    told = _TEARS_OF.sub(_overcome, told)  # before the sayings: "moved to tears" alone is sad
    told = _OVERCOME.sub(_overcome, _without_litotes(_without_sayings(told)))
    return text if told == plain else told


def without_signs(text: str) -> str:
    """A prompt in which faces made of signs are told in words: ``"hello :)"`` gives ``"hello , happy"``."""
    alone = _SIGN.fullmatch(text.strip())
    return _SIGN_OF[alone.group()] if alone else _SIGN.sub(lambda match: f", {_SIGN_OF[match.group()]} ", text)


def _with_degree(plain: str) -> str:
    """A level that is told as a number, as a word: ``"angry, level 3"`` gives ``"extremely angry"``."""
    level = _LEVEL.search(plain)
    if level is None:
        return plain
    return f"{('slightly', '', 'extremely')[(level.lastindex or 1) - 1]} {_LEVEL.sub('', plain)}".strip()


def without_units(text: str) -> str:
    """A prompt in which action units, by number or by name, are told in words; others stay as they are.

    ``"AU12 + AU6"`` gives ``"lip corners raised, cheeks raised, "``.
    """
    named = _NAMED_UNIT.sub(lambda match: f"AU{UNIT_NAMES[match[1].lower()]}", text)
    return UNIT.sub(lambda match: UNITS.get(int(match[1]), "") + ", ", named)


def _joined(match: re.Match[str]) -> str:
    """A word with a hyphen as one word or two, as a feeling is listed: "heart-broken", "sad-looking"."""
    whole, one = match.group(), match.group().replace("-", "")
    return whole if names_feeling(whole) else one if names_feeling(one) else whole.replace("-", " ")


def respelt(plain: str, is_english: Callable[[str], bool]) -> str:
    """A prompt whose unknown words are replaced by the words for feelings that are spelt nearly alike.

    A word alone stays as it is: beside no other, it may be anything.
    """
    words = re.findall(r"[a-z']+", plain)
    if len(words) < 2:
        return plain

    def meant(match: re.Match[str]) -> str:
        word = match.group()
        if len(word) < 4 or is_english(word):
            return word
        common = difflib.get_close_matches(word, _COMMON, n=1, cutoff=_CLOSE)
        return common[0] if common else likely_meant(word, _CLOSE) or word

    return re.sub(r"(?<![a-z'-])[a-z]+(?![a-z'-])", meant, plain)


def _without_sayings(plain: str) -> str:
    for start, end, saying in sorted(find_sayings(plain), key=lambda one: -one[0]):
        if is_negated(plain, start) and not affirms(plain):
            continue
        level = 2 if _LOW.search(plain[:start]) else saying.level
        plain = plain[:start] + PLAIN[saying.emotion][level - 1] + plain[end:]
    return plain


def _without_litotes(plain: str) -> str:
    """A denied state as what it means by being denied, where the prompt names no other feeling."""
    others = [feeling for feeling in find_feelings(plain) if feeling.word not in _OPPOSITE]
    if _COMMAND.match(plain) or affirms(plain) or others or len(_STATE_WORDS.findall(plain)) != 1:
        return plain

    def opposite(match: re.Match[str]) -> str:
        mild, strong = _OPPOSITE[match["state"]]
        return (strong if match["strong"] or match["after"] else mild) or match.group()

    return _LITOTES.sub(opposite, plain)


def _overcome(match: re.Match[str]) -> str:
    """What is done "with rage" or out of joy, as the feeling that it is done out of."""
    feeling, doing = match[match.lastindex or 0], match[1]
    named = {emotion for found in find_feelings(feeling) for emotion in found.emotions}
    shown = match.re is _TEARS_OF or doing in ("sick", "mad") or doing.startswith("beside") or names_feeling(doing)
    return f"overcome with {feeling}" if named and shown and named != {"neutral"} else match.group()
