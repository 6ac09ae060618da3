"""Operations that read the audit and prove it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from cairn.audit import START, Sealed
from cairn.errors import Invalid
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.protocols import Ledger
from cairn.results.people import AuditEntry, AuditPage, AuditVerified
from cairn.session import Session

PAGE = 1000
"""Entries read at once, and the most of one page."""


@operation("audit.list", role=Role.AUDITOR)
async def audit_list(
    session: Session,
    *,
    person: Annotated[str, Say("only what this person did")] = "",
    action: Annotated[str, Say("only this operation, such as ask or access.add")] = "",
    decision: Annotated[str, Say("only what was decided so: allowed, denied, not found, ...")] = "",
    trace: Annotated[str, Say("only what belongs to this trace")] = "",
    before: Annotated[int, Say("only entries before this number")] = 0,
    limit: Annotated[int, Say("so many entries at most")] = 50,
) -> AuditPage:
    """Show who did what, when, from where, and what was decided; newest first, without content."""
    if not 1 <= limit <= PAGE:
        raise Invalid(f"limit is {limit}; ask for 1 to {PAGE:,} entries.")
    said = {"person": person, "action": action, "decision": decision, "trace": trace}
    where = {name: value for name, value in said.items() if value}
    ledger = session.app.journal.ledger
    start = before if before else None
    found = await asyncio.to_thread(ledger.latest, limit, before=start, where=where)
    more = len(found) == limit and found[-1].number > 1
    return AuditPage(entries=tuple(map(_entry, found)), before=found[-1].number if more else None)


@operation("audit.verify", role=Role.AUDITOR)
async def audit_verify(
    session: Session,
    *,
    holds: Annotated[str, Say("a digest of an earlier verify, which must still stand")] = "",
) -> AuditVerified:
    """Prove that no entry of the audit was changed, moved, inserted or taken away.

    What was cut off at the end shows only to who kept the digest of an earlier verify.
    """
    return await asyncio.to_thread(_verify, session.app.journal.ledger, holds)


def _verify(ledger: Ledger, holds: str) -> AuditVerified:
    number, digest, missed = 0, START, ""
    held = not holds
    for sealed in _all(ledger):
        if not missed and sealed.number != number + 1:
            missed = f"entry {number + 1} is missing"
        elif not missed and sealed.digest != sealed.entry.seal(sealed.number, digest):
            missed = f"entry {sealed.number} is not what was written"
        number, digest = sealed.number, sealed.digest
        held = held or (digest == holds and not missed)
    lacking = () if held else (f"no entry has the digest {holds} in a chain that holds",)
    return AuditVerified(entries=number, digest=digest, missed=(*((missed,) if missed else ()), *lacking))


def _all(ledger: Ledger) -> Iterator[Sealed]:
    page = ledger.after(0, PAGE)
    while page:
        yield from page
        page = ledger.after(page[-1].number, PAGE)


def _entry(sealed: Sealed) -> AuditEntry:
    entry = sealed.entry
    return AuditEntry(
        number=sealed.number,
        at=datetime.fromtimestamp(entry.at / 1e6, UTC),
        person=entry.person,
        behalf=entry.behalf,
        origin=entry.origin,
        action=entry.action,
        objects=entry.objects,
        decision=entry.decision,
        reason=entry.reason,
        trace=entry.trace,
        digest=sealed.digest,
    )
