"""Operations on what language models cost: one's own calls, for auditors everybody's, and what is wasted."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal, get_args

from cairn.app import App
from cairn.chat import Origin, Spent
from cairn.errors import Invalid
from cairn.flows.gateway.leaks import TRACED, leaks
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.protocols import Group
from cairn.results.costs import BudgetLine, CostLine, Costs, Leaks
from cairn.session import Session

By = Literal["day", "model", "purpose", "person", "answer"]
MOST_DAYS = 3_650
MOST_LINES = 1_000
LOOKED_AT = 50_000
"""Calls that are looked at for leaks, of the time in question and as many of the time before."""

APART: tuple[Group, ...] = ("model", "outcome", "again")
"""What each line is summed up from."""
Parts = Mapping[tuple[str, ...], Spent]
LOST = ("failed", "cancelled")
_GROUPS: Mapping[By, Group] = {
    "day": "day",
    "model": "model",
    "purpose": "purpose",
    "person": "asker",
    "answer": "trace",
}
Days = Annotated[int, Say("of the last so many days")]


@operation("costs.show", audited=False)
async def costs_show(
    session: Session,
    by: Annotated[By, Say("a line for each day, model, purpose, person or answer", positional=True)] = "day",
    *,
    days: Days = 30,
    person: Annotated[str, Say("only this person's; your own unless you are an auditor")] = "",
    limit: Annotated[int, Say("so many lines at most")] = 100,
) -> Costs:
    """Show what language models cost: your own calls, or everybody's for an auditor."""
    _check("days", days, MOST_DAYS)
    _check("limit", limit, MOST_LINES)
    if person != session.asker and person:
        session.require(Role.AUDITOR)
    whose = person if person or session.holds(Role.AUDITOR) else session.asker
    return await asyncio.to_thread(_costs, session, by, days, whose, limit)


@operation("costs.audit", role=Role.AUDITOR)
async def costs_audit(session: Session, *, days: Days = 7) -> Leaks:
    """Find what language models cost and bring nothing for, beside as many days before.

    Retry loops, prompts that grow, prefixes that are not cached, evidence that is not cited, steps that write
    too much into traces, and purposes that cost over 30 % more than before; each with traces that show it.
    """
    _check("days", days, MOST_DAYS)
    return await asyncio.to_thread(_leaks, session, days)


def _check(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(f"{name} is {value}; say 1 to {most:,}.")


def _costs(session: Session, by: By, days: int, whose: str, limit: int) -> Costs:
    until = datetime.now(UTC).date()
    since = until - timedelta(days=days - 1)
    look = partial(session.app.journal.accounts.spent, since=since, asker=whose if whose else None)
    parts: dict[str, dict[tuple[str, ...], Spent]] = {}
    for key, spent in look((_GROUPS[by], *APART), limit=limit if by == "answer" else None).items():
        parts.setdefault(key[0], {})[key[1:]] = spent
    lines = sorted((_line(session.app, key, held) for key, held in parts.items()), key=_order(by))
    return Costs(
        by=by,
        since=since,
        until=until,
        person=whose,
        total=_line(session.app, "", look(APART)),
        lines=tuple(lines[-limit:] if by == "day" else lines[:limit]),
        budgets=tuple(_budgets(session, until)),
    )


def _order(by: By) -> Callable[[CostLine], Any]:
    return lambda line: line.key if by == "day" else (-line.dollars, -sum(line.tokens.values()), line.key)


def _line(app: App, key: str, parts: Parts) -> CostLine:
    whole = sum(parts.values(), Spent())
    again = sum(spent.tokens for (_, _, again), spent in parts.items() if again)
    return CostLine(
        key=key,
        calls=whole.calls,
        failed=sum(spent.calls for (_, outcome, _), spent in parts.items() if outcome in LOST),
        dollars=whole.cost,
        unpriced=whole.unpriced,
        estimated=whole.estimated,
        tokens={name: getattr(whole, name) for name in (*get_args(Origin), "output")},
        cached=whole.cached,
        saved=sum(
            app.prices.saved(model, spent.cached, spent.stored) for (model, *_), spent in parts.items()
        ),
        retries=again / whole.tokens if whole.tokens else 0.0,
        first_seconds=whole.first / whole.begun if whole.begun else None,
        token_seconds=whole.writing / whole.output if whole.begun and whole.output else None,
    )


def _budgets(session: Session, today: date) -> Iterator[BudgetLine]:
    """Yield one's own budgets, and for an auditor everybody's."""
    for budget in session.app.budgets.all:
        own = budget.whose == "person"
        if own or session.holds(Role.AUDITOR):
            asker = session.asker if own else None
            spent = session.app.journal.accounts.spent((), budget.since(today), asker=asker)
            yield BudgetLine(budget=str(budget), used=budget.used(spent.get((), Spent())), most=budget.most)


def _leaks(session: Session, days: int) -> Leaks:
    now = datetime.now(UTC)
    since, before = now - timedelta(days=days), now - timedelta(days=2 * days)
    journal = session.app.journal
    calls = journal.accounts.calls(since, now, LOOKED_AT)
    earlier = journal.accounts.calls(before, since, LOOKED_AT)
    found = leaks(calls, earlier, journal.runs.large(since, TRACED), session.app.prices)
    return Leaks(
        since=since.date(),
        until=now.date(),
        calls=len(calls),
        dollars=sum(call.cost for call in calls if call.cost is not None),
        leaks=tuple(found),
    )
