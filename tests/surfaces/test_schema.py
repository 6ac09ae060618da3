"""Whatever the OpenAPI lets one send: nothing breaks, and every problem is said as one."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from tests.surfaces.conftest import ORIGIN, House

RELAXED = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def test_no_request_breaks_anything(house: House) -> None:
    shown = {"Host": "127.0.0.1:8484", "Origin": ORIGIN}
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", house.client.app, headers=shown)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:
        # One of the requests before may have ended the last token.
        _try(operation, shown | {"Authorization": f"Bearer {house.token('ada', 'admin')}"})


def _try(operation: Any, headers: dict[str, str]) -> None:
    @RELAXED
    @given(case=operation.as_strategy())
    def send(case: Case) -> None:
        answer = case.call(headers=headers)
        assert answer.status_code < 500, (case.method, case.path, case.body, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] == "application/problem+json"
            assert {"title", "status", "detail", "trace"} <= answer.json().keys()

    send()
