"""Whether what a report rests on may still be read by whoever wants it, and still stands."""

from collections.abc import Callable, Collection, Iterator

from cairn.flows.answering.reports.tables import BETWEEN
from cairn.flows.answering.verification import verdict
from cairn.protocols import Catalogue
from cairn.records import DocumentRecord
from cairn.results.reports import Report
from cairn.types import State


def may_read(documents: Collection[int], catalogue: Catalogue, readable: Callable[[int], bool]) -> bool:
    """Tell whether all ``documents`` are there and may be read; ``readable`` decides about a class."""
    held = {one.id for one in catalogue.documents(documents) if _there(one) and readable(one.access_class)}
    return held.issuperset(documents)


def stands(report: Report, documents: Collection[int], catalogue: Catalogue) -> bool:
    """Tell whether each cited word still stands where it is cited, in one of ``documents``."""
    cited = list(_cited(report))
    found = catalogue.citable({passage for passage, _ in cited})
    return all(
        passage in found
        and found[passage].record.document in documents
        and verdict(words, found[passage].record.passage.text) == "supported"
        for passage, words in cited
    )


def _there(document: DocumentRecord) -> bool:
    return document.state is not State.DELETED


def _cited(report: Report) -> Iterator[tuple[int, str]]:
    """Yield each passage that is cited with words that are to stand in it."""
    citations = [one for section in report.sections for one in section.citations()]
    citations += [one for claim in report.summary for one in claim.citations]
    for one in citations:
        yield int(one.evidence[1:]), one.quote
    for table in (table for section in report.sections for table in section.tables):
        for row in (*table.header, *table.rows):
            yield int(table.citation.evidence[1:]), BETWEEN.join(row)
