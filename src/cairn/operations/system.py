"""The operation that says how a library is: sizes, how far its views are, its last jobs."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cairn
from cairn.operations.declare import operation
from cairn.people import Role
from cairn.results import ModelLine
from cairn.results.system import Job, System
from cairn.session import Session

JOBS = ("ingest", "rebuild")


@operation("system", role=Role.ADMIN)
async def system(session: Session) -> System:
    """Show what the library holds, how large it is, how far its index is, and what was done last."""
    return await asyncio.to_thread(_system, session)


def _system(session: Session) -> System:
    app, journal = session.app, session.app.journal
    states: Counter[str] = Counter()
    for (_, state, _), count in journal.catalogue.counts().items():
        states[state] += count
    positions = app.index.positions()
    jobs = ((kind, journal.runs.last(kind)) for kind in JOBS)
    vectors = journal.vectors.models()
    return System(
        version=cairn.__version__,
        states=states,
        position=journal.catalogue.head(),
        words=positions.words,
        vectors=positions.vectors,
        models=tuple(
            ModelLine(model=name, vectors=count, serving=name == app.embedder.name)
            for name, count in sorted(vectors.items())
        ),
        bytes=_sizes(app.home),
        jobs=tuple(
            Job(kind=kind, state=job.state, detail=job.detail, began=job.started)
            for kind, job in jobs
            if job is not None
        ),
    )


def _sizes(home: Path) -> Mapping[str, int]:
    """Return the bytes of each part of the library's folder, the largest first."""
    found = {path.name: _size(path) for path in home.iterdir()}
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(_bytes(one) for one in files)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # an index drops what it has merged while it is looked at
        return 0
