"""The page on what language models cost: by day, model, purpose, person and answer, and what is wasted."""

from datetime import date, timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.costs import By, costs_audit, costs_show
from cairn.people import Role
from cairn.results.costs import Costs
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

DAYS = (7, 30, 90, 365)
LINES = 12
WIDE, HIGH = 600, 120
"""Of a plot, in its own units."""


class Bar(NamedTuple):
    """A day in a plot."""

    day: date
    amount: float
    x: float
    y: float
    width: float
    height: float


async def show(request: Request) -> Response:
    """Show one's own costs, or for an auditor everybody's; leaks where they are asked for."""
    session = signed_in(request)
    said = request.query_params
    days = next((one for one in DAYS if said.get("days") == str(one)), 30)
    person, all_ = said.get("person", "").strip(), session.holds(Role.AUDITOR)
    by_day = await costs_show(session, "day", days=days, person=person, limit=days)
    groups: tuple[By, ...] = ("model", "purpose", *(("person",) if all_ and not person else ()), "answer")
    return page(
        request,
        "costs.html",
        days=days,
        known=DAYS,
        auditor=all_,
        costs=by_day,
        bars=_bars(by_day),
        tables=[await costs_show(session, by, days=days, person=person, limit=LINES) for by in groups],
        leaks=await costs_audit(session, days=days) if all_ and "leaks" in said else None,
    )


def _bars(costs: Costs) -> list[Bar]:
    """Return a bar for each day: dollars, or tokens where no price is known."""
    priced = costs.total.dollars > 0
    held = {line.key: line.dollars if priced else sum(line.tokens.values()) for line in costs.lines}
    most = max(held.values(), default=0)
    if not most:
        return []
    many = (costs.until - costs.since).days + 1
    step = WIDE / many
    return [_bar(costs.since + timedelta(days=n), n * step, step, held, most) for n in range(many)]


def _bar(day: date, x: float, step: float, held: dict[str, float], most: float) -> Bar:
    amount = held.get(day.isoformat(), 0)
    height = round(HIGH * amount / most, 1)
    return Bar(day, amount, round(x, 1), round(HIGH - height, 1), round(step * 0.8, 1), height)
