"""Traces into the journal: a span processor that writes each trace once, after its root has ended.

Knows nothing of what is traced; a trace that is never ended is never written.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.trace import Tracer, format_span_id, format_trace_id

from cairn.protocols import Runs
from cairn.records import SpanRecord
from cairn.trace import dispensable, log


class JournalProcessor(SpanProcessor):
    """Holds a trace's spans until its root ends, then records them in one transaction.

    In a thread of its own: nobody waits for their trace with the answer. Who gives up waiting ends the root
    before steps that go on in threads: each of those is recorded alone.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._open: dict[str, list[SpanRecord]] = {}
        self._writing = ThreadPoolExecutor(1, "traces")

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Hold what ends below a root from now on."""
        if _is_root(span) and span.context is not None:
            self._open.setdefault(format_trace_id(span.context.trace_id), [])

    def on_end(self, span: ReadableSpan) -> None:
        """Take a finished span."""
        if span.context is None:
            return
        record = _record(span)
        held = self._open.get(record.trace)
        if held is not None and not _is_root(span):
            held.append(record)
            return
        try:
            self._writing.submit(self._keep, [*self._open.pop(record.trace, ()), record])
        except RuntimeError:  # what goes on in a thread may end when the library has been closed
            log.warning("trace %s: %s not kept: it ended too late", record.trace, record.name)

    def _keep(self, records: Sequence[SpanRecord]) -> None:
        trace = records[-1].trace
        try:
            with dispensable("trace", trace):
                self._runs.record(records)
        except Exception:  # nobody looks at what becomes of this thread's work
            log.exception("trace %s: trace not kept", trace)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until all that has ended is recorded."""
        self._writing.submit(bool).result(timeout_millis / 1_000)
        return True

    def shutdown(self) -> None:
        """Record what has ended, and nothing more."""
        self._writing.shutdown()


def _is_root(span: ReadableSpan) -> bool:
    return span.parent is None or span.parent.is_remote


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


class JournalSink:
    """See ``cairn.protocols.Sink``."""

    def __init__(self, runs: Runs) -> None:
        self._provider = TracerProvider(shutdown_on_exit=False)
        self._provider.add_span_processor(JournalProcessor(runs))
        self.tracer: Tracer = self._provider.get_tracer("cairn")

    def settle(self) -> None:
        self._provider.force_flush()

    def close(self) -> None:
        self._provider.shutdown()


def load(rest: str, *, runs: Runs) -> JournalSink:
    """Return a sink whose traces end in ``runs``; it has no options."""
    return JournalSink(runs)
