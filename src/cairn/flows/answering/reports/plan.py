"""From a long question to what is asked of the documents: its parts, and the headings that fit it.

Knows nothing of answers, nor of how evidence is found.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cairn.flows.answering.words import FUNCTION_WORDS, terms
from cairn.types import Evidence

ENOUGH = 4
"""Topics up to which those of the question are joined by headings that fit it."""
MOST = 8
"""Sections, at most."""
LONGEST = 400
"""Characters of a part of a question, at most."""
TITLE = 110
"""Characters of a title, at most."""
SPARSE = 3
"""Words of its own below which a part is asked with the subject of the part before."""

# Between the parts of a line: a sentence's end, or a comma before a word that asks.
_BETWEEN = re.compile(
    r"(?<=[?？。])\s*|(?<=[.!;])\s+"
    r"|,?\s+(?:and|und|et|y|e)\s+(?=(?:who|what|when|where|which|why|how|wer|was|wann|wo|welche\w*|warum|wie"
    r"|qui|quoi|quand|où|quel\w*|pourquoi|comment|combien|quién|qué|cuándo|dónde|cuál|cómo|cuánt\w*|is|are|did|does)\b)"
    r"|,\s+(?=(?:who|what|when|where|which|why|how|wer|wann|welche\w*|warum|wie|qui|quand|quel\w*|comment)\b)",
    re.IGNORECASE,
)
# "the heat plan: budget, roles and cool spaces"
_LIST = re.compile(r"^(?P<subject>[^:]{3,200}):\s+(?P<items>[^:?]+)$")
_ITEM = re.compile(r",\s+(?:and|or|und|oder|et|ou|y|o|e)\s+|[,;]\s+|\s+(?:and|und|et|y|e)\s+")
_SIGN = re.compile(r"^(?:[-*•–]|\(?\d{1,2}[.)]|\(?[a-h]\))\s+")


class Topic(NamedTuple):
    """What one section is to answer."""

    title: str
    question: str
    asked: bool = True
    """It is a part of the question, not a heading that was found beside."""


def title(question: str) -> str:
    """Return a question as a title: one line, not too long."""
    return _topic(" ".join(question.split())).title


def parts(question: str) -> list[Topic]:
    """Return the parts of a question, each so that it can be asked by itself; at least one."""
    found: list[Topic] = []
    for said in _said(question):
        subject = _subject(found[0].question) if found else ""
        alone = len(terms(said)) >= SPARSE or not subject
        listed = [] if found else _listed(said)
        found += listed if listed else [_topic(said if alone else f"{said} ({subject})", said)]
    return _once(found) if found else [_topic(_cut(" ".join(question.split())))]


def found(question: str, evidence: Sequence[Evidence]) -> list[Topic]:
    """Return the parts of a question with what was found for it: headings that fit, as they are called there.

    A part of a few words is asked by the heading that holds them; other headings fill up to ENOUGH.
    """
    topics, beside = parts(question), headings(question, evidence)
    fitted = [_fitted(topic, beside) for topic in topics]
    return _once([*fitted, *beside[: max(ENOUGH - len(fitted), 0)]])


def headings(question: str, evidence: Sequence[Evidence]) -> list[Topic]:
    """Return the subjects of what was found, best first: headings, below their documents' titles."""
    wanted = set(terms(question))
    subjects = dict.fromkeys(_subject_of(one) for one in evidence)
    return _once(_topic(_cut(one))._replace(asked=False) for one in subjects if wanted & set(terms(one)))


def named(questions: Iterable[str]) -> list[Topic]:
    """Return what a model proposes to ask as topics: questions of one line and bounded length, each once."""
    lines = (" ".join(one.split()) for one in questions)
    return _once(_topic(_cut(line)) for line in lines if terms(line))


def _fitted(topic: Topic, beside: Sequence[Topic]) -> Topic:
    """Return a topic of a few words as the heading that holds all of them."""
    words = set(terms(topic.title))
    if not words or len(words) >= SPARSE:
        return topic
    fit = (one.question for one in beside if words <= set(terms(one.question.partition(": ")[2])))
    return topic._replace(question=next(fit, topic.question))


def _subject_of(one: Evidence) -> str:
    """Return a passage's title and its innermost heading."""
    *_, heading = one.context.removeprefix(one.title).split(" > ")
    return f"{one.title}: {heading}" if heading.strip() else one.title


def _said(question: str) -> Iterator[str]:
    for line in question.splitlines():
        for piece in _BETWEEN.split(_SIGN.sub("", " ".join(line.split()))):
            said = piece.strip(" ,;")
            if terms(said):
                yield _cut(said)


def _listed(said: str) -> list[Topic]:
    """Return a topic for each of the things a sentence lists about its subject."""
    found = _LIST.match(said.rstrip("."))
    items = _ITEM.split(found["items"]) if found is not None else []
    if found is None or len(items) < 2:
        return []
    return [_topic(_cut(f"{item} ({_subject(found['subject'])})"), item) for item in items if terms(item)]


def _topic(question: str, said: str = "") -> Topic:
    line = _cut(said if said else question, TITLE)
    return Topic(title=line[:1].upper() + line[1:], question=question)


def _subject(question: str) -> str:
    """Return a question without the words that only ask."""
    words = re.findall(r"[^\s?!.,;:()]+", question)
    return " ".join(word for word in words if word.casefold() not in FUNCTION_WORDS)


def _once(topics: Iterable[Topic]) -> list[Topic]:
    """Return the first topic of each that ask the same."""
    kept: dict[tuple[str, ...], Topic] = {}
    for topic in topics:
        kept.setdefault(tuple(terms(topic.question)), topic)
    return list(kept.values())


def _cut(said: str, most: int = LONGEST) -> str:
    if len(said) <= most:
        return said
    return said[: most - 1].rpartition(" ")[0].rstrip(" ,;:") + " …" if " " in said[:most] else said[:most]
