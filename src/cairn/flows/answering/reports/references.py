"""The documents that a report cites, one entry each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cairn.records import DocumentRecord
from cairn.results.reports import Reference, Section
from cairn.types import Citation


def references(
    sections: Sequence[Section], numbers: Mapping[int, int], documents: Iterable[DocumentRecord]
) -> tuple[Reference, ...]:
    """Return an entry for each document that is cited, by its number; ``numbers`` is by document."""
    cited = [one for section in sections for one in section.citations()]
    places = {number: tuple(dict.fromkeys(_places(cited, number))) for number in numbers.values()}
    entries = (
        Reference(
            number=numbers[one.id],
            document=one.id,
            title=one.title,
            uri=one.uri,
            places=places[numbers[one.id]],
            modified=one.modified,
            unread=one.reason if one.reason is not None else "",
        )
        for one in documents
    )
    return tuple(sorted(entries, key=lambda entry: entry.number))


def _places(citations: Iterable[Citation], number: int) -> Iterator[str]:
    cited = [at for one in citations if one.number == number for at in one.locators]
    for at in sorted(cited, key=lambda at: at.page if at.page is not None else 0):
        if said := at.said():
            yield said
