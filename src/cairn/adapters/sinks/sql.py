"""Traces into the journal: a tracer that writes each trace once, after its root has ended.

Knows nothing of what is traced; a trace that is never ended is never written. Of OpenTelemetry it takes the
interface: its own tracer keeps more of a span than the journal does, and takes three times as long for it.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from random import getrandbits
from secrets import randbits
from threading import Event, Lock
from time import time_ns
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import (
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    format_span_id,
    format_trace_id,
    get_current_span,
    use_span,
)

from cairn.protocols import Runs
from cairn.records import SpanRecord
from cairn.trace import dispensable, log

PAUSE = 0.2
"""Seconds for which finished traces wait for others, to be written together."""
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class JournalSink(Tracer):
    """See ``cairn.protocols.Sink``: holds a trace's spans until its root ends, then records them in one step.

    In a thread of its own, with others that end soon after: nobody waits for their trace with the answer.
    Who gives up waiting ends the root before steps that go on in threads: those are recorded by themselves.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._open: dict[int, list[SpanRecord]] = {}
        self._ended: list[SpanRecord] = []
        self._lock = Lock()
        self._hurry = Event()
        self._writing = ThreadPoolExecutor(1, "traces")

    @property
    def tracer(self) -> Tracer:
        return self

    def start_span(
        self,
        name: str,
        context: Context | None = None,
        *_: Any,
        attributes: Mapping[str, Any] | None = None,
        **_more: Any,
    ) -> Span:
        above = get_current_span(context).get_span_context()
        parent = above if above.is_valid else None
        trace = randbits(128) if parent is None else parent.trace_id
        if _is_root(parent):
            self._open.setdefault(trace, [])
        own = SpanContext(trace, getrandbits(64), is_remote=False, trace_flags=_SAMPLED)
        return _Step(self, name, own, parent, attributes)

    def start_as_current_span(  # type: ignore[override]
        self, name: str, *rest: Any, **more: Any
    ) -> AbstractContextManager[Span]:
        return use_span(self.start_span(name, *rest, **more), end_on_exit=True)

    def ended(self, record: SpanRecord, own: SpanContext, parent: SpanContext | None) -> None:
        """Take a finished span."""
        held = self._open.get(own.trace_id)
        if held is not None and not _is_root(parent):
            held.append(record)
            return
        with self._lock:
            first = not self._ended
            self._ended += [*self._open.pop(own.trace_id, ()), record]
            try:
                if first:
                    self._writing.submit(self._keep)
            except RuntimeError:  # what goes on in a thread may end when the library has been closed
                self._ended = []
                log.warning("trace %s: %s not kept: it ended too late", record.trace, record.name)

    def _keep(self) -> None:
        self._hurry.wait(PAUSE)
        with self._lock:
            records, self._ended = self._ended, []
        try:
            self._runs.record(records)
        except Exception:  # one that cannot be kept must not take the others with it
            for trace in dict.fromkeys(record.trace for record in records):
                self._keep_one(trace, [record for record in records if record.trace == trace])

    def _keep_one(self, trace: str, records: Sequence[SpanRecord]) -> None:
        try:
            with dispensable("trace", trace):
                self._runs.record(records)
        except Exception:  # nobody looks at what becomes of this thread's work
            log.exception("trace %s: trace not kept", trace)

    def settle(self) -> None:
        self._hurry.set()
        self._writing.submit(self._hurry.clear).result()

    def close(self) -> None:
        self._hurry.set()
        self._writing.shutdown()


def _is_root(parent: SpanContext | None) -> bool:
    return parent is None or parent.is_remote


class _Step(Span):
    """A span that becomes a SpanRecord."""

    def __init__(
        self,
        sink: JournalSink,
        name: str,
        own: SpanContext,
        parent: SpanContext | None,
        attributes: Mapping[str, Any] | None,
    ) -> None:
        self._sink: JournalSink | None = sink
        self._name = name
        self._own = own
        self._parent = parent
        self._attributes = {} if attributes is None else dict(attributes)
        self._start = time_ns()

    def get_span_context(self) -> SpanContext:
        return self._own

    def is_recording(self) -> bool:
        return self._sink is not None

    def set_attribute(self, key: str, value: Any) -> None:
        self._attributes[key] = value

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        self._attributes.update(attributes)

    def update_name(self, name: str) -> None:
        self._name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        code, said = (
            (status.status_code, status.description) if isinstance(status, Status) else (status, description)
        )
        if code is StatusCode.ERROR:
            self._attributes["error"] = said if said is not None else "failed"

    def add_event(self, *_: Any, **_more: Any) -> None:
        """Keep no events: the journal has none."""

    def record_exception(self, *_: Any, **_more: Any) -> None:
        """Keep no stack: what a step failed with is its status."""

    def end(self, end_time: int | None = None) -> None:
        sink, self._sink = self._sink, None
        if sink is None:
            return
        record = SpanRecord(
            trace=format_trace_id(self._own.trace_id),
            span=format_span_id(self._own.span_id),
            parent=None if self._parent is None else format_span_id(self._parent.span_id),
            name=self._name,
            start=self._start,
            end=time_ns() if end_time is None else end_time,
            attributes=self._attributes,
        )
        sink.ended(record, self._own, self._parent)


def load(rest: str, *, runs: Runs) -> JournalSink:
    """Return a sink whose traces end in ``runs``; it has no options."""
    return JournalSink(runs)
