"""What operations on the costs of language models return: sums, and what was wasted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

LeakKind = Literal[
    "retry loop", "growing prompt", "uncached prefix", "oversized evidence", "verbose tracing", "drift"
]


def money(dollars: float) -> str:
    """Say an amount of dollars; a small one in more digits."""
    return f"${dollars:.4f}" if 0 < dollars < 1 else f"${dollars:,.2f}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """What the calls of one day, person, model, purpose or answer came to."""

    key: str
    calls: int
    failed: int
    """Calls that came to nothing, their makers' leaving included."""
    dollars: float
    """Of the calls whose price is known."""
    unpriced: int
    """Calls whose price is not."""
    estimated: int
    """Calls whose tokens the provider did not count."""
    tokens: Mapping[str, int]
    """By origin: system, tools, history, evidence, question, retry; and output."""
    cached: int
    """Of these, what was read from the provider's cache."""
    saved: float
    """Dollars that its cache saved."""
    retries: float
    """The share of the tokens that went into second and later attempts."""
    first_seconds: float | None
    """To the first characters, on average."""
    token_seconds: float | None
    """For each token of output after them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetLine:
    """A budget and what is used of it, calls under way included."""

    budget: str
    """As the setting says it: ``person $2 a day``."""
    used: float
    most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """What language models cost in some days."""

    by: str
    since: date
    until: date
    person: str
    """Whose calls these are; empty is everybody's."""
    total: CostLine
    lines: tuple[CostLine, ...]
    """The dearest first; days in their order."""
    budgets: tuple[BudgetLine, ...]
    """Everybody's together, and one's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leak:
    """Something that spends and brings nothing, with the traces that show it."""

    kind: LeakKind
    said: str
    """What it is, in a sentence, with the way to mend it."""
    calls: int
    tokens: int = 0
    """Wasted."""
    dollars: float | None = 0.0
    """Wasted, as far as prices are known; None where none is."""
    characters: int = 0
    """Wasted on disk."""
    traces: tuple[str, ...]

    @property
    def wasted(self) -> str:
        """Say what it wastes: money where that is known, else tokens or characters."""
        if self.dollars:
            return money(self.dollars)
        return f"{self.tokens:,} tokens" if self.tokens else f"{self.characters:,} characters"


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaks:
    """What was found to be wasted in some days."""

    since: date
    until: date
    calls: int
    """That were looked at; of very many only the newest are."""
    dollars: float
    """What they cost, as far as prices are known."""
    leaks: tuple[Leak, ...]
    """The dearest first."""
