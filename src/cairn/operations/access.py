"""Operations on people, groups and who may read what."""

import asyncio
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cairn.access import OWNER, Readers, decide, person
from cairn.audit import touched
from cairn.errors import Denied, Invalid, Unknown
from cairn.operations.declare import Say, operation
from cairn.operations.documents import find
from cairn.operations.listing import Before, Limit, listed
from cairn.people import Role
from cairn.results import Classes, ClassLine, DocumentReaders, Explanation, Members, Visible
from cairn.session import Session
from cairn.types import State

_NAME = re.compile(r"(person|group):[^\s:\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

SERVING = (State.INDEXED, State.PENDING)
"""States in which what was read of a document is found."""

Who = Annotated[str, Say("person:NAME or group:NAME", positional=True, example="person:amina")]
Groups = Annotated[Sequence[str], Say("groups it is directly in, group:NAME", positional=True)]
Person = Annotated[str, Say("a person's name", positional=True, example="amina")]
Document = Annotated[str, Say("a document's path or id", positional=True, example="d12")]


@operation("access.list", role=Role.CURATOR)
async def access_list(session: Session) -> Members:
    """Show people and groups, and the groups each is directly in."""
    return await asyncio.to_thread(_members, session)


@operation("access.add", role=Role.CURATOR, writes=True)
async def access_add(session: Session, who: Who, groups: Groups = ()) -> Members:
    """Enrol a person or a group, and put it into groups; a group in a group is nested."""
    names = [_checked(name) for name in (who, *groups)]
    pairs = [(who, _group(group)) for group in groups]
    touched(*names)
    await asyncio.to_thread(_enrol, session, names, pairs)
    return await asyncio.to_thread(_members, session)


@operation("access.remove", role=Role.CURATOR, writes=True)
async def access_remove(session: Session, who: Who, groups: Groups = ()) -> Members:
    """Take a person or group out of groups; without groups, strike it from the directory."""
    touched(who, *groups)
    known = session.app.journal.directory.principals()
    for name in (who, *groups):
        if name not in known:
            raise Unknown.name("person or group", name, known)
    pairs = [(who, group) for group in groups]
    await asyncio.to_thread(_remove, session, [] if groups else [who], pairs)
    return await asyncio.to_thread(_members, session)


@operation("access.load", role=Role.OWNER, writes=True)
async def access_load(
    session: Session, file: Annotated[str, Say("a TOML file with [groups] and [people]", positional=True)]
) -> Members:
    """Make the directory what a file says: each person and group with the groups it is in."""
    pairs, names = _read(Path(file))
    await asyncio.to_thread(_replace, session, names, pairs)
    return await asyncio.to_thread(_members, session)


@operation("access.explain", role=Role.CURATOR)
async def access_explain(session: Session, who: Person, name: Document) -> Explanation:
    """Tell whether a person may read a document, and why."""
    return await asyncio.to_thread(_explain, session, who, name)


@operation("access.readers", role=Role.CURATOR)
async def access_readers(session: Session, name: Document) -> DocumentReaders:
    """Tell who may read a document."""
    return await asyncio.to_thread(_readers, session, name)


@operation("access.visible", role=Role.CURATOR)
async def access_visible(session: Session, who: Person, *, before: Before = 0, limit: Limit = 50) -> Visible:
    """List the documents a person may read, of those you may read, that were shown last first."""
    return await asyncio.to_thread(_visible, session, who, before, limit)


@operation("access.classes", role=Role.CURATOR)
async def access_classes(session: Session) -> Classes:
    """List the sets of rules that the documents you may read have, and how many have each."""
    return await asyncio.to_thread(_classes, session)


def _members(session: Session) -> Members:
    directory = session.app.journal.directory
    groups = directory.memberships()
    names = directory.principals()
    return Members(
        people={name[7:]: groups.get(name, ()) for name in names if name.startswith("person:")},
        groups={name[6:]: groups.get(name, ()) for name in names if name.startswith("group:")},
    )


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is not person:NAME or group:NAME.")
    if name == f"person:{OWNER}":
        raise Invalid(f"{OWNER!r} is the library's owner and cannot be enrolled.")
    return name


def _group(name: str) -> str:
    if not name.startswith("group:"):
        raise Invalid(f"{name!r} is not a group; only groups have members.")
    return name


def _read(path: Path) -> tuple[set[tuple[str, str]], set[str]]:
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(f"{path} is not TOML: {error}") from error
    unknown = content.keys() - {"groups", "people"}
    if unknown or not content or not all(isinstance(table, dict) for table in content.values()):
        raise Invalid(f"{path} must have the tables [groups] and [people] and nothing else.")
    pairs, names = set(), set()
    for table, kind in (("groups", "group"), ("people", "person")):
        for name, groups in content.get(table, {}).items():
            if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
                raise Invalid(f"{path}: {table}.{name} must be a list of groups' names.")
            member = _checked(f"{kind}:{name}")
            names.add(member)
            pairs |= {(member, _checked(f"group:{group}")) for group in groups}
    return pairs, names


def _replace(session: Session, names: set[str], pairs: set[tuple[str, str]]) -> None:
    directory = session.app.journal.directory
    wanted = names | {group for _, group in pairs}
    held = _pairs(directory.memberships())
    # What goes is taken first: for a moment somebody may read too little, never too much.
    struck = sorted(set(directory.principals()) - wanted)
    directory.remove(struck, sorted(held - pairs))
    _forget(session, struck)
    _begin(session, wanted)
    directory.enrol(sorted(wanted), sorted(pairs))


def _enrol(session: Session, names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    directory = session.app.journal.directory
    held = _pairs(directory.memberships())
    _same_rights(session, held, held | set(pairs))
    _begin(session, names)
    directory.enrol(names, pairs)


def _remove(session: Session, names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    directory = session.app.journal.directory
    held = _pairs(directory.memberships())
    left = {(member, group) for member, group in held - set(pairs) if not {member, group} & set(names)}
    _same_rights(session, held, left)
    directory.remove(names, pairs)
    _forget(session, names)


def _begin(session: Session, names: Iterable[str]) -> None:
    """Let who is enrolled begin with nothing of a namesake's, struck by a process that did not end it."""
    _forget(session, set(names).difference(session.app.journal.directory.principals()))


def _forget(session: Session, struck: Iterable[str]) -> None:
    """Erase what those asked who are struck, and how they signed in: a namesake may be enrolled later."""
    people = [name.removeprefix("person:") for name in struck if name.startswith("person:")]
    session.app.journal.upkeep.strike(people)


def _pairs(memberships: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    return {(member, group) for member, groups in memberships.items() for group in groups}


def _same_rights(session: Session, before: set[tuple[str, str]], after: set[tuple[str, str]]) -> None:
    """Raise Denied where the asker would change what they may read themselves; a group may be denied, too."""
    if session.asker == OWNER:
        return
    names = []
    for pairs in (before, after):
        groups: defaultdict[str, list[str]] = defaultdict(list)
        for member, group in pairs:
            groups[member].append(group)
        names.append(person(session.asker, groups).names)
    if names[0] != names[1]:
        raise Denied("This would change what you may read yourself; ask another curator, or the owner.")


def _explain(session: Session, who: str, name: str) -> Explanation:
    touched(f"person:{who}")
    record = find(session, name)
    readers = session.app.journal.directory.classes()[record.access_class]
    principal = session.app.grants(who).principal
    decision = decide(principal, readers)
    return Explanation(
        person=who,
        uri=record.uri,
        allowed=decision.allowed,
        reason=decision.reason,
        names=tuple(sorted(principal.names)),
        **_sets(readers),
    )


def _readers(session: Session, name: str) -> DocumentReaders:
    record = find(session, name)
    directory = session.app.journal.directory
    readers = directory.classes()[record.access_class]
    memberships = directory.memberships()
    people = [known[7:] for known in directory.principals() if known.startswith("person:")]
    allowed = tuple(one for one in people if decide(person(one, memberships), readers).allowed)
    return DocumentReaders(uri=record.uri, people=allowed, **_sets(readers))


def _visible(session: Session, who: str, before: int, limit: int) -> Visible:
    touched(f"person:{who}")
    theirs, counted = session.app.grants(who), _counted(session, SERVING)
    both = {granted for granted in counted if theirs.readable(granted)}
    page = listed(session, both, SERVING, before, limit)
    return Visible(
        person=who,
        count=sum(counted[granted] for granted in both),
        total=counted.total(),
        documents=page.documents,
        before=page.before,
    )


def _classes(session: Session) -> Classes:
    # In this order: meanwhile there may be more classes, and never fewer.
    counted = _counted(session, set(State) - {State.DELETED}).most_common()
    held = session.app.journal.directory.classes()
    return Classes(classes=tuple(ClassLine(documents=n, **_sets(held[granted])) for granted, n in counted))


def _counted(session: Session, states: Collection[State]) -> Counter[int]:
    """Return how many documents in these states each access class has that whoever asks may read."""
    grants, counted = session.grants, Counter[int]()
    for (_, state, granted), count in session.app.journal.catalogue.counts().items():
        if state in states and grants.readable(granted):
            counted[granted] += count
    return counted


def _sets(readers: Readers) -> dict[str, tuple[str, ...]]:
    return {
        "allow": tuple(sorted(readers.allow)),
        "deny": tuple(sorted(readers.deny)),
        "require": tuple(sorted(readers.require)),
    }
