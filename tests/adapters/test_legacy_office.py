"""DOC and PPT: files written here record by record, real ones from elsewhere, and damaged ones."""

import os
import random
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from cairn.adapters.parsers import doc, ppt
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document

DATA = Path(os.environ.get("CAIRN_DATA", Path(__file__).parents[3] / "shared" / "data"))
PARSERS: Mapping[str, Parser] = {"doc": doc.load(""), "ppt": ppt.load("")}
SAMPLES = [
    "kreuzberg_testdocs/legacy_office/unit_test_lists.doc",
    "kreuzberg_testdocs/legacy_office/simple.ppt",
    "r2r_examples/supported_file_types/doc.doc",
    "r2r_examples/supported_file_types/ppt.ppt",
]


# --- writing such files ---------------------------------------------------------------------


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Write a compound file of these streams, each of 4096 bytes at least."""
    sectors: list[bytes] = []
    table: list[int] = []

    def put(data: bytes) -> int:
        first = len(sectors)
        pieces = [data[at : at + 512].ljust(512, b"\0") for at in range(0, len(data), 512)]
        sectors.extend(pieces)
        table.extend([*range(first + 1, first + len(pieces)), 0xFFFFFFFE])
        return first

    padded = {name: data.ljust(4096, b"\0") for name, data in streams.items()}
    placed = [(name, put(data), len(data)) for name, data in padded.items()]
    entries = [entry("Root Entry", 5, 0xFFFFFFFF, 1, 0xFFFFFFFE, 0)]
    for at, (name, first, size) in enumerate(placed, 1):
        entries.append(entry(name, 2, at + 1 if at < len(placed) else 0xFFFFFFFF, 0xFFFFFFFF, first, size))
    directory = put(b"".join(entries))
    places = (len(sectors) + 127) // 127 + 1
    first_table = len(sectors)
    table += [0xFFFFFFFD] * places
    packed = struct.pack(f"<{len(table)}I", *table).ljust(512 * places, b"\xff")
    head = bytearray(struct.pack("<8s16x5H10x", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6))
    head += struct.pack("<8I", places, directory, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack(f"<{places}I", *range(first_table, first_table + places))
    return bytes(head.ljust(512, b"\xff")) + b"".join(sectors) + packed


def entry(name: str, kind: int, right: int, child: int, first: int, size: int) -> bytes:
    wide = name.encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide) + 2, kind, 1, 0xFFFFFFFF, right, child)
    return head + bytes(36) + struct.pack("<IQ", first, size)


def word(
    pieces: Sequence[str | bytes],
    paragraphs: Sequence[tuple[int, int, bytes]] = (),
    *,
    notes: Sequence[tuple[int, str]] = (),
    flags: int = 0x0200,
) -> bytes:
    """Write a DOC: pieces of UTF-16 (str) or CP1252 (bytes), and (start, end, properties) in their bytes."""
    note_text = "".join(text + "\r" for _, text in notes)
    main, at, places, entries = bytearray(1536), 0, [0], b""
    for piece in [*pieces, note_text] if notes else pieces:
        where = len(main)
        data = piece.encode("utf-16-le") if isinstance(piece, str) else piece
        main += data + bytes(len(data) % 2)
        at += len(data) // 2 if isinstance(piece, str) else len(data)
        places.append(at)
        entries += struct.pack("<HIH", 0, where if isinstance(piece, str) else where * 2 | 0x40000000, 0)
    table = bytearray(b"\0" * 16)
    tables = {33: b"\x02" + struct.pack("<I", 4 * len(places) + len(entries))
              + struct.pack(f"<{len(places)}I", *places) + entries}  # fmt: skip
    if paragraphs:
        main[1024:1536] = page(paragraphs)
        tables[13] = struct.pack("<III", 1536, len(main), 2)
        tables[1] = struct.pack("<HHHH", 6, 12, 10, 0) + b"".join(
            struct.pack("<HHHH", 6, number, 0xFFF1, 0) for number in range(12)
        )
    if notes:
        ends = [0]
        for _, text in notes:
            ends.append(ends[-1] + len(text) + 1)
        tables[2] = struct.pack(f"<{len(notes) + 1}I", *(at for at, _ in notes), 9999) + bytes(2 * len(notes))
        tables[3] = struct.pack(f"<{len(ends)}I", *ends)
    struct.pack_into("<HH", main, 0, 0xA5EC, 0xC1)
    struct.pack_into("<H", main, 10, flags)
    struct.pack_into("<II", main, 0x4C, at - len(note_text), len(note_text))
    for number, data in tables.items():
        struct.pack_into("<II", main, 0x9A + 8 * number, len(table), len(data))
        table += data
    return compound({"WordDocument": bytes(main), "1Table": bytes(table)})


def page(paragraphs: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Write a page of properties."""
    data, free = bytearray(512), 508
    data[511] = len(paragraphs)
    starts = [1536 + paragraphs[0][0], *(1536 + end for _, end, _ in paragraphs)]
    struct.pack_into(f"<{len(starts)}I", data, 0, *starts)
    for at, (_, _, properties) in enumerate(paragraphs):
        even = properties + bytes(len(properties) % 2)
        free -= len(even) + 2
        data[free : free + 2 + len(even)] = bytes([0, len(even) // 2]) + even
        data[4 * len(starts) + 13 * at] = free // 2
    return bytes(data)


def record(kind: int, body: bytes, instance: int = 0, version: int = 0xF) -> bytes:
    return struct.pack("<HHI", instance << 4 | version, kind, len(body)) + body


def shape(kind: int, text: str, top: int, left: int, *, group: bytes = b"", placeholder: int = 0) -> bytes:
    """Write a shape with text in UTF-16, its box 100 high and 1000 wide."""
    written = record(3999, struct.pack("<I", kind), version=0)
    written += record(4000, text.encode("utf-16-le"), version=0)
    anchor = record(0xF010, struct.pack("<4h", top, left, left + 1000, top + 100), version=0)
    client = record(0xF011, record(3011, struct.pack("<iBBH", 0, placeholder, 0, 0), version=0))
    return group + record(0xF004, anchor + client + record(0xF00D, written))


def slide(*shapes: bytes) -> bytes:
    return record(1006, record(1036, record(0xF002, record(0xF003, b"".join(shapes)))))


def powerpoint(
    slides: Sequence[bytes],
    outline: Sequence[bytes] = (),
    *,
    token: int = 0xE391C05F,
    summary: bytes = b"",
) -> bytes:
    """Write a PPT of these slides, the last of them shown first, with the texts kept in its list."""
    shown = list(reversed(range(len(slides))))
    held = [*outline, *[b""] * (len(slides) - len(outline))]
    listed = b"".join(
        record(1011, struct.pack("<IIIII", 2 + at, 0, 0, 256 + at, 0), version=0) + held[at] for at in shown
    )
    stream, places = b"", []
    for part in (record(1000, record(4080, listed)), *slides):
        places.append(len(stream))
        stream += part
    directory = len(stream)
    stream += record(6002, struct.pack(f"<I{len(places)}I", len(places) << 20 | 1, *places), version=0)
    edit = len(stream)
    stream += record(4085, struct.pack("<IIIIIII", 256, 0, edit, directory, 1, 9, 0), version=0)
    user = record(4086, struct.pack("<III", 20, token, edit), version=0)
    streams = {"Current User": user, "PowerPoint Document": stream}
    return compound({**streams, "\x05SummaryInformation": summary} if summary else streams)


# --- reading them ---------------------------------------------------------------------------


def parse(path: Path, data: bytes | None = None) -> Document:
    if data is not None:
        path.write_bytes(data)
    document = PARSERS[path.suffix[1:]].parse(path, path.name)
    for element in document.elements:
        assert element.text.strip() and not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0]", element.text)
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
    return document


def read(path: Path, data: bytes | None = None) -> list[tuple[str, str]]:
    return [(e.kind, e.text) for e in parse(path, data).elements]


def reason(path: Path, data: bytes) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(path, data)
    return str(caught.value)


def test_a_doc_is_put_together_from_its_pieces(tmp_path: Path) -> None:
    source = word(
        ["Größe \U0001f600 ", b"of the \x93pump\x94\r", "Ein\x0bbruch\r"], notes=[(4, "\x02 A note")]
    )
    document = parse(tmp_path / "a.doc", source)
    assert [(e.kind, e.text) for e in document.elements] == [
        ("paragraph", "Größe 😀 of the “pump”"),
        ("footnote", "A note"),
        ("paragraph", "Ein\nbruch"),
    ]
    assert [e.anchors[0].locator.paragraphs for e in document.elements] == [(1, 1), (1, 1), (2, 2)]


def test_fields_of_a_doc_show_their_results(tmp_path: Path) -> None:
    text = b"See \x13 HYPERLINK \x13 x \x14 y\x15 \x14the list\x15 here\r"
    assert read(tmp_path / "a.doc", word([text])) == [("paragraph", "See the list here")]
    assert read(tmp_path / "a.doc", word([b"Not \x13ended here\r"])) == [("paragraph", "Not ended here")]


def test_headings_lists_and_tables_of_a_doc(tmp_path: Path) -> None:
    normal, heading = struct.pack("<H", 0), struct.pack("<H", 2)
    listed = normal + struct.pack("<HH", 0x460B, 1)
    cell = normal + struct.pack("<HB", 0x2416, 1)
    row = cell + struct.pack("<HB", 0x2417, 1)
    made: list[tuple[str, bytes]] = [("Prices\r", heading), ("per item\r", listed), ("Part\x07", cell)]
    made += [
        ("Price\rEUR\x07", cell),
        ("\x07", row),
        ("seal\x07", cell),
        ("\x07", cell),
        ("\x07", row),
        ("End\r", normal),
    ]
    paragraphs, at = [], 0
    for text, properties in made:
        paragraphs.append((at, at + len(text), properties))
        at += len(text)
    document = parse(tmp_path / "a.doc", word(["".join(text for text, _ in made).encode()], paragraphs))
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("heading", 2, "Prices"),
        ("list_item", 0, "per item"),
        ("table", 0, "Part | Price EUR\nseal"),
        ("paragraph", 0, "End"),
    ]
    assert document.elements[2].anchors[1].locator.heading == ("Prices",)


def test_slides_of_a_ppt_in_the_order_shown(tmp_path: Path) -> None:
    outline = record(3999, struct.pack("<I", 1), version=0) + record(4008, b"caf\xe9\rbar", version=0)
    referred = record(0xF004, record(0xF00D, record(3998, struct.pack("<I", 0), version=0)))
    first = slide(shape(4, "below", 900, 0), shape(4, "above\rright", 500, 9), shape(0, "First", 0, 0))
    second = slide(referred, shape(0, "Second\x0bslide", 0, 0), shape(4, "7", 0, 0, placeholder=8))
    document = parse(tmp_path / "a.ppt", powerpoint([first, second], [b"", outline]))
    assert [(e.kind, e.text) for e in document.elements] == [
        ("heading", "Second slide"),
        ("list_item", "café"),
        ("list_item", "bar"),
        ("heading", "First"),
        ("paragraph", "above"),
        ("paragraph", "right"),
        ("paragraph", "below"),
    ]
    last = document.elements[-1].anchors[0].locator
    assert (last.slide, last.shape, last.heading) == (2, "Shape 0", ("First",)) and document.pages == 2


def test_cells_of_a_ppt_make_a_table(tmp_path: Path) -> None:
    cells = [shape(4, text, 300 * (at // 2), 1000 * (at % 2)) for at, text in enumerate(("a", "b", "c", "d"))]
    is_table = record(0xF122, struct.pack("<HI", 0x039F, 1), instance=1, version=3)
    table = record(0xF003, b"".join([record(0xF004, is_table), *reversed(cells)]))
    made = read(tmp_path / "a.ppt", powerpoint([slide(shape(0, "Cells", 0, 0), table)]))
    assert made == [("heading", "Cells"), ("table", "a | b\nc | d")]


def test_a_ppt_whose_list_is_lost_is_still_read(tmp_path: Path) -> None:
    whole = powerpoint([slide(shape(0, "One", 0, 0)), slide(shape(0, "Two", 0, 0))])
    lost = whole.replace(struct.pack("<HH", 0, 6002), struct.pack("<HH", 0, 6003))
    assert lost != whole
    assert read(tmp_path / "a.ppt", lost) == [("heading", "One"), ("heading", "Two")]


def test_legacy_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    assert reason(tmp_path / "a.doc", word([b"x\r"], flags=0x0300)) == "it is protected by a password"
    locked = powerpoint([slide(shape(0, "One", 0, 0))], token=0xF3D1C4DF)
    assert reason(tmp_path / "a.ppt", locked) == "it is protected by a password"
    for name in ("a.doc", "a.ppt"):
        assert (
            reason(tmp_path / name, compound({"EncryptedPackage": b"x"})) == "it is protected by a password"
        )
        assert reason(tmp_path / name, compound({"Other": b"x"})).startswith("it is damaged")
        assert reason(tmp_path / name, b"words " * 400).startswith("it is damaged")
        assert reason(tmp_path / name, b"") == "empty file"
    assert reason(tmp_path / "a.doc", word([b"\r\r"])) == "no text in it"
    assert reason(tmp_path / "a.ppt", powerpoint([slide()])) == "no text in it"


def test_properties_are_read_and_liars_left_out(tmp_path: Path) -> None:
    title = struct.pack("<II", 30, 10) + b"Pump book\0"
    values = {
        2: title,
        12: struct.pack("<IQ", 64, 133_000_000_000_000_000),
        4: struct.pack("<II", 0x101E, 2**32 - 1),
    }
    places, body = b"", b""
    for number, value in values.items():
        places += struct.pack("<II", number, 8 + 8 * len(values) + len(body))
        body += value
    section = struct.pack("<II", 8 + len(places) + len(body), len(values)) + places + body
    summary = bytes(44) + struct.pack("<I", 48) + section
    deck = powerpoint([slide(shape(0, "One", 0, 0))], summary=summary)
    document = parse(tmp_path / "a.ppt", deck)
    assert document.title == "Pump book"
    assert document.metadata == {"created": "2022-06-18T04:26:40Z"}


def test_records_in_records_without_end(tmp_path: Path) -> None:
    deep = shape(0, "Deep", 0, 0)
    for _ in range(20_000):
        deep = struct.pack("<HHI", 0xF, 0xF003, len(deep)) + deep
    assert read(tmp_path / "a.ppt", powerpoint([slide(deep)])) == [("heading", "Deep")]


@pytest.mark.skipif(not DATA.is_dir(), reason="no data here; set CAIRN_DATA")
@pytest.mark.parametrize("name", SAMPLES)
def test_files_from_elsewhere(name: str, tmp_path: Path) -> None:
    """Whole they give headings; with bits flipped or cut short they fail as a file may fail."""
    whole = (DATA / name).read_bytes()
    path = tmp_path / f"a{Path(name).suffix}"
    document = parse(path, whole)
    assert sum(e.kind == "heading" for e in document.elements) >= 2
    chance = random.Random(5)
    for _ in range(25):
        data = bytearray(whole[: chance.choice([len(whole), chance.randrange(600, len(whole))])])
        for _ in range(chance.randrange(200)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            assert read(path, bytes(data))
        except ParseFailed:
            continue
