"""What calls of language models cost: accounted for in any case, and stopped where they would be too dear."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cairn import registry
from cairn.chat import Call, Delta, Done, Event, Origin, Part, Prompt, Usage
from cairn.errors import Invalid, ModelFailed, OverBudget, Storage
from cairn.flows.gateway import prices
from cairn.flows.gateway.budgets import Budgets
from cairn.flows.gateway.metering import Metered, shared_out
from cairn.flows.gateway.prices import Price, Prices
from cairn.protocols import Journal
from cairn.trace import request

NOW = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
PRICES = Prices([Price(model="m:a", noted=NOW.date(), input=2, cached=1, stored=3, output=10)])
PARTS = (
    Part("system", "system", "Cite what you say. " * 20),
    Part("user", "history", "Before. " * 10),
    Part("user", "evidence", "[e1] The audit found 12 missing invoices. " * 30),
    Part("user", "question", "What did the audit find?"),
)
PROMPT = Prompt(parts=PARTS, purpose="answer", version="answer@1", asker="amina", most=100)
SAID = ("The audit found", " 12 missing", " invoices. [e1]")
USAGE = Usage(input=1001, cached=400, stored=100, output=33)


class Scripted:
    """A model that says what it is told to, and may fail anywhere in it."""

    name = "m:a"

    def __init__(self, *script: Event | BaseException | Callable[[], Any]) -> None:
        self.script = script
        self.closed = False

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        try:
            for step in self.script:
                if isinstance(step, BaseException):
                    raise step
                if callable(step):
                    await step()
                else:
                    yield step
        finally:
            self.closed = True


def deltas() -> tuple[Delta, ...]:
    return tuple(map(Delta, SAID))


DONE = Done(USAGE, "a-2026-01-01")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened: Journal = registry.load("journal", "sqlite", home=tmp_path, model="m1")
    yield opened
    opened.close()


def metered(journal: Journal, chat: Any, budgets: str = "", held: Prices = PRICES) -> Metered:
    return Metered(chat, journal.accounts, held, Budgets(budgets), now=lambda: NOW)


async def heard(chat: Metered, prompt: Prompt = PROMPT) -> list[Event]:
    with request():
        return [event async for event in chat.stream(prompt)]


def calls(journal: Journal) -> list[Call]:
    return journal.accounts.calls(datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), 1000)


def test_a_call_is_accounted_for_with_what_the_provider_counted(journal: Journal) -> None:
    events = asyncio.run(heard(metered(journal, Scripted(*deltas(), DONE))))
    assert events == [*deltas(), DONE]
    (call,) = calls(journal)
    assert (call.outcome, call.asker, call.model, call.version) == ("done", "amina", "m:a", "answer@1")
    assert call.usage == USAGE and not call.estimated
    assert call.cost == pytest.approx((501 * 2 + 400 * 1 + 100 * 3 + 33 * 10) / 1e6)
    assert sum(call.origins.values()) == 1001
    assert call.origins["evidence"] > call.origins["system"] > call.origins["history"] > 0
    assert call.first is not None and 0 <= call.first <= call.seconds and len(call.trace) == 32


def test_what_is_kept_of_a_call_holds_nothing_that_was_said(journal: Journal, tmp_path: Path) -> None:
    asyncio.run(heard(metered(journal, Scripted(*deltas(), DONE))))
    journal.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("service.db*"))
    assert b"amina" in kept
    assert not [text for text in (b"12 missing", b"Before", b"Cite") if text in kept]


def test_who_leaves_at_the_end_leaves_a_call_that_is_done(journal: Journal) -> None:
    async def listen() -> None:
        async with aclosing(metered(journal, Scripted(*deltas(), DONE)).stream(PROMPT)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, Done):
                    return

    asyncio.run(listen())
    assert [call.outcome for call in calls(journal)] == ["done"]


def test_an_uncounted_call_is_estimated_and_says_so(journal: Journal) -> None:
    asyncio.run(heard(metered(journal, Scripted(*deltas(), Done(Usage(), "a", cut=True)))))
    (call,) = calls(journal)
    assert call.estimated and call.outcome == "done" and "limit" in call.reason
    assert call.usage.input == sum(call.origins.values()) > 300
    assert call.usage.output == 11  # 41 bytes
    assert call.cost is not None and call.cost > 0


@pytest.mark.parametrize(
    ("error", "script", "spends"),
    [
        (ModelFailed("529: overloaded", again=True, charged=False), (), False),
        (ModelFailed("the connection broke", again=True), (), True),
        (ModelFailed("the connection broke", charged=False), deltas(), True),
        (ValueError("a defect that quotes the audit"), deltas(), True),
    ],
)
def test_a_failure_is_accounted_for(journal: Journal, error: Exception, script: Any, spends: bool) -> None:
    with pytest.raises(type(error)):
        asyncio.run(heard(metered(journal, Scripted(*script, error))))
    (call,) = calls(journal)
    assert call.outcome == "failed" and call.estimated is spends
    assert call.reason == (str(error) if isinstance(error, ModelFailed) else "ValueError")
    assert (call.usage.input > 300) is spends and (call.usage.output == 11) is bool(script)
    assert (call.cost or 0) > 0 if spends else call.cost == 0


def test_an_end_that_never_comes_is_a_failure(journal: Journal) -> None:
    with pytest.raises(ModelFailed, match="stopped without an end"):
        asyncio.run(heard(metered(journal, Scripted(*deltas()))))
    assert calls(journal)[0].outcome == "failed"


def test_leaving_early_closes_the_request_and_accounts_for_what_came(journal: Journal) -> None:
    chat = Scripted(*deltas(), DONE)

    async def leave() -> None:
        async with aclosing(metered(journal, chat).stream(PROMPT)) as events:  # type: ignore[type-var]
            async for _ in events:
                break
        assert chat.closed

    asyncio.run(leave())
    (call,) = calls(journal)
    assert call.outcome == "cancelled" and call.estimated
    assert call.usage.input > 300 and call.usage.output == 4  # 15 bytes


def test_a_cancelled_task_is_accounted_for(journal: Journal) -> None:
    async def cancel() -> None:
        reached = asyncio.Event()

        async def hang() -> NoReturn:
            reached.set()
            await asyncio.Event().wait()
            raise AssertionError

        task = asyncio.create_task(heard(metered(journal, Scripted(Delta("The"), hang))))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert [(call.outcome, call.usage.output) for call in calls(journal)] == [("cancelled", 1)]


def test_a_task_cancelled_before_its_call_leaves_none_open(journal: Journal) -> None:
    async def cancel() -> None:
        task = asyncio.create_task(heard(metered(journal, Scripted(*deltas(), DONE))))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert [(call.outcome, call.usage, call.cost) for call in calls(journal)] == [("cancelled", Usage(), 0)]


def test_attempts_and_threads_are_told_apart(journal: Journal) -> None:
    again = replace(PROMPT, attempt=2, thread="t0")
    asyncio.run(heard(metered(journal, Scripted(DONE)), again))
    assert [(call.attempt, call.thread) for call in calls(journal)] == [(2, "t0")]


def test_equal_prefixes_are_known_by_their_digests(journal: Journal) -> None:
    other = replace(PROMPT, parts=(Part("system", "system", "Be brief."), *PARTS[1:]))
    asked = replace(PROMPT, parts=(*PARTS[:2], Part("user", "question", "And who?")))
    for prompt in (PROMPT, asked, other):
        asyncio.run(heard(metered(journal, Scripted(DONE)), prompt))
    one, same, another = (call.prefix for call in calls(journal))
    assert one == same != another


def test_accounts_that_cannot_be_written_are_a_failed_call(journal: Journal) -> None:
    class Full:
        def open(self, *_: Any) -> NoReturn:
            raise Storage("The disk is full.")

    chat = Scripted(DONE)
    with pytest.raises(ModelFailed, match=r"was not asked.*The disk is full"):
        asyncio.run(heard(Metered(chat, Full(), PRICES, Budgets())))  # type: ignore[arg-type]
    assert not chat.closed, "the model was never asked"


@given(total=st.integers(0, 10**7), lengths=st.lists(st.integers(0, 10**5), min_size=6, max_size=6))
def test_tokens_by_origin_add_up_and_are_in_proportion(total: int, lengths: list[int]) -> None:
    weights = dict(zip(get_args(Origin), lengths, strict=True))
    shares = shared_out(total, weights)
    assert sum(shares.values()) == total
    if whole := sum(lengths):
        assert all(abs(shares[name] - total * weight / whole) < 1 for name, weight in weights.items())


def test_prices_hold_for_models_by_name_date_and_pattern(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        "noted = 2026-01-01\n"
        'price = [{ model = "ollama:*", input = 0, output = 0 }, '
        '{ model = "openai:gpt-5", input = 9, output = 9, upto = 100 }]\n'
    )
    held = Prices(prices.read(own), prices.read())
    million = Usage(input=1_000_000, cached=500_000, output=0)
    assert held.cost("ollama:qwen3", USAGE) == 0
    assert held.cost("openai-compatible:http://localhost:8000/v1#qwen3", USAGE) is None
    assert held.cost("openai:gpt-5", Usage(input=100)) == pytest.approx(0.0009), "one's own goes before"
    assert held.cost("openai:gpt-5", Usage(input=101)) is None, "beyond what it holds for it is not known"
    assert held.cost("openai:gpt-5-mini", million) == pytest.approx(0.5 * 0.25 + 0.5 * 0.025)
    assert held.cost("openai:gpt-5-mini-2025-08-07", million) == held.cost("openai:gpt-5-mini", million)
    assert held.cost("openai:gpt-5-mini-super", million) is None
    assert Prices(prices.read()).cost("ollama:qwen3", USAGE) is None, "nothing is free unless a file says so"


def test_every_price_that_comes_with_cairn_makes_sense() -> None:
    held = prices.read()
    assert len({price.model for price in held}) == len(held) > 30
    for price in held:
        asks_nobody = price.model == "grammar" and price.input == price.output == 0
        assert (asks_nobody or 0 < price.input < price.output) and price.noted.year >= 2026, price
        assert price.cached is None or price.cached < price.input, price
        assert Prices(held).of(price.model) is price


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("price = [", "not TOML"),
        ('price = [{ model = "a", input = 1, output = 1 }]', "is no price.*noted"),
        ('noted = 2026-01-01\nprice = [{ model = "a", input = 1 }]', "is no price.*output"),
        ('noted = 2026-01-01\nprice = [{ model = "a", input = -1, output = 1 }]', "input of 'a' is -1"),
        ('noted = 2026-01-01\nprice = [{ model = "a", input = "1", output = 1 }]', "input of 'a' is '1'"),
        ('noted = 2026-01-01\nprice = [{ model = "a", input = 1, output = 1, per = 2 }]', "is no price"),
        ("noted = 2026-01-01\nprice = [1]", "1 is no price"),
    ],
)
def test_a_mistake_in_a_file_of_prices_is_named(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "own.toml").write_text(written)
    with pytest.raises(Invalid, match=said):
        prices.read(tmp_path / "own.toml")
    with pytest.raises(Invalid, match="No such file"):
        prices.read(tmp_path / "none.toml")


def test_a_budget_stops_a_call_before_it_is_made(journal: Journal) -> None:
    chat = Scripted(*deltas(), DONE)
    model = metered(journal, chat, "person $0.005 a day")
    asyncio.run(heard(model))
    asyncio.run(heard(model))
    chat.closed = False
    with pytest.raises(OverBudget, match=r"amina has spent \$0.0041 of \$0.0050 this day.*tomorrow"):
        asyncio.run(heard(model))
    assert not chat.closed and len(calls(journal)) == 2, "nobody was asked, and nothing is written down"
    asyncio.run(heard(model, replace(PROMPT, asker="tomas")))


@pytest.mark.parametrize("budget", ["person 1500 tokens a day", "all 1500 tokens a month"])
def test_tokens_have_budgets_where_no_price_is_known(journal: Journal, budget: str) -> None:
    model = metered(journal, Scripted(*deltas(), DONE), f"person $0.000001 a day, {budget}", Prices())
    asyncio.run(heard(model))
    with pytest.raises(OverBudget):
        asyncio.run(heard(model))
    assert [call.cost for call in calls(journal)] == [None]


def test_days_and_months_begin_anew_and_askers_are_apart(journal: Journal) -> None:
    def at(moment: datetime, budgets: str) -> Metered:
        chat = Scripted(DONE)
        return Metered(chat, journal.accounts, PRICES, Budgets(budgets), now=lambda: moment)

    asyncio.run(heard(at(NOW, "")))
    for budgets, later, refused in (
        ("person 1200 tokens a day", NOW.replace(day=5), False),
        ("all 1400 tokens a month", NOW.replace(day=5), True),
        ("all 1400 tokens a month", NOW.replace(month=4), False),
    ):
        if refused:
            with pytest.raises(OverBudget, match="this month is used up; ask again next month"):
                asyncio.run(heard(at(later, budgets), replace(PROMPT, asker="tomas")))
        else:
            asyncio.run(heard(at(later, budgets)))


def test_calls_side_by_side_exceed_a_budget_by_no_more_than_was_expected_of_them(journal: Journal) -> None:
    done = Done(Usage(input=300, output=90), "a")
    model = metered(journal, Scripted(*deltas(), done), "all 2500 tokens a day")

    async def ask() -> bool:
        try:
            await heard(model)
        except OverBudget:
            return False
        return True

    async def crowd() -> list[bool]:
        return await asyncio.gather(*(ask() for _ in range(12)))

    made = sum(asyncio.run(crowd()))
    assert 0 < made < 12 and made * 390 <= 2500 and len(calls(journal)) == made


@pytest.mark.parametrize("said", ["$5", "person 5 a day", "all $5 a week", "all -5 tokens a day", "two"])
def test_a_budget_that_is_not_understood_is_named(said: str) -> None:
    with pytest.raises(Invalid, match="in the setting budgets is not understood"):
        Budgets(f"all $5 a day, {said}")
