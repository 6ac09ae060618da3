"""What wraps a chat model: tried again, left alone, replaced, queued for and given up, as it should be."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from cairn.chat import Delta, Done, Event, Part, Prompt, Usage
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.gateway.breaker import Breaker
from cairn.flows.gateway.fallback import Fallback
from cairn.flows.gateway.limits import Limited
from cairn.flows.gateway.retrying import Retrying
from cairn.flows.gateway.timing import Timed
from cairn.protocols import Chat

Run = Callable[[Awaitable[Any]], Any]
PROMPT = Prompt(parts=(Part("user", "question", "?"),), purpose="answer", version="answer@1", asker="amina")
DONE = Done(Usage(output=2), "tiny")
WHOLE = (Delta("a "), Delta("b"), DONE)
BUSY = ModelFailed("busy", again=True)
WRONG = ModelFailed("wrong key")


class Scripted:
    """A chat model that does the next of these at each request; a number is a pause in seconds."""

    def __init__(self, *scripts: Sequence[Event | Exception | float], name: str = "scripted") -> None:
        self.name = name
        self.scripts = list(scripts)
        self.prompts: list[Prompt] = []
        self.closed = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        self.prompts.append(prompt)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        try:
            for step in script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                    continue
                yield step
        finally:
            self.closed += 1


async def heard(chat: Chat) -> tuple[Event, ...]:
    async with aclosing(chat.stream(PROMPT)) as events:
        return tuple([event async for event in events])


async def first(chat: Chat) -> Event:
    async with aclosing(chat.stream(PROMPT)) as events:
        return await anext(events)


class Clock:
    """A clock that stands until somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def retrying(chat: Chat, clock: Clock, attempts: int = 3, within: float = 60.0) -> Retrying:
    return Retrying(chat, attempts=attempts, within=within, sleep=clock.sleep, clock=clock)


WRAPPERS: dict[str, Callable[[Chat], Chat]] = {
    "timed": lambda chat: Timed(chat, first=5, between=5, whole=5),
    "retrying": lambda chat: retrying(chat, Clock()),
    "breaker": Breaker,
    "limited": lambda chat: Limited(chat, at_once=1, patience=5),
    "fallback": lambda chat: Fallback([chat]),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_wrapper_is_a_chat_model_that_passes_everything_on(run: Run, wrap: Callable[[Chat], Chat]) -> None:
    inner = Scripted(WHOLE)
    assert wrap(inner).name == "scripted"
    assert run(heard(wrap(inner))) == WHOLE
    assert inner.prompts == [PROMPT]


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_closing_a_wrapper_closes_what_it_wraps(run: Run, wrap: Callable[[Chat], Chat]) -> None:
    inner = Scripted(WHOLE)

    async def look() -> int:
        assert await first(wrap(inner)) == Delta("a ")
        return inner.closed

    assert run(look()) == 1, "not only when the garbage is collected"


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_a_budget_that_is_spent_is_nothing_to_work_around(run: Run, wrap: Callable[[Chat], Chat]) -> None:
    inner = Scripted([OverBudget("amina has spent her budget")])
    with pytest.raises(OverBudget):
        run(heard(wrap(inner)))
    assert len(inner.prompts) == 1


def test_what_may_work_the_next_time_is_tried_again(run: Run) -> None:
    clock, inner = Clock(), Scripted([BUSY], [BUSY], WHOLE)
    assert run(heard(retrying(inner, clock))) == WHOLE
    assert [prompt.attempt for prompt in inner.prompts] == [1, 2, 3]
    assert len(clock.slept) == 2


def test_pauses_grow_and_are_left_to_chance(run: Run) -> None:
    random.seed(7)
    pauses = []
    for _ in range(200):
        clock = Clock()
        with pytest.raises(ModelFailed):
            run(heard(retrying(Scripted([BUSY]), clock)))
        pauses.append(clock.slept)
    firsts, seconds = ([each[i] for each in pauses] for i in (0, 1))
    assert max(firsts) <= 0.5 and 0.5 < max(seconds) <= 1.0
    assert len(set(firsts)) > 150, "those who failed together do not come back together"


def test_it_waits_as_long_as_the_provider_asks(run: Run) -> None:
    clock, inner = Clock(), Scripted([ModelFailed("busy", again=True, after=20.0)], WHOLE)
    assert run(heard(retrying(inner, clock))) == WHOLE
    assert 20 <= clock.slept[0] <= 20.5


@pytest.mark.parametrize(
    ("failure", "calls"),
    [(WRONG, 1), (BUSY, 3), (ModelFailed("busy", again=True, after=3600.0), 1)],
    ids=["would fail again", "fails each time", "asks for an hour"],
)
def test_it_gives_up_in_time(run: Run, failure: ModelFailed, calls: int) -> None:
    clock, inner = Clock(), Scripted([failure])
    with pytest.raises(ModelFailed) as failed:
        run(heard(retrying(inner, clock)))
    assert failed.value is failure and len(inner.prompts) == calls


@pytest.mark.parametrize("wrap", [WRAPPERS["retrying"], lambda chat: Fallback([chat, Scripted(WHOLE)])])
def test_half_an_answer_is_never_begun_anew(run: Run, wrap: Callable[[Chat], Chat]) -> None:
    inner = Scripted([Delta("a "), BUSY], WHOLE)
    said: list[Event] = []

    async def listen() -> None:
        async with aclosing(wrap(inner).stream(PROMPT)) as events:
            async for event in events:
                said.append(event)

    with pytest.raises(ModelFailed, match="busy"):
        run(listen())
    assert said == [Delta("a ")] and len(inner.prompts) == 1


def test_the_next_model_is_asked_when_one_fails_before_its_first_word(run: Run) -> None:
    chats = [Scripted([WRONG]), Scripted([BUSY]), Scripted(WHOLE), Scripted([BUSY])]
    assert run(heard(Fallback(chats))) == WHOLE
    assert [len(chat.prompts) for chat in chats] == [1, 1, 1, 0]


def test_when_all_fail_it_says_what_each_said(run: Run) -> None:
    late = ModelFailed("c is busy.", again=True, after=9.0)
    chats = [Scripted([ModelFailed("a is wrong.")]), Scripted([late], name="c")]
    with pytest.raises(ModelFailed, match=r"^a is wrong\. c is busy\.$") as failed:
        run(heard(Fallback(chats)))
    assert failed.value.again and failed.value.after == 9.0
    assert Fallback(chats).name == "scripted,c"


def test_a_model_that_keeps_failing_is_left_alone_and_then_tried_by_one(run: Run) -> None:
    clock, inner = Clock(), Scripted([BUSY])
    chat = Breaker(inner, failures=2, rest=30.0, clock=clock)

    def ask() -> Any:
        with pytest.raises(ModelFailed) as failed:
            run(heard(chat))
        return failed.value

    assert ask() is BUSY and ask() is BUSY
    refused = ask()
    assert "failed 2 times in a row and is left alone for 30 s" in str(refused) and refused.after == 30.0
    clock.now += 30
    assert ask() is BUSY, "one may try"
    assert "left alone" in str(ask()), "and that it failed again is known"
    clock.now += 30
    inner.scripts = [WHOLE]
    assert run(heard(chat)) == WHOLE and run(heard(chat)) == WHOLE
    assert len(inner.prompts) == 5


def test_while_one_tries_the_others_wait_for_what_comes_of_it(run: Run) -> None:
    clock, inner = Clock(), Scripted([BUSY], WHOLE)
    chat = Breaker(inner, failures=1, rest=30.0, clock=clock)
    with pytest.raises(ModelFailed, match="busy"):
        run(heard(chat))
    clock.now += 30

    async def both() -> None:
        async with aclosing(chat.stream(PROMPT)) as trying:
            await anext(trying)
            with pytest.raises(ModelFailed, match="left alone"):
                await heard(chat)
            assert [event async for event in trying][-1] == DONE
        assert await heard(chat) == WHOLE

    run(both())


def test_one_who_gives_up_trying_leaves_it_to_another(run: Run) -> None:
    clock, inner = Clock(), Scripted([BUSY], WHOLE)
    chat = Breaker(inner, failures=1, rest=30.0, clock=clock)
    with pytest.raises(ModelFailed, match="busy"):
        run(heard(chat))
    clock.now += 30
    run(first(chat))
    clock.now += 30
    assert run(heard(chat)) == WHOLE


def test_a_wrong_question_says_nothing_of_the_models_health(run: Run) -> None:
    inner = Scripted([WRONG])
    chat = Breaker(inner, failures=1)
    for _ in range(3):
        with pytest.raises(ModelFailed, match="wrong key"):
            run(heard(chat))
    assert len(inner.prompts) == 3


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ([3600.0], r"did not begin within 0\.05 s"),
        ([Delta("a"), 3600.0], r"stopped for 0\.06 s in the middle"),
        ([step for _ in range(99) for step in (Delta("a"), 0.01)], r"was not done within 0\.2 s"),
    ],
)
def test_a_slow_model_is_given_up(run: Run, script: Sequence[Any], says: str) -> None:
    inner = Scripted(script)
    with pytest.raises(ModelFailed, match=says) as failed:
        run(heard(Timed(inner, first=0.05, between=0.06, whole=0.2)))
    assert failed.value.again and inner.closed == 1


def test_so_many_ask_at_once_and_the_others_wait_their_turn(run: Run) -> None:
    inner = Scripted([0.01, *WHOLE])
    chat = Limited(inner, at_once=2, patience=60)
    running = most = 0
    original = inner.stream

    async def counted(prompt: Prompt) -> AsyncGenerator[Event]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        async for event in original(prompt):
            yield event
        running -= 1

    inner.stream = counted  # type: ignore[method-assign]

    async def crowd() -> list[tuple[Event, ...]]:
        return await asyncio.gather(*(heard(chat) for _ in range(9)))

    assert run(crowd()) == [WHOLE] * 9
    assert most == 2
    assert run(crowd()) == [WHOLE] * 9, "in another event loop as well"


def test_nobody_waits_for_ever(run: Run) -> None:
    chat = Limited(Scripted([3600.0]), at_once=1, patience=0.05)

    async def two() -> None:
        waiting = asyncio.create_task(heard(chat))
        await asyncio.sleep(0)
        with pytest.raises(
            ModelFailed, match="busy with 1 others; ask again, or raise chat_at_once"
        ) as failed:
            await heard(chat)
        assert failed.value.again
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(two())
