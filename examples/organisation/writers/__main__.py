"""Renders every text under ``content/`` into the drive."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from .archive import to_zip
from .docx import to_docx
from .mail import to_eml
from .odf import to_odt
from .pdf import to_pdf
from .pptx import to_pptx
from .rtf import to_rtf
from .source import CONTENT, Source, read_source
from .text import to_csv, to_html, to_markdown, to_text
from .xlsx import to_xlsx

TEXTS: dict[str, Callable[[Source], str]] = {
    "csv": to_csv,
    "html": to_html,
    "json": to_text,
    "md": to_markdown,
    "rtf": to_rtf,
    "txt": to_text,
}
FILES: dict[str, Callable[[Source], bytes]] = {
    "docx": to_docx,
    "odt": to_odt,
    "pdf": to_pdf,
    "pptx": to_pptx,
    "xlsx": to_xlsx,
}
Parts = dict[str, list[tuple[str, bytes]]]


def rendered(source: Source) -> bytes:
    """Render a source that becomes one file."""
    form = source.head["format"]
    return FILES[form](source) if form in FILES else TEXTS[form](source).encode("utf-8")


def inside(sources: list[Source]) -> Parts:
    """Render the files that lie within another, by the path of that other."""
    parts: Parts = defaultdict(list)
    for source in sources:
        if "within" in source.head:
            parts[source.head["within"]].append((source.head["path"], rendered(source)))
    return parts


def documents(sources: list[Source]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each file of the drive."""
    parts = inside(sources)
    for source in sources:
        if "within" in source.head:
            continue
        if source.head["format"] == "eml":
            yield from to_eml(source, parts)
        else:
            yield source.head["path"], rendered(source)
    for path, files in parts.items():
        if path.endswith(".zip"):
            day = max(source.day for source in sources if source.head.get("within") == path)
            yield path, to_zip(files, day)


def generate(out: Path) -> int:
    """Write the whole drive and return the number of files, those within others not counted."""
    sources = [read_source(path) for path in sorted(CONTENT.rglob("*.md"))]
    count = 0
    for name, content in documents(sources):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        count += 1
    (out / ".cairn-access").write_bytes((CONTENT / "cairn-access").read_bytes())
    return count


def main(arguments: list[str]) -> int:
    """Run the program."""
    if len(arguments) != 1:
        print("usage: generate.py OUT_DIR", file=sys.stderr)
        return 2
    print(f"{generate(Path(arguments[0]))} documents written to {arguments[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
