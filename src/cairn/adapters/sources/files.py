"""A folder on this machine as a source: what is in it, what changed, and who may read it.

Knows nothing of what the files say. Hidden files are left out, links are not followed.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pathspec import GitIgnoreSpec

from cairn.access import NOBODY, Readers
from cairn.adapters.sources import rules
from cairn.errors import Invalid, Unavailable
from cairn.records import Known
from cairn.types import WITHIN, Blob, Change, Deleted, Regranted, State, Upserted

_LIKE_A_PART = f"a folder whose name ends like this: {WITHIN} stands between a file and what is within it"

Layers = tuple[tuple[str, tuple[rules.Rule, ...]], ...]


class FilesSource:
    """See ``cairn.protocols.Source``; a file's uri is its path below ``root``, with slashes."""

    def __init__(self, root: Path, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.root = root
        self._include = GitIgnoreSpec.from_lines(include) if include else None
        self._exclude = GitIgnoreSpec.from_lines(exclude)

    def changes(self, known: Mapping[str, Known]) -> Iterator[Change]:
        """Compare the folder with what is known; see the protocol."""
        if not self.root.is_dir():
            raise Unavailable(f"{_shown(self.root)} is not a folder (any more).")
        # Everything is looked at before anything is reported: a rule file with a mistake deep down
        # must not leave half of a change of access behind.
        blobs = {blob.uri: blob for blob in self._walk()}
        unlisted = tuple(uri for uri in blobs if uri.endswith("/"))
        for uri, blob in blobs.items():
            held = known.get(uri)
            if held is None or held.fingerprint != blob.fingerprint:
                yield Upserted(blob=blob)
            elif held.readers != blob.readers:
                yield Regranted(uri=uri, readers=blob.readers)
        for uri in known.keys() - blobs.keys():
            if not uri.startswith(unlisted) or uri.endswith("/"):
                yield Deleted(uri=uri)
            elif known[uri].readers != NOBODY:
                # It may still be there, but not who may read it: nobody, until that can be seen again.
                yield Regranted(uri=uri, readers=NOBODY)

    @contextmanager
    def fetch(self, uri: str) -> Iterator[Path]:
        """Hold the file itself; nothing is copied."""
        yield self.root / uri

    def _walk(self) -> Iterator[Blob]:
        waiting: list[tuple[str, Layers]] = [("", ())]
        while waiting:
            prefix, layers = waiting.pop()
            try:
                entries = sorted(os.scandir(self.root / prefix), key=lambda entry: entry.name)
            except OSError as error:
                if not prefix:
                    raise Invalid(f"{_shown(self.root)} cannot be listed: {error.strerror}.") from error
                yield _refused(_shown(prefix), State.FAILED, f"the folder cannot be listed: {error.strerror}")
                continue
            layers = self._layers(prefix, layers, {entry.name for entry in entries})
            for entry in entries:
                uri = prefix + entry.name
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if (uri + "/").endswith(WITHIN):
                        yield _refused(_shown(uri + "/"), State.SKIPPED, _LIKE_A_PART)
                    elif not self._exclude.match_file(uri + "/"):
                        waiting.append((uri + "/", layers))
                elif self._wanted(uri):
                    yield _blob(entry, uri, rules.readers(uri, layers))

    def _layers(self, prefix: str, outer: Layers, names: set[str]) -> Layers:
        if rules.NAME not in names:
            return outer
        path = self.root / prefix / rules.NAME
        try:
            text = path.read_text(encoding="utf-8-sig")  # Windows editors begin with a BOM
        except (OSError, ValueError) as error:
            raise Invalid(f"{_shown(path)}:1:1: the rule file cannot be read: {error}") from error
        return (*outer, (prefix, rules.parse(text, _shown(path))))

    def _wanted(self, uri: str) -> bool:
        included = self._include is None or self._include.match_file(uri)
        return included and not self._exclude.match_file(uri)


def _blob(entry: os.DirEntry[str], uri: str, readers: Readers) -> Blob:
    try:
        uri.encode()
    except UnicodeEncodeError:
        return _refused(_shown(uri), State.FAILED, "its name is not UTF-8")
    if entry.is_symlink():
        return _refused(uri, State.SKIPPED, "a symbolic link: links are not followed")
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError as error:
        return _refused(uri, State.FAILED, f"cannot be looked at: {error.strerror}")
    if not stat.S_ISREG(found.st_mode):
        return _refused(uri, State.SKIPPED, "not a regular file")
    if not os.access(entry.path, os.R_OK):
        return _refused(uri, State.FAILED, "permission denied: the account that runs Cairn cannot read it")
    return Blob(
        uri=uri,
        size=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        fingerprint=f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}",
        readers=readers,
    )


def _shown(path: Path | str) -> str:
    """Return a path as text that can be stored and printed, whatever bytes it is made of."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _refused(uri: str, state: State, reason: str) -> Blob:
    return Blob(
        uri=uri,
        size=0,
        modified=datetime.fromtimestamp(0, UTC),
        fingerprint=reason,
        readers=NOBODY,
        state=state,
        reason=reason,
    )


def load(rest: str, *, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> FilesSource:
    """Return the folder ``rest`` as a source."""
    return FilesSource(Path(rest), include=include, exclude=exclude)
