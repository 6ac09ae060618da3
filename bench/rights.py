"""How long it takes to know what somebody may read: many groups, and an access class for every document.

    python -m bench.rights [CLASSES]     # 1,000,000

Makes a journal of so many classes (none of its documents is read), then prints milliseconds: for a person's
first question, for the next, for the one after a new class has come; beside it, deciding about each class.
"""

import shutil
import sys
import time
from datetime import UTC, datetime

from bench.corpus import FOLDER
from cairn.access import Readers, decide
from cairn.session import Session, open_library
from cairn.types import Blob, Upserted

STEP = 20_000
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = {"everybody": 1.0, "third": 0.3, "few": 0.02, "one": 0.0001, "nobody": 0.0}
GROUPS = 10_000


def main(classes: int) -> None:
    """Make the library, ask, print the table."""
    folder = FOLDER / f"rights-{classes}"
    shutil.rmtree(folder, ignore_errors=True)
    with open_library(folder) as session:
        _fill(session, classes)
        print("| person | groups | classes | first ms | next | after a new class | deciding each class |")
        print("|---|---|---|---|---|---|---|")
        for number, name in enumerate(PEOPLE):
            first, held = _timed(session, name)
            again, _ = _timed(session, name)
            _show(session, classes + number, 1, classes)
            after, _ = _timed(session, name)
            groups = len(session.app.grants(name).principal.names) - 2
            each = _each(session, name)
            print(
                f"| {name} | {groups:,} | {held:,} | {first:.1f} | {again:.2f} | {after:.2f} | {each:.0f} |"
            )


def _fill(session: Session, classes: int) -> None:
    """Every document has readers of its own: a group, and a person who is nobody else's."""
    directory = session.app.journal.directory
    members = [
        (f"person:{name}", f"group:{n}") for name, share in PEOPLE.items() for n in range(int(share * GROUPS))
    ]
    directory.enrol([f"person:{name}" for name in PEOPLE], members)
    for start in range(0, classes, STEP):
        _show(session, start, min(STEP, classes - start), classes)


def _show(session: Session, start: int, many: int, classes: int) -> None:
    source = session.app.journal.library.add_source("files:/bench", {}).id
    blobs = [
        Blob(
            uri=f"{n}.txt",
            size=1,
            modified=WHEN,
            fingerprint="1",
            readers=Readers(allow=frozenset({f"group:{n * GROUPS // classes}", f"person:p{n}"})),
        )
        for n in range(start, start + many)
    ]
    session.app.journal.library.show(source, [Upserted(blob=blob) for blob in blobs])


def _timed(session: Session, name: str) -> tuple[float, int]:
    began = time.perf_counter()
    granted = session.app.grants(name)
    spent = (time.perf_counter() - began) * 1e3
    return spent, len(granted.classes if granted.classes is not None else ())


def _each(session: Session, name: str) -> float:
    """Return how long it takes to read and decide about every class, as a check of a few lines would."""
    began = time.perf_counter()
    granted = session.app.grants(name)
    classes = session.app.journal.directory.classes()
    allowed = [number for number, readers in classes.items() if decide(granted.principal, readers).allowed]
    assert granted.classes == frozenset(allowed)
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
