"""Accounts of a language model: each request is written down before it is made, and what became of it after.

So a budget counts what is under way, in whichever process, and what a killed one may have spent is not lost.
Nothing that is said to a model is kept. Knows nothing of providers.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from time import perf_counter
from typing import Any, get_args

from cairn.chat import Call, Delta, Done, Event, Origin, Prompt, Usage, estimate_tokens
from cairn.errors import CairnError, ModelFailed, OverBudget
from cairn.flows.gateway.budgets import Budgets
from cairn.flows.gateway.prices import Prices
from cairn.protocols import Accounts, Chat
from cairn.trace import trace_id


def _now() -> datetime:
    return datetime.now(UTC)


CUT = "cut off at the limit of its output"


class Metered:
    """A chat model whose every request is accounted for, and not made where it would exceed a budget."""

    def __init__(
        self,
        chat: Chat,
        accounts: Accounts,
        prices: Prices,
        budgets: Budgets,
        *,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._chat = chat
        self._accounts = accounts
        self._prices = prices
        self._budgets = budgets
        self._now = now
        self._clock = clock

    @property
    def name(self) -> str:
        """Return the model's name as configured."""
        return self._chat.name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """Yield what the model says; raises OverBudget before it is asked anything."""
        call = self._expected(prompt)
        opened = asyncio.ensure_future(asyncio.to_thread(self._open, call))
        heard = _Heard(self._clock)
        try:
            await asyncio.shield(opened)
            heard.asked = True
            async with aclosing(self._chat.stream(prompt)) as events:
                async for event in events:
                    if isinstance(event, Delta):
                        heard.take(event)
                        yield event
                        continue
                    # Before it is passed on: who has heard the end need not come back.
                    await self._close(opened, self._done(call, heard, event))
                    yield event
                    return
            raise ModelFailed(f"{self.name} stopped without an end.", again=True)
        except BaseException as error:
            if not heard.whole and not isinstance(error, OverBudget):
                await self._close(opened, self._broken(call, heard, error))
            raise

    def _expected(self, prompt: Prompt) -> Call:
        """Return the call before it is made, as dear as it can become."""
        origins = _by_length(prompt)
        usage = Usage(input=sum(origins.values()), output=prompt.most)
        return Call(
            trace=trace_id(),
            at=self._now(),
            asker=prompt.asker,
            model=self.name,
            purpose=prompt.purpose,
            version=prompt.version,
            outcome="open",
            attempt=prompt.attempt,
            thread=prompt.thread,
            usage=usage,
            estimated=True,
            origins=origins,
            cost=self._prices.cost(self.name, usage),
            prefix=_prefix(prompt),
        )

    def _done(self, call: Call, heard: "_Heard", end: Done) -> Call:
        counted = end.usage.input > 0
        usage = end.usage if counted else replace(call.usage, output=heard.tokens)
        reason = CUT if end.cut else ""
        heard.whole = True
        return self._settled(call, heard, usage, outcome="done", reason=reason, estimated=not counted)

    def _broken(self, call: Call, heard: "_Heard", error: BaseException) -> Call:
        refused = isinstance(error, ModelFailed) and not error.charged and heard.first is None
        free = refused or not heard.asked
        usage = Usage() if free else replace(call.usage, output=heard.tokens)
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            return self._settled(call, heard, usage, outcome="cancelled", estimated=not free)
        # Only of this it is sure that it repeats nothing that was said.
        reason = str(error) if isinstance(error, ModelFailed) else type(error).__name__
        return self._settled(call, heard, usage, outcome="failed", reason=reason, estimated=not free)

    def _settled(self, call: Call, heard: "_Heard", usage: Usage, **more: Any) -> Call:
        return replace(
            call,
            usage=usage,
            origins=shared_out(usage.input, call.origins),
            cost=self._prices.cost(self.name, usage) if usage != Usage() else 0.0,
            first=heard.first,
            seconds=heard.seconds(),
            **more,
        )

    def _open(self, call: Call) -> int:
        try:
            return self._accounts.open(call, partial(self._budgets.check, call))
        except OverBudget:
            raise
        except CairnError as error:
            said = f"{self.name} was not asked, for its accounts cannot be written: {error}"
            raise ModelFailed(said, charged=False) from error

    async def _close(self, opened: "asyncio.Future[int]", call: Call) -> None:
        with suppress(CairnError):  # then what was expected stands
            number = await asyncio.shield(opened)
            await asyncio.shield(asyncio.to_thread(self._accounts.close, number, call))


class _Heard:
    """What has come of an output so far."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._bytes = 0
        self.first: float | None = None
        """Seconds until the first characters."""
        self.asked = False
        self.whole = False

    def take(self, delta: Delta) -> None:
        if self.first is None:
            self.first = self.seconds()
        self._bytes += len(delta.text.encode())

    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def tokens(self) -> int:
        return -(-self._bytes // 4)


def _by_length(prompt: Prompt) -> dict[Origin, int]:
    """Return about how many tokens each origin has in a prompt; a schema counts as tools."""
    origins: dict[Origin, int] = dict.fromkeys(get_args(Origin), 0)
    for part in prompt.parts:
        origins[part.origin] += estimate_tokens(part.text)
    if prompt.schema is not None:
        origins["tools"] += estimate_tokens(json.dumps(prompt.schema))
    return origins


def shared_out(total: int, weights: Mapping[Origin, int]) -> dict[Origin, int]:
    """Share out ``total`` by weights, in whole tokens that add up to it (largest remainders)."""
    whole = sum(weights.values())
    if not whole:
        return {**dict.fromkeys(weights, 0), "question": total}
    shares = {origin: divmod(total * weight, whole) for origin, weight in weights.items()}
    left = total - sum(share for share, _ in shares.values())
    more = sorted(shares, key=lambda origin: -shares[origin][1])[:left]
    return {origin: share + (origin in more) for origin, (share, _) in shares.items()}


def _prefix(prompt: Prompt) -> str:
    said = "".join(part.text for part in prompt.parts if part.speaker == "system")
    return blake2b(said.encode(), digest_size=16).hexdigest() if said else ""
