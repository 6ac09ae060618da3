"""How the server is: alive, ready, and in numbers for Prometheus, which say nothing of content or people."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from cairn.app import App
from cairn.chat import Spent
from cairn.people import Role
from cairn.surfaces.http.signed_in import signed_in
from cairn.types import State

TEXT = "text/plain; version=0.0.4; charset=utf-8"
SPENT: tuple[tuple[str, str, Callable[[Spent], float]], ...] = (
    ("calls", "Calls of language models", lambda spent: spent.calls),
    ("input_tokens", "Tokens read", lambda spent: spent.input),
    ("cached_tokens", "Tokens read from the provider's cache", lambda spent: spent.cached),
    ("output_tokens", "Tokens written", lambda spent: spent.output),
    ("dollars", "What they cost, where prices are known", lambda spent: spent.cost),
)
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "WEBSOCKET"}


class Metrics:
    """Requests by route, never by path: a path may hold a name."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.registry = held = CollectorRegistry()
        labels = ("route", "method", "status")
        self._done = Counter("cairn_requests", "Requests answered", labels, registry=held)
        self._seconds = Histogram("cairn_request_seconds", "To the answer's end", ("route",), registry=held)
        self._under_way = Gauge("cairn_requests_under_way", "Not answered yet", registry=held)
        self.documents = Gauge("cairn_documents", "Documents by state", ("state",), registry=held)
        self.spent: Mapping[tuple[str, ...], Spent] = {}
        """By model and outcome, since the accounts began."""
        held.register(self)
        self.behind = Gauge("cairn_index_behind", "Changes not applied yet", ("view",), registry=held)

    def collect(self) -> Iterator[Metric]:
        """Yield what language models cost, as the accounts have it, and what kept answers saved."""
        for name, about, of in SPENT:
            counter = CounterMetricFamily(f"cairn_model_{name}", about, labels=("model", "outcome"))
            for labels, spent in self.spent.items():
                counter.add_metric(labels, of(spent))
            yield counter
        lookups = CounterMetricFamily("cairn_answer_cache", "Looked for kept answers", labels=("found",))
        for how, times in self._app.lookups.found.items():
            lookups.add_metric((how,), times)
        yield lookups
        yield CounterMetricFamily("cairn_answer_cache_tokens", "Tokens that saved", self._app.lookups.tokens)

    @contextmanager
    def counting(self, scope: Scope, status: Callable[[], int]) -> Iterator[None]:
        """Count the request that is answered inside."""
        began = perf_counter()
        self._under_way.inc()
        try:
            yield
        finally:
            self._under_way.dec()
            route = getattr(scope.get("route"), "path", "other")
            self._seconds.labels(route).observe(perf_counter() - began)
            method = scope.get("method", "WEBSOCKET")
            self._done.labels(route, method if method in METHODS else "other", status()).inc()


def routes(app: App, metrics: Metrics) -> list[Route]:
    """Return the routes; the numbers take the role auditor, for they count what not everyone may see."""

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        await asyncio.to_thread(_behind, app, metrics)  # anybody may ask, so it counts nothing
        return JSONResponse({"status": "ready"})

    async def numbers(request: Request) -> Response:
        signed_in(request).require(Role.AUDITOR)
        await asyncio.to_thread(_look, app, metrics)
        return Response(generate_latest(metrics.registry), media_type=TEXT)

    return [Route("/health", health), Route("/ready", ready), Route("/metrics", numbers)]


def _look(app: App, metrics: Metrics) -> None:
    """Read what the library holds and what was spent, and how far its index is."""
    counts = dict.fromkeys(State, 0)
    for (_, state, _), count in app.journal.catalogue.counts().items():
        counts[state] += count
    for state, count in counts.items():
        metrics.documents.labels(state).set(count)
    metrics.spent = app.journal.accounts.spent(("model", "outcome"), date.min)
    _behind(app, metrics)


def _behind(app: App, metrics: Metrics) -> None:
    """Read how far the index is, which takes both it and the journal."""
    head, positions = app.journal.catalogue.head(), app.index.positions()
    metrics.behind.labels("words").set(head - positions.words)
    metrics.behind.labels("vectors").set(head - positions.vectors)
