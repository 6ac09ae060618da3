"""Tracing for an author: ``with span("search", k=10) as step: ...``.

Spans are OpenTelemetry's, so what an organisation already traces can join them. Where they go
is the sink's affair; outside ``recording`` they go nowhere and cost next to nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace as opentelemetry

Value = str | int | float | bool

SILENT = opentelemetry.NoOpTracer()
_tracer: ContextVar[opentelemetry.Tracer] = ContextVar("tracer", default=SILENT)


@contextmanager
def recording(tracer: opentelemetry.Tracer) -> Iterator[None]:
    """Send the spans begun inside to ``tracer``."""
    token = _tracer.set(tracer)
    try:
        yield
    finally:
        _tracer.reset(token)


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[opentelemetry.Span]:
    """Record one step of work; an exception marks it as failed and goes on its way."""
    with _tracer.get().start_as_current_span(name, attributes=attributes) as step:
        yield step


def trace_id() -> str:
    """Return the id of the trace under way, 32 hexadecimal digits."""
    context = opentelemetry.get_current_span().get_span_context()
    return opentelemetry.format_trace_id(context.trace_id)
