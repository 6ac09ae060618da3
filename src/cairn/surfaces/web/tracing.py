"""The page that shows how one answer came about, step by step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.questions import trace
from cairn.results import PassageLine, Step
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

REMOVED = "removed"
"""The attribute that counts what access took away."""
CANDIDATES = "candidates"
"""The attribute that counts what a step had before it."""


class Candidate(NamedTuple):
    """A passage that was ranked, with its score by stage, and where it stands if its reader may know."""

    passage: str
    scores: Mapping[str, float]
    stands: PassageLine | None


async def show(request: Request) -> Response:
    """Show the waterfall of one request, and the candidates with their scores."""
    held = await trace(signed_in(request), request.path_params["id"])
    ranking = [step for step in held.steps if any(map(_is_scored, step.attributes.items()))]
    candidates = [
        Candidate(name, _scores(value), held.passages.get(name))
        for step in ranking
        for name, value in filter(_is_scored, step.attributes.items())
    ]
    return page(
        request,
        "trace.html",
        trace=held,
        total=max(max(step.begins + step.milliseconds for step in held.steps), 0.001),
        said=[_said(step) for step in held.steps],
        candidates=candidates,
        stages=list(candidates[0].scores) if candidates else [],
        ranked=sum(int(step.attributes.get(CANDIDATES, 0)) for step in ranking),
        removed=sum(int(step.attributes.get(REMOVED, 0)) for step in held.steps),
    )


def _scores(said: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in said.split())
    return {stage: float(score) for stage, _, score in pairs}


def _said(step: Step) -> dict[str, Any]:
    """Return what a step says of itself, without its candidates."""
    return {name: value for name, value in step.attributes.items() if not _is_scored((name, value))}


def _is_scored(attribute: tuple[str, Any]) -> bool:
    name, value = attribute
    return name[:1] == "p" and name[1:].isdigit() and "=" in str(value)
