"""Reports by rule: what is asked of the documents, what becomes of it, and how it is set."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.writers import ScriptedChat

from cairn.chat import Delta, Event, Part, Prompt
from cairn.errors import ModelFailed, OverBudget, Unavailable
from cairn.flows.answering.drafting import whole
from cairn.flows.answering.reports import plan
from cairn.flows.answering.reports.allowance import Allowance
from cairn.flows.answering.reports.composing import Composed, compose
from cairn.flows.answering.reports.disagreements import disagreements
from cairn.flows.answering.reports.plan import Topic
from cairn.flows.answering.reports.printing import printed
from cairn.flows.answering.reports.sections import AT_ONCE
from cairn.flows.answering.reports.summary import best
from cairn.results.reports import Entry, Excerpt, Grid, Heading, Paragraph, Reference, Report, Section
from cairn.types import Anchor, Answer, Citation, Claim, Evidence, Locator

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def evidence(
    number: int, text: str, *kinds: str, document: int = 0, context: str = "Budget > Heat"
) -> Evidence:
    """Return evidence whose lines are of these kinds, or prose."""
    anchors, at = [], 0
    for line, kind in zip(text.split("\n"), kinds or ["paragraph"] * len(text.split("\n")), strict=True):
        anchors.append(Anchor(at, at + len(line) + 1, Locator(page=1), kind))  # type: ignore[arg-type]
        at += len(line) + 1
    return Evidence(
        id=f"p{number}",
        kind="passage",
        uri=f"d{document}.md",
        title="Budget",
        text=text,
        locators=(),
        scores={},
        context=context,
        document=document or number,
        anchors=tuple(anchors),
    )


def claim(of: Evidence, quote: str, text: str = "") -> Claim:
    cited = Citation(
        evidence=of.id, number=1, quote=quote, uri=of.uri, title=of.title, locators=(), verdict="supported"
    )
    return Claim(text=text or quote, citations=(cited,), verdict="supported")


def answer(*claims: Claim, of: tuple[Evidence, ...] = (), **more: Any) -> Answer:
    said = {"text": "Nothing.", "abstained": not claims, "confidence": 0.9, "seconds": 0.1, "trace": ""}
    return Answer(claims=claims, evidence=of, **said | more)


def composed(topics: list[Topic], ask: Callable[[str], Any], told: list[Section] | None = None) -> Composed:
    heard = told if told is not None else []
    return asyncio.run(compose(topics, ask, heard.append))


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        (
            "What did the season look like, which virus dominated, and how many admissions were there?",
            ["What did the season look like", "Which virus dominated", "How many admissions were there?"],
        ),
        ("1. Who leads the board?\n2. What is the quorum?", ["Who leads the board?", "What is the quorum?"]),
        ("All on the heat plan: budget, roles and visits", ["Budget", "Roles", "Visits"]),
        ("How much was spent on salt and vinegar?", ["How much was spent on salt and vinegar?"]),
        ("予算はいくらですか。誰が責任者ですか。", ["予算はいくらですか。", "誰が責任者ですか。"]),
        (
            "Was kostet der Plan und wer leitet die Abteilung?",
            ["Was kostet der Plan", "Wer leitet die Abteilung?"],
        ),
        ("?", ["?"]),
    ],
)
def test_a_question_is_taken_apart(question: str, titles: list[str]) -> None:
    assert [topic.title for topic in plan.parts(question)] == titles


def test_a_part_of_few_words_is_asked_with_its_subject() -> None:
    topics = plan.parts("What did the otter survey of 2031 find? Who paid?")
    assert topics[1].question == "Who paid? (otter survey 2031 find)"


def test_headings_that_fit_join_the_question_and_name_its_parts() -> None:
    held = [
        evidence(1, "a", context="Heat plan > 10. Roles"),
        evidence(2, "b", context="Heat plan > 11. Money"),
        evidence(3, "c", context="Herons > Nests"),
    ]
    held = [one if one.id == "p3" else _titled(one, "Heat plan") for one in held]
    topics = plan.found("On the heat plan: roles, costs", held)
    assert [(one.question, one.asked) for one in topics] == [
        ("Heat plan: 10. Roles", True),
        ("costs (heat plan)", True),
        ("Heat plan: 11. Money", False),
    ]


def _titled(one: Evidence, title: str) -> Evidence:
    return replace(one, title=title)


def test_a_question_of_any_length_is_planned_within_bounds() -> None:
    for question in (
        "word " * 4000,
        "x" * 20_000,
        "who? " * 4000,
        "who leads team a? " * 1000,
        "a, " * 6000,
        " " * 19_999 + "x",
        "\n" * 19_999,
    ):
        topics = plan.parts(question)
        assert topics and all(len(topic.question) <= 2 * plan.LONGEST + 10 for topic in topics)
        assert all(len(topic.title) <= plan.TITLE and "\n" not in topic.title for topic in topics)
    many = plan.named(f"What is number {number} about?" for number in range(100))
    assert len(many) == 100  # the caller says how many there were


def test_sections_cite_a_document_by_one_number_throughout() -> None:
    first, second, third = (evidence(n, f"Fact {n}.", document=d) for n, d in ((1, 7), (2, 8), (3, 7)))
    answers = {
        "a": answer(claim(first, "Fact 1."), of=(first,)),
        "b": answer(claim(second, "Fact 2."), claim(third, "Fact 3."), of=(second, third)),
    }

    async def ask(question: str) -> Answer:
        await asyncio.sleep(0.01 if question == "a" else 0)
        return answers[question]

    told: list[Section] = []
    made = composed([Topic("A", "a"), Topic("B", "b")], ask, told)
    assert [[one.number for one in section.citations()] for section in made.sections] == [[1], [2, 1]]
    assert told == list(made.sections), "each is told in its place, whichever came first"
    assert made.numbers == {7: 1, 8: 2}
    assert [one.text for one in best(made.asked)] == ["Fact 1.", "Fact 2."]


def test_a_part_that_fails_spoils_no_other() -> None:
    held = evidence(1, "Fact.")

    async def ask(question: str) -> Answer:
        if question == "b":
            raise Unavailable("The model is away.")
        if question == "c":
            raise ZeroDivisionError("quotes what only some may read")
        return answer(claim(held, "Fact."), of=(held,))

    made = composed([Topic(name.upper(), name) for name in "abc"], ask)
    assert [section.note for section in made.sections[:2]] == ["", "The model is away."]
    assert "quotes" not in made.sections[2].note and "defect" in made.sections[2].note
    with pytest.raises(Unavailable):
        composed([Topic("B", "b")], ask)


def test_few_parts_are_answered_at_once_and_all_end_when_nobody_waits() -> None:
    under_way, most, ended = 0, 0, []

    async def ask(question: str) -> Answer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(60)
        finally:
            under_way -= 1
            ended.append(question)
        raise AssertionError

    async def leave() -> None:
        task = asyncio.create_task(compose([Topic(str(n), str(n)) for n in range(8)], ask, lambda _: None))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert most == AT_ONCE and under_way == 0 and ended


ROWS = "Item | EUR\nSalt | 12\nVinegar | 30\nTotal | 42"


def test_a_cited_row_is_shown_in_its_table() -> None:
    held = evidence(1, ROWS, "header", "table", "table", "table")
    said = (
        claim(held, "Vinegar | 30", "Item | EUR\nVinegar | 30"),
        claim(held, "Total | 42", "Item | EUR\nTotal | 42"),
    )

    async def ask(_: str) -> Answer:
        return answer(*said, of=(held,))

    (section,) = composed([Topic("Money", "a")], ask).sections
    (table,) = section.tables
    assert not section.claims and table.header == (("Item", "EUR"),)
    assert table.rows == (("Salt", "12"), ("Vinegar", "30"), ("Total", "42")) and table.cited == (1, 2)
    assert best([section])[0].text == "Item: Vinegar; EUR: 30"


def test_of_a_long_table_only_what_is_cited_is_shown() -> None:
    lines = [f"Row {number} | {number}" for number in range(40)]
    held = evidence(1, "\n".join(["Name | Count", *lines]), "header", *["table"] * 40)

    async def ask(_: str) -> Answer:
        return answer(*(claim(held, lines[n], f"Name | Count\n{lines[n]}") for n in (5, 9)), of=(held,))

    (table,) = composed([Topic("Count", "a")], ask).sections[0].tables
    assert table.rows == (("Row 5", "5"), ("Row 9", "9")) and table.left_out == 38 and table.cited == (0, 1)


def test_what_was_found_beside_is_left_out_where_it_tells_nothing_new() -> None:
    held = evidence(1, "Fact.\nMore.")

    async def ask(question: str) -> Answer:
        said = {"a": ("Fact.",), "b": ("Fact.",), "c": ("Fact.", "More."), "d": ()}[question]
        return answer(*(claim(held, one) for one in said), of=(held,))

    topics = [Topic("A", "a"), *(Topic(name.upper(), name, asked=False) for name in "bcd")]
    made = composed(topics, ask)
    assert [section.title for section in made.sections] == ["A", "C"]
    assert [one.text for one in best(made.asked)] == ["Fact."], "the summary is of what was asked"


def report(**more: Any) -> Report:
    return Report(
        **{
            "question": "What?",
            "title": "What?",
            "abstained": False,
            "summary": (),
            "sections": (),
            "limits": ("Not all was searched.",),
            "disagreements": (),
            "references": (),
            "writer": "",
            "made": NOW,
            "seconds": 1.0,
            "trace": "0" * 32,
        }
        | more
    )


def test_what_is_set_holds_no_control_characters_and_leads_to_its_sources() -> None:
    held = evidence(3, "Bad \x00\x1b[31m\u202etext.\ud800")
    source = Reference(
        number=1, document=3, title="Bad\x07", uri="a\u2066.md", places=("page 1",), modified=NOW
    )
    section = Section(title="T\x08", question="q", claims=(claim(held, held.text),), evidence=(held,))
    made = printed(report(sections=(section,), references=(source,)), "https://cairn.example/")
    shown = repr(made.blocks)
    assert "Bad [31mtext." in shown and all(one not in shown for one in ("\\x", "\\u20", "\\ud8"))
    (entry,) = (block for block in made.blocks if isinstance(block, Entry))
    assert entry.runs[0].link == "https://cairn.example/library/d3"
    assert [block.text for block in made.blocks if isinstance(block, Heading)] == ["T", "Limits", "Sources"]
    assert any(isinstance(block, Paragraph) and block.kind == "bullet" for block in made.blocks)
    assert not any(isinstance(block, Grid) for block in made.blocks)


def test_a_wide_table_is_set_as_several_with_its_first_column() -> None:
    row = tuple(f"c{n}" for n in range(20))
    held = evidence(1, " | ".join(row))
    cited = claim(held, held.text).citations[0]
    table = Excerpt(caption="Wide", header=(), rows=(row, row[:3]), cited=(0,), left_out=0, citation=cited)
    section = Section(title="T", question="q", tables=(table,), evidence=(held,))
    grids = [block for block in printed(report(sections=(section,))).blocks if isinstance(block, Grid)]
    assert [grid.rows[0][0] for grid in grids] == ["c0"] * 3
    assert [cell for grid in grids for cell in grid.rows[0][1:]] == list(row[1:])
    assert all(len(line) == len(grid.rows[0]) for grid in grids for line in grid.rows)


def disagreeing(*said: tuple[str, str]) -> int:
    """Return how many pairs of these statements, each of a document of this title, are told to differ."""
    held = [
        replace(evidence(n, text), title=title, context=title)
        for n, (text, title) in enumerate(said, start=1)
    ]
    claims = tuple(claim(one, one.text) for one in held)
    return len(disagreements([Section(title="T", question="q", claims=claims, evidence=tuple(held))]))


def test_documents_that_give_other_numbers_for_the_same_are_told() -> None:
    one = "The otter survey found 214 otters in the delta.", "Survey"
    assert disagreeing(one, ("The otter survey found 241 otters in the delta.", "News")) == 1
    for other in (
        ("The otter survey found 214 otters in the delta.", "News"),
        ("The otter survey of 2030 found 180 otters in the delta.", "News"),
        ("The otter survey found 180 otters in the delta.", "News 2030"),
        ("The heron survey found 180 nests in Ostrel.", "News"),
        ("The otter survey found otters in the delta.", "News"),
    ):
        assert disagreeing(one, other) == 0, other


def test_what_a_model_was_not_asked_is_not_taken_off_its_allowance() -> None:
    class Refusing(ScriptedChat):
        async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
            raise ModelFailed("It is busy.", charged=False)
            yield Delta("")

    prompt = Prompt(
        parts=(Part("user", "question", "x" * 400),), purpose="a", version="a@1", asker="a", most=50
    )
    refusing, good = Refusing(""), ScriptedChat("Yes.")
    allowed = Allowance(refusing, 150)
    for _ in range(3):
        with pytest.raises(ModelFailed):
            asyncio.run(whole(allowed, prompt))
    allowed._chat = good
    assert asyncio.run(whole(allowed, prompt)) == "Yes."
    with pytest.raises(OverBudget):
        asyncio.run(whole(allowed, prompt))
