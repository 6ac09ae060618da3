"""What of the evidence a prompt holds: within its budget, each once, what matters first."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.attacks import passage

from cairn.chat import estimate_tokens
from cairn.flows.answering.packing import HEAD, pack
from cairn.types import Anchor, Evidence, Locator

QUESTION = "What is the budget of the heat plan?"


def plan(number: int, text: str) -> Evidence:
    return passage(f"p{number}", f"{number}.md", f"Plan {number}", text)


def test_what_fits_is_shown_whole_and_the_best_stands_last() -> None:
    packed = pack(QUESTION, [plan(1, "The budget is 5."), plan(2, "The plan is old.")], 1_000)
    assert [(one.label, one.text) for one in packed.shown] == [
        ("e1", "The budget is 5."),
        ("e2", "The plan is old."),
    ]
    assert packed.text().index("The plan is old") < packed.text().index("The budget is 5")


def test_what_another_says_already_is_left_out() -> None:
    whole = plan(1, "The budget is 5. The plan is old.")
    assert [
        one.evidence.id for one in pack(QUESTION, [whole, plan(2, "the  plan is OLD.")], 1_000).shown
    ] == ["p1"]


def test_where_room_is_short_the_sentences_that_matter_stay() -> None:
    filler = "Nothing of that kind stands in this sentence about otters. " * 30
    found = [
        plan(n, f"{filler}The budget of the heat plan is EUR {n} million. {filler}") for n in range(1, 10)
    ]
    packed = pack(QUESTION, found, 1_000)
    assert all(f"EUR {one.evidence.id[1:]} million" in one.text for one in packed.shown)
    assert len(packed.shown) > 3 and all(one.text.splitlines()[0] == "…" for one in packed.shown)
    assert not any("otters" in one.text for one in packed.shown)


def test_a_row_keeps_its_header() -> None:
    rows = "\n".join(f"otter {n} | {n}" for n in range(200))
    text = f"item | EUR\n{rows}\nheat plan budget | 7"
    anchors = (Anchor(0, 10, Locator(), "header"), Anchor(11, len(text), Locator(), "table"))
    packed = pack(QUESTION, [replace(plan(1, text), anchors=anchors)], 200)
    assert packed.shown[0].text.splitlines() == ["…", "item | EUR", "heat plan budget | 7"]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text("heat plan budgt.5\n", min_size=1, max_size=400), max_size=12),
    st.integers(200, 2_000),
)
def test_no_budget_is_exceeded(texts: list[str], tokens: int) -> None:
    packed = pack(QUESTION, [plan(n, text) for n, text in enumerate(texts)], tokens)
    assert sum(estimate_tokens(one.text) + HEAD for one in packed.shown) <= tokens
    assert [one.label for one in packed.shown] == [f"e{n}" for n in range(1, len(packed.shown) + 1)]
