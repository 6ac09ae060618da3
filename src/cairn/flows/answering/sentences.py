"""What a model writes, as it streams, to sentences with the labels each cites.

Takes what models make of the form they are asked for: labels before or after the full stop, together or
apart, in other brackets; lists, tables, headings and emphasis. The same text gives the same sentences,
whichever way it is divided. Knows nothing of what a label stands for.
"""

import re
from typing import NamedTuple

from cairn.flows.answering.fencing import inert
from cairn.flows.answering.units import abbreviated

LONGEST = 2_000
"""Characters of a sentence; what goes on longer is cut there, for it is no sentence."""

_LABELS = r"[\[(【]\s*e\d+(?:\s*(?:[,;]\s*)?e\d+)*\s*[\])】]"
_CITED = re.compile(_LABELS, re.IGNORECASE)
_NUMBER = re.compile(r"e\d+", re.IGNORECASE)
# A picture's sign before its bracket ends nothing.
_STOP = re.compile(
    r"\n|[.!?…]+[\"'”’»*)]*(?=[\s(【]|(?<!!)\[|\[e\d|$)|[。！？।]+[\"'”’»」』*）]*", re.IGNORECASE
)
_BESIDE = re.compile(rf"(?:{_LABELS})*", re.IGNORECASE)
_BEHIND = re.compile(rf"(?:[^\S\n]*{_LABELS})*", re.IGNORECASE)
_ALONE = re.compile(rf"(?:\s*{_LABELS})*(?=\s*\n|\s*$)", re.IGNORECASE)
# Labels, or what may become one.
_OPEN = re.compile(rf"(?:\s*{_LABELS})*\s*(?:[\[(【][\se\d,;]*)?", re.IGNORECASE)

_ITEM = re.compile(r"^(?:[-*+•–>]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^(?:#{1,6}\s|\*\*[^*]*\*\*:?$|```|[-=*_]{3,}$|[\s:|-]*-[\s:|-]*$)")
_EMPHASIS = re.compile(r"\*\*|`+|(?<!\w)\*(?=\w)|(?<=[\w.!?])\*(?!\w)")
_BLANKS = re.compile(r"\s+")
_LOOSE = re.compile(r"\s+(?=[.,;:!?…。！？](?:\s|$))")


class Sentence(NamedTuple):
    """One thing a model said."""

    text: str
    """Plain text, on one line, without labels."""
    cited: tuple[str, ...]
    """``e3``, each once."""


class Sentences:
    """Collects a stream; each sentence comes out as soon as nothing that follows can change it."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, delta: str) -> list[Sentence]:
        """Return the sentences that have ended."""
        self._text += delta
        return self._taken(last=False)

    def end(self) -> list[Sentence]:
        """Return what is left."""
        return self._taken(last=True)

    def _taken(self, *, last: bool) -> list[Sentence]:
        found = []
        while self._text and (end := _end(self._text, last=last)) is not None:
            sentence = _sentence(self._text[:end])
            self._text = self._text[end:]
            if sentence.text:
                found.append(sentence)
        return found


def _end(text: str, *, last: bool) -> int | None:
    """Return where the first sentence ends with what it cites; None while that cannot be known."""
    row = text.lstrip().startswith("|")
    for stop in _STOP.finditer(text, 0, LONGEST):
        if row and stop[0] != "\n":
            continue
        if not last and _OPEN.fullmatch(text, stop.end()):
            return None
        end = _with_labels(text, stop)
        if _ends(text, stop, end):
            return end
    if len(text) > LONGEST:
        return LONGEST
    return len(text) if last else None


def _with_labels(text: str, stop: re.Match[str]) -> int:
    """Return where the labels end that stand behind a stop and belong to what is before it."""
    said, end = text[: stop.start()], stop.end()
    if not said.strip():
        return end
    # Whoever cites before the full stop, or at the beginning, means the next sentence by what follows.
    if _CITED.search(said):
        return end if stop[0] == "\n" else _matched(_BESIDE, text, end)
    alone = _matched(_ALONE, text, end)
    return alone if alone > end or stop[0] == "\n" else _matched(_BEHIND, text, end)


def _matched(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return start if found is None else found.end()


def _ends(text: str, stop: re.Match[str], end: int) -> bool:
    """Tell whether a sentence ends here, by what comes next."""
    rest = text[end:]
    blank, following = rest[: len(rest) - len(rest.lstrip())], rest.lstrip()[:1]
    if stop[0] == "\n" or "\n" in blank:
        return True
    cited = end > stop.end()
    return not following.islower() and (
        cited or not abbreviated(text[max(stop.start() - 20, 0) : stop.end()])
    )


def _sentence(raw: str) -> Sentence:
    line = raw.strip()
    labels = (label.lower() for group in _CITED.findall(line) for label in _NUMBER.findall(group))
    cited = tuple(dict.fromkeys(labels))
    plain = _CITED.sub(" ", line).strip()
    if _HEADING.match(plain):
        return Sentence("", ())
    text = _EMPHASIS.sub("", _ITEM.sub("", plain))
    if text.startswith("|"):
        text = " | ".join(cell.strip() for cell in text.strip("|").split("|") if cell.strip())
    return Sentence(_LOOSE.sub("", _BLANKS.sub(" ", inert(text))).strip(), cited)
