"""When a reading of an English prompt is not to be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from emoface.binding.text.feelings import find_feelings, is_about_else, plain_text, unnegated_clauses

# Smallest steadiness of a reading that no word of the prompt names, chosen on the lists of prompts for development.
STEADY_PERSON = 0.42
"""Of a scene with a person in it."""
STEADY_SCENE = 0.67
"""Of a scene without."""
STEADY_SHORT = 0.5
"""Of fewer than three words that mean something, a person among them; without one they are never trusted."""
STEADY_DENIED = 0.85
"""Where the prompt denies another feeling and says nothing else, or names a third."""
STEADY_ELSE = 0.8
"""Where the prompt speaks of body, stage, camera or files."""
STEADY_NEUTRAL = 0.45
"""Of neutral."""
CARRIED = 1.0
"""Log-odds of the lexicon from which an idiom or facial action names an emotion."""
MOST_VARIANTS = 24
_FRAMES = ("she {}", "{} today", "a man, {}", "he says: {}")

_PEOPLE = frozenset(
    """i you he she we they me him us them my your his her our their mine yours hers myself himself herself themselves
    yourself somebody someone anybody anyone nobody everybody everyone man woman men women boy girl child children kid
    kids baby mother father mum mom dad granny grandma grandpa parent brother sister son daughter wife husband aunt
    uncle cousin friend neighbour neighbor teacher boss doctor nurse customer guest client passenger player team coach
    chef cook waiter driver pilot captain soldier officer guard king queen student pupil actor actress singer lawyer
    judge clerk stranger tourist hiker diver climber speaker who""".split()
)
_SMALL_WORDS = frozenset(
    """a an the of in on at to for with by from and or but is are was were be been am it i you he she we they his her
    its their my your our him them me us as if that this these those there so very not no do does did has have had who
    which what when where how will would can could""".split()
)


def variants(text: str) -> list[str]:
    """The prompt in four frames and without one word each, at most 24 in all."""
    words = text.split()
    places: Sequence[int] = range(len(words)) if len(words) > 1 else ()
    room = MOST_VARIANTS - len(_FRAMES)
    if len(places) > room:
        places = [place * len(words) // room for place in range(room)]
    shorter = [" ".join(words[:place] + words[place + 1 :]) for place in places]
    return [*(frame.format(text) for frame in _FRAMES), *shorter]


def _meaning(text: str) -> int:
    """How many words of a text mean something by themselves."""
    return sum(word not in _SMALL_WORDS for word in re.findall(r"[a-z]+", text))


def why_unclear(text: str, emotion: str, evidence: float, steadiness: Callable[[], float]) -> str:
    """Why an English prompt should not be read as an emotion.

    A reading is trusted where a word, idiom or facial action of the prompt names the emotion and does not deny it. A
    scene that names none must be read alike however it is framed and whatever word is left out.

    Args:
        text: the prompt. emotion: what it was read as. evidence: bonus of the lexicon for that emotion, log-odds.
        steadiness: gives the mean probability of the emotion over :func:`variants`, 0..1; called only where it counts.

    Returns:
        The reason, to follow "the prompt ..."; empty where the reading may stand.
    """
    plain = plain_text(text)
    words = re.findall(r"[a-z]+", plain)
    if not words:
        return "holds no words"
    feelings = find_feelings(plain)
    if evidence >= CARRIED or any(emotion in feeling.emotions and not feeling.denied for feeling in feelings):
        return ""
    unclear = "names no emotion clearly"
    denied = [feeling for feeling in feelings if feeling.denied]
    if emotion == "neutral":
        if any(emotion in feeling.emotions for feeling in denied):
            return "says what is not felt, but not what is"
        return "" if evidence > 0 or steadiness() >= STEADY_NEUTRAL else unclear
    if any(emotion in feeling.emotions for feeling in denied):
        return f"names {emotion!r} only to deny it"
    person = not _PEOPLE.isdisjoint(words)
    needed = STEADY_PERSON if person else STEADY_SCENE
    if is_about_else(plain):
        needed = STEADY_ELSE
    if _meaning(plain) < 3:
        if not person:
            return unclear
        needed = max(needed, STEADY_SHORT)
    elsewhere = any(_meaning(clause) > 1 for clause in unnegated_clauses(plain))
    if denied and (len(feelings) > len(denied) or not elsewhere):
        needed = STEADY_DENIED
    if steadiness() >= needed:
        return ""
    return "says what is not felt, but not what is" if denied else unclear
