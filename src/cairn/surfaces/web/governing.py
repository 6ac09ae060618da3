"""The page on people, groups, rules, and who may see what, and why."""

from collections.abc import Iterable

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from cairn.operations.access import access_classes, access_explain, access_list, access_visible
from cairn.operations.auditing import audit_list
from cairn.operations.people import people_list
from cairn.people import ROLES, Role
from cairn.results.people import AuditEntry
from cairn.session import Session
from cairn.surfaces.http.arguments import Text
from cairn.surfaces.http.signed_in import signed_in
from cairn.surfaces.web.posted import Number, posted
from cairn.surfaces.web.rendering import page

CHANGES = (
    "access.add",
    "access.remove",
    "access.load",
    "people.add",
    "people.roles",
    "people.disable",
    "upload",
)
"""What changes who may see what."""
LATEST = 12
CLASSES = 100
"""Rules that are shown."""


class Looking(BaseModel):
    """Who is asked about, and which document if one is meant."""

    who: Text = ""
    document: Text = ""
    before: Number = 0


async def show(request: Request) -> Response:
    """Show the directory."""
    session = signed_in(request)
    members = await access_list(session)
    classes = (await access_classes(session)).classes
    accounts = (await people_list(session)).accounts if session.holds(Role.ADMIN) else ()
    return page(
        request,
        "access.html",
        members=members,
        within=_within([*members.people.items(), *members.groups.items()]),
        accounts={account.person: account for account in accounts},
        admin=session.holds(Role.ADMIN),
        roles_known=sorted(ROLES),
        classes=classes[:CLASSES],
        more_classes=max(len(classes) - CLASSES, 0),
        changes=await _changes(session),
    )


async def look(request: Request) -> Response:
    """Answer what somebody sees, or whether they see a document, and why: a part of the page."""
    session, said = signed_in(request), await posted(request, Looking)
    explained = visible = None
    if said.who and said.document:
        explained = await access_explain(session, said.who, said.document)
    elif said.who:
        visible = await access_visible(session, said.who, before=said.before)
    return page(request, "seen.html", explained=explained, visible=visible, further=said.before > 0)


async def _changes(session: Session) -> list[AuditEntry]:
    if not session.holds(Role.AUDITOR):
        return []
    pages = [await audit_list(session, action=action, decision="allowed", limit=LATEST) for action in CHANGES]
    entries = [entry for one in pages for entry in one.entries]
    return sorted(entries, key=lambda entry: -entry.number)[:LATEST]


def _within(held: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, list[str]]:
    """Return the members of each group, people and groups alike."""
    members: dict[str, list[str]] = {}
    for member, groups in held:
        for group in groups:
            members.setdefault(group.removeprefix("group:"), []).append(member)
    return members
