"""The page on people, groups, rules, and who may see what, and why."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from cairn.errors import Invalid, Unknown
from cairn.operations.access import access_classes, access_explain, access_list, access_visible
from cairn.operations.auditing import audit_list
from cairn.operations.people import people_list
from cairn.people import ROLES, Role
from cairn.results import Explanation, Visible
from cairn.results.people import AuditEntry
from cairn.session import Session
from cairn.surfaces.http.signed_in import signed_in
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


async def show(request: Request) -> Response:
    """Show the directory, and answer what somebody sees and why."""
    session = signed_in(request)
    said = {name: request.query_params.get(name, "").strip() for name in ("who", "document")}
    members = await access_list(session)
    visible, explained, unknown = await _answer(session, said["who"], said["document"])
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
        said=said,
        visible=visible,
        explained=explained,
        unknown=unknown,
        changes=await _changes(session),
    )


async def _answer(
    session: Session, who: str, document: str
) -> tuple[Visible | None, Explanation | None, str]:
    """Return what a person sees, or why they see a document, or why that cannot be told."""
    try:
        if who and document:
            return None, await access_explain(session, who, document), ""
        return (await access_visible(session, who) if who else None), None, ""
    except (Unknown, Invalid) as error:
        return None, None, str(error)


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
