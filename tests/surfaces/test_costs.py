"""What language models cost, as each surface shows it: one's own to everybody, all to auditors."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
from tests.surfaces.conftest import House

import cairn
from cairn.chat import Call, Usage
from cairn.errors import CairnError, ModelFailed, OverBudget
from cairn.flows.answering import answer as answering
from cairn.operations.costs import costs_show
from cairn.session import Session

ORIGINS = {"system": 60, "tools": 0, "history": 0, "evidence": 30, "question": 10, "retry": 0}


def call(asker: str, **more: Any) -> Call:
    said = {
        "trace": f"{asker:0<32}",
        "at": datetime.now(UTC),
        "asker": asker,
        "model": "openai:gpt-5",
        "purpose": "answer",
        "version": "answer@1",
        "outcome": "done",
        "usage": Usage(input=100, cached=40, output=50),
        "origins": ORIGINS,
        "cost": 0.25,
        "first": 0.5,
        "seconds": 1.5,
    }
    return Call(**said | more)


def spend(session: Session, *calls: Call) -> None:
    accounts = session.app.journal.accounts
    for one in calls:
        accounts.close(accounts.open(one, lambda _: None), one)


@pytest.fixture
def spent(house: House) -> House:
    """Let tomas and amina have spent something, and one of them have tried a call nine times over."""
    again = [
        call(
            "tomas",
            attempt=n,
            outcome="failed",
            reason="503",
            at=datetime.now(UTC) + timedelta(seconds=n - 20),
        )
        for n in range(1, 10)
    ]
    spend(house.session, call("tomas"), call("amina", model="ollama:qwen3", cost=None), *again)
    return house


def test_one_sees_ones_own_costs_and_an_auditor_everybodys(spent: House) -> None:
    own = spent.door("tomas").post("/v1/costs/show", {"by": "person"}).json()
    assert (own["person"], [line["key"] for line in own["lines"]]) == ("tomas", ["tomas"])
    assert own["total"]["calls"] == 10 and own["total"]["failed"] == 9 and own["total"]["dollars"] == 2.5
    all_ = spent.door("amina", "auditor").post("/v1/costs/show", {"by": "person"}).json()
    assert (all_["person"], [line["key"] for line in all_["lines"]]) == ("", ["tomas", "amina"])
    assert all_["total"]["calls"] == 11 and all_["total"]["unpriced"] == 1
    one = spent.door("amina", "auditor").post("/v1/costs/show", {"person": "tomas"}).json()
    assert one["total"] == own["total"]
    refused = spent.door("tomas").post("/v1/costs/show", {"person": "amina"})
    assert refused.status_code == 403
    assert spent.door("tomas").post("/v1/costs/audit").status_code == 403


@pytest.mark.parametrize("by", ["day", "model", "purpose", "person", "answer"])
def test_the_lines_add_up_to_the_whole(spent: House, by: str) -> None:
    for who in ("amina", "tomas"):
        told = (
            spent.door(who, *(["auditor"] if who == "amina" else []))
            .post("/v1/costs/show", {"by": by})
            .json()
        )
        assert sum(line["calls"] for line in told["lines"]) == told["total"]["calls"]
        assert (
            sum(line["tokens"]["evidence"] for line in told["lines"]) == told["total"]["tokens"]["evidence"]
        )
    assert told["total"]["retries"] == pytest.approx(0.8)
    assert told["total"]["saved"] == pytest.approx(10 * 40 * (1.25 - 0.125) / 1e6)
    assert told["total"]["first_seconds"] == 0.5 and told["total"]["token_seconds"] == pytest.approx(0.02)


def test_what_is_asked_wrongly_is_refused(spent: House) -> None:
    door = spent.door("tomas")
    assert door.post("/v1/costs/show", {"days": 0}).status_code == 400
    assert door.post("/v1/costs/show", {"limit": 10**9}).status_code == 400
    assert door.post("/v1/costs/show", {"by": "question"}).status_code == 422


def test_leaks_name_traces_that_show_them(spent: House) -> None:
    (leak,) = spent.door("amina", "auditor").post("/v1/costs/audit").json()["leaks"]
    assert leak["kind"] == "retry loop" and leak["traces"] == [f"{'tomas':0<32}"]
    assert leak["dollars"] == pytest.approx(8 * 0.25)


def test_budgets_are_shown_with_what_is_used_of_them(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_BUDGETS", "person $5 a day, all 100000 tokens a month")
    with cairn.open() as session:
        spend(session, call("tomas"), call("owner"))
        tomas = replace(session, name="tomas", actor="tomas")
        (own,) = run(costs_show(tomas)).budgets
        assert (own.budget, own.used, own.most) == ("person $5 a day", 0.25, 5.0)
        assert [one.used for one in run(costs_show(session)).budgets] == [0.25, 300]


def test_the_page_shows_leaks_to_auditors_alone(spent: House) -> None:
    def page(who: str, path: str) -> str:
        shown = spent.door(who, *(["auditor"] if who == "amina" else [])).get(path, Accept="text/html")
        assert shown.status_code == 200
        return str(shown.text)

    assert "retry loop" in page("amina", "/costs?leaks=1")
    assert 'href="/trace/tomas0000' in page("amina", "/costs?leaks=1")
    own = page("tomas", "/costs?leaks=1")
    assert "retry loop" not in own and "Look for leaks" not in own and "qwen3" not in own
    assert "$2.50" in own and "everybody" not in own
    assert "1 of unknown price" in page("amina", "/costs")
    assert "No language model was asked" in page("ada", "/costs?person=ada&days=x")
    assert spent.door("tomas").get("/costs?person=amina").status_code == 403


def test_numbers_for_prometheus_name_models_and_nobody(spent: House) -> None:
    spent.session.app.lookups.note("none", 0)
    spent.session.app.lookups.note("exact", 900)
    said = spent.door("amina", "auditor").get("/metrics").text
    assert 'cairn_answer_cache_total{found="none"} 1.0' in said
    assert 'cairn_answer_cache_total{found="semantic"} 0.0' in said
    assert "cairn_answer_cache_tokens_total 900.0" in said
    assert 'cairn_model_calls_total{model="openai:gpt-5",outcome="failed"} 9.0' in said
    assert 'cairn_model_dollars_total{model="openai:gpt-5",outcome="done"} 0.25' in said
    assert 'cairn_model_cached_tokens_total{model="ollama:qwen3",outcome="done"} 40.0' in said
    assert "tomas" not in said and "amina" not in said


@pytest.mark.parametrize(
    ("error", "status", "after"),
    [
        (OverBudget("tomas has spent $2.00 of $2.00 this day."), 429, None),
        (ModelFailed("openai:gpt-5 did not answer.", again=True, after=7.2), 502, "8"),
        (ModelFailed("openai:gpt-5 refused."), 502, None),
    ],
)
def test_a_model_that_fails_is_a_problem_in_one_line(
    house: House, monkeypatch: pytest.MonkeyPatch, error: CairnError, status: int, after: str | None
) -> None:
    async def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    monkeypatch.setattr(answering, "answer", fail)
    answer = house.door("tomas").post("/v1/ask", {"question": "What did the audit find?"})
    assert answer.status_code == status and answer.headers.get("retry-after") == after
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == str(error)


def test_the_command_line_shows_costs_and_leaks(session: Session) -> None:
    again = [call("owner", attempt=n, outcome="failed", reason="503") for n in range(1, 10)]
    spend(session, call("owner"), *again)

    def said(*arguments: str) -> str:
        command = [sys.executable, "-m", "cairn", "costs", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "openai:gpt-5" in said("show", "model") and "$2.50" in said("show")
    assert "retry loop" in said("audit")
    assert json.loads(said("show", "answer", "--json"))["total"]["calls"] == 10
    wrong = subprocess.run(
        [sys.executable, "-m", "cairn", "costs", "show", "week"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2 and "'week'" in wrong.stderr and "day" in wrong.stderr
