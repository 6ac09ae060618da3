"""Tracing for an author: ``with span("search", k=10) as step: ...``.

Spans are OpenTelemetry's, so what an organisation already traces can join them. Where they go
is the sink's affair; outside ``recording`` they go nowhere and cost next to nothing.
"""

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter

from opentelemetry import trace as opentelemetry

from cairn.errors import CairnError

log = logging.getLogger("cairn.trace")

Tracer = opentelemetry.Tracer
Value = str | int | float | bool

SILENT = opentelemetry.NoOpTracer()
UNTRACED = "0" * 32
"""The id of what is not traced; nobody can ask for it again."""
_SAMPLED = opentelemetry.TraceFlags(opentelemetry.TraceFlags.SAMPLED)
_watcher: ContextVar[Callable[[str, float], None] | None] = ContextVar("watcher", default=None)
_tracer: ContextVar[Tracer] = ContextVar("tracer", default=SILENT)


@contextmanager
def dispensable(what: str, trace: str = "") -> Iterator[None]:
    """Let the keeping of ``what`` fail: a full disk must not take the answer with it. The log says why.

    It is of the trace under way, unless another is named.
    """
    try:
        yield
    except CairnError as error:
        log.warning("trace %s: %s not kept: %s", trace if trace else trace_id(), what, error)


@contextmanager
def recording(tracer: Tracer) -> Iterator[None]:
    """Send the spans begun inside to ``tracer``."""
    token = _tracer.set(tracer)
    try:
        yield
    finally:
        _tracer.reset(token)


@contextmanager
def request() -> Iterator[str]:
    """Make what is begun inside one trace, and hold its id; nobody outside can choose it."""
    trace = secrets.randbits(128) | 1
    with joined(trace, secrets.randbits(64) | 1):
        yield opentelemetry.format_trace_id(trace)


@contextmanager
def joined(trace: int, parent: int) -> Iterator[None]:
    """Make what is begun inside part of a trace, below a span that is recorded elsewhere, if it is."""
    made = opentelemetry.SpanContext(trace, parent, is_remote=True, trace_flags=_SAMPLED)
    with opentelemetry.use_span(opentelemetry.NonRecordingSpan(made)):
        yield


def under_way() -> tuple[int, int]:
    """Return what another process needs to have ``joined``: the trace under way and its span."""
    context = opentelemetry.get_current_span().get_span_context()
    return context.trace_id, context.span_id


@contextmanager
def watching(seen: Callable[[str, float], None]) -> Iterator[None]:
    """Tell ``seen`` the name and the seconds of each step that ends inside, from whichever thread."""
    token = _watcher.set(seen)
    try:
        yield
    finally:
        _watcher.reset(token)


def watched() -> Callable[[str, float], None] | None:
    """Return who is told of each step, if anybody is."""
    return _watcher.get()


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[opentelemetry.Span]:
    """Record one step of work; an exception marks it as failed and goes on its way."""
    began = perf_counter()
    try:
        with _tracer.get().start_as_current_span(name, attributes=attributes) as step:
            yield step
    finally:
        seen = _watcher.get()
        if seen is not None:
            seen(name, perf_counter() - began)


def trace_id() -> str:
    """Return the id of the trace under way, 32 hexadecimal digits."""
    context = opentelemetry.get_current_span().get_span_context()
    return opentelemetry.format_trace_id(context.trace_id)
