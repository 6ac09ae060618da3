"""Is the page that holds the answer among the first passages? All filings in one library.

    python -m bench.financebench

The development half of FinanceBench: 61 questions on 31 filings of 15 companies. Prints recall by
page and the misses by cause; the library is kept in bench/out, so a second run only asks.
"""

import asyncio
import json
from collections import Counter
from typing import NamedTuple

import cairn
from bench.sets import DATA, OUT
from cairn.session import Session
from cairn.types import Evidence

DEPTHS = (1, 5, 10, 20, 50)
FOLDER = DATA / "financebench"


class Question(NamedTuple):
    """A question with the pages that answer it, as (file, page counted from 1)."""

    text: str
    kind: str
    pages: frozenset[tuple[str, int]]


def main() -> None:
    """Ingest what changed, ask everything, print the table."""
    with cairn.open(OUT / "financebench") as session:
        asyncio.run(_measure(session))


async def _measure(session: Session) -> None:
    done = await cairn.ingest(session, str(FOLDER / "pdfs"))
    print(f"{done.indexed} filings read, {done.passages} passages, {done.seconds:.0f} s")
    questions = _questions()
    recalls = {depth: 0.0 for depth in DEPTHS}
    causes: Counter[str] = Counter()
    for question in questions:
        found = (await cairn.search(session, question.text, k=max(DEPTHS))).evidence
        for depth in DEPTHS:
            recalls[depth] += len(_pages(found[:depth]) & question.pages) / len(question.pages)
        causes[_cause(question, found)] += 1
    for depth, total in recalls.items():
        print(f"R@{depth:<3} {total / len(questions):.3f}")
    for cause, count in causes.most_common():
        print(f"{count:4}  {cause}")


def _questions() -> list[Question]:
    rows = map(json.loads, (FOLDER / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Question(
            row["question"],
            row["question_type"],
            frozenset(
                (f"{e.get('doc_name', row['doc_name'])}.pdf", e["evidence_page_num"] + 1)
                for e in row["evidence"]
            ),
        )
        for row in rows
    ]


def _pages(found: tuple[Evidence, ...]) -> set[tuple[str, int]]:
    return {(e.uri, at.page) for e in found for at in e.locators if at.page is not None}


def _cause(question: Question, found: tuple[Evidence, ...]) -> str:
    files = {file for file, _ in question.pages}
    if _pages(found[:10]) & question.pages:
        return "found among the first 10"
    if not any(evidence.uri in files for evidence in found[:10]):
        return "another filing"
    if _pages(found) & question.pages:
        return "the right filing, the page further down"
    return "the right filing, the page not among 50"


if __name__ == "__main__":
    main()
