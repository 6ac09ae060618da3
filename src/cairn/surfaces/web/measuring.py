"""The page on how good answers are: evaluations over time, one by its questions, two side by side."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.evaluations import evaluations_list, evaluations_show
from cairn.results import Evaluation
from cairn.results.system import EvaluationLine
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

WIDE, HIGH = 600, 120
"""Of a plot, in its own units."""


class Plot(NamedTuple):
    """A measure over the evaluations of one set, oldest first."""

    measure: str
    latest: float
    points: tuple[tuple[float, float], ...]
    path: str


async def show(request: Request) -> Response:
    """Show the evaluations of a set over time, and one of them, beside another where that is asked."""
    session = signed_in(request)
    held = (await evaluations_list(session)).evaluations
    chosen = request.query_params.get("run", held[0].id if held else "")
    other = request.query_params.get("beside", "")
    shown = await evaluations_show(session, chosen) if chosen else None
    beside = await evaluations_show(session, other) if other else None
    same = [one for one in held if shown is not None and one.folder == shown.folder]
    return page(
        request,
        "measure.html",
        evaluations=held,
        same=same,
        chosen=chosen,
        other=other,
        shown=shown,
        beside=beside,
        plots=_plots(same),
        rows=_rows(shown, beside) if shown is not None else [],
        fields=_fields(shown) if shown is not None else [],
    )


def _plots(runs: Sequence[EvaluationLine]) -> list[Plot]:
    """Return a plot for each measure that lies between 0 and 1, where there is more than one run."""
    oldest = list(reversed(runs))
    if len(oldest) < 2:
        return []
    return [
        _plot(name, [run.measures[name] for run in oldest if name in run.measures])
        for name, value in oldest[-1].measures.items()
        if 0 <= value <= 1
    ]


def _plot(name: str, values: Sequence[float]) -> Plot:
    step = WIDE / max(len(values) - 1, 1)
    points = tuple((round(at * step, 1), round(HIGH * (1 - value), 1)) for at, value in enumerate(values))
    path = "M" + " L".join(f"{x},{y}" for x, y in points)
    return Plot(name, values[-1], points, path)


def _fields(run: Evaluation) -> list[str]:
    """Return what is known of each question, in the order it was written."""
    return list(dict.fromkeys(name for case in run.cases for name in case if name != "id"))


def _rows(run: Evaluation, beside: Evaluation | None) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return each question with what the other run says of it; where both are shown, what differs first."""
    others = {case["id"]: case for case in beside.cases} if beside is not None else {}
    pairs = [(case, others.get(case["id"], {})) for case in run.cases]
    return sorted(pairs, key=lambda pair: not _differ(*pair)) if others else pairs


def _differ(case: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(isinstance(value, bool) and other.get(name) is not value for name, value in case.items())
