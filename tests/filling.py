"""A library of a few documents, and who may read them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cairn
from cairn.operations import access
from cairn.session import Session


async def fill(
    session: Session,
    folder: Path,
    documents: Mapping[str, str],
    rules: str,
    people: Mapping[str, Sequence[str]],
) -> None:
    """Write documents and rules into a folder, enrol people with their groups, and take the folder in."""
    for name, text in {**documents, ".cairn-access": rules}.items():
        (folder / name).write_text(text)
    for person, groups in people.items():
        await access.access_add(session, f"person:{person}", groups)
    await cairn.ingest(session, str(folder))
