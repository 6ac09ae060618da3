"""What others wrote, made harmless for a model to read, and what a model wrote, for people to see.

Nothing is judged by what it means: instructions stay in the text, and nothing is there that would carry
them out. What imitates the form in which evidence is shown, or the marks by which models tell who speaks,
is spelled so that it is text again.
"""

import re
import secrets
from collections.abc import Sequence

from cairn.types import Evidence

# What models were trained to take for the beginning and end of turns. Servers read these as single tokens,
# wherever they stand.
_TURNS = re.compile(
    r"<(?=[|｜])|\[(?=/?INST\])|<(?=</?SYS>>)|<(?=/?s>)"
    r"|<(?=/?(?:start_of_turn|end_of_turn|bos|eos|system|user|assistant|think|evidence)\b)",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[\[(【](\s*e\d+(?:\s*[,;]\s*e\d+)*\s*)[\])】]", re.IGNORECASE)
# Orders of reading, letters that are not seen, and the tags by which text can be hidden in text.
_UNSEEN = re.compile(
    "[\u200b\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f\x00-\x08\x0b-\x1f\x7f]"
)
_LINE = re.compile(r"\s+")
_MARKUP = re.compile(r"(?<=\])(?=[(:])|(?<=<)(?=[!/?A-Za-z])")


def mark(texts: Sequence[str]) -> str:
    """Return a mark that nobody could have known, and that stands in none of the texts."""
    while True:
        made = secrets.token_hex(8)
        if not any(made in text for text in texts):
            return made


def neutral(text: str) -> str:
    """Return a text in which nothing passes for a label, a turn or a fence, and nothing is unseen."""
    seen = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _TURNS.sub(lambda found: f"{found[0]} ", _LABEL.sub(r"‹\1›", seen))


def fenced(evidence: Sequence[tuple[str, Evidence, str]], fence: str) -> str:
    """Write (label, evidence, its text as it is shown) as data between lines that bear the mark."""
    return "\n\n".join(_fenced(label, one, text, fence) for label, one, text in evidence)


def _fenced(label: str, evidence: Evidence, text: str, fence: str) -> str:
    place = evidence.locators[0].said() if evidence.locators else ""
    about = [_LINE.sub(" ", neutral(said)).strip() for said in (evidence.context, evidence.uri, place)]
    head = " · ".join(filter(None, about))
    return f"<evidence {fence} {label}>\n{head}\n{neutral(text)}\n</evidence {fence}>"


class Inert:
    """Text as it streams, with what Markdown or HTML would make a link, a picture or a tag of taken apart."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, delta: str) -> str:
        """Return the next characters, the same whichever way the text is divided."""
        joined = _MARKUP.sub(" ", self._last + delta)
        shown = joined[len(self._last) :]
        self._last = delta[-1:] if delta else self._last
        return shown


def inert(text: str) -> str:
    """Return a text in which nothing is a link, a picture or a tag."""
    return Inert()(text)
