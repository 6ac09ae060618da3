"""The vectors view: passages by cosine in immutable segments that one manifest names.

Knows nothing of words or embedders. A write stores new files, then swaps the manifest: whoever
reads sees all of it or nothing. What searches need is in one ``_View``, replaced as a whole.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.indexes.masks import Names, Seen, columns, seen
from cairn.adapters.indexes.scopes import NOTHING, best, hopeless
from cairn.adapters.indexes.seals import crc, crcs, sealed, unsealed
from cairn.adapters.indexes.segments import (
    DEAD,
    Column,
    Floats,
    Rows,
    Segment,
    encode,
    joined,
    load,
    mergeable,
    regraded,
    rotation,
    save,
    store,
    unused,
)
from cairn.errors import Invalid, Storage
from cairn.records import Hits, Place, Scope

LAYOUT = 2
"""Raised whenever files change: an index of another layout is not opened."""
MANIFEST = "manifest.json"
MOST_MASKS = 64
CERTAIN = 256
"""Candidates that are always ranked exactly."""
BITS = 3072
"""Bits compared for each candidate that is ranked by its code, by the root of the rows: 8 for each at 384
dimensions. LOG.md has recall by it."""
ATTEMPTS = 5
"""Times a manifest is read whose files another process may just be replacing."""

Stamp = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class _View:
    """What one manifest names."""

    segments: tuple[Segment, ...] = ()
    position: tuple[int, int] = (0, 0)
    names: Names = field(default_factory=Names)
    rotation: Floats | None = None
    rotation_file: str = ""
    stamp: Stamp | None = None
    masks: dict[Scope, Seen] = field(default_factory=dict)

    def seen(self, scope: Scope) -> Seen:
        """Return which rows ``scope`` may see."""
        found = self.masks.get(scope)
        if found is None:
            found = seen(self.segments, self.names, scope)
            if len(self.masks) >= MOST_MASKS:
                self.masks.clear()
            self.masks[scope] = found
        return found


class Vectors:
    """Passages by cosine in ``folder``; an index that cannot be read is as an empty one."""

    def __init__(self, folder: Path, model: str, dimensions: int, *, writable: bool) -> None:
        self.path = folder / f"vectors-{model}-{LAYOUT}-{dimensions}"
        self._head = str(self.path / MANIFEST)  # looked at for every search
        self._dimensions = dimensions
        self._writable = writable
        self._lock = threading.Lock()
        self._view = _View()
        if writable:
            self._prepare(model)

    def search(self, vector: Floats, scope: Scope, k: int) -> Hits:
        """Return at most ``k`` passages, best first; raises Invalid for a vector of another shape."""
        self._check(vector, (self._dimensions,))
        view, length = self._current(), float(np.linalg.norm(vector))
        if view.rotation is None or hopeless(scope, k) or not 0 < length < np.inf:
            return NOTHING
        query = (vector / length).astype(np.float32) @ view.rotation
        return _search(view, view.seen(scope), query, k)

    def position(self) -> tuple[int, int]:
        """Return up to where the journal has been applied, and that change's stamp."""
        return self._current().position

    def segments(self) -> tuple[Segment, ...]:
        """Return what is stored now."""
        return self._current().segments

    def readable(self) -> bool:
        """Tell whether there is anything, and in order."""
        return self._current().stamp is not None

    def write(
        self,
        removed: Collection[int],
        regranted: Mapping[int, int],
        places: Sequence[Place],
        vectors: Floats,
        position: int,
        stamp: int,
    ) -> None:
        """Drop documents, regrant others, add passages and move the position, in one step.

        ``vectors`` has shape (passages, dimensions). Raises Storage when the disk refuses.
        """
        self._check_writable()
        if places:
            self._check(vectors, (sum(len(place.passages) for place in places), self._dimensions))
        with _storing(self.path):
            self._write(removed, regranted, places, vectors, (position, stamp))

    def reset(self) -> None:
        """Begin again from nothing; raises Storage when the disk refuses."""
        self._check_writable()
        with _storing(self.path):
            (self.path / MANIFEST).unlink(missing_ok=True)
        self._sweep()

    def close(self) -> None:
        """Let go of every file."""
        self._view = _View()

    def _write(
        self,
        removed: Collection[int],
        regranted: Mapping[int, int],
        places: Sequence[Place],
        vectors: Floats,
        position: tuple[int, int],
    ) -> None:
        view = self._current()
        names = view.names.extended(places)
        turned, turned_file = view.rotation, view.rotation_file
        if turned is None:
            turned, turned_file = rotation(self._dimensions), unused("rotation.npy")
            save(self.path / turned_file, turned)
        segments = [self._regraded(segment, removed, regranted) for segment in view.segments]
        if places:
            classes = np.repeat(
                np.array([place.access_class for place in places], np.int32),
                [len(place.passages) for place in places],
            )
            rows = Rows(encode(vectors, turned), columns(places, names), classes)
            segments.append(store(self.path, rows))
        segments = self._merged([segment for segment in segments if segment.live])
        self._publish(segments, names, turned_file, position)
        self._sweep()

    def _regraded(self, segment: Segment, removed: Collection[int], regranted: Mapping[int, int]) -> Segment:
        documents = segment.columns[Column.DOCUMENT]
        classes = segment.classes.copy()
        if regranted:
            known = np.array(sorted(regranted), np.int64)
            granted = np.array([regranted[each] for each in known.tolist()], np.int32)
            hit = np.isin(documents, known) & (classes != DEAD)
            classes[hit] = granted[np.searchsorted(known, documents[hit])]
        if removed:
            classes[np.isin(documents, np.array(sorted(removed), np.int64))] = DEAD
        return segment if np.array_equal(classes, segment.classes) else regraded(self.path, segment, classes)

    def _merged(self, segments: list[Segment]) -> list[Segment]:
        merging = mergeable(segments)
        if not merging:
            return segments
        merged = store(self.path, joined([segment.rows() for segment in merging]))
        return [segment for segment in segments if segment not in merging] + [merged]

    def _publish(
        self, segments: Sequence[Segment], names: Names, turned: str, position: tuple[int, int]
    ) -> None:
        files = [name for segment in segments for name in segment.files] + [turned]
        manifest = {
            "position": position,
            "rotation": turned,
            "names": names.plain(),
            "segments": [segment.files for segment in segments],
            "sizes": {name: (self.path / name).stat().st_size for name in files},
            "crcs": crcs(self.path, MANIFEST, files),
        }
        draft = self.path / unused("manifest")
        with draft.open("w", encoding="utf-8") as file:
            file.write(sealed(manifest))
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, self.path / MANIFEST)
        _sync_folder(self.path)

    def _sweep(self) -> None:
        view = self._current()
        kept = {name for segment in view.segments for name in segment.files} | {view.rotation_file, MANIFEST}
        for path in self.path.iterdir():
            if path.name not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _prepare(self, model: str) -> None:
        with _storing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        for other in self.path.parent.glob(f"vectors-{escape(model)}-*-*"):
            if other != self.path:
                shutil.rmtree(other, ignore_errors=True)

    def _current(self) -> _View:
        view = self._view
        if view.stamp is not None and view.stamp == self._stamp():
            return view
        with self._lock:
            for _ in range(ATTEMPTS):
                stamp = self._stamp()
                if stamp is None or stamp != self._view.stamp:
                    self._view = self._look(stamp, self._view)
                if self._view.stamp is not None or stamp is None:
                    break
            return self._view

    def _stamp(self) -> Stamp | None:
        try:
            found = os.stat(self._head)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _look(self, stamp: Stamp | None, old: _View) -> _View:
        if stamp is None:
            return _View()
        try:
            manifest = unsealed((self.path / MANIFEST).read_text("utf-8"))
            for name, size in manifest["sizes"].items():
                if (self.path / name).stat().st_size != size:
                    raise ValueError(f"{name} is torn.")
            # What one flipped bit would let everything go wrong by is small: access classes, the rotation.
            small = {manifest["rotation"], *(files[-1] for files in manifest["segments"])}
            for name in small - {old.rotation_file, *(segment.files[-1] for segment in old.segments)}:
                if crc(self.path / name) != manifest["crcs"][name]:
                    raise ValueError(f"{name} is damaged.")
            return self._opened(manifest, stamp, {segment.files[0]: segment for segment in old.segments})
        except Exception:  # whatever a damaged file makes its reader raise
            return _View()

    def _opened(self, manifest: Any, stamp: Stamp, known: Mapping[str, Segment]) -> _View:
        return _View(
            segments=tuple(load(self.path, tuple(f), known.get(f[0])) for f in manifest["segments"]),
            position=(int(manifest["position"][0]), int(manifest["position"][1])),
            names=Names.read(manifest["names"]),
            rotation=np.load(self.path / manifest["rotation"]),
            rotation_file=manifest["rotation"],
            stamp=stamp,
        )

    def _check_writable(self) -> None:
        if not self._writable:
            raise Invalid(f"The index in {self.path} was opened for reading; open it for writing first.")

    def _check(self, array: NDArray[Any], shape: tuple[int, ...]) -> None:
        if array.shape != shape:
            raise Invalid(
                f"Vectors of shape {array.shape} do not fit an index of {self._dimensions} dimensions, "
                f"which takes {shape}; use the embedder that it was built with."
            )


def _search(view: _View, visible: Seen, query: Floats, k: int) -> Hits:
    """Take what the sketches bring near, rank it by codes in whole numbers, and the best of that exactly."""
    if not visible.total:
        return NOTHING
    wanted = CERTAIN + max(4 * k, int(BITS / len(query) * visible.total**0.5))
    sketch = np.packbits(query > 0)
    near = [
        mask.nearest(segment, sketch, wanted)
        for segment, mask in zip(view.segments, visible.masks, strict=True)
    ]
    distances = np.concatenate([each for _, each in near])
    furthest = np.partition(distances, wanted)[wanted] if len(distances) > wanted else np.inf
    found: list[Hits] = []
    for segment, (rows, bits) in zip(view.segments, near, strict=True):
        rows = segment.shortlist(query, rows[bits <= furthest], max(CERTAIN, 2 * k))
        found.append(Hits(segment.columns[Column.PASSAGE][rows], segment.cosines(query, rows)))
    return best(
        np.concatenate([each.passages for each in found]), np.concatenate([each.scores for each in found]), k
    )


@contextlib.contextmanager
def _storing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise Storage(
            f"The index in {path} could not be written ({error}); free space or mend access and try again."
        ) from error


def _sync_folder(path: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
