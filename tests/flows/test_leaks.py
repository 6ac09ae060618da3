"""The leak report: each kind of waste is found where it is planted, and none where there is none."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cairn.chat import Call, Usage
from cairn.flows.gateway.leaks import leaks
from cairn.flows.gateway.prices import Price, Prices
from cairn.records import SpanSize
from cairn.results.costs import Leak

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
PRICES = Prices([Price(model="m:a", noted=MONDAY.date(), input=2, cached=0.5, output=10)])
NONE = Prices()
Ledger = list[Call]


def call(at: datetime, trace: str, chance: random.Random, **more: Any) -> Call:
    origins = {"system": 1_500, "tools": 0, "history": 0, "evidence": 0, "question": 40, "retry": 0}
    origins |= {"evidence": chance.randrange(2_000, 4_000)} | more.pop("origins", {})
    read, wrote = sum(origins.values()), chance.randrange(100, 300)
    usage = more.pop("usage", Usage(input=read, cached=1_400 if chance.random() < 0.9 else 0, output=wrote))
    said = {
        "trace": trace,
        "at": at,
        "asker": "amina",
        "model": "m:a",
        "purpose": "answer",
        "version": "answer@1",
        "outcome": "done",
        "usage": usage,
        "origins": origins,
        "cost": PRICES.cost("m:a", usage),
        "first": 0.4,
        "seconds": 2.0,
        "prefix": "answer@1",
        "cited": chance.uniform(0.12, 0.5),
    }
    return Call(**said | more)


def week(start: datetime, seed: int) -> Ledger:
    """Return a clean week: questions, follow-ups within a trimmed history, judges, repairs, the odd retry."""
    chance = random.Random(seed)
    made: Ledger = []
    for number in range(150):
        at, thread = start + timedelta(minutes=60 * number + chance.randrange(30)), f"{seed}-{number}"
        for turn in range(chance.choice([1, 1, 2, 6])):
            trace = thread if not turn else f"{thread}-{turn}"
            follows = {"thread": thread if turn else "", "origins": {"history": min(700 * turn, 2_000)}}
            at += timedelta(seconds=chance.randrange(20, 120))
            if chance.random() < 0.05:
                failed = {"outcome": "failed", "reason": "503", "estimated": True, "cited": None}
                made.append(call(at, trace, chance, **follows, **failed))
                made.append(call(at + timedelta(seconds=2), trace, chance, **follows, attempt=2))
            else:
                made.append(call(at, trace, chance, **follows))
            if chance.random() < 0.2:
                made.append(
                    call(at + timedelta(seconds=4), trace, chance, purpose="repair", origins={"retry": 300})
                )
            for n in range(chance.randrange(6)):
                small = {"system": 200, "evidence": 300, "question": 30}
                asked = {"purpose": "judge", "prefix": "judge@1", "origins": small, "cited": None}
                made.append(call(at + timedelta(seconds=5 + n), trace, chance, **asked))
    return sorted(made, key=lambda one: one.at)


def found(
    calls: Ledger, before: Ledger, prices: Prices = PRICES, spans: Sequence[SpanSize] = ()
) -> list[Leak]:
    return leaks(sorted(calls, key=lambda one: one.at), before, spans, prices)


@pytest.mark.parametrize("seed", range(12))
def test_a_clean_ledger_has_no_leak(seed: int) -> None:
    calls, before = week(MONDAY, seed), week(MONDAY - WEEK, seed + 1000)
    assert found(calls, before) == [] and found(calls, []) == [] and found([], before) == []
    unpriced = [[replace(one, cost=None) for one in ledger] for ledger in (calls, before)]
    assert found(*unpriced, prices=NONE) == []


def looping(calls: Ledger) -> Ledger:
    chance = random.Random(1)
    at = MONDAY + timedelta(hours=3)
    return calls + [
        call(
            at + timedelta(seconds=n),
            "loop",
            chance,
            attempt=n + 1,
            outcome="failed",
            reason="500",
            cited=None,
        )
        for n in range(9)
    ]


def resending(calls: Ledger) -> Ledger:
    one = call(MONDAY, "loop", random.Random(1), origins={"evidence": 3_000}, cited=None, purpose="plan")
    return calls + [replace(one, at=MONDAY + timedelta(seconds=n)) for n in range(6)]


def remembering(calls: Ledger) -> Ledger:
    chance = random.Random(1)
    return calls + [
        call(
            MONDAY + timedelta(minutes=n),
            f"talk-{n}" if n else "talk",
            chance,
            thread="talk" if n else "",
            origins={"history": 1_500 * n},
        )
        for n in range(9)
    ]


def instructing(calls: Ledger) -> Ledger:
    return [
        replace(one, origins={**one.origins, "system": 2_200}, version="answer@2", prefix="answer@2")
        if one.purpose == "answer"
        else one
        for one in calls
    ]


def unkept(calls: Ledger) -> Ledger:
    return [
        replace(one, usage=replace(one.usage, cached=0)) if one.purpose == "answer" else one for one in calls
    ]


def overfeeding(calls: Ledger) -> Ledger:
    return [
        replace(one, origins={**one.origins, "evidence": 20_000}, cited=0.01)
        if one.purpose == "answer"
        else one
        for one in calls
    ]


def drifting(calls: Ledger) -> Ledger:
    return [
        replace(one, cost=one.cost * 1.6, usage=replace(one.usage, output=one.usage.output * 9))
        if one.purpose == "repair" and one.cost is not None
        else one
        for one in calls
    ]


PLANTED: dict[str, tuple[Callable[[Ledger], Ledger], str, str]] = {
    "attempts": (looping, "retry loop", "up to 9 times.*500"),
    "the same again": (resending, "retry loop", "plan: the same prompt.* up to 6 times"),
    "a history": (remembering, "growing prompt", "to 12,000 tokens"),
    "instructions": (instructing, "growing prompt", "700 tokens more.*answer@1 to answer@2"),
    "a prefix": (unkept, "uncached prefix", "prefix of 1,500 tokens"),
    "evidence": (overfeeding, "oversized evidence", "cite 1% of the 20,000 tokens"),
    "a drift": (drifting, "drift", "repair: a request costs \\d\\d% more"),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("priced", [True, False])
def test_a_planted_leak_is_found_alone_with_what_it_wastes(name: str, priced: bool) -> None:
    plant, kind, said = PLANTED[name]
    calls, before = plant(week(MONDAY, 7)), week(MONDAY - WEEK, 8)
    prices = PRICES
    if not priced:
        calls, before = ([replace(one, cost=None) for one in ledger] for ledger in (calls, before))
        prices = NONE
    told = found(calls, before, prices)
    if name == "a prefix" and not priced:
        assert told == [], "where no price of cached tokens is known, nobody knows that any are"
        return
    (leak,) = told
    assert leak.kind == kind
    assert pytest.approx(0) != (leak.dollars if priced else leak.tokens)
    assert leak.dollars is None or leak.dollars > 0
    assert leak.traces and set(leak.traces) <= {one.trace for one in calls}

    assert re.search(said, leak.said), leak.said


def test_a_loop_wastes_all_but_its_last_call() -> None:
    (leak,) = found(resending([]), [])
    one = resending([])[0]
    assert (leak.calls, leak.tokens, leak.traces) == (5, 5 * (one.usage.input + one.usage.output), ("loop",))
    assert one.cost is not None and leak.dollars == pytest.approx(5 * one.cost)


def test_a_history_wastes_what_goes_beyond_what_a_question_needs() -> None:
    (leak,) = found(remembering([]), [])
    assert leak.tokens == sum(1_500 * n - 2_000 for n in range(2, 9))
    assert leak.dollars == pytest.approx(leak.tokens * 2 / 1e6)


def test_a_prefix_wastes_the_difference_that_keeping_it_makes() -> None:
    sent = [
        call(MONDAY + timedelta(minutes=n), f"t{n}", random.Random(n), usage=Usage(input=4_000, output=9))
        for n in range(31)
    ]
    (leak,) = found(sent, [])
    assert (leak.calls, leak.tokens) == (30, 30 * 1_500)
    assert leak.dollars == pytest.approx(30 * 1_500 * 1.5 / 1e6)
    seldom = [replace(one, at=MONDAY + timedelta(hours=n)) for n, one in enumerate(sent)]
    assert found(seldom, []) == [], "nobody keeps a prefix for an hour"


def test_the_dearest_leak_stands_first_and_a_verbose_step_is_one() -> None:
    verbose = SpanSize("retrieve", 12, 90_000, 16_000, ("t1", "t2"))
    told = found(resending(remembering([])), [], spans=[verbose])
    assert [one.kind for one in told] == ["growing prompt", "retry loop", "verbose tracing"]
    assert told[-1].characters == 90_000 and told[-1].traces == ("t1", "t2") and "16,000" in told[-1].said
