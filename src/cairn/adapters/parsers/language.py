"""Tell a text's language by its letters and its commonest words.

Knows fifteen scripts and languages; of anything else, and of short texts, it says nothing.
"""

import re
from collections import Counter

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]"), 0.08),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]"), 0.3),
    ("zh", re.compile("[\u3400-\u9fff]"), 0.3),
    ("ru", re.compile("[\u0400-\u04ff]"), 0.5),
    ("el", re.compile("[\u0370-\u03ff]"), 0.5),
    ("ar", re.compile("[\u0600-\u06ff]"), 0.5),
    ("he", re.compile("[\u0590-\u05ff]"), 0.5),
)
_NOT_RUSSIAN = re.compile("[\u0456\u0457\u0454\u0491\u0458\u0459\u045a\u045f\u045e]")
_NOT_ARABIC = re.compile("[\u067e\u0686\u0698\u06af\u06cc\u06a9\u0679]")
_COMMON = {
    "en": "the of and to in is that for it as was with be by on are this from at or an have not which you",
    "de": "der die und das den von zu mit sich des auf für ist im dem nicht ein eine als auch wird oder bei",
    "fr": "le les des et la du en une que est pour dans qui par sur au pas plus ce avec sont aux cette il ou",
    "es": "el los las del que y en una por con para es se como al lo más su no este sus entre son está",
    "it": "il di che è della per gli una del con non sono alla dei nel anche più le si delle come da ha",
    "nl": "de het een van en dat niet zijn op te voor met die aan ook bij naar wordt door maar deze als",
    "pt": "o os as que do da dos das em uma para com não por mais ao na no se como foi pela são pelo é",
    "sv": "och att det som en på är av för med den till inte har de ett om var jag från kan eller vid också",
    "da": "og at det er en til af på for med som ikke den har de jeg blev hvor også efter eller ved fra være",
    "no": "og at det er en til av på for med som ikke den har de jeg ble hvor også etter eller ved fra være",
    "fi": "ja on ei se että oli hän mutta ovat myös joka kun niin tai kuin sen ole tämä vain jos voi mukaan",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 20_000
_FEWEST = 4
_VARIOUS = 3
_SHARE = 0.08
_LEAD = 1.15


def detect(text: str) -> str | None:
    """Return the ISO 639-1 code of the language most of the beginning is written in; None when unsure."""
    words = _WORD.findall(text[:_LONGEST].lower())
    letters = "".join(words)
    return _by_script(letters) if _is_other_script(letters) else _by_words(words)


def _is_other_script(letters: str) -> bool:
    return any(len(script.findall(letters)) > share * len(letters) for _, script, share in _SCRIPTS)


def _by_script(letters: str) -> str | None:
    for language, script, share in _SCRIPTS:
        if len(letters) >= 4 and len(script.findall(letters)) > share * len(letters):
            return None if _is_neighbour(language, letters) else language
    return None


def _is_neighbour(language: str, letters: str) -> bool:
    """Tell Ukrainian, Serbian, Persian and Urdu from the languages whose letters they share."""
    strange = {"ru": _NOT_RUSSIAN, "ar": _NOT_ARABIC}.get(language)
    return strange is not None and len(strange.findall(letters)) > 0.01 * len(letters)


def _by_words(words: list[str]) -> str | None:
    counts = Counter(words)
    votes = sorted((sum(counts[word] for word in common), language) for language, common in _WORDS.items())
    (second, _), (first, language) = votes[-2:]
    # A table of figures may say "no" and "as" all over.
    various = sum(word in counts for word in _WORDS[language]) >= _VARIOUS
    sure = various and first >= max(_FEWEST, _SHARE * len(words)) and first >= _LEAD * second
    return language if sure else None
