"""The records of a PPT file: its slides' shapes with their texts and boxes, and the speaker's notes.

Records are walked with a stack of their own, within their bounds, and only so many times as the file is
long. What points outside of the file, or at itself, is left out.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.compound import Compound
from cairn.adapters.parsers.written import lines, units
from cairn.errors import ParseFailed
from cairn.types import Box

_STREAM = "PowerPoint Document"
_LOCKED = 0xF3D1C4DF
_DOCUMENT, _SLIDE, _NOTES, _NOTES_ATOM, _PERSIST, _LIST = 1000, 1006, 1008, 1009, 1011, 4080
_EDIT, _DIRECTORY, _CRYPT = 4085, 6002, 12052
_OUTLINE, _KIND, _CHARS, _STYLES, _BYTES = 3998, 3999, 4000, 4001, 4008
_OBJECT, _PLACEHOLDER = 3009, 3011
_GROUP, _SHAPE, _TEXTBOX, _CLIENT = 0xF003, 0xF004, 0xF00D, 0xF011
_BRANCHES = frozenset({1036, 0xF002, _GROUP})
_BOUNDS, _SHAPE_ATOM, _OPTIONS, _CHILD, _ANCHOR, _MORE = 0xF009, 0xF00A, 0xF00B, 0xF00F, 0xF010, 0xF122
_NAME, _ALTERNATIVE, _IS_TABLE = 0x0380, 0x0381, 0x039F
_FIELDS = frozenset({4056, 4087, 4088, 4089, 4090})
_RUNNING = frozenset({5, 7, 8, 9, 10, 11})
"""Placeholders: date, number, footer and header, and the picture of the slide."""
_BODIES = frozenset({1, 7, 8})
_NAMES = {0: "Title", 1: "Body", 2: "Notes", 5: "Subtitle", 6: "Title", 7: "Body", 8: "Body"}
_WIDTHS = (
    *((0x80, 2), (0x10, 2), (0x40, 2), (0x20, 4), (0x800, 2), (0x1000, 2), (0x2000, 2), (0x4000, 2)),
    *((0x100, 2), (0x400, 2), (0x8000, 2)),
)
"""Of a paragraph's properties after the flags of its bullet: the bit that says it is there, and its bytes."""
_LATE_WIDTHS = ((0x10000, 2), (0xE0000, 2), (0x200000, 2))


class Text(NamedTuple):
    """A paragraph of a shape."""

    words: str
    is_item: bool


class Shape(NamedTuple):
    """A shape with what is written in it."""

    name: str
    kind: int
    """What its text is: 0 and 6 a title, 1 a body, 2 notes, 5 a subtitle, 4 anything else."""
    texts: Sequence[Text]
    box: Box | None
    table: int
    """A number that the cells of one table have in common; 0 of other shapes."""
    alternative: str = ""
    is_object: bool = False
    """It shows something that is embedded: a chart, a sheet."""


class Slide(NamedTuple):
    """A slide's shapes, and the shapes of its notes."""

    shapes: Sequence[Shape]
    notes: Sequence[Shape]


class _Record(NamedTuple):
    kind: int
    instance: int
    start: int
    """The place of its first byte after the head."""
    end: int


class _Written(NamedTuple):
    kind: int
    texts: Sequence[Text]


class _Frame(NamedTuple):
    """How places within a group become places on the slide."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def placed(self, box: Box) -> Box:
        return Box(
            self.x + box.x0 * self.width,
            self.y + box.y0 * self.height,
            self.x + box.x1 * self.width,
            self.y + box.y1 * self.height,
        )


def slides(file: Compound) -> list[Slide]:
    """Return the slides as they are shown; raises ParseFailed if the file is locked or damaged."""
    if not file.has(_STREAM):
        raise ParseFailed("it is damaged: there is no presentation in it")
    user = file.read("Current User") if file.has("Current User") else b""
    if file.has("EncryptedSummary") or _number(user, 12) == _LOCKED:
        raise ParseFailed("it is protected by a password")
    records = _Records(file.read(_STREAM))
    found = records.listed(_number(user, 16))
    return found if found else records.unlisted()


def _number(data: bytes, at: int, kind: str = "I") -> int:
    """Return a number; 0 outside the data."""
    size = struct.calcsize(f"<{kind}")
    return int(struct.unpack_from(f"<{kind}", data, at)[0]) if 0 <= at <= len(data) - size else 0


class _Records:
    """The records of one stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = 4 * (len(data) // 8) + 1000

    def listed(self, edit: int) -> list[Slide]:
        """Return the slides by the file's own list of them."""
        places, document = self._places(edit)
        root = self._record(places.get(document, -1), len(self._data))
        if root is None or root.kind != _DOCUMENT:
            return []
        lists = {one.instance: one for one in self._children(root) if one.kind == _LIST}
        notes = self._noted(lists.get(2), places)
        found: list[Slide] = []
        seen: set[int] = set()
        for place, key, outline in self._entries(lists.get(0), places):
            record = self._record(place, len(self._data))
            is_new = record is not None and record.kind == _SLIDE and place not in seen
            seen.add(place)
            shapes = list(self._shapes(record, outline)) if record is not None and is_new else []
            found.append(Slide(shapes, notes.pop(key, ())))
        return found

    def unlisted(self) -> list[Slide]:
        """Return the slides as they stand in the file, for the list is damaged."""
        found = []
        for record in self._children(_Record(0, 0, 0, len(self._data))):
            if record.kind == _SLIDE:
                found.append(Slide(list(self._shapes(record, ())), ()))
        return found

    def _record(self, at: int, end: int) -> _Record | None:
        """Return the record that begins at ``at``, cut off at ``end``."""
        if not 0 <= at <= end - 8 or self._left <= 0:
            return None
        self._left -= 1
        head, kind, size = struct.unpack_from("<HHI", self._data, at)
        return _Record(kind, head >> 4, at + 8, min(at + 8 + size, end))

    def _children(self, parent: _Record) -> Iterator[_Record]:
        at = parent.start
        while (record := self._record(at, parent.end)) is not None:
            yield record
            at = record.end

    def _bytes(self, record: _Record) -> bytes:
        """Return what a record holds; nothing once records that share their bytes have used up all."""
        self._left -= (record.end - record.start) // 8
        if self._left <= 0:
            return b""
        return self._data[record.start : record.end]

    def _places(self, edit: int) -> tuple[dict[int, int], int]:
        """Follow the edits from the last to the first: where each part stands, and which is the document."""
        places: dict[int, int] = {}
        document = 0
        seen: set[int] = set()
        while edit not in seen:
            seen.add(edit)
            record = self._record(edit, len(self._data))
            if record is None or record.kind != _EDIT:
                break
            data = self._bytes(record)
            document = document if document else _number(data, 16)
            directory = self._record(_number(data, 12), len(self._data))
            if directory is not None and directory.kind == _DIRECTORY and directory.start not in seen:
                seen.add(directory.start)
                for key, place in _persistent(self._bytes(directory)):
                    places.setdefault(key, place)
            edit = _number(data, 8)
        return places, document

    def _entries(
        self, listing: _Record | None, places: Mapping[int, int]
    ) -> Iterator[tuple[int, int, Sequence[_Written]]]:
        """Yield each part of a list: its place, its key and the texts that are kept in the list."""
        place, key, kept = -1, 0, list[_Record]()
        for record in self._children(listing) if listing is not None else ():
            if record.kind == _PERSIST:
                if place >= 0:
                    yield place, key, list(self._texts(kept))
                data = self._bytes(record)
                place, key, kept = places.get(_number(data, 0), len(self._data)), _number(data, 12), []
            else:
                kept.append(record)
        if place >= 0:
            yield place, key, list(self._texts(kept))

    def _noted(self, listing: _Record | None, places: Mapping[int, int]) -> dict[int, list[Shape]]:
        """Return the notes by the key of their slide."""
        notes: dict[int, list[Shape]] = {}
        for place, _, outline in self._entries(listing, places):
            record = self._record(place, len(self._data))
            if record is None or record.kind != _NOTES:
                continue
            atom = next((child for child in self._children(record) if child.kind == _NOTES_ATOM), None)
            key = _number(self._bytes(atom), 0) if atom is not None else 0
            if key not in notes:
                notes[key] = list(self._shapes(record, outline))
        return notes

    def _shapes(self, root: _Record, outline: Sequence[_Written]) -> Iterator[Shape]:
        """Yield the shapes of a slide as they stand in the file, groups opened."""
        waiting = [(self._children(root), _Frame(), 0)]
        while waiting:
            inside, frame, table = waiting[-1]
            record = next(inside, None)
            if record is None:
                waiting.pop()
            elif record.kind in _BRANCHES:
                inner, is_table = (frame, False) if record.kind != _GROUP else self._group(record, frame)
                waiting.append((self._children(record), inner, record.start if is_table else table))
            elif record.kind == _SHAPE:
                shape = self._shape(record, frame, table, outline)
                if shape is not None:
                    yield shape

    def _group(self, record: _Record, frame: _Frame) -> tuple[_Frame, bool]:
        """Return how places in a group are meant, and whether it is a table."""
        first = next(self._children(record), None)
        parts = {part.kind: part for part in self._children(first)} if first is not None else {}
        options = dict(self._options(parts[_MORE])) if _MORE in parts else {}
        is_table = bool(_number(options.get(_IS_TABLE, b""), 0) & 1)
        anchor = self._box(parts, frame)
        if anchor is None or _BOUNDS not in parts:
            return frame, is_table
        x0, y0, x1, y1 = _numbers(self._bytes(parts[_BOUNDS]))
        if x1 <= x0 or y1 <= y0:
            return frame, is_table
        width, height = (anchor.x1 - anchor.x0) / (x1 - x0), (anchor.y1 - anchor.y0) / (y1 - y0)
        return _Frame(anchor.x0 - x0 * width, anchor.y0 - y0 * height, width, height), is_table

    def _box(self, parts: Mapping[int, _Record], frame: _Frame) -> Box | None:
        if _CHILD in parts:
            x0, y0, x1, y1 = _numbers(self._bytes(parts[_CHILD]))
        elif _ANCHOR in parts:
            y0, x0, x1, y1 = _numbers(self._bytes(parts[_ANCHOR]))
        else:
            return None
        return frame.placed(Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))

    def _options(self, record: _Record) -> Iterator[tuple[int, bytes]]:
        """Yield a shape's options: number and value, or the data that it stands for."""
        data = self._bytes(record)
        after = 6 * record.instance
        for at in range(0, min(after, len(data)), 6):
            number, value = _number(data, at, "H"), data[at + 2 : at + 6]
            if number & 0x8000:
                size = _number(value, 0)
                value = data[after : after + size]
                after += size
            yield number & 0x3FFF, value

    def _shape(self, record: _Record, frame: _Frame, table: int, outline: Sequence[_Written]) -> Shape | None:
        """Read a shape; None of one that stands for a line that runs through all slides."""
        parts = {part.kind: part for part in self._children(record)}
        client = list(self._children(parts[_CLIENT])) if _CLIENT in parts else []
        held = next((self._bytes(part) for part in client if part.kind == _PLACEHOLDER), b"")
        if len(held) > 4 and held[4] in _RUNNING:
            return None
        options = dict(self._options(parts[_OPTIONS])) if _OPTIONS in parts else {}
        box = list(self._children(parts[_TEXTBOX])) if _TEXTBOX in parts else []
        written = [*self._texts(box), *self._referred(box, outline)]
        kind = written[0].kind if written else 4
        texts = [text for one in written for text in one.texts]
        if [text.words for text in texts] == ["*"] and any(part.kind in _FIELDS for part in box):
            texts = []
        key = _number(self._bytes(parts[_SHAPE_ATOM]), 0) if _SHAPE_ATOM in parts else 0
        name = _wide(options.get(_NAME, b""))
        return Shape(
            name if name else _NAMES.get(kind, f"Shape {key & 0x3FF}"),
            kind,
            texts,
            self._box(parts, frame),
            table,
            _wide(options.get(_ALTERNATIVE, b"")),
            any(part.kind == _OBJECT for part in client),
        )

    def _referred(self, box: Sequence[_Record], outline: Sequence[_Written]) -> Iterator[_Written]:
        for record in box:
            at = _number(self._bytes(record), 0) if record.kind == _OUTLINE else len(outline)
            if at < len(outline):
                yield outline[at]

    def _texts(self, records: Iterable[_Record]) -> Iterator[_Written]:
        """Read texts, each a record of its kind, one of its characters and one of its styles."""
        kind, raw, styles = 4, "", b""
        for record in records:
            if record.kind == _KIND:
                if raw:
                    yield _Written(kind, _paragraphs(raw, styles, kind))
                kind, raw, styles = _number(self._bytes(record), 0), "", b""
            elif record.kind == _CHARS:
                data = self._bytes(record)
                raw = data[: len(data) // 2 * 2].decode("utf-16-le", "surrogatepass")
            elif record.kind == _BYTES:
                raw = self._bytes(record).decode("latin-1")
            elif record.kind == _STYLES:
                styles = self._bytes(record)
        if raw:
            yield _Written(kind, _paragraphs(raw, styles, kind))


def _persistent(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield (key, place) of a directory of parts."""
    at = 0
    while at + 4 <= len(data):
        head = _number(data, at)
        count = min(head >> 20, (len(data) - at - 4) // 4)
        for number in range(count):
            yield (head & 0xFFFFF) + number, _number(data, at + 4 + 4 * number)
        at += 4 + 4 * count


def _numbers(data: bytes) -> tuple[float, float, float, float]:
    """Return four signed numbers, of four bytes each or of two."""
    kind = "<4i" if len(data) >= 16 else "<4h"
    padded = data + bytes(16)
    first, second, third, fourth = struct.unpack_from(kind, padded)
    return float(first), float(second), float(third), float(fourth)


def _wide(data: bytes) -> str:
    return tidy.flat(data.decode("utf-16-le", "ignore").partition("\0")[0])[:2000]


def _paragraphs(raw: str, styles: bytes, kind: int) -> list[Text]:
    """Cut a text into paragraphs, and tell which have a bullet."""
    bullets = list(_bullets(styles, len(raw) + 1))
    texts, at, run = [], 0, 0
    for piece in raw.split("\r"):
        while run < len(bullets) - 1 and bullets[run][0] <= at:
            run += 1
        stated = bullets[run][1] if bullets else None
        is_item = stated if stated is not None else kind in _BODIES
        words = lines(units(piece.replace("\x0b", "\n")))
        if words:
            texts.append(Text(words, is_item))
        at += len(piece) + 1
    return texts


def _bullets(data: bytes, length: int) -> Iterator[tuple[int, bool | None]]:
    """Yield runs of paragraphs: where each ends, and whether it has bullets, None if it does not say."""
    at = reached = 0
    while reached < length and at + 10 <= len(data):
        reached += max(_number(data, at), 1)
        mask = _number(data, at + 6)
        at += 10
        flags = None
        if mask & 0xF:
            flags = _number(data, at, "H") & 1 != 0 if mask & 1 else None
            at += 2
        at += sum(size for bit, size in _WIDTHS if mask & bit)
        if mask & 0x100000:
            at += 2 + 4 * _number(data, at, "H")
        at += sum(size for bits, size in _LATE_WIDTHS if mask & bits)
        yield reached, flags
