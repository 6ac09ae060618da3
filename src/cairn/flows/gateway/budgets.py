"""What may be spent on language models, by each person and by all together; decided before every call.

    person $2 a day, all $50 a month, all 20000000 tokens a month

A call counts as dear as it can become until it is over, so that calls side by side exceed a budget by no more
than that estimate. One without a known price counts in tokens alone. Days and months are those of UTC.
"""

import re
from datetime import date
from typing import NamedTuple

from cairn.chat import Call, Spent
from cairn.errors import Invalid, OverBudget
from cairn.protocols import Spending
from cairn.results.costs import money

_BUDGET = re.compile(
    r"(?P<whose>person|all) (?:\$(?P<dollars>\d+(?:\.\d+)?)|(?P<tokens>\d+) tokens) a (?P<period>day|month)"
)


class Budget(NamedTuple):
    """One limit."""

    whose: str
    """``person`` is each one's own, ``all`` everybody's together."""
    most: float
    dollars: bool
    """In dollars, or in tokens."""
    period: str
    """``day`` or ``month``."""

    def __str__(self) -> str:
        amount = f"${self.most:g}" if self.dollars else f"{self.most:.0f} tokens"
        return f"{self.whose} {amount} a {self.period}"

    def since(self, today: date) -> date:
        """Return the first day that counts."""
        return today if self.period == "day" else today.replace(day=1)

    def used(self, spent: Spent) -> float:
        """Return how much of it that is."""
        return spent.cost if self.dollars else spent.tokens

    def said(self, amount: float) -> str:
        """Return an amount of it in words."""
        return money(amount) if self.dollars else f"{amount:,.0f} tokens"


class Budgets:
    """All that are set; none is no limit. Raises Invalid for what cannot be understood."""

    def __init__(self, said: str = "") -> None:
        self.all = tuple(_parsed(one.strip()) for one in said.split(",") if one.strip())

    def check(self, call: Call, spent: Spending) -> None:
        """Raise OverBudget where a call that is about to be made may exceed one."""
        for budget in self.all:
            asker = call.asker if budget.whose == "person" else None
            used = budget.used(spent(budget.since(call.at.date()), asker))
            more = budget.used(Spent.on(call))
            if more and used + more > budget.most:
                raise OverBudget(_refusal(budget, call.asker, used, more))


def _parsed(said: str) -> Budget:
    found = _BUDGET.fullmatch(said)
    if found is None:
        raise Invalid(
            f"{said!r} in the setting budgets is not understood; write `person $2 a day` or "
            "`all 5000000 tokens a month`, and several with commas."
        )
    dollars = found["dollars"]
    most = float(dollars if dollars is not None else found["tokens"])
    return Budget(found["whose"], most, dollars is not None, found["period"])


def _refusal(budget: Budget, asker: str, used: float, more: float) -> str:
    until = {"day": "tomorrow", "month": "next month"}[budget.period]
    if budget.whose == "all":  # what others spent is not everybody's to know
        said = f"What may be spent on language models this {budget.period} is used up"
    else:
        said = (
            f"{asker} has spent {budget.said(used)} of {budget.said(budget.most)} this {budget.period} on "
            f"language models, and this may take {budget.said(more)}"
        )
    return f"{said}; ask again {until}, or have an admin raise `budgets`."
