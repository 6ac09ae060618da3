"""Where traces end: what is recorded, and when."""

from collections.abc import Sequence

from opentelemetry.trace import set_span_in_context

from cairn.adapters.sinks import sql
from cairn.records import SpanRecord


class Recorded:
    """Keeps what is recorded; see ``cairn.protocols.Runs``."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []

    def record(self, records: Sequence[SpanRecord]) -> None:
        self.transactions.append([one.name for one in records])


def test_a_trace_is_recorded_as_a_whole_when_its_root_ends() -> None:
    runs = Recorded()
    tracer = sql.load("", runs=runs)  # type: ignore[arg-type]
    with tracer.start_as_current_span("ask"), tracer.start_as_current_span("retrieve"):
        assert runs.transactions == []
    assert runs.transactions == [["retrieve", "ask"]]


def test_a_step_that_ends_after_its_request_was_given_up_is_recorded_and_not_kept() -> None:
    runs = Recorded()
    tracer = sql.load("", runs=runs)  # type: ignore[arg-type]
    root = tracer.start_span("ask")
    left = tracer.start_span("embed", set_span_in_context(root))
    root.end()
    left.end()
    assert runs.transactions == [["ask"], ["embed"]]
