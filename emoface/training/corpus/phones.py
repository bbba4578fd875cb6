"""From phone names (ARPAbet, IPA, SAMPA) to visemes, the classes of phones that look alike on the lips."""

from __future__ import annotations

import numpy as np

VISEMES: tuple[str, ...] = (
    "sil", "pp", "ff", "th", "dd", "ll", "kk", "ch", "ss", "rr", "aa", "ae", "ih", "ax", "oh", "ou", "uu",
    "yy", "ah", "hh",
)  # fmt: skip
VISEME_ID: dict[str, int] = {name: i for i, name in enumerate(VISEMES)}
SILENCE, BILABIAL, LABIODENTAL = VISEME_ID["sil"], VISEME_ID["pp"], VISEME_ID["ff"]
STOPS = frozenset(VISEME_ID[v] for v in ("pp", "dd", "kk"))
OPEN_VOWELS = frozenset(VISEME_ID[v] for v in ("aa", "ae", "ah", "oh"))
CLOSING_LABELS = frozenset({str(BILABIAL)})
OPENING_LABELS = frozenset(map(str, OPEN_VOWELS))
"""Labels, as :func:`labelled` gives them, of the visemes that close the lips and of those that open them."""

Interval = tuple[int, float, float]
"""Viseme id, start and end in seconds."""

DIPHTHONG_SPLIT = 0.55
"""Share of a diphthong that its first vowel takes."""
AFFRICATE_SPLIT = 0.4
"""Share of an affricate that its stop takes."""


def _by_phone(**groups: str) -> dict[str, tuple[str, ...]]:
    """``viseme="phones ..."`` turned round; ``aa_ih`` names the two visemes of a diphthong."""
    return {phone: tuple(visemes.split("_")) for visemes, phones in groups.items() for phone in phones.split()}


ARPABET = _by_phone(
    sil="SIL PAU SP SPN NSN H# BRTH", pp="P B M EM", ff="F V", th="TH DH", dd="T D N DX EN NX", ll="L EL",
    kk="K G NG ENG", ch="CH JH SH ZH", ss="S Z", rr="R ER AXR", aa="AA", ae="AE EH", ih="IH IY Y IX",
    ax="AX", oh="AO", uu="UW UH W UX WH", ah="AH", hh="HH HV Q", aa_ih="AY", aa_uu="AW", ae_ih="EY",
    oh_ih="OY", ou="OW",
)  # fmt: skip
"""Phones of CMUdict, TIMIT and flite."""

SAMPA = _by_phone(
    sil="# . _ (", pp="p b m B mm", ff="f v V", th="T D_", dd="t d n D", ll="l L", kk="k g N x X G R NN",
    ch="C S Z tS dZ", ss="s z ss", rr="r", aa="a a6 a: A", ae="E E6 E:", ih="i I j i6 I6 e i: e:",
    ax="@ 6 4 @6", oh="O O6 o6", ou="o o: OU AO", uu="u U u: u6 w", yy="y Y 9 2 y: 2: Y6 y6", hh="h H ?",
    aa_ih="aI", aa_uu="aU AU aO", oh_ih="OY", ih_ax="I@ i@ e@",
)  # fmt: skip
"""German SAMPA as the Berlin database writes it, and the common additions."""

_IPA_LETTERS = {
    letter: viseme
    for viseme, letters in {
        "pp": "pbmɓʙ", "ff": "fvʋɸβⱱ", "th": "θð", "dd": "tdnɾɖʈɗɳɽ", "ll": "lɭɫʎɬɮʟ",
        "kk": "kɡgŋxɣqχʁɴcɟɲçʝɠʛɢ", "ch": "ʃʒɕʑʂʐʧʤ", "ss": "szʦʣ", "rr": "rɹɻʀɚɝɺ", "aa": "aɑɐäɒ",
        "ae": "æɛœeɶ", "ih": "iɪjɨ", "ax": "əɜɘɵɞ", "oh": "ɔ", "ou": "oɤ", "uu": "uʊwɯʉɥ", "yy": "yøʏ",
        "ah": "ʌ", "hh": "hɦħʔʕʜ",
    }.items()
    for letter in letters
}  # fmt: skip
_IPA_MAX = 3


def _spread(visemes: tuple[str, ...], start: float, end: float) -> list[Interval]:
    """Lay the visemes of one phone over its time."""
    if len(visemes) == 1:
        return [(VISEME_ID[visemes[0]], start, end)]
    if len(visemes) == 2:
        affricate = visemes[0] == "dd" and visemes[1] in ("ch", "ss")
        middle = start + (AFFRICATE_SPLIT if affricate else DIPHTHONG_SPLIT) * (end - start)
        return [(VISEME_ID[visemes[0]], start, middle), (VISEME_ID[visemes[1]], middle, end)]
    step = (end - start) / len(visemes)
    return [(VISEME_ID[v], start + i * step, start + (i + 1) * step) for i, v in enumerate(visemes)]


def arpabet_visemes(phone: str, start: float, end: float) -> list[Interval]:
    """Visemes of one ARPAbet phone; stress digits and case do not matter, unknown names are silence."""
    key = phone.upper().rstrip("0123456789")
    return _spread(ARPABET.get(key, ("sil",)), start, end)


def sampa_visemes(phone: str, start: float, end: float) -> list[Interval]:
    """Visemes of one (German) SAMPA phone; unknown names are silence."""
    return _spread(SAMPA.get(phone, ("sil",)), start, end)


def ipa_visemes(phone: str, start: float, end: float) -> list[Interval]:
    """Visemes of one phone in IPA, diphthongs and affricates included; empty if no letter is known."""
    letters = [_IPA_LETTERS[letter] for letter in phone if letter in _IPA_LETTERS]
    merged = [v for i, v in enumerate(letters) if i == 0 or v != letters[i - 1]]
    return _spread(tuple(merged[:_IPA_MAX]), start, end) if merged else []


def labelled(visemes: np.ndarray) -> list[tuple[str, float, float]]:
    """Rows (n, 3) of viseme id, start and end as :mod:`emoface.metrics.lip_closure` takes phones: ids as labels."""
    return [(str(int(viseme)), float(start), float(end)) for viseme, start, end in visemes]


def phone_visemes(phone: str, start: float, end: float, alphabet: str) -> list[Interval]:
    """Visemes of one phone.

    Args:
        phone: its name.
        start: seconds.
        end: seconds.
        alphabet: ``"arpabet"``, ``"ipa"``, ``"sampa"`` or ``"viseme"``.

    Returns:
        One to three intervals.

    Raises:
        ValueError: unknown alphabet, or a viseme name that does not exist.
    """
    if alphabet == "arpabet":
        return arpabet_visemes(phone, start, end)
    if alphabet == "sampa":
        return sampa_visemes(phone, start, end)
    if alphabet == "ipa":
        return ipa_visemes(phone, start, end) or [(SILENCE, start, end)]
    if alphabet == "viseme":
        if phone not in VISEME_ID:
            raise ValueError(f"viseme {phone!r} is not known; expected one of {VISEMES}")
        return [(VISEME_ID[phone], start, end)]
    raise ValueError(f"alphabet must be arpabet, ipa, sampa or viseme, got {alphabet!r}")
