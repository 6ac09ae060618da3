"""Operations that keep a library whole: verify it, back it up, restore it."""

import asyncio
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import cairn
from cairn.access import OWNER
from cairn.app import App
from cairn.audit import Entry
from cairn.errors import Invalid, Storage
from cairn.flows.keeping import manifest, swap
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.records import Checksums
from cairn.results import BackedUp, Restored, Verified
from cairn.session import LOCAL, Session, open_library
from cairn.types import State

LEFT_OUT = {*swap.KEPT, "index", "scratch", "views"}
"""What a backup does not take as it is: the index is copied by itself, the rest is of no use elsewhere."""
JOURNAL = ("journal.db", "service.db")
"""With their logs, which begin with these as well; the journal is copied by itself."""
NOTE = "What is forgotten from now on stays in this backup; delete it when nothing must be left of that."


@operation("verify", role=Role.ADMIN, writes=True)
async def verify(
    session: Session,
    *,
    repair: Annotated[bool, Say("build the index again if anything is wrong with it")] = False,
) -> Verified:
    """Check the library's files, and compare its index with one built anew from the journal.

    Both are compared by a checksum over ids, access classes and vectors. Takes as long, and as much room,
    as to build the index; questions go on meanwhile, nothing can be written. Any difference is a failure,
    unless it was repaired. The journal itself cannot be repaired, only restored from a backup.
    """
    return await asyncio.to_thread(_verify, session, repair)


@operation("backup", role=Role.OWNER, writes=True)
async def backup(
    session: Session,
    folder: Annotated[str, Say("a new or empty folder, outside the library", positional=True)],
) -> BackedUp:
    """Copy the library as it is at one moment into a folder, with a list of what each file must be.

    Others may ask and ingest meanwhile. The original documents are not part of a library, nor of this.
    """
    return await asyncio.to_thread(_backup, session, Path(folder).expanduser().absolute())


@operation("restore", role=Role.OWNER, writes=True, opens=False)
async def restore(
    session: Session,
    folder: Annotated[str, Say("a folder that `cairn backup` wrote", positional=True)],
    *,
    replace: Annotated[bool, Say("put it in the place of the library that is there, which is lost")] = False,
) -> Restored:
    """Make the library what a backup holds, after every file of it was found as it was written.

    A library that is there stays untouched until the new one is complete. Stopped at any moment, one or
    the other is there. Whoever has the old library open must open it again.
    """
    return await asyncio.to_thread(_restore, session, Path(folder).expanduser().absolute(), replace)


def _verify(session: Session, repair: bool) -> Verified:
    app, began, since = session.app, perf_counter(), datetime.now(UTC)
    with app.locked():
        lasting = app.journal.upkeep.damage()
        # Files first: an engine that opens a damaged one may do anything.
        found = app.index.upkeep.damage()
        if not found:
            with app.current(session.report):
                pass  # what a stopped process left undone is no fault
        with app.fresh(session.report) as index:
            fresh = index.upkeep.checksum()
        if not found:
            found = list(_differences(app, fresh))
        left = found
        if found and repair:
            with app.current(session.report, anew="; ".join(found)):
                pass
            left = [*app.index.upkeep.damage(), *_differences(app, fresh)]
        return Verified(
            position=app.journal.catalogue.head(),
            words=fresh.words.rows,
            vectors=fresh.vectors.rows,
            checksum=f"{fresh.words.sum:016x}{fresh.vectors.sum:016x}",
            found=(*lasting, *found),
            rebuilt=_rebuilt(app, since),
            missed=(*lasting, *left),
            seconds=perf_counter() - began,
        )


def _differences(app: App, fresh: Checksums) -> Iterator[str]:
    try:
        held = app.index.upkeep.checksum()
    except Storage as error:
        yield str(error)
        return
    for view, mine, other in zip(Checksums._fields, held, fresh, strict=True):
        if mine != other:
            yield (
                f"{view}: {mine.rows:,} rows with checksum {mine.sum:016x}, "
                f"a fresh build has {other.rows:,} with {other.sum:016x}"
            )


def _rebuilt(app: App, since: datetime) -> str:
    built = app.journal.runs.last("rebuild")
    return built.detail if built is not None and built.started >= since else ""


def _backup(session: Session, folder: Path) -> BackedUp:
    app, began = session.app, perf_counter()
    if folder.is_relative_to(app.home):
        raise Invalid(f"{folder} is within the library; name a folder outside of {app.home}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(f"{folder} is not an empty folder; name a new one.")
    with _storing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # The index before the journal, so that it is behind it if anything, and goes on from there.
            left_out = app.index.upkeep.copy(folder / app.index_folder.relative_to(app.home))
            position = app.journal.upkeep.copy(folder)
            _copy_rest(app.home, folder)
            made = datetime.now(UTC).isoformat()
            listed = manifest.write(
                folder, session.report, cairn=cairn.__version__, made=made, position=position
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return BackedUp(
        folder=str(folder),
        position=position,
        files=len(listed.files),
        bytes=sum(size for size, _ in listed.files.values()),
        left_out=tuple(left_out),
        note=NOTE,
        seconds=perf_counter() - began,
    )


def _copy_rest(home: Path, folder: Path) -> None:
    for path in home.iterdir():
        if path.name in LEFT_OUT or path.name.startswith(JOURNAL):
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copyfile(path, folder / path.name)


def _restore(session: Session, folder: Path, replace: bool) -> Restored:
    home, began = session.app.home, perf_counter()
    if folder.is_relative_to(home):
        raise Invalid(f"{folder} is within {home}, which it would replace; move it elsewhere first.")
    listed = manifest.read(folder)
    with session.app.locked(), _storing(home):
        held = {path.name for path in home.iterdir()} - swap.KEPT
        if held and not replace:
            raise Invalid(f"There is a library in {home}; `--replace` puts the backup in its place.")
        new = swap.prepare(home)
        try:
            manifest.unpack(folder, listed, new, session.report)
            position, documents, rebuilt = _brought_up(new, session)
        except BaseException:
            shutil.rmtree(home / swap.STAGING, ignore_errors=True)
            raise
        swap.commit(home)
    return Restored(
        home=str(home),
        made=datetime.fromisoformat(listed.made),
        position=position,
        documents=documents,
        rebuilt=rebuilt,
        replaced=bool(held),
        seconds=perf_counter() - began,
    )


def _brought_up(new: Path, session: Session) -> tuple[int, int, str]:
    """Open the new library where nobody sees it, and bring it up; what fails here has changed nothing."""
    since = datetime.now(UTC)
    app = App(home=new)
    if app.settings.journal != "sqlite":
        raise Invalid(
            f"The setting journal is {app.settings.journal!r}, but a backup's journal is a file; set it to "
            "'sqlite' (CAIRN_JOURNAL) and restore again."
        )
    with open_library(new) as opened:
        app = opened.app
        with app.writing(session.report):
            pass
        _begin_anew(app)
        counts = app.journal.catalogue.counts().items()
        documents = sum(n for (_, state, _), n in counts if state is State.INDEXED)
        return app.journal.catalogue.head(), documents, _rebuilt(app, since)


def _begin_anew(app: App) -> None:
    """End every token and session of a restored library: some were revoked since; the audit says why."""
    people = app.journal.people
    people.revoke([token.id for token in people.tokens()])
    at = time.time_ns() // 1000
    app.journal.ledger.append(
        Entry(at=at, person=OWNER, origin=str(LOCAL), action="restore", decision="allowed")
    )


@contextmanager
def _storing(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Storage(f"{place} cannot be written ({error.strerror}); make room or mend access.") from error
