"""Traces into the journal: a span processor that writes each trace once, when its root ends.

Knows nothing of what is traced; a trace that is never ended is never written.
"""

from collections import defaultdict
from contextlib import suppress

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import Tracer, format_span_id, format_trace_id

from cairn.errors import CairnError
from cairn.protocols import Runs
from cairn.records import SpanRecord


class JournalProcessor(SpanProcessor):
    """Holds a trace's spans until its root ends, then records them in one transaction."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._open: defaultdict[int, list[SpanRecord]] = defaultdict(list)

    def on_end(self, span: ReadableSpan) -> None:
        """Take a finished span."""
        context = span.context
        if context is None:
            return
        self._open[context.trace_id].append(_record(span))
        if span.parent is None or span.parent.is_remote:
            with suppress(CairnError):  # a full disk must not take the answer with it
                self._runs.record(self._open.pop(context.trace_id))


def _record(span: ReadableSpan) -> SpanRecord:
    attributes = dict(span.attributes) if span.attributes is not None else {}
    if not span.status.is_ok:
        attributes["error"] = span.status.description if span.status.description is not None else "failed"
    assert span.context is not None and span.start_time is not None and span.end_time is not None
    return SpanRecord(
        trace=format_trace_id(span.context.trace_id),
        span=format_span_id(span.context.span_id),
        parent=None if span.parent is None else format_span_id(span.parent.span_id),
        name=span.name,
        start=span.start_time,
        end=span.end_time,
        attributes=attributes,
    )


def load(rest: str, *, runs: Runs) -> Tracer:
    """Return a tracer whose spans end in ``runs``."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(JournalProcessor(runs))
    return provider.get_tracer("cairn")
