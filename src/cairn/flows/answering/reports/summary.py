"""The summary of a report: what its sections say, and nothing else.

Knows nothing of documents beyond what the sections cite.
"""

from collections.abc import Iterator, Sequence

from cairn.results.reports import Excerpt, Section
from cairn.types import Claim


def best(sections: Sequence[Section]) -> tuple[Claim, ...]:
    """Return the best claim of each section, each once."""
    found = (_best(section) for section in sections if section.answers())
    return tuple({claim.text: claim for claim in found}.values())


def _best(section: Section) -> Claim:
    if section.claims:
        return section.claims[0]
    table = section.tables[0]
    return Claim(
        text="; ".join(_told(table)), citations=(table.citation,), verdict=table.citation.verdict
    )


def _told(table: Excerpt) -> Iterator[str]:
    """Yield the cells of a table's best row, each with what its column is called."""
    names = table.header[-1] if table.header else ()
    row = table.rows[table.cited[0]]
    for number, cell in enumerate(row):
        name = names[number] if len(names) == len(row) else ""
        yield f"{name}: {cell}" if name else cell
