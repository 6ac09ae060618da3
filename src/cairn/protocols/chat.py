"""What written answers ask of adapters: language models, their accounts, and whether text supports text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from cairn.chat import Call, Event, Prompt, Spent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Group = Literal["day", "asker", "model", "purpose", "outcome", "again", "trace"]
"""By what calls are summed: ``again`` is whether they are a second or later attempt, ``day`` one of UTC."""
Spending = Callable[[date, str | None], Spent]
"""Tells what was spent since the beginning of a day, by a person or by everybody: cost and tokens alone."""


class Chat(Protocol):
    """A language model; what wraps one (retries, fallback, accounts) is one."""

    @property
    def name(self) -> str:
        """Return its name as configured: ``ollama:qwen3``."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """Yield the output as it comes, and ``Done`` last; closing it early cancels the request.

        Raises ModelFailed when there is no whole output.
        """
        ...


@runtime_checkable
class Preparing(Protocol):
    """A language model whose first request takes longer, unless it was prepared."""

    def prepare(self) -> None:
        """Do what takes long, without asking it anything; thread-safe."""
        ...


class Entailment(Protocol):
    """Judges whether a premise supports a statement; thread-safe."""

    name: str

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return, for (premise, statement) pairs, the probabilities of support and contradiction: (n, 2)."""
        ...


class Accounts(Protocol):
    """What calls of language models cost: names, numbers and digests, never content."""

    def open(self, call: Call, check: Callable[[Spending], None]) -> int:
        """Write down a call that is about to be made, with what is expected of it; return its number.

        ``check`` may refuse it by raising, knowing all that others have spent or may be spending.
        """
        ...

    def close(self, number: int, call: Call) -> None:
        """Write down what became of it."""
        ...

    def cited(self, trace: str, share: float) -> None:
        """Note of an answer which share of the evidence that its calls held it cites, 0 to 1."""
        ...

    def spent(
        self, by: Sequence[Group], since: date, *, asker: str | None = None, limit: int | None = None
    ) -> dict[tuple[str, ...], Spent]:
        """Return sums of the days from ``since`` on, dearest first, by the values of ``by``.

        By trace, only those of the ``limit`` dearest.
        """
        ...

    def calls(self, since: datetime, until: datetime, limit: int) -> list[Call]:
        """Return the newest ``limit`` calls begun from ``since`` to before ``until``, oldest first."""
        ...
