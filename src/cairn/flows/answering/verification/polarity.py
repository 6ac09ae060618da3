"""Which way a sentence points: what it denies, and words that come in opposite pairs (rose and fell).

Knows words of English, German and French; nothing of what the sentence is about.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

_DENYING = """
not no never none neither nor nobody nothing nowhere without cannot n't cant hardly nicht kein keine
keinen keiner keinem keines nie niemals niemand nichts ohne weder pas jamais aucun aucune sans rien
personne
"""
NEGATORS = frozenset(_DENYING.split())
_COMPARING = """
higher lower more less fewer greater larger smaller bigger exceeded exceeds exceed surpassed rose fell
increased decreased grew declined dropped climbed höher niedriger mehr weniger
"""
COMPARATIVES = frozenset(_COMPARING.split())
"""Words that say by themselves which of two is more."""
_AXES = {
    "direction": (
        "rise rises rose risen rising increase increases increased increasing grow grows grew grown"
        " growing growth"
        " climb climbs climbed higher up upward expand expanded improve improves improved improvement"
        " more greater exceed exceeds exceeded exceeding surpass surpassed above larger raise raised"
        " doubled tripled"
        " stieg stiegen gestiegen steigt erhöht erhöhte höher mehr zunahme augmente augmenté hausse",
        "fall falls fell fallen falling decrease decreases decreased decreasing decline declines"
        " declined declining"
        " drop drops dropped dropping shrink shrank shrunk lower down downward reduce reduces reduced"
        " reduction cut"
        " less fewer smaller below worsen worsened deteriorate deteriorated halved lowered"
        " sank sanken gesunken sinkt gesenkt senkte niedriger weniger abnahme diminue diminué baisse",
    ),
    "permission": (
        "allow allows allowed permit permits permitted permissible may authorised authorized lawful",
        "forbid forbids forbidden prohibit prohibits prohibited ban bans banned refuse refuses refused"
        " disallowed unlawful",
    ),
    "result": (
        "gain gains profit profits surplus income benefit benefits overspend overspent overspending",
        "loss losses deficit deficits shortfall expense underspend underspent underspending",
    ),
    "answer": (
        "accept accepts accepted approve approves approved agree agrees agreed adopt adopted grant"
        " granted pass passed",
        "reject rejects rejected decline declined refuse refused deny denies denied disapprove"
        " disapproved oppose opposed",
    ),
    "state": (
        "open opens opened opening start starts started begin begins began",
        "close closes closed closing end ends ended stop stops stopped finish finished cease ceased",
    ),
    "presence": (
        "include includes included including with present contain contains contained",
        "exclude excludes excluded excluding lack lacks lacked absent omit omitted",
    ),
    "order": ("before earlier prior until first vor avant", "after later following since last nach après"),
    "extent": (
        "maximum most highest largest best always all every",
        "minimum least lowest smallest worst never",
    ),
    "success": ("succeed succeeded passed won able safe", "fail fails failed failing lost unable unsafe"),
    "duty": ("required mandatory compulsory must obligatory", "optional voluntary"),
    "side": ("inside within indoors internal domestic", "outside outdoors external international foreign"),
    "temperature": ("hot warm warmer hotter", "cold cool cooler colder"),
    "payment": ("owed payable liability liabilities outflow debit", "receivable asset assets inflow credit"),
    "purchase": (
        "buy buys bought purchase purchased acquire acquired acquisition",
        "sell sells sold disposal divest divested",
    ),
    "favour": ("favourable favorable positive", "unfavourable unfavorable adverse negative"),
}
_WAYS: dict[str, dict[str, int]] = {}
for _axis, (_plus, _minus) in _AXES.items():
    for _sign, _words in ((1, _plus), (-1, _minus)):
        for _each in _words.split():
            _WAYS.setdefault(_each, {})[_axis] = _sign
_EXCLUSIVE = (
    (
        "second seconds",
        "minute minutes",
        "hour hours hourly",
        "day days daily",
        "week weeks weekly",
        "month months monthly",
        "quarter quarters quarterly",
        "year years annual annually",
    ),
    (
        "thousand thousands",
        "million millions",
        "billion billions",
    ),
    (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ),
    (
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
    ),
    (
        "men man male",
        "women woman female",
        "children child",
    ),
    (
        "north northern",
        "south southern",
        "east eastern",
        "west western",
    ),
)
"""Words of which one excludes the others, inflections together."""
_KINDS = {
    word: (number, place)
    for number, kinds in enumerate(_EXCLUSIVE)
    for place, words in enumerate(kinds)
    for word in words.split()
}
_NOT = re.compile(r"\b(?:not|never|nicht)\b|n[’']t\b", re.IGNORECASE)
_BOUNDED = re.compile(r"\b(?:no|not) (?:fewer|less|more|later|earlier|longer|only|just|merely)\b(?: than)?")
"""Says no more than a bound or a beginning: ``no fewer than``, ``not only``."""
_LABEL = re.compile(r"\b(?:Less|Add):")
"""Begins the label of a row that is taken off or added."""
_TOKEN = re.compile(r"[^\W\d_]+(?:n[’']t\b)?|n[’']t\b")


class Stance(NamedTuple):
    """Which way a stretch of text points."""

    ways: Mapping[tuple[str, int], int]
    """How often each side of each pair of opposites is said."""
    kinds: frozenset[tuple[int, int]]
    """Which of some words that exclude each other are said."""
    denials: int
    """How often it denies something."""

    def opposes(self, other: "Stance") -> bool:
        """Tell whether one denies the other: an odd number of opposites and denials lies between them."""
        return (self.denials - other.denials + self._opposites(other)) % 2 == 1 or self._excludes(other)

    def _opposites(self, other: "Stance") -> int:
        """Count the pairs of opposites of which each text says another side, and not that of the other."""
        return sum(
            min(
                max(n - other.ways.get((axis, sign), 0), 0),
                max(other.ways.get((axis, -sign), 0) - self.ways.get((axis, -sign), 0), 0),
            )
            for (axis, sign), n in self.ways.items()
        )

    def _excludes(self, other: "Stance") -> bool:
        mine, theirs = self.kinds - other.kinds, other.kinds - self.kinds
        return bool({kind for kind, _ in mine} & {kind for kind, _ in theirs})


def words_of(axis: str) -> list[str]:
    """Return the words of a pair of opposites, both sides."""
    return " ".join(_AXES[axis]).split()


def stance(text: str) -> Stance:
    """Return which way a text points."""
    words = _TOKEN.findall(_BOUNDED.sub(" ", text.lower()))
    ways = Counter((axis, sign) for word in words for axis, sign in _WAYS.get(word, {}).items())
    denials = sum(word in NEGATORS or word.endswith(("n't", "n’t")) for word in words)
    return Stance(ways, frozenset(_KINDS[word] for word in words if word in _KINDS), denials)


def direction(text: str) -> int:
    """Return 1 where something is said to rise or be more, -1 for the opposite, 0 for neither or both."""
    words = _TOKEN.findall(_LABEL.sub(" ", text).lower())
    signs = [_WAYS[word]["direction"] for word in words if "direction" in _WAYS.get(word, {})]
    compared = [_WAYS[word]["direction"] for word in words if word in COMPARATIVES]
    told = compared if compared else signs
    turned = -1 if _NOT.search(text) else 1
    return turned * told[0] if told and len(set(told)) == 1 else 0
