"""Which way a sentence points: what it denies, and words that come in opposite pairs (rose and fell).

Knows words of English, German and French; nothing of what the sentence is about.
"""

import re
from typing import NamedTuple

NEGATORS = frozenset(
    "not no never none neither nor nobody nothing nowhere without cannot n't cant hardly"
    " nicht kein keine keinen keiner keinem keines nie niemals niemand nichts ohne weder"
    " pas jamais aucun aucune sans rien personne".split()
)
_AXES = {
    "direction": (
        "rise rises rose risen rising increase increases increased increasing grow grows grew grown growing growth"
        " climb climbs climbed higher up upward gain gains gained expand expanded improve improves improved improvement"
        " more greater exceed exceeds exceeded exceeding surpass surpassed above over larger raise raised doubled tripled"
        " stieg stiegen gestiegen steigt erhöht erhöhte höher mehr zunahme augmente augmenté hausse",
        "fall falls fell fallen falling decrease decreases decreased decreasing decline declines declined declining"
        " drop drops dropped dropping shrink shrank shrunk lower down downward reduce reduces reduced reduction cut"
        " less fewer smaller below under worsen worsened deteriorate deteriorated halved lowered"
        " sank sanken gesunken sinkt gesenkt senkte niedriger weniger abnahme diminue diminué baisse",
    ),
    "permission": (
        "allow allows allowed permit permits permitted permissible may authorised authorized lawful",
        "forbid forbids forbidden prohibit prohibits prohibited ban bans banned refuse refuses refused disallowed unlawful",
    ),
    "result": (
        "gain gains profit profits surplus income benefit benefits overspend overspent overspending",
        "loss losses deficit deficits shortfall expense underspend underspent underspending",
    ),
    "answer": (
        "accept accepts accepted approve approves approved agree agrees agreed adopt adopted grant granted pass passed",
        "reject rejects rejected decline declined refuse refused deny denies denied disapprove disapproved oppose opposed",
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
    "extent": ("maximum most highest largest best always all every", "minimum least lowest smallest worst never"),
    "success": ("succeed succeeded passed won able safe", "fail fails failed failing lost unable unsafe"),
    "duty": ("required mandatory compulsory must obligatory", "optional voluntary"),
    "side": ("inside within indoors internal domestic", "outside outdoors external international foreign"),
    "temperature": ("hot warm warmer hotter", "cold cool cooler colder"),
    "payment": ("owed payable liability liabilities outflow debit", "receivable asset assets inflow credit"),
    "purchase": ("buy buys bought purchase purchased acquire acquired acquisition", "sell sells sold disposal divest divested"),
    "favour": ("favourable favorable positive", "unfavourable unfavorable adverse negative"),
}
_WAYS: dict[str, dict[str, int]] = {}
for _axis, (_plus, _minus) in _AXES.items():
    for _sign, _words in ((1, _plus), (-1, _minus)):
        for _each in _words.split():
            _WAYS.setdefault(_each, {})[_axis] = _sign
_TOKEN = re.compile(r"[^\W\d_]+(?:n[’']t\b)?|n[’']t\b")
REACH = 4
"""Words within which a negator turns a word round."""


class Stance(NamedTuple):
    """Which way a stretch of text points."""

    ways: dict[str, int]
    """By pair of opposites: 1, -1, or 0 where both are said."""
    denials: int
    """Negators that turn none of these round."""


def stance(text: str) -> Stance:
    """Return which way a text points."""
    ways: dict[str, int] = {}
    denials, pending = 0, -REACH - 1
    for place, match in enumerate(_TOKEN.finditer(text.lower())):
        word = match.group()
        if word in NEGATORS or word.endswith(("n't", "n’t")):
            denials += 1
            pending = place
            continue
        for axis, sign in _WAYS.get(word, {}).items():
            turned = -sign if place - pending <= REACH else sign
            ways[axis] = turned if ways.get(axis, turned) == turned else 0
        if word in _WAYS and place - pending <= REACH:
            denials -= 1
            pending = -REACH - 1
    return Stance(ways, denials)


def direction(text: str) -> int:
    """Return 1 where a text says that something rises or is more, -1 for the opposite, 0 for neither or both."""
    return stance(text).ways.get("direction", 0)
