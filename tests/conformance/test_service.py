"""What every journal must do for people, tokens and the audit, over each dialect."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance.test_journal import _database

from cairn import registry
from cairn.audit import START, Entry, Sealed
from cairn.people import Account, KeptReport, Kind, Role, Token
from cairn.protocols import Journal
from cairn.records import KeptAnswer, Said, SpanRecord, Turn
from cairn.types import Citation, Claim, Locator

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    spec = request.param if request.param == "sqlite" else f"postgresql:{_database()}"
    opened = registry.load("journal", spec, home=tmp_path, model="m1")
    yield opened
    opened.close()


def token(**more: Any) -> Token:
    shown = {"kind": Kind.API, "person": "amina", "scopes": frozenset({Role.READER})}
    return Token(**shown | {"created": NOW, "expires": NOW + timedelta(days=36_500)} | more)


def entry(action: str, **more: Any) -> Entry:
    return Entry(
        **{"at": 1, "person": "amina", "origin": "local", "action": action, "decision": "allowed"} | more
    )


def test_accounts_are_kept_as_they_are(journal: Journal) -> None:
    amina = Account(person="amina", roles=frozenset({Role.READER, Role.CURATOR}), password="hashed")
    journal.people.save(amina)
    tomas = Account(person="tomas", disabled=True, issuer="https://id", subject="7")
    journal.people.save(tomas)
    assert journal.people.accounts() == [amina, tomas]
    assert journal.people.account("nobody") is None
    assert journal.people.linked("https://id", "7") == tomas
    assert journal.people.linked("https://other", "7") is None
    journal.people.save(Account(person="amina"))
    assert journal.people.account("amina") == Account(person="amina")


def test_a_token_is_found_by_its_digest_until_it_is_revoked(journal: Journal) -> None:
    amina = Account(person="amina")
    journal.people.save(amina)
    number = journal.people.issue("d1", token(name="laptop"))
    other = journal.people.issue("d2", token(person="nobody", scopes=frozenset(Role)))
    held = token(id=number, name="laptop")
    assert journal.people.bearer("d1") == (held, amina) and journal.people.bearer("d3") is None
    found = journal.people.bearer("d2")
    assert found is not None and found[0].scopes == frozenset(Role) and found[1] is None
    journal.people.used(number, NOW)
    assert [one.id for one in journal.people.tokens()] == [other, number]
    assert journal.people.tokens("amina")[0].used == NOW
    journal.people.revoke([number])
    found = journal.people.bearer("d1")
    assert found is not None and found[0].revoked is not None and not found[0].good(NOW)


def test_what_is_redeemed_is_redeemed_once(journal: Journal) -> None:
    journal.people.issue("d1", token(kind=Kind.LINK))
    got: list[Token | None] = []
    threads = [Thread(target=lambda: got.append(journal.people.redeem("d1"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in got) == 1


def test_replies_are_found_by_their_key(journal: Journal) -> None:
    journal.replies.keep("k", "request", '{"a": 1}')
    found = journal.replies.find("k")
    assert found is not None and (found.request, found.body) == ("request", '{"a": 1}')
    assert journal.replies.find("other") is None


def turn(trace: str, **more: Any) -> Turn:
    told = {"person": "amina", "behalf": "amina", "asked": "And it?", "question": "And the plan?"}
    return Turn(**{"trace": trace, "thread": "t1", "at": datetime.now(UTC)} | told | more)


def kept(key: str, **more: Any) -> KeptAnswer:
    where = {"uri": "a.md", "title": "A", "locators": (Locator(page=2),)}
    cited = Citation(evidence="p7", number=1, quote="5", verdict="supported", **where)  # type: ignore[arg-type]
    claim = Claim(text="It is 5.", citations=(cited,), verdict="supported")
    gone = Claim(text="It is 6.", citations=(), verdict="not found", reason="nothing is cited")
    told = {"scope": "s", "question": "How many?", "vector": np.array([0.6, 0.8], np.float32), "writer": "w"}
    told |= {"claims": (claim,), "withdrawn": (gone,), "confidence": 0.5, "trace": "t1", "person": "amina"}
    told |= {"head": 3, "documents": frozenset({7}), "tokens": 900, "at": datetime.now(UTC)}
    return KeptAnswer(key=key, **told | more)


def test_a_turn_is_its_askers_with_the_rights_they_used(journal: Journal) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    first = turn("t1", claims=(Said("It is 5.", ("p7",)),), rests=("p1",), documents=frozenset({7, 12}))
    journal.turns.keep(first, past)
    assert journal.turns.find("t1", "amina", "amina") == first
    for person, behalf in (("amina", "tomas"), ("tomas", "amina"), ("tomas", "tomas")):
        assert journal.turns.find("t1", person, behalf) is None
    journal.turns.keep(turn("t2", follows="t1"), past)
    assert journal.turns.forget("tomas") == 0 and journal.turns.forget("amina", "t2") == 1
    journal.turns.erase([1, 2])
    assert journal.turns.find("t1", "amina", "amina") == first
    journal.turns.erase([12])
    assert journal.turns.find("t1", "amina", "amina") is None


def test_turns_and_answers_are_kept_for_a_while(journal: Journal) -> None:
    now = datetime.now(UTC)
    journal.turns.keep(turn("t1", at=now - timedelta(days=2)), now - timedelta(days=3))
    journal.turns.keep(turn("t2"), now - timedelta(days=1))
    assert journal.turns.find("t1", "amina", "amina") is None
    journal.answers.keep(kept("k1", at=now - timedelta(days=2)), now - timedelta(days=3))
    journal.answers.keep(kept("k2"), now - timedelta(days=1))
    assert journal.answers.find("k1") is None and journal.answers.find("k2") is not None


def test_what_is_old_is_erased_whatever_the_setting_was_when_it_was_kept(journal: Journal) -> None:
    now, day = datetime.now(UTC), timedelta(days=1)
    for number, at in enumerate((now - 3 * day, now)):
        journal.turns.keep(turn(f"t{number}", at=at), now - 9 * day)
        journal.answers.keep(kept(f"k{number}", at=at), now - 9 * day)
        begun = int(at.timestamp() * 1e9)
        journal.runs.record([SpanRecord(f"t{number}", f"s{number}", None, "ask", begun, begun + 5, {})])
    journal.upkeep.expire(traces=now - 2 * day, turns=now - 4 * day, answers=now - 4 * day)
    assert [len(journal.runs.trace(f"t{n}")) for n in (0, 1)] == [0, 1]
    assert journal.turns.find("t0", "amina", "amina") and journal.answers.find("k0")
    journal.upkeep.expire(traces=now - 2 * day, turns=now - 2 * day, answers=now - 2 * day)
    assert [journal.turns.find(f"t{n}", "amina", "amina") is None for n in (0, 1)] == [True, False]
    assert [journal.answers.find(f"k{n}") is None for n in (0, 1)] == [True, False]


def test_an_answer_is_found_by_its_key_and_its_scope(journal: Journal) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    for key, scope in (("k1", "s"), ("k2", "s"), ("k3", "other")):
        journal.answers.keep(kept(key, scope=scope, person="amina" if key == "k1" else "tomas"), past)
    journal.answers.keep(kept("k1", tokens=1), past)
    found = journal.answers.find("k1")
    assert found is not None and found.tokens == 1 and found.claims == kept("k1").claims
    assert found.withdrawn == kept("k1").withdrawn and journal.answers.find("nothing") is None
    vectors = journal.answers.vectors("s", 10)
    assert set(vectors) == {"k1", "k2"} and vectors["k2"].tolist() == kept("k2").vector.tolist()
    assert list(journal.answers.vectors("s", 1)) == ["k1"] and journal.answers.vectors("none", 1) == {}
    assert journal.answers.forget("amina", "t2") == 0 and journal.answers.forget("amina") == 1
    journal.answers.erase([7])
    assert journal.answers.find("k2") is None


def test_entries_are_a_chain_in_the_order_they_were_written(journal: Journal) -> None:
    def write(person: str) -> None:
        for number in range(10):
            journal.ledger.append(entry("ask", person=person, at=number, objects=("d1", "p2"), trace="t"))

    threads = [Thread(target=write, args=(person,)) for person in ("amina", "tomas", "ada")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chain = journal.ledger.after(0, 100)
    assert [sealed.number for sealed in chain] == list(range(1, 31)) and _holds(chain)
    assert journal.ledger.latest(2, before=30, where={"person": chain[28].entry.person})[0] == chain[28]
    assert {one.entry.person for one in journal.ledger.latest(100, where={"person": "ada"})} == {"ada"}


def test_a_report_is_kept_for_its_asker_and_gone_with_what_it_rests_on(journal: Journal) -> None:
    kept = [
        KeptReport(trace=trace, person=person, behalf=behalf, documents=frozenset(documents), body="{}")
        for trace, person, behalf, documents in (
            ("a", "amina", "", {1, 2}),
            ("b", "amina", "tomas", {3}),
            ("c", "tomas", "", {11}),
        )
    ]
    for one in kept:
        journal.reports.keep(one)
    assert journal.reports.find("a", "amina", "") == kept[0]
    for other in (("a", "tomas", ""), ("a", "amina", "tomas"), ("b", "amina", ""), ("d", "amina", "")):
        assert journal.reports.find(*other) is None
    journal.reports.erase([1, 5])
    assert journal.reports.find("a", "amina", "") is None and journal.reports.find("c", "tomas", "")
    assert journal.reports.forget("tomas", "b") == 0
    assert journal.reports.find("b", "amina", "tomas"), "of others nothing is forgotten"
    assert journal.reports.forget("amina", "b") == 1 and journal.reports.forget("tomas") == 1
    assert not any(journal.reports.find(one.trace, one.person, one.behalf) for one in kept)


def before(tmp_path: Path, version: int, *statements: str) -> Journal:
    """Return a journal that these statements turned into one of an earlier version, opened by this one."""
    registry.load("journal", "sqlite", home=tmp_path, model="m1").close()
    with sqlite3.connect(tmp_path / "service.db") as raw:
        for statement in (*statements, f"UPDATE meta SET value = '{version}' WHERE key = 'service'"):
            raw.execute(statement)
    raw.close()
    opened: Journal = registry.load("journal", "sqlite", home=tmp_path, model="m1")
    return opened


def test_a_journal_from_before_feedback_was_looked_at_is_opened(tmp_path: Path) -> None:
    held = before(
        tmp_path,
        5,
        "ALTER TABLE questions DROP COLUMN reviewer",
        "INSERT INTO questions VALUES ('t', 'amina', '', 'Why?', 1.0, 1, 0, 'too short')",
    )
    assert [one.reviewer for one in held.questions.judged(10)] == [""]
    assert held.questions.review("t", "ada")
    held.close()


def test_reports_and_answers_of_before_are_read(tmp_path: Path) -> None:
    held = before(
        tmp_path,
        6,
        "ALTER TABLE answers ADD COLUMN hits INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX ix_spans_start",
        "INSERT INTO reports VALUES ('t', 'amina', '', '[1, 22]', '{}', 9e9)",
    )
    held.answers.keep(kept("k1"), datetime.now(UTC) - timedelta(days=1))
    assert held.answers.find("k1") is not None
    held.reports.erase([2])
    found = held.reports.find("t", "amina", "")
    assert found is not None and found.documents == {1, 22}
    held.close()


def test_no_entry_is_changed_or_taken_away(journal: Journal, tmp_path: Path) -> None:
    journal.ledger.append(entry("ask"))
    engine = journal.ledger._database.engine  # type: ignore[attr-defined]
    for statement in ("UPDATE audit SET person = 'other'", "DELETE FROM audit"):
        with pytest.raises(sqlalchemy.exc.DatabaseError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert journal.ledger.after(0, 10)[0].entry.person == "amina"


def _holds(chain: list[Sealed]) -> bool:
    previous = START
    for number, sealed in enumerate(chain, start=1):
        if sealed.number != number or sealed.digest != sealed.entry.seal(number, previous):
            return False
        previous = sealed.digest
    return True


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
ENTRIES = st.lists(
    st.builds(
        Entry,
        at=st.integers(0, 2**50),
        person=TEXT,
        behalf=TEXT,
        origin=TEXT,
        action=TEXT,
        objects=st.lists(TEXT, max_size=3).map(tuple),
        decision=st.sampled_from(["allowed", "denied"]),
        reason=TEXT,
        trace=TEXT,
    ),
    min_size=1,
    max_size=6,
)
COLUMNS = ["at", "person", "behalf", "origin", "action", "objects", "decision", "reason", "trace", "digest"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=ENTRIES, data=st.data())
def test_whoever_tampers_with_the_file_is_found_out(tmp_path: Path, entries: list[Entry], data: Any) -> None:
    home = tmp_path / uuid4().hex
    home.mkdir()
    journal: Journal = registry.load("journal", "sqlite", home=home, model="m1")
    for one in entries:
        journal.ledger.append(one)
    assert _holds(journal.ledger.after(0, 100))
    number = data.draw(st.integers(1, len(entries)))
    how = data.draw(st.sampled_from(["change", "remove", "swap"]))
    with sqlite3.connect(home / "service.db") as raw:
        for verb in ("update", "delete"):
            raw.execute(f"DROP TRIGGER audit_no_{verb}")
        changed = _tamper(raw, how, number, len(entries), data)
    raw.close()
    chain = journal.ledger.after(0, 100)
    journal.close()
    assert _holds(chain) is not changed


def _tamper(raw: sqlite3.Connection, how: str, number: int, count: int, data: Any) -> bool:
    """Change the table; tell whether a chain of what is left can show it."""
    if how == "change":
        column = data.draw(st.sampled_from(COLUMNS))
        (held,) = raw.execute(f"SELECT {column} FROM audit WHERE number = ?", (number,)).fetchone()
        new = held + 1 if column == "at" else json.dumps(["d9999"]) if column == "objects" else f"{held}x"
        raw.execute(f"UPDATE audit SET {column} = ? WHERE number = ?", (new, number))
        return bool(new != held)
    if how == "remove":
        raw.execute("DELETE FROM audit WHERE number = ?", (number,))
        return number < count  # the end of a chain can be cut; only an earlier digest shows that
    if count < 2:
        return False
    other = number - 1 if number > 1 else 2
    for old, new in ((number, -1), (other, number), (-1, other)):
        raw.execute("UPDATE audit SET number = ? WHERE number = ?", (new, old))
    return True
