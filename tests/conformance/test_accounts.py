"""What every journal must do for the accounts of language models, over each dialect."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from tests.conformance.test_service import journal

from cairn import registry
from cairn.chat import Call, Spent, Usage
from cairn.errors import OverBudget
from cairn.protocols import Journal, Spending
from cairn.trace import UNTRACED

__all__ = ["journal"]

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
TODAY = NOW.date()
ORIGINS = {"system": 40, "tools": 0, "history": 10, "evidence": 45, "question": 5, "retry": 0}


def call(**more: Any) -> Call:
    said = {
        "trace": "t1",
        "at": NOW,
        "asker": "amina",
        "model": "openai:gpt-5",
        "purpose": "answer",
        "version": "answer@1",
        "outcome": "done",
        "origins": ORIGINS,
        "usage": Usage(input=100, cached=20, stored=5, output=50),
        "cost": 0.25,
        "first": 0.5,
        "seconds": 2.0,
        "prefix": "abc",
    }
    return Call(**said | more)


def unlimited(spent: Spending) -> None:
    """Refuse nothing."""


def add(journal: Journal, *made: Call) -> None:
    for one in made:
        journal.accounts.close(journal.accounts.open(replace(one, outcome="open"), unlimited), one)


def test_a_call_is_kept_as_it_was(journal: Journal) -> None:
    failed = call(
        outcome="failed", reason="503", attempt=2, thread="t0", cost=None, first=None, estimated=True
    )
    add(journal, call(at=NOW - timedelta(seconds=1)), failed)
    kept = journal.accounts.calls(NOW - timedelta(hours=1), NOW + timedelta(seconds=1), 10)
    assert kept == [call(at=NOW - timedelta(seconds=1)), failed]
    assert journal.accounts.calls(NOW - timedelta(hours=1), NOW, 10) == kept[:1]
    assert journal.accounts.calls(NOW - timedelta(hours=1), NOW + timedelta(hours=1), 1) == kept[1:]


def test_a_call_under_way_counts_as_what_is_expected_of_it(journal: Journal) -> None:
    expected = call(outcome="open", usage=Usage(input=100, output=2000), cost=1.0, first=None)
    number = journal.accounts.open(expected, unlimited)
    assert journal.accounts.spent(["outcome"], TODAY) == {("open",): Spent.on(expected)}
    for _ in range(2):
        journal.accounts.close(number, call())
        assert journal.accounts.spent(["outcome"], TODAY) == {("done",): Spent.on(call())}


def test_a_call_that_is_refused_leaves_no_mark(journal: Journal) -> None:
    add(journal, call(), call(asker="tomas"), call(at=NOW - timedelta(days=1)))

    def refuse(spent: Spending) -> None:
        assert (spent(TODAY, "amina").cost, spent(TODAY, None).cost) == (0.25, 0.5)
        assert spent(TODAY - timedelta(days=1), "amina").tokens == 300
        assert spent(TODAY, "nobody") == Spent()
        raise OverBudget("no")

    with pytest.raises(OverBudget):
        journal.accounts.open(call(), refuse)
    assert len(journal.accounts.calls(NOW - timedelta(days=9), NOW + timedelta(days=9), 9)) == 3


def test_calls_side_by_side_do_not_spend_the_same_money(journal: Journal) -> None:
    refused = []

    def check(spent: Spending) -> None:
        if spent(TODAY, None).cost + 0.25 > 1.0:
            raise OverBudget("used up")

    def ask() -> None:
        try:
            journal.accounts.open(call(outcome="open"), check)
        except OverBudget as error:
            refused.append(error)

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4


def test_sums_are_those_of_the_calls_whatever_they_are_summed_by(journal: Journal) -> None:
    made = [
        call(
            trace=f"t{n}", at=NOW + timedelta(days=n % 3), asker=("amina", "tomas")[n % 2], attempt=1 + n % 2
        )
        for n in range(12)
    ]
    add(journal, *made, call(trace="t0", model="ollama:q", cost=None, first=None, at=NOW))
    accounts, last = journal.accounts, TODAY + timedelta(days=2)
    whole = accounts.spent([], TODAY)[()]
    assert (whole.calls, whole.unpriced, whole.begun, whole.cost) == (13, 1, 12, 3.0)
    assert (whole.tokens, whole.evidence, whole.cached) == (13 * 150, 13 * 45, 13 * 20)
    for by in (["day"], ["asker"], ["model"], ["purpose", "outcome"], ["again"], ["trace", "model"]):
        assert sum(accounts.spent(by, TODAY).values(), Spent()) == whole, by
    assert accounts.spent(["day"], last).keys() == {(last.isoformat(),)}
    assert accounts.spent(["asker"], TODAY, asker="tomas").keys() == {("tomas",)}
    assert accounts.spent(["trace"], TODAY, asker="tomas").keys() == {(f"t{n}",) for n in range(1, 12, 2)}
    assert accounts.spent(["again"], TODAY)["again",].calls == 6
    assert list(accounts.spent(["model"], TODAY)) == [("openai:gpt-5",), ("ollama:q",)]
    dearest = accounts.spent(["trace", "model"], TODAY, limit=1)
    assert dearest.keys() <= accounts.spent(["trace", "model"], TODAY).keys()
    assert len({trace for trace, _ in dearest}) == 1


def test_what_an_answer_cited_is_noted_with_the_calls_that_held_evidence(journal: Journal) -> None:
    bare = call(purpose="rewrite", origins=ORIGINS | {"evidence": 0, "question": 50})
    add(journal, bare, call(), call(trace="t2"))
    journal.accounts.cited("t1", 0.25)
    kept = journal.accounts.calls(NOW, NOW + timedelta(days=1), 9)
    assert [one.cited for one in kept] == [None, 0.25, None]
    add(journal, call(trace=UNTRACED))
    journal.accounts.cited(UNTRACED, 0.5)
    kept = journal.accounts.calls(NOW, NOW + timedelta(days=1), 9)
    assert not any(one.cited for one in kept if one.trace == UNTRACED), "whose answer it was is not known"


def test_a_library_of_before_gets_its_accounts(tmp_path: Path) -> None:
    registry.load("journal", "sqlite", home=tmp_path, model="m1").close()
    with sqlite3.connect(tmp_path / "service.db") as raw:
        raw.execute("DROP TABLE calls")
        raw.execute("DROP TABLE spending")
        raw.execute("UPDATE meta SET value = '2' WHERE key = 'service'")
    raw.close()
    held: Journal = registry.load("journal", "sqlite", home=tmp_path, model="m1")
    add(held, call())
    assert held.accounts.spent([], date.min)[()].calls == 1
    held.close()
