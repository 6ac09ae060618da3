"""A file of records as a source: one JSON object a line with ``_id``, ``text``, maybe ``title``.

The form in which retrieval test sets are kept (BEIR's ``corpus.jsonl``). Every record is offered
as a small Markdown file that only the owner reads.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cairn.access import NOBODY
from cairn.errors import Invalid, Unavailable
from cairn.records import Known
from cairn.types import Blob, Change, Deleted, Upserted


class CorpusSource:
    """See ``cairn.protocols.Source``; a record's uri is its ``_id`` with ``.md``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: dict[str, int] = {}

    def changes(self, known: Mapping[str, Known]) -> Iterator[Change]:
        """Compare the records with what is known."""
        modified = self._modified()
        for uri, blob in self._blobs(modified):
            if uri not in known or known[uri].fingerprint != blob.fingerprint:
                yield Upserted(blob=blob)
        for uri in known.keys() - self._offsets.keys():
            yield Deleted(uri=uri)

    @contextmanager
    def fetch(self, uri: str) -> Iterator[Path]:
        """Hold one record as a Markdown file whose front matter has the title."""
        if uri not in self._offsets:
            list(self._blobs(self._modified()))
        with self._path.open("rb") as lines:
            lines.seek(self._offsets[uri])
            record = json.loads(lines.readline())
        with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8", errors="replace") as file:
            title = " ".join(str(record.get("title", "")).split())
            file.write(f"---\ntitle: {title}\n---\n\n{record['text']}\n" if title else record["text"])
            file.flush()
            yield Path(file.name)

    def _modified(self) -> datetime:
        if self._path.is_dir():
            raise Invalid(f"{self._path} is a folder; a corpus is one file of JSON lines.")
        try:
            return datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be read: {error.strerror}") from error

    def _blobs(self, modified: datetime) -> Iterator[tuple[str, Blob]]:
        offset = 0
        with self._path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                uri = f"{_record(line, self._path, number)['_id']}.md"
                self._offsets[uri] = offset
                offset += len(line)
                yield (
                    uri,
                    Blob(
                        uri=uri,
                        size=len(line),
                        modified=modified,
                        fingerprint=blake2b(line, digest_size=8).hexdigest(),
                        readers=NOBODY,
                    ),
                )


def _record(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
        record["_id"].encode()
        if isinstance(record["text"], str):
            return dict(record)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise Invalid(f"{path}:{number}: not a JSON object with texts `_id` and `text`.")


def load(rest: str) -> CorpusSource:
    """Return the file ``rest`` as a source."""
    return CorpusSource(Path(rest))
