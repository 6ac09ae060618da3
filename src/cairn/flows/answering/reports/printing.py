"""A report as it is set on paper: title, summary, sections, limits, references, whatever the file format.

Nothing that a document says can control how it is set: control characters are left out.
"""

import re
from collections.abc import Iterator, Sequence

from cairn.results.reports import (
    Block,
    Cells,
    Entry,
    Excerpt,
    Grid,
    Heading,
    Paragraph,
    Printed,
    Reference,
    Report,
    Run,
    Section,
)
from cairn.types import Citation, Claim

COLUMNS = 8
"""Of a table, as many as a page can hold."""

# Control characters but line ends, halves of characters, what is no character, and what turns writing round.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def printed(report: Report, site: str = "") -> Printed:
    """Return what is set; references lead to the documents' pages at ``site`` where there is one."""
    return Printed(
        title=_clean(report.title),
        about=f"{report.made:%Y-%m-%d} · {_how(report)}",
        made=report.made,
        blocks=tuple(_blocks(report, site)),
    )


def _how(report: Report) -> str:
    count = len(report.references)
    documents = "1 document" if count == 1 else f"{count} documents"
    if report.abstained:
        return "no answer was found"
    return f"from {documents}, written by {report.writer}" if report.writer else f"quoted from {documents}"


def _blocks(report: Report, site: str) -> Iterator[Block]:
    if report.question.strip() != report.title:
        yield Paragraph(runs=(Run(f"The question: {_clean(report.question.strip())}"),), kind="quiet")
    if report.summary:
        yield Heading(text="Summary")
        yield from (_claim(claim) for claim in report.summary)
    for section in report.sections:
        yield from _section(section)
    yield Heading(text="Limits")
    for said in report.limits:
        yield Paragraph(runs=(Run(_clean(said)),), kind="bullet")
    for one, other in report.disagreements:
        runs = (Run("The documents differ: "), *_quoted(one), Run(" and "), *_quoted(other))
        yield Paragraph(runs=runs, kind="bullet")
    if report.references:
        yield Heading(text="Sources")
        yield from (_entry(one, site) for one in report.references)


def _section(section: Section) -> Iterator[Block]:
    yield Heading(text=_clean(section.title))
    yield from (_claim(claim) for claim in section.claims)
    for table in section.tables:
        yield from _grids(table)
    if section.note:
        yield Paragraph(runs=(Run(_clean(section.note)),), kind="quiet")
    for claim in section.withdrawn:
        yield Paragraph(runs=(Run(_clean(f"Withdrawn: {claim.text} ({claim.reason})")),), kind="quiet")


def _claim(claim: Claim) -> Paragraph:
    return Paragraph(runs=(Run(_clean(claim.text)), *_cited(claim.citations)))


def _quoted(claim: Claim) -> tuple[Run, ...]:
    return (Run(f"“{_clean(claim.text)}”"), *_cited(claim.citations))


def _cited(citations: Sequence[Citation]) -> tuple[Run, ...]:
    numbers = dict.fromkeys(one.number for one in citations)
    return tuple(Run(f"[{number}]", number=number) for number in numbers)


def _grids(table: Excerpt) -> Iterator[Grid]:
    """Yield a table as one, or a wide one as several, each with its first column."""
    left = f" · {len(table.rows)} of {len(table.rows) + table.left_out} rows" if table.left_out else ""
    caption = (Run(_clean(table.caption + left)), *_cited([table.citation]))
    width = max(map(len, (*table.header, *table.rows)))
    for start in range(1, max(width, 2), COLUMNS - 1):
        chosen = [0, *range(start, min(start + COLUMNS - 1, width))]
        yield Grid(
            caption=caption,
            header=_chosen(table.header, chosen),
            rows=_chosen(table.rows, chosen),
            marked=table.cited if len(table.cited) < len(table.rows) else (),
        )


def _chosen(rows: Sequence[Cells], columns: Sequence[int]) -> tuple[Cells, ...]:
    return tuple(tuple(_clean(row[at]) if at < len(row) else "" for at in columns) for row in rows)


def _entry(one: Reference, site: str) -> Entry:
    link = f"{site.rstrip('/')}/library/d{one.document}" if site else ""
    where = " · ".join(filter(None, [", ".join(one.places), one.uri, f"{one.modified:%Y-%m-%d}"]))
    return Entry(number=one.number, runs=(Run(_clean(one.title), link=link), Run(f" · {_clean(where)}")))


def _clean(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\t", " "))
