"""What claims are made of and cite: passages of the demo organisation, of TAT-QA and of FinanceBench.

Documents are parted by their name into a half that the verifier was tuned on and one that is held out;
filings by their company, since those of one say much the same.
"""

import json
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import cairn
from bench.sets import DATA, OUT, ROOT
from cairn.types import Anchor, Evidence, Locator

Half = str
TUNED, HELD_OUT = "tuned", "held out"
LIBRARIES = {"organisation": ROOT / "demo" / "library", "FinanceBench": OUT / "financebench"}
_LABEL = re.compile(r"[A-Za-z]{3}")


class Given(NamedTuple):
    """An evidence with where it is from."""

    source: str
    document: str
    half: Half
    evidence: Evidence


def everything() -> list[Given]:
    """Return the passages of all sources."""
    return [*_library("organisation"), *_library("FinanceBench"), *tatqa()]


def half(document: str) -> Half:
    """Return the half that a document is in."""
    return TUNED if sha256(document.encode()).digest()[0] % 2 else HELD_OUT


def contexts() -> Iterator[tuple[Given, Any]]:
    """Yield TAT-QA's contexts as evidence, each with its questions."""
    for name in ("tatqa_dataset_dev.json", "tatqa_dataset_test_gold.json"):
        text = (DATA / "tatqa" / "dataset_raw" / name).read_text(encoding="utf-8")
        for context in json.loads(text):
            uid = context["table"]["uid"]
            yield Given("TAT-QA", uid, half(uid), _context(uid, context)), context["questions"]


def tatqa() -> list[Given]:
    """Return TAT-QA's contexts."""
    return [given for given, _ in contexts()]


def _library(source: str) -> Iterator[Given]:
    """Yield the passages of a library: made by `make demo`, or by `python -m bench.financebench`."""
    with cairn.open(LIBRARIES[source]) as session:
        catalogue = session.app.journal.catalogue
        for record in catalogue.find():
            group = record.uri if source == "organisation" else re.split(r"[_ ]", record.uri)[0].casefold()
            for passage in catalogue.passages([record.id]):
                evidence = Evidence(
                    id=f"p{passage.id}",
                    kind="passage",
                    uri=record.uri,
                    title=passage.passage.context.split(" > ")[0],
                    text=passage.passage.text,
                    locators=(),
                    scores={},
                    context=passage.passage.context,
                    document=record.id,
                    ordinal=passage.ordinal,
                    anchors=passage.passage.anchors,
                )
                yield Given(source, record.uri, half(group), evidence)


def _context(uid: str, context: Any) -> Evidence:
    rows = [
        [" ".join(str(cell).replace("|", "/").split()) for cell in row] for row in context["table"]["table"]
    ]
    head = _header_rows(rows)
    lines = [("header" if i < head else "table", " | ".join(row)) for i, row in enumerate(rows)]
    paragraphs = sorted(context["paragraphs"], key=lambda one: one["order"])
    lines += [("paragraph", " ".join(one["text"].split())) for one in paragraphs]
    anchors, start = [], 0
    for kind, text in lines:
        anchors.append(Anchor(start, start + len(text), Locator(), kind))  # type: ignore[arg-type]
        start += len(text) + 1
    return Evidence(
        id=uid,
        kind="passage",
        uri=f"{uid}.md",
        title="Annual report",
        text="\n".join(text for _, text in lines),
        locators=(),
        scores={},
        context="Annual report",
        anchors=tuple(anchors),
    )


def _header_rows(rows: Sequence[Sequence[str]]) -> int:
    """Count the rows until the first that has a label and a value, or is a group's name alone."""
    for number, row in enumerate(rows):
        values = [
            cell
            for cell in row[1:]
            if re.search(r"\d", cell) and not re.search(r"20[0-2]\d|[A-Za-z]{3}", cell)
        ]
        if values or (number and _LABEL.search(row[0]) and not any(row[1:])):
            return max(number, 1)
    return 1
