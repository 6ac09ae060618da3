"""The page that shows how one answer came about, step by step."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.questions import trace
from cairn.results import Step
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.rendering import page

REMOVED = "removed"
"""The attribute that counts what access took away."""


class Candidate(NamedTuple):
    """A passage that was ranked, with its score by stage."""

    passage: str
    scores: Mapping[str, float]


async def show(request: Request) -> Response:
    """Show the waterfall of one request, and the candidates with their scores."""
    held = await trace(signed_in(request), request.path_params["id"])
    candidates = [one for step in held.steps for one in _candidates(step)]
    return page(
        request,
        "trace.html",
        trace=held,
        total=max(max(step.begins + step.milliseconds for step in held.steps), 0.001),
        said={number: _said(step) for number, step in enumerate(held.steps)},
        candidates=candidates,
        stages=list(candidates[0].scores) if candidates else [],
        removed=sum(int(step.attributes.get(REMOVED, 0)) for step in held.steps),
    )


def _candidates(step: Step) -> list[Candidate]:
    return [
        Candidate(name, _scores(str(value))) for name, value in step.attributes.items() if _is_passage(name)
    ]


def _scores(said: str) -> dict[str, float]:
    pairs = (pair.partition("=") for pair in said.split())
    return {stage: float(score) for stage, _, score in pairs}


def _said(step: Step) -> dict[str, Any]:
    """Return what a step says of itself, without its candidates."""
    return {name: value for name, value in step.attributes.items() if not _is_passage(name)}


def _is_passage(name: str) -> bool:
    return name[:1] == "p" and name[1:].isdigit()
