"""Where traces end: what is recorded, and when."""

from collections.abc import Sequence

import pytest
from opentelemetry.trace import format_trace_id, set_span_in_context

from cairn.adapters.sinks import sql
from cairn.errors import Storage
from cairn.records import SpanRecord


class Recorded:
    """Keeps what is recorded; see ``cairn.protocols.Runs``."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []

    def record(self, records: Sequence[SpanRecord]) -> None:
        self.transactions.append([one.name for one in records])


def test_a_trace_is_recorded_as_a_whole_when_its_root_ends() -> None:
    runs = Recorded()
    sink = sql.load("", runs=runs)  # type: ignore[arg-type]
    with sink.tracer.start_as_current_span("ask"), sink.tracer.start_as_current_span("retrieve"):
        sink.settle()
        assert runs.transactions == []
    sink.settle()
    assert runs.transactions == [["retrieve", "ask"]]


def test_traces_that_end_soon_after_each_other_are_recorded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "PAUSE", 60.0)  # who asks for them waits no longer for it
    runs = Recorded()
    sink = sql.load("", runs=runs)  # type: ignore[arg-type]
    for name in ("ask", "search"):
        with sink.tracer.start_as_current_span(name):
            pass
    sink.settle()
    assert runs.transactions == [["ask", "search"]]
    with sink.tracer.start_as_current_span("status"):
        pass
    sink.close()
    assert runs.transactions[1:] == [["status"]]


def test_a_trace_that_cannot_be_kept_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sql, "PAUSE", 60.0)
    runs = Recorded()
    keep = runs.record

    def record(records: Sequence[SpanRecord]) -> None:
        if "bad" in [one.name for one in records]:
            raise ValueError("It cannot be written.")
        keep(records)

    runs.record = record  # type: ignore[method-assign]
    sink = sql.load("", runs=runs)  # type: ignore[arg-type]
    for name in ("ask", "bad", "search"):
        with sink.tracer.start_as_current_span(name):
            pass
    sink.settle()
    assert runs.transactions == [["ask"], ["search"]]
    assert len(caplog.records) == 1


def test_a_step_that_ends_after_its_request_was_given_up_is_recorded_and_not_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs = Recorded()
    sink = sql.load("", runs=runs)  # type: ignore[arg-type]
    root = sink.tracer.start_span("ask")
    left = sink.tracer.start_span("embed", set_span_in_context(root))
    root.end()
    left.end()
    late = sink.tracer.start_span("read", set_span_in_context(root))
    sink.close()
    late.end()
    assert runs.transactions == [["ask", "embed"]]
    assert [one.getMessage().partition(": ")[2] for one in caplog.records] == [
        "read not kept: it ended too late"
    ]


@pytest.mark.parametrize("error", [Storage("The disk is full."), ValueError("The disk is full.")])
def test_a_trace_that_cannot_be_kept_is_in_the_log(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def record(records: Sequence[SpanRecord]) -> None:
        raise error

    runs = Recorded()
    runs.record = record  # type: ignore[method-assign]
    sink = sql.load("", runs=runs)  # type: ignore[arg-type]
    for _ in range(2):  # the first is no end of all others
        with sink.tracer.start_as_current_span("ask") as step:
            trace = format_trace_id(step.get_span_context().trace_id)
        sink.settle()
        assert f"trace {trace}: trace not kept" in caplog.text and "The disk is full." in caplog.text
        caplog.clear()
