"""A report: what was found for each part of a long question, and what was not; and the form it is printed in.

Knows nothing of how it came about, nor of any file format.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cairn.types import Citation, Claim, Evidence

Cells = tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Excerpt:
    """Rows of a table as they stand in a document, below its header."""

    caption: str
    """The document's title and the headings above the table."""
    header: tuple[Cells, ...]
    rows: tuple[Cells, ...]
    cited: tuple[int, ...]
    """Which of the rows, from 0, say what was asked."""
    left_out: int
    """Rows of the table that are not shown."""
    citation: Citation


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """What was found for one part of the question."""

    title: str
    question: str
    """As it was asked of the documents."""
    claims: tuple[Claim, ...] = ()
    tables: tuple[Excerpt, ...] = ()
    withdrawn: tuple[Claim, ...] = ()
    """What was written and did not pass the check, where the setting is to show that."""
    evidence: tuple[Evidence, ...] = ()
    """What its claims and tables cite."""
    note: str = ""
    """Why there is nothing, or how it came about, where one should know."""

    def answers(self) -> bool:
        """Tell whether anything was found."""
        return bool(self.claims or self.tables)

    def citations(self) -> tuple[Citation, ...]:
        """Return every citation in it, in order."""
        of_claims = (one for claim in self.claims for one in claim.citations)
        return (*of_claims, *(table.citation for table in self.tables))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A document that a report cites."""

    number: int
    """By which it is cited, from 1."""
    document: int
    title: str
    uri: str
    places: tuple[str, ...]
    """Where in it, in words, each once."""
    modified: datetime
    unread: str = ""
    """What of it could not be read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A long question's answer; a citation's number is that of its document among the references."""

    question: str
    title: str
    abstained: bool
    """Nothing was found for any part of it."""
    summary: tuple[Claim, ...]
    """Made of what the sections say, and checked again against what they cite."""
    sections: tuple[Section, ...]
    limits: tuple[str, ...]
    """What it does not tell, and how far it can be relied on, a paragraph each."""
    disagreements: tuple[tuple[Claim, Claim], ...]
    """What two documents say otherwise of the same thing."""
    references: tuple[Reference, ...]
    writer: str
    """The language model that wrote it; empty for extracts."""
    made: datetime
    seconds: float
    trace: str
    """The id under which it is kept, and its trace."""


class Run(NamedTuple):
    """Some text of a line, in one style."""

    text: str
    number: int = 0
    """It is a citation of this reference; 0 is none."""
    link: str = ""
    """An address it leads to."""


class Heading(NamedTuple):
    """A heading; 1 is the outermost level below the title."""

    text: str
    level: int = 1


class Paragraph(NamedTuple):
    """Some lines of text; a ``bullet`` is one of a list, a ``quiet`` one is about the text before."""

    runs: tuple[Run, ...]
    kind: str = "plain"


class Grid(NamedTuple):
    """A table, as wide as a page can hold; every row has as many cells as the others."""

    caption: tuple[Run, ...]
    header: tuple[Cells, ...]
    rows: tuple[Cells, ...]
    marked: tuple[int, ...] = ()
    """Rows, from 0, that are told from the others."""


class Entry(NamedTuple):
    """An entry of the list of references, to which citations lead."""

    number: int
    runs: tuple[Run, ...]


Block = Heading | Paragraph | Grid | Entry


class Printed(NamedTuple):
    """A report as it is set, whatever the file format."""

    title: str
    about: str
    """A line below the title: what was asked, when, by which writer."""
    made: datetime
    blocks: tuple[Block, ...]
