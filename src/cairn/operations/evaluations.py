"""Operations on evaluations that were made: each is kept, without content, to be compared with others."""

import asyncio
import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from cairn.errors import Unknown
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.results import Evaluation, plain
from cairn.results.system import EvaluationLine, Evaluations
from cairn.session import Session

FOLDER = "evaluated"
"""In the library's folder: a file for each evaluation, named by its moment."""
_MOMENT = "%Y%m%dT%H%M%S%f"
_ID = re.compile(r"[0-9]{8}T[0-9]{12}")

Id = Annotated[str, Say("its id in `evaluations list`", positional=True)]


@operation("evaluations.list", role=Role.ADMIN)
async def evaluations_list(session: Session) -> Evaluations:
    """List the evaluations of this library, newest first."""
    return await asyncio.to_thread(_listed, session.app.home / FOLDER)


@operation("evaluations.show", role=Role.ADMIN)
async def evaluations_show(session: Session, id: Id) -> Evaluation:
    """Show one evaluation, question by question."""
    path = session.app.home / FOLDER / f"{id}.json"
    if not _ID.fullmatch(id) or not path.is_file():
        raise Unknown(f"No evaluation {id!r}; see: cairn evaluations list")
    held = await asyncio.to_thread(_read, path)
    return Evaluation(**held | {"cases": tuple(held["cases"]), "missed": tuple(held["missed"])})


def keep(home: Path, result: Evaluation) -> None:
    """Keep an evaluation under the present moment."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    written = json.dumps(plain(result), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / f"{datetime.now(UTC):{_MOMENT}}.json").write_text(written, encoding="utf-8")


def _listed(folder: Path) -> Evaluations:
    found = sorted((path for path in folder.glob("*.json") if _ID.fullmatch(path.stem)), reverse=True)
    return Evaluations(evaluations=tuple(_line(path) for path in found))


@lru_cache(maxsize=10_000)
def _line(path: Path) -> EvaluationLine:
    """Return what a list says of an evaluation, which never changes once it is made."""
    held = _read(path)
    return EvaluationLine(
        id=path.stem,
        at=datetime.strptime(path.stem, _MOMENT).replace(tzinfo=UTC),
        folder=held["folder"],
        measures=held["measures"],
        cases=len(held["cases"]),
        missed=tuple(held["missed"]),
    )


def _read(path: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return held
