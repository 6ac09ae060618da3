"""Hostile files: good ones mutated at random, and ones made to harm whoever reads them.

Everything is (name, bytes), and the same for the same seed. What is made reaches for a ``Trap``: a secret
file, a port that listens, a place outside; whoever follows is found out.
"""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from bench.specimens import MAKERS, PACKED, WRITTEN, XML, printed, richer, tarred, zipped

File = tuple[str, bytes]

WORD = "The heron counted seven fish."
LARGEST_SEED = 200_000
_EACH_SUFFIX = 6
_SUFFIX = re.compile(r"(\.tar)?\.\w{1,12}$")


class Trap(NamedTuple):
    """What a hostile file reaches for, and how large it is made."""

    secret: Path
    """A file that nobody may read out, outside of the folder."""
    outside: Path
    """A folder into which nobody may write."""
    port: int
    """Of this machine; nobody may call it."""
    deep: int = 100_000
    """Levels of nesting."""
    bomb: int = 300_000_000
    """Bytes that a small file unpacks to."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def seeds(folders: Sequence[Path] = ()) -> dict[str, bytes]:
    """Return good files of every format, by name: made on the spot, and a few of each suffix in folders."""
    found = {f"made.{suffix}": make(WORD) for suffix, make in MAKERS.items()}
    found |= {f"written.{suffix}": data for suffix, data in richer(WORD).items()}
    for folder in folders:
        count: dict[str, int] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and 0 < path.stat().st_size <= LARGEST_SEED:
                count[path.suffix] = count.get(path.suffix, 0) + 1
                if count[path.suffix] <= _EACH_SUFFIX:
                    found[path.name] = path.read_bytes()
    return found


def mutated(good: Mapping[str, bytes], count: int, seed: int) -> Iterator[File]:
    """Yield so many mutations of good files, each format as often as the others."""
    chance = Random(seed)
    by_suffix: dict[str, list[str]] = {}
    for name in good:
        by_suffix.setdefault(_suffix(name), []).append(name)
    for _ in range(count):
        name = chance.choice(by_suffix[chance.choice(list(by_suffix))])
        change = chance.choice(list(_CHANGES))
        other = chance.choice(list(good))
        data = _CHANGES[change](chance, good[name], good[other])
        shown = other if chance.random() < 0.1 else name  # now and then the name lies
        yield f"{change}-{_plain(name)}{_suffix(shown)}", data


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0].lower() if found is not None else ""


def _plain(name: str) -> str:
    return re.sub(r"\W+", "_", name)[:60]


def _flipped(chance: Random, data: bytes, other: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 16, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _truncated(chance: Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _spliced(chance: Random, data: bytes, other: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def _oversized(chance: Random, data: bytes, other: bytes) -> bytes:
    """Put the largest numbers where lengths and counts may stand."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 3, 9))):
        at = chance.randrange(len(changed))
        size = chance.choice((1, 2, 4, 8))
        changed[at : at + size] = chance.choice((b"\xff", b"\x7f", b"\x00", b"9")) * size
    return bytes(changed)


def _repeated(chance: Random, data: bytes, other: bytes) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.choice((1, 8, 200))]
    return data[:start] + piece * chance.choice((2, 50, 5000)) + data[start:]


def _shuffled(chance: Random, data: bytes, other: bytes) -> bytes:
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    chance.shuffle(pieces)
    return b"".join(pieces)


def _inside(chance: Random, data: bytes, other: bytes) -> bytes:
    """Mutate what a ZIP archive holds and pack it again, so that its checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members: dict[str, str | bytes] = {entry: archive.read(entry) for entry in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return _flipped(chance, data, other)
    name = chance.choice(list(members))
    held = members[name]
    if isinstance(held, bytes) and held:
        change = chance.choice((_flipped, _truncated, _oversized, _repeated, _shuffled))
        members[name] = change(chance, held, other)
    return zipped(members)


_CHANGES: dict[str, Callable[[Random, bytes, bytes], bytes]] = {
    "flipped": _flipped,
    "truncated": _truncated,
    "spliced": _spliced,
    "oversized": _oversized,
    "repeated": _repeated,
    "shuffled": _shuffled,
    "inside": _inside,
}


def made(trap: Trap) -> Iterator[File]:
    """Yield the files made to harm: they explode, nest without end, reach out, or lie."""
    yield from _entities(trap)
    yield from _bombs(trap)
    yield from _nested(trap)
    yield from _reaching(trap)
    yield from _archives(trap)
    yield from _odd()


def _entities(trap: Trap) -> Iterator[File]:
    """Yield entity bombs and external entities in every kind of file that carries XML."""
    laughs = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    declared = {
        "laughs": (laughs, "&a9;"),
        "quadratic": (f'<!ENTITY a "{"ha" * (trap.deep // 2)}">', "&a;" * (trap.deep // 10)),
        "file": (f'<!ENTITY a SYSTEM "{trap.secret.as_uri()}">', "&a;"),
        "call": (f'<!ENTITY % p SYSTEM "{trap.url}p.dtd"> %p; <!ENTITY a SYSTEM "{trap.url}">', "&a;"),
        "endless": ('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
    }
    for kind, (entities, use) in declared.items():
        head = f"{XML}<!DOCTYPE any [{entities}]>\n"
        for suffix, template in WRITTEN.items():
            if template.startswith(XML):
                yield f"{kind}.{suffix}", (head + template.removeprefix(XML).replace("TEXT", use)).encode()
        for suffix, members in PACKED.items():
            for name, template in members.items():
                if "TEXT" in template and template.startswith(XML):
                    harmed = head + template.removeprefix(XML).replace("TEXT", use)
                    yield f"{kind}-{_plain(name)}.{suffix}", zipped({**members, name: harmed})


def _bombs(trap: Trap) -> Iterator[File]:
    """Yield small files that unpack to large ones."""
    zeros = bytes(trap.bomb)
    yield "bomb.txt.gz", gzip.compress(zeros, mtime=0)
    yield "bomb.txt.bz2", bz2.compress(zeros)
    yield "bomb.txt.xz", lzma.compress(zeros, preset=0)
    yield "bomb.zip", (packed := zipped({"zeros.txt": zeros}))
    yield "bomb-many.zip", zipped({f"{number}.zip": packed for number in range(20)})
    blanks = b" " * trap.bomb
    for suffix, members in PACKED.items():
        for name, template in members.items():
            if "TEXT" in template:
                start, _, end = template.partition("TEXT")
                yield (
                    f"bomb-{_plain(name)}.{suffix}",
                    zipped({**members, name: start.encode() + blanks + end.encode()}),
                )
    layer = zipped({"x.txt": WORD})
    for number in range(40):
        layer = zipped({f"{number}.zip": layer})
    yield "layers.zip", layer
    yield "many.zip", zipped({f"{number}.txt": b"" for number in range(trap.deep // 4)})
    yield "many.mbox", b"From a@b.c Mon Mar  3 10:00:00 2025\nSubject: x\n\ny\n\n" * (trap.deep // 4)
    yield "wide.csv", b"a," * (10 * trap.deep) + b"\n" + b"1," * trap.deep
    yield "long.csv", b'"' + b"a" * (10 * trap.deep)
    yield "rows.jsonl", b"{}\n" * trap.deep
    cells = '<c r="A1" t="s"><v>0</v></c>' * (trap.deep // 10)
    sheet = PACKED["xlsx"]["xl/worksheets/sheet1.xml"].replace("<row", f'<row r="1048576">{cells}</row><row')
    yield "far.xlsx", zipped({**PACKED["xlsx"], "xl/worksheets/sheet1.xml": sheet})
    wide = 'table:number-columns-repeated="999999999" office:value-type'
    rows = PACKED["ods"]["content.xml"].replace("office:value-type", wide)
    rows = rows.replace("<table:table-row", '<table:table-row table:number-rows-repeated="999999999"')
    yield "repeated.ods", zipped({**PACKED["ods"], "content.xml": rows})
    span = '<table><tr><td colspan="99999999" rowspan="99999999">a</td><td>b</td></tr></table>'
    yield "span.html", f"<html><body>{span}</body></html>".encode()


def _nested(trap: Trap) -> Iterator[File]:
    """Yield what goes deeper than any reader can follow, and what makes careless patterns slow."""
    deep = trap.deep
    for suffix, start, end in (
        ("json", "[", "]"),
        ("json", '{"a":', "}"),
        ("ipynb", '{"cells":[', "]}"),
        ("yaml", "[", "]"),
        ("yaml", "- ", ""),
        ("yaml", "{a: ", "}"),
        ("toml", "a.", ""),
        ("toml", "a=[", ""),
        ("xml", "<a>", "</a>"),
        ("svg", "<g>", "</g>"),
        ("html", "<div>", "</div>"),
        ("html", "<table><tr><td>", ""),
        ("html", "<ul><li>", ""),
        ("html", "<a <", ""),
        ("html", "<!--", ""),
        ("rtf", "{", "}"),
        ("rtf", "{\\*\\a ", "}"),
        ("tex", "{", "}"),
        ("tex", "\\begin{itemize}\\item ", ""),
        ("tex", "$", ""),
        ("tex", "\\def\\a{\\a\\a}\\a", ""),
        ("md", "> ", ""),
        ("md", "[", ""),
        ("md", "[a](", ""),
        ("md", "*a _b ", ""),
        ("md", "- ", ""),
        ("md", "`" * 7 + "a", ""),
        ("md", "<", ""),
        ("rst", "*", ""),
        ("rst", "`a <", ""),
        ("rst", "|", ""),
        ("rst", ".. ", ""),
        ("org", "*", ""),
        ("org", "[[a][", ""),
        ("org", "#+begin_quote\n", ""),
        ("adoc", "*", ""),
        ("adoc", "[[", ""),
        ("adoc", "====\n", ""),
        ("py", "(", ")"),
        ("py", "if a:\n ", ""),
        ("c", "{", "}"),
        ("js", "`${", ""),
        ("sql", "(select ", ")"),
        ("csv", '"', ""),
        ("txt", " ", ""),
        ("txt", "a\n\n", ""),
    ):
        yield f"deep-{_plain(start)}.{suffix}", (start * deep + WORD + end * deep).encode()
    yield "deep-indent.yaml", "".join(f"{' ' * n}a:\n" for n in range(min(deep, 3000))).encode()
    yield "deep-indent.rst", "".join(f"{' ' * n}* a\n\n" for n in range(min(deep, 2000))).encode()
    yield "deep-aliases.yaml", _yaml_bomb().encode()
    yield "deep-arrays.pdf", printed(WORD).replace(b"[3 0 R]", b"[" * deep + b"3 0 R" + b"]" * deep)
    yield "deep-loop.pdf", printed(WORD).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R 2 0 R]")
    part = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"
    parts = "".join(part.format(number) for number in range(min(deep, 5000)))
    yield "deep-parts.eml", f"From: a@b.c\nMIME-Version: 1.0\n{parts}\n\n{WORD}".encode()
    mails = "Content-Type: message/rfc822\n\nFrom: a@b.c\n" * min(deep, 5000)
    yield "deep-mails.eml", f"From: a@b.c\n{mails}\n{WORD}".encode()
    for suffix, members in PACKED.items():
        for name, template in members.items():
            if "TEXT" in template:
                tag = re.findall(r"<([\w:]+)[^>]*>TEXT", template)[0]
                nest = f"<{tag}>" * deep + "</" + tag + ">"
                yield (
                    f"deep-{_plain(name)}.{suffix}",
                    zipped({**members, name: template.replace("TEXT", nest)}),
                )


def _yaml_bomb() -> str:
    return "a0: &a0 [ha, ha]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )


def _reaching(trap: Trap) -> Iterator[File]:
    """Yield files that ask their reader to open another file, to call somebody, or to run something."""
    secret, url = trap.secret, trap.url
    touched = trap.outside / "touched"
    for name, text in {
        "include.rst": f".. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n"
        f".. csv-table:: a\n   :file: {secret}\n\n.. csv-table:: b\n   :url: {url}\n\n"
        f".. literalinclude:: {secret}\n",
        "include.tex": f"\\input{{{secret}}}\\include{{{secret}}}\\verbatiminput{{{secret}}}"
        f"\\write18{{touch {touched}}}\\lstinputlisting{{{secret}}}",
        "include.org": f'#+INCLUDE: "{secret}"\n#+SETUPFILE: {secret}\n#+SETUPFILE: {url}\n',
        "include.adoc": f"include::{secret}[]\n\ninclude::{url}[]\n\nimage::{url}[]\n",
        "include.md": f"![a]({url}) ![b]({secret.as_uri()})\n\n<iframe src='{secret.as_uri()}'></iframe>\n",
        "include.html": f"<html><head><link rel=stylesheet href={url}><base href={url}>"
        f"<meta http-equiv=refresh content='0;url={url}'></head><body><img src={url}>"
        f"<iframe src={secret.as_uri()}></iframe><object data={secret.as_uri()}></object>"
        f"<script src={url}></script><p>{WORD}</p></body></html>",
        "include.docbook": f'{XML}<article xmlns="http://docbook.org/ns/docbook" '
        f'xmlns:xi="http://www.w3.org/2001/XInclude"><para><xi:include parse="text" '
        f'href="{secret.as_uri()}"/>'
        f"</para></article>",
        "include.svg": f'{XML}<?xml-stylesheet href="{url}"?><svg xmlns:xlink="http://www.w3.org/1999/xlink">'
        f'<image xlink:href="{secret.as_uri()}"/><use xlink:href="{url}"/></svg>',
        "include.xml": f'{XML}<!DOCTYPE a SYSTEM "{url}a.dtd"><?xml-stylesheet type="text/xsl" href="{url}"?>'
        f"<a>{WORD}</a>",
        "run.yaml": f'a: !!python/object/apply:os.system ["touch {touched}"]\n'
        f'b: !!python/object/new:subprocess.Popen [["touch", "{touched}"]]\n',
        "run.ipynb": '{"nbformat":4,"cells":[{"cell_type":"code","source":["import os; '
        f"os.system('touch {touched}')\"]}}]}}",
        "run.csv": f"=cmd|' /C touch {touched}'!A0,=WEBSERVICE(\"{url}\")\n",
        "run.rtf": "{\\rtf1{\\field{\\*\\fldinst INCLUDETEXT "
        f'"{secret}"}}{{\\fldrslt a}}}}{{\\field{{\\*\\fldinst INCLUDEPICTURE "{url}"}}}}{WORD}}}',
        "external.eml": f"From: a@b.c\nContent-Type: message/external-body; access-type=local-file; "
        f'name="{secret}"\n\nContent-Type: text/plain\n\n',
    }.items():
        yield name, text.encode()
    yield (
        "launch.pdf",
        printed(WORD).replace(
            b"/Type /Catalog",
            f"/OpenAction << /S /Launch /F ({secret}) >> /AA << /O << /S /URI /URI ({url}) >> >> "
            f"/Type /Catalog".encode(),
        ),
    )
    yield from _reaching_packed(trap)


def _reaching_packed(trap: Trap) -> Iterator[File]:
    relations = (
        f'<Relationship Id="rId7" TargetMode="External" Target="{trap.secret.as_uri()}" '
        f'Type="x/attachedTemplate"/>'
        f'<Relationship Id="rId8" TargetMode="External" Target="{trap.url}" Type="x/image"/>'
        f'<Relationship Id="rId9" Target="../../../../../../../..{trap.secret}" Type="x/slide"/>'
        f"</Relationships>"
    )
    for suffix in ("docx", "xlsx", "pptx"):
        members = PACKED[suffix]
        harmed = {name: text.replace("</Relationships>", relations) for name, text in members.items()}
        yield f"external.{suffix}", zipped(harmed)
    for reference in (trap.secret.as_uri(), f"../../../../../../../..{trap.secret}", trap.url):
        book = {name: text.replace("c.xhtml", reference) for name, text in PACKED["epub"].items()}
        yield f"external-{_plain(reference)[:12]}.epub", zipped(book)
        section = f'<text:section xlink:href="{reference}"/><text:p>TEXT'
        content = PACKED["odt"]["content.xml"].replace("<text:p>TEXT", section)
        content = content.replace(
            " office:version", ' xmlns:xlink="http://www.w3.org/1999/xlink" office:version'
        )
        yield f"external-{_plain(reference)[:12]}.odt", zipped({**PACKED["odt"], "content.xml": content})


def _archives(trap: Trap) -> Iterator[File]:
    """Yield archives whose entries lead out, point elsewhere, or claim to be what they are not."""
    out = trap.outside / "escaped"
    names = [
        "../escaped.txt",
        "a/../../escaped.txt",
        "..\\escaped.txt",
        f"{out}.txt",
        f"/{out}.txt",
        "../" * 12 + f"{out}.txt".lstrip("/"),
        "C:\\a.txt",
        "./././escaped.txt",
        "a\x00b.txt",
        "nul",
        "a" * 5000,
        "\u202etxt",
    ]
    yield "out.tar", tarred({name: WORD.encode() for name in names})
    yield "out.tar.gz", gzip.compress(tarred({name: WORD.encode() for name in names}), mtime=0)
    yield "out.zip", zipped({name: WORD for name in names})
    for suffix in PACKED:
        yield f"out.{suffix}", zipped({**PACKED[suffix], **{name: WORD for name in names}})
    yield "links.tar", _linked(trap)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(trap.secret))
        archive.writestr("link.txt/under.txt", WORD)
    yield "links.zip", held.getvalue()
    whole = bytearray(tarred({"a.txt": WORD.encode()}))
    for kind, size in (
        ("octal", b"77777777777\0"),
        ("binary", b"\xff" * 12),
        ("large", b"\x80" + b"\x7f" * 11),
    ):
        whole[124:136] = size
        whole[148:156] = b" " * 8
        whole[148:156] = b"%06o\0 " % sum(whole[:512])
        yield f"claims-{kind}.tar", bytes(whole)
    claimed = zipped({"a.txt": WORD})
    for size in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00"):
        for at in (
            claimed.rindex(b"PK\x01\x02") + 20,
            claimed.rindex(b"PK\x01\x02") + 24,
            claimed.rindex(b"PK\x05\x06") + 12,
        ):
            yield f"claims-{size.hex()}-{at}.zip", claimed[:at] + size + claimed[at + 4 :]
    yield "claims.pdf", printed(WORD).replace(b"/Length", b"/Length 999999999999 %", 1)
    yield (
        "claims-size.pdf",
        printed(WORD).replace(b"/Size 6", b"/Size 2147483647").replace(b"0 6\n", b"0 99999999\n"),
    )
    yield "claims-box.pdf", printed(WORD).replace(b"612 792", b"1e30 -1e30")
    yield "claims-count.pdf", printed(WORD).replace(b"/Count 1", b"/Count 2000000000")
    yield "claims.bmp", b"BM" + b"\xff" * 60
    yield (
        "claims.png",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\x00\x00\x00",
    )
    yield "claims.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 504
    yield (
        "claims.doc",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 16
        + b"\x3e\x00\x03\x00\xfe\xff\x09\x00"
        + b"\x01" * 480,
    )


def _linked(trap: Trap) -> bytes:
    """Return a TAR archive with links, devices and a queue, and a file through a link."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, kind, target in (
            ("link.txt", tarfile.SYMTYPE, str(trap.secret)),
            ("hard.txt", tarfile.LNKTYPE, str(trap.secret)),
            ("way", tarfile.SYMTYPE, str(trap.outside)),
            ("queue.txt", tarfile.FIFOTYPE, ""),
            ("device.txt", tarfile.CHRTYPE, ""),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            archive.addfile(entry)
        through = tarfile.TarInfo("way/escaped.txt")
        through.size = len(WORD)
        archive.addfile(through, io.BytesIO(WORD.encode()))
    return held.getvalue()


def _odd() -> Iterator[File]:
    """Yield what is hardly a file at all, under names that are hardly names."""
    heads = (
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"{\\rtf",
        b"<?xml",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
    )
    for number, head in enumerate((b"", b"\x00", b"\n", *heads)):
        for suffix in ("txt", "pdf", "docx", "json", "eml"):
            yield f"head-{number}.{suffix}", head
    yield "random.bin", Random(1).randbytes(50_000)
    yield "random.txt", bytes(Random(2).choices(range(256), k=50_000))
    yield "surrogates.txt", "\ud800\udfff".encode("utf-8", "surrogatepass") * 1000 + WORD.encode()
    yield "surrogates.json", b'{"a": "\\ud800", "b": "\\udfff\\u0000"}'
    yield "marks.txt", ("a" + "\u0301" * 100_000 + " " + "\u202e\u2066" * 1000 + WORD).encode()
    yield "numbers.json", b'{"a": ' + b"9" * 100_000 + b', "b": 1e999999, "c": NaN, "d": -Infinity}'
    for name in (
        "a\nb.txt",
        "a\tb.md",
        " .txt",
        "-rf.txt",
        "$(touch x).txt",
        "'\"`;.txt",
        "%s%n%x.txt",
        "a" * 240 + ".txt",
        "\u202etxt.exe",
        "a!/b.txt".replace("/", "\u2215"),
        "not utf-8 \udcff.txt",
    ):
        yield f"={name}", WORD.encode()
