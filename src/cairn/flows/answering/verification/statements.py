"""An evidence as the statements to check against: its sentences, its rows, and what stands above them.

Reads each evidence once. Knows nothing of any claim.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cairn.flows.answering.units import rows, runs, units
from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.names import codes
from cairn.flows.answering.verification.quantities import Quantity, quantities
from cairn.flows.answering.verification.segments import in_order, segments
from cairn.flows.answering.verification.tables import Table, scale_in_prose, table
from cairn.flows.answering.words import placed, terms
from cairn.types import Evidence

_ROLE = re.compile(
    r"\b(from|to|than|against|von|auf)\s(?:(?:about|around|nearly|over|under|some|rund|etwa)\s)?$", re.I
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mention:
    """A number in a sentence, with the words it is said with."""

    quantity: Quantity
    words: frozenset[str]
    """Of its own stretch of the sentence, with its dates as ``=2025``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A sentence or a row."""

    evidence: int
    start: int
    end: int
    text: str
    above: str
    """The heading, and of a row the group and the header, that it stands below."""
    words: frozenset[str]
    dates: tuple[Date, ...]
    mentions: tuple[Mention, ...] = ()
    """Of a sentence."""
    table: int = -1
    """Of a row: which table it is of."""
    row: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What all cited evidence says."""

    evidence: tuple[Evidence, ...]
    statements: tuple[Statement, ...]
    tables: tuple[Table, ...]
    contexts: tuple[str, ...]
    """Of each evidence: title, headings and name."""
    dates: tuple[tuple[Date, ...], ...]
    """Of each evidence: in its context."""
    words: tuple[frozenset[str], ...]
    """Of each evidence: of its context."""
    firsts: tuple[int, ...]
    """Of each table: which statement its first row is."""


def read(evidence: Sequence[Evidence]) -> Reading:
    """Read what is cited."""
    statements: list[Statement] = []
    tables: list[Table] = []
    for number, one in enumerate(evidence):
        _read(number, one, statements, tables)
    contexts = tuple(f"{one.title}\n{one.context}\n{one.uri}" for one in evidence)
    return Reading(
        evidence=tuple(evidence),
        statements=tuple(statements),
        tables=tuple(tables),
        contexts=contexts,
        dates=tuple(tuple(dates(context)) for context in contexts),
        words=tuple(frozenset(terms(context)) | timed(dates(context)) for context in contexts),
        firsts=tuple(_firsts(statements, len(tables))),
    )


def _firsts(statements: Sequence[Statement], tables: int) -> list[int]:
    found = {one.table: number for number, one in reversed(list(enumerate(statements)))}
    return [found.get(table, 0) for table in range(tables)]


def _read(number: int, evidence: Evidence, statements: list[Statement], tables: list[Table]) -> None:
    text, heading = evidence.text, ""
    header: list[str] = []
    sentences = units([evidence])
    scale = scale_in_prose(text)
    for kind, start, end in runs(evidence):
        if kind == "header":
            header = [text[left:right] for left, right in rows(text, start, end)]
            statements += _rows(number, len(tables), table((), _lines(text, start, end), heading, scale), "")
            tables.append(table((), _lines(text, start, end), heading, scale))
        elif kind == "table":
            made = table(header, _lines(text, start, end), heading, scale)
            statements += _rows(number, len(tables), made, " ".join(header))
            tables.append(made)
            header = []
        elif kind == "heading":
            heading = " ".join(text[start:end].split())
            statements.append(_statement(number, start, end, heading, ""))
        else:
            if kind == "caption":
                heading = " ".join(text[start:end].split())
            inside = [unit for unit in sentences if start <= unit.start < end]
            statements += [_statement(number, u.start, u.end, u.text, u.heading) for u in inside]


def _lines(text: str, start: int, end: int) -> list[tuple[int, int, str]]:
    return [(left, right, text[left:right]) for left, right in rows(text, start, end)]


def _statement(number: int, start: int, end: int, text: str, above: str) -> Statement:
    said = tuple(dates(text))
    taken = [*((d.start, d.end) for d in said), *((c.start, c.end) for c in codes(text))]
    found = quantities(text, taken)
    words = placed(text)
    marks = segments(text, [(q.start, q.end) for q in found])
    order = in_order(text, marks, [date.start for date in said])
    return Statement(
        evidence=number,
        start=start,
        end=end,
        text=text,
        above=above,
        words=frozenset(word for word, _ in words) | timed(said),
        dates=said,
        mentions=tuple(
            Mention(
                quantity=quantity,
                words=_within(words, (said[order[place]],) if order else said, *mark, paired=bool(order))
                | role(text, quantity.start),
            )
            for place, (quantity, mark) in enumerate(zip(found, marks, strict=True))
        ),
    )


def _within(
    words: Sequence[tuple[str, int]], said: Sequence[Date], start: int, end: int, *, paired: bool
) -> frozenset[str]:
    """Return the words of a stretch and its dates; ``paired`` ones go with it wherever they stand."""
    inside = [word for word, at in words if start <= at < end]
    return frozenset(inside) | timed(date for date in said if paired or start <= date.start < end)


def role(text: str, at: int) -> frozenset[str]:
    """Return the word that says which number of a comparison stands at ``at``: ``from``, ``to``, ``than``."""
    match = _ROLE.search(text[max(0, at - 24) : at])
    return frozenset([f"<{match[1].lower()}"]) if match is not None else frozenset()


def timed(said: Iterable[Date]) -> frozenset[str]:
    """Return years as words of their own, so that they can be compared as words are."""
    return frozenset(f"={date.year}" for date in said if date.year)


def _rows(number: int, place: int, made: Table, header: str) -> list[Statement]:
    return [
        Statement(
            evidence=number,
            start=row.start,
            end=row.end,
            text=row.text,
            above=" ".join(filter(None, (made.heading, row.group, header))),
            words=frozenset(terms(row.text)),
            dates=tuple(dates(row.text)),
            table=place,
            row=index,
        )
        for index, row in enumerate(made.rows)
    ]
