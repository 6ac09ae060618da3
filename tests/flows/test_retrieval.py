"""Ranking, naming and diversity, as a person who searches would notice them."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cairn
from cairn.flows.retrieval import hybrid
from cairn.flows.retrieval.copies import Distinct
from cairn.flows.retrieval.diversity import Diverse
from cairn.flows.retrieval.fusion import fuse
from cairn.flows.retrieval.reranked import Reranked
from cairn.operations.access import access_add
from cairn.operations.questions import trace
from cairn.records import Query, Scope
from cairn.session import Session
from cairn.types import Evidence, Filters, Locator

pytestmark = pytest.mark.usefixtures("here")

Run = Callable[[Awaitable[Any]], Any]
SECTIONS = ("earnings", "staff", "climate", "risks", "outlook", "board")


@pytest.fixture
def reports(run: Run, session: Session, folder: Path) -> Session:
    """Hold yearly reports of two companies that say nearly the same, each of several passages."""
    for company in ("Alpha Corp", "Beta Corp"):
        for year in (2022, 2023):
            parts = [
                f"## {section}\n\n{company} reports on {section} of {year}. " + f"{section} rose. " * 120
                for section in SECTIONS
            ]
            name = f"{company.replace(' ', '').upper()}_{year}_annual.md"
            (folder / name).write_text("\n\n".join(parts))
    (folder / "memo.md").write_text("A memo on earnings, staff and the report.")
    run(cairn.ingest(session, str(folder)))
    return session


def found(run: Run, session: Session, query: str) -> list[Evidence]:
    return list(run(cairn.search(session, query, k=5)).evidence)


def test_the_document_a_question_names_comes_first(run: Run, reports: Session) -> None:
    for company in ("Alpha Corp", "Beta Corp"):
        for year in ("2022", "2023", "FY22"):
            first = found(run, reports, f"What were the earnings of {company} in {year}?")[0]
            assert first.uri == f"{company.replace(' ', '').upper()}_20{year[-2:]}_annual.md"
            assert first.scores["name"] == 1


def test_ordinary_words_name_nothing(run: Run, reports: Session) -> None:
    for query in ("annual staff", "what is in the memo", "earnings in 2023"):
        assert all(evidence.scores["name"] == 0 for evidence in found(run, reports, query))


def test_a_named_document_that_may_not_be_read_is_not_named(run: Run, reports: Session, folder: Path) -> None:
    (folder / ".cairn-access").write_text("* allow everyone\nBETA* allow group:few\n")
    run(access_add(reports, "person:tomas"))
    run(cairn.ingest(reports, str(folder)))
    tomas = Session(app=reports.app, name="tomas")
    evidence = found(run, tomas, "Beta Corp earnings 2023")
    assert evidence and all("BETA" not in one.uri and one.scores["name"] == 0 for one in evidence)


VECTORS = st.lists(st.lists(st.floats(-1, 1), min_size=4, max_size=4), min_size=1, max_size=8)


@given(VECTORS, st.randoms())
def test_a_better_word_score_never_ranks_lower(rows: list[list[float]], chance: Any) -> None:
    vectors = np.array(rows, np.float32)
    question = np.array([1, 0, 0, 0], np.float32)
    words = [chance.random() for _ in rows]
    same = [0.0] * len(rows)
    scores = fuse(question, np.tile(vectors[:1], (len(rows), 1)), words, same, same)["rank"]
    for (word, score), (other_word, other_score) in permutations(zip(words, scores, strict=True), 2):
        assert score > other_score or word < other_word + 1e-4


def piece(number: int, document: int, page: int, name: float = 0.0) -> Evidence:
    return Evidence(
        id=f"p{number}",
        kind="passage",
        uri=str(document),
        title="",
        text="",
        locators=(Locator(page=page),),
        scores={"rank": -number, "name": name},
        document=document,
    )


def shown(pieces: list[Evidence], k: int, limit: int = 2) -> list[str]:
    async def retrieve(query: Query) -> list[Evidence]:
        return pieces[: query.k]

    scope = Scope(classes=None, filters=Filters())
    query = Query(text="x", scope=scope, readable=lambda _: True, k=k)
    return [one.id for one in asyncio.run(Diverse(retrieve, limit)(query))]


def test_one_passage_a_page_and_a_few_pages_a_document() -> None:
    pieces = [piece(1, 1, 1), piece(2, 1, 1), piece(3, 1, 2), piece(4, 1, 3), piece(5, 2, 1), piece(6, 3, 1)]
    assert shown(pieces, 4) == ["p1", "p3", "p5", "p6"]
    assert shown(pieces, 6) == ["p1", "p3", "p5", "p6", "p2", "p4"]


def test_a_named_document_may_fill_the_result() -> None:
    pieces = [piece(number, 1, number, name=1.0) for number in range(1, 6)] + [piece(6, 2, 1)]
    assert shown(pieces, 5) == ["p1", "p2", "p3", "p4", "p5"]


@pytest.mark.parametrize(
    ("one", "other", "copy"),
    [
        (
            "The pump's pressure was, in {}, as it should be",
            "The pump’s pressure was – in {} – as it should be",
            True,
        ),
        ("{}、海は青い。空は高い。", "{}，海は青い。空は高い。", True),
        ("The pump ran in {} ١٩٩٨", "The pump ran in {} ١٩٩٩", False),
        ("The pump ran in {} １９９８", "The pump ran in {} １９９９", False),
    ],
)
def test_copies_are_told_in_any_script(one: str, other: str, copy: bool) -> None:
    same = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    texts = [each.format(same) for each in (one, other)]

    async def retrieve(query: Query) -> list[Evidence]:
        return [replace(piece(number, number, 1), text=text) for number, text in enumerate(texts)]

    query = Query(text="x", scope=Scope(classes=None, filters=Filters()), readable=lambda _: True, k=5)
    assert len(asyncio.run(Distinct(retrieve)(query))) == (1 if copy else 2)


def test_what_is_said_twice_is_shown_once_but_not_what_differs_in_numbers(
    run: Run, session: Session, folder: Path
) -> None:
    text = (
        "The pump in hall {} was serviced by the crew of the northern depot, which found {} leaks in it. " * 3
    )
    (folder / "first.md").write_text(text.format(*["four", 12] * 3))
    (folder / "again.md").write_text("Fwd: " + text.format(*["four", 12] * 3))
    (folder / "later.md").write_text(text.format(*["four", 15] * 3))
    run(cairn.ingest(session, str(folder)))
    uris = {evidence.uri for evidence in found(run, session, "leaks found in the pump of hall four")}
    assert "later.md" in uris and len(uris & {"first.md", "again.md"}) == 1


def test_the_journal_is_asked_about_the_most_promising_first(
    run: Run, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = (
        "amber",
        "bison",
        "cedar",
        "dunes",
        "ember",
        "fjord",
        "grove",
        "heath",
        "inlet",
        "jetty",
        "kayak",
    )
    for number in range(120):
        place = spoken[number % 11] + spoken[number // 11]
        (folder / f"{number}.md").write_text(f"In {place} an otter was seen by {spoken[number % 7]}.")
    (folder / "best.md").write_text("The otter sleeps in the den of the brook all winter.")
    run(cairn.ingest(session, str(folder)))
    question = "Where does the otter sleep all winter?"
    (best, *_) = found(run, session, question)
    assert best.uri == "best.md"
    monkeypatch.setattr(hybrid, "CONSIDERED", 1)
    monkeypatch.setattr(hybrid, "SPARE", 0)
    assert found(run, session, question)[0].uri == "best.md"


def test_neighbours_that_are_both_found_are_one_text(run: Run, session: Session, folder: Path) -> None:
    parts = [f"## Step {n}\n\nThe otter crosses stream {n}. " + "It swims on. " * 90 for n in (1, 2, 3)]
    (folder / "way.md").write_text("\n\n".join(parts))
    run(cairn.ingest(session, str(folder)))
    (evidence,) = found(run, session, "Which streams does the otter cross?")
    places = [evidence.text.index(f"The otter crosses stream {n}.") for n in (1, 2, 3)]
    assert places == sorted(places)
    first, last = evidence.anchors[0], evidence.anchors[-1]
    assert (first.start, last.end) == (0, len(evidence.text))
    source = (folder / "way.md").read_text().splitlines()
    for anchor in evidence.anchors:
        assert anchor.locator.lines is not None
        quoted = evidence.text[anchor.start : anchor.end].strip().splitlines()[0][:30]
        assert any(quoted in line for line in source[anchor.locator.lines[0] - 1 : anchor.locator.lines[1]])


def test_recency_counts_where_it_is_asked_for(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, age in (("old", 3000), ("new", 1)):
        (folder / f"{name}.md").write_text(f"The {name} otter report: otters sleep in the den of the brook.")
        when = time.time() - age * 86_400
        os.utime(folder / f"{name}.md", (when, when))
    query = "otters sleep in the den of the brook old"
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        before = {one.uri: one.scores["rank"] for one in found(run, session, query)}
    assert before["old.md"] > before["new.md"]
    monkeypatch.setenv("CAIRN_RECENCY_DAYS", "30")
    with cairn.open() as session:
        after = {one.uri: one.scores for one in found(run, session, query)}
    assert after["new.md"]["fresh"] > 0.9 and after["old.md"]["fresh"] < 0.001
    assert after["new.md"]["rank"] == pytest.approx(
        before["new.md"] + 0.1 * after["new.md"]["fresh"], abs=1e-4
    )
    assert after["old.md"]["rank"] == pytest.approx(before["old.md"], abs=1e-4)


def test_the_scores_of_each_stage_are_told_and_stay_in_the_trace(
    run: Run, session: Session, folder: Path
) -> None:
    (folder / "a.md").write_text("The otter sleeps in the den.")
    run(cairn.ingest(session, str(folder)))
    result = run(cairn.search(session, "otter den", explain=True))
    (evidence,) = result.evidence
    assert result.explained and evidence.scores.keys() == {"words", "vectors", "name", "feedback", "rank"}
    steps = {step.name: step for step in run(trace(session, result.trace)).steps}
    assert f"rank={evidence.scores['rank']:.3f}" in steps["fuse"].attributes[evidence.id]


class Longest:
    """Likes long texts."""

    name = "longest"

    def score(self, question: str, texts: Sequence[str]) -> Any:
        return np.array([len(text) for text in texts], np.float32)


def test_a_reranker_orders_the_first_and_leaves_the_rest(run: Run) -> None:
    pieces = [replace(piece(n, n, 1), text="x" * n) for n in range(1, 6)]

    async def retrieve(query: Query) -> list[Evidence]:
        return pieces[: query.k]

    query = Query(text="x", scope=Scope(classes=None, filters=Filters()), readable=lambda _: True, k=5)
    ranked = run(Reranked(retrieve, Longest(), 3)(query))
    assert [one.id for one in ranked] == ["p3", "p2", "p1", "p4", "p5"]
    assert [one.id for one in run(Reranked(retrieve, Longest(), 3)(replace(query, k=2)))] == ["p3", "p2"]
    assert "rerank" in ranked[0].scores and "rerank" not in ranked[-1].scores
