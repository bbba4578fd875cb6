"""Things to say in many languages; only the phones matter, so most words are invented."""

from __future__ import annotations

import numpy as np

_ENGLISH = (
    "the a and of to in that he was it for with his is on be at by this had not are but from they we you "
    "my one so there would do me have been about after time people could some no up out when more if then "
    "her can them maybe before better big move above below home problem remember member paper people "
    "happy hope keep help apple open purple bubble bump map lamp jump simple family five seven voice very "
    "leave fire face five off over live water window world word why white whale cool blue through two "
    "choose shoe sure measure church judge change watch ship beach think thing both mother father thank "
    "three easy street speech read green sleep long little light please yellow year young use music food "
    "school book good look put boy noise oil house now down sound town eye night mind find old go know "
    "show slow ask last hand stand cat back black fact bread said red dead best next test get number "
    "under summer come love much such just dust up cup bus bird girl first work learn early car far hard "
    "heart garden dark army door four more short sport born story water zoo busy zero museum visit easy "
    "reason"
).split()

# Written syllables: onsets (with a "-" for none) and rhymes of each script that espeak-ng reads aloud.
_LATIN_ONSETS = "b p m f v d t n l g k s z r b p m br pl tr st sp kr - -".split()
_LATIN_RHYMES = "a e i o u a e i o u an en in on ar er al as em am".split()
_SYLLABLES: dict[str, tuple[list[str], list[str]]] = {
    "de": (
        "b p m f v w d t n l g k s sch z h r st pf br bl spr -".split(),
        "a e i o u ä ö ü ei au eu ie en er an um ich ach ung om ap eb".split(),
    ),
    "fr": (
        "b p m f v d t n l g c s z r ch j gn pr bl -".split(),
        "a e i o u é è ou oi eau an in on eu ais oir um".split(),
    ),
    "pl": ("b p m f w d t n l ł g k s z sz cz ż r ch -".split(), "a e i o u y ą ę ów am em".split()),
    "tr": ("b p m f v d t n l g k s z r ş ç c y h -".split(), "a e i o u ü ö ı an im um ek ap".split()),
    "sv": ("b p m f v d t n l g k s r h sk sj j -".split(), "a e i o u å ä ö an en ar um ång".split()),
    "fi": ("p m v t n l k s r h j p m -".split(), "a e i o u ä ö aa ii uu yö ai en in op am".split()),
    "vi": ("b ph m v đ t n l c k s r th nh ch -".split(), "a e i o u ơ ư an ông ap ôm ươi êu".split()),
    "ru": ("б п м ф в д т н л г к с з р ш ж ч б п м -".split(), "а е и о у ы я ю ам ом ов ап ен".split()),
    "el": ("β π μ φ δ τ ν λ γ κ σ ζ ρ χ θ π μ μπ -".split(), "α ε ι ο ου η ω αι ει αν ομ επ".split()),
    "ar": ("ب م ف د ت ن ل ك س ز ر ش ج ح ب م".split(), "َا ِي ُو َ ِ ُ َم َب".split()),
    "hi": (list("कखगचजटडतथदधनपफबभमयरलवसहपबम"), list("ािीुूेैोौ")),
    "ta": (list("கசடதநபமயரலவனபமபம"), list("ாிீுூெேொோ")),
    "ja": (
        [
            *"まみむめもばびぶべぼぱぴぷぽ",
            *"あいうえおかきくけこさしすせそ",
            *"たちつてとなにのはひふへほやゆよらりるれろわ",
        ],
        [""],
    ),
    "ko": (
        [
            *"가나다라마바사아자차카타파하고노도로모보소오조포호",
            *"구누두무부수우푸기니디미비시이피감밤남맘밥",
        ],
        [""],
    ),
    "cmn-latn-pinyin": (
        "b p m f d t n l g k h j q x zh ch sh r z c s y w b p m".split(),
        "a o e ai ei ao ou an en ang eng ong i ia ie iao iu ian in ing u ua uo ui uan un".split(),
    ),
}  # fmt: skip

LANGUAGES: dict[str, float] = {
     "en-us": 5, "en": 1, "en-gb-scotland": 1, "de": 3, "cmn-latn-pinyin": 3, "fr": 1.5, "es": 1.5,
    "es-419": 0.5, "it": 1, "pt": 0.7, "pt-br": 0.7, "nl": 1, "sv": 0.7, "pl": 0.8, "tr": 0.8, "ru": 1,
    "el": 0.5, "fi": 0.6, "hi": 1, "ta": 0.5, "ja": 1, "ko": 1, "ar": 0.8, "vi": 0.6, "id": 0.5, "sw": 0.5,
    "hu": 0.5, "ro": 0.5,
}  # fmt: skip
"""espeak-ng language codes and their shares."""


def language_words(language: str, count: int, rng: np.random.Generator) -> list[str]:
    """Words to say in a language: common ones in English, invented ones elsewhere."""
    if language.startswith("en") and rng.random() < 0.8:
        return [_ENGLISH[i] for i in rng.integers(len(_ENGLISH), size=count)]
    onsets, rhymes = _SYLLABLES.get(language, (_LATIN_ONSETS, _LATIN_RHYMES))
    return [_word(onsets, rhymes, language, rng) for _ in range(count)]


def _word(onsets: list[str], rhymes: list[str], language: str, rng: np.random.Generator) -> str:
    tone = language == "cmn-latn-pinyin"
    syllables = []
    for _ in range(int(rng.integers(1, 3 if tone else 4))):
        syllable = onsets[rng.integers(len(onsets))] + rhymes[rng.integers(len(rhymes))]
        syllables.append(syllable.replace("-", "") + (str(rng.integers(1, 5)) if tone else ""))
    return (" " if tone else "").join(syllables)


def sentence(language: str, rng: np.random.Generator) -> str:
    """Five to thirteen words with commas and an ending that asks, states or exclaims."""
    words = language_words(language, int(rng.integers(5, 14)), rng)
    text = " ".join(word + ("," if rng.random() < 0.12 else "") for word in words).rstrip(",")
    return text + ("." if rng.random() < 0.6 else "?" if rng.random() < 0.6 else "!")
