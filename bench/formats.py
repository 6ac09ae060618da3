"""Which files can be read? All sample files in one library, every one in a state with its reason.

    python -m bench.formats            # by media type what was indexed and what not, and why
    python -m bench.formats many       # peak memory of the processes over 10,000 small files

What should be readable is told here by a file's name, not by what Cairn takes it for: a listed format,
and text in it. Files within files are counted apart. Exits with 1 when a file has no state or no reason.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

from pypdfium2 import PdfDocument, PdfiumError  # type: ignore[import-untyped]

import cairn
from bench import specimens
from bench.sets import DATA
from cairn.records import DocumentRecord
from cairn.results import Ingested
from cairn.session import Session
from cairn.types import State

FOLDERS = ("kreuzberg_testdocs", "r2r_examples", "icdar2013_tables", "financebench")
BAR = 0.97
MANY = 10_000
POLL_SECONDS = 0.1
FINAL = (State.INDEXED, State.FAILED, State.SKIPPED)
LISTED = {
    suffix: name
    for name, suffixes in {
        "DOCX": "docx docm dotx",
        "ODT": "odt ott",
        "RTF": "rtf",
        "DOC": "doc",
        "PPTX": "pptx",
        "ODP": "odp",
        "PPT": "ppt",
        "XLSX": "xlsx xlsm",
        "ODS": "ods",
        "XLS": "xls",
        "CSV": "csv",
        "TSV": "tsv",
        "EML": "eml",
        "MSG": "msg",
        "MBOX": "mbox",
        "HTML": "html htm xhtml html4 html5",
        "MHTML": "mht mhtml",
        "EPUB": "epub",
        "DocBook": "docbook docbook4 docbook5",
        "JATS": "jats nxml jats_archiving jats_articleauthoring jats_publishing",
        "JSON": "json geojson",
        "JSONL": "jsonl ndjson",
        "YAML": "yaml yml",
        "Markdown": "md markdown",
        "reST": "rst",
        "AsciiDoc": "adoc asciidoc asciidoc_legacy",
        "LaTeX": "tex latex",
        "Org": "org",
        "notebook": "ipynb",
        "code": "py js ts java c h cpp cs go rs rb php sh sql",
        "archive": "zip tar tgz",
        "PDF": "pdf",
        "text": "txt text log",
    }.items()
    for suffix in suffixes.split()
}
TEXTLESS = {
    "odt/hiddenTextByStyle.odt",
    "odt/hiddenTextByVariable.odt",
    "odt/horizontalRule.odt",
    "odt/image.odt",
    "odt/variable.odt",
    "rtf/image.rtf",
    "data_formats/test_results.json",
    "markdown/tables.org_metadata.json",
    "misc/readme.org_metadata.json",
}
"""Looked at by eye: a picture, a rule, hidden text, empty lists and objects."""
_JATS = re.compile(rb"-//NLM//DTD|<article\b")
_LINK = re.compile(rb"\.\./\S+")
_LETTER = re.compile(r"\w")


def main() -> None:
    """Measure what the command line names."""
    os.environ["CAIRN_EMBEDDER"] = "hash"
    with tempfile.TemporaryDirectory() as place:
        if sys.argv[1:] == ["many"]:
            many(Path(place))
        else:
            sys.exit(everything(Path(place) / "library"))


def everything(home: Path) -> int:
    """Ingest all samples, print what became of them, return the exit code."""
    found: dict[Path, DocumentRecord] = {}
    within: list[DocumentRecord] = []
    for name in FOLDERS:
        done, records = ingested(home, DATA / name)
        print(f"{name:20} {done:8.1f} s")
        within += (record for record in records if record.parent is not None)
        found |= {DATA / name / record.uri: record for record in records if record.parent is None}
    files = [path for name in FOLDERS for path in shown(DATA / name)]
    print(f"\n{len(files)} files, {len(within)} files within them\n")
    print_types(found.values(), "files")
    print_types(within, "files within files")
    print_listed(files, found)
    stateless = unaccounted(files, found) + [record.uri for record in within if not accounted(record)]
    for name in stateless:
        print(f"no state or no reason: {name}")
    return 1 if stateless else 0


def ingested(home: Path, folder: Path) -> tuple[float, list[DocumentRecord]]:
    """Ingest a folder; return the seconds and what the library then holds of it."""
    began = perf_counter()
    with cairn.open(home) as session:
        source = asyncio.run(_ingest(session, folder)).source
        catalogue = session.app.journal.catalogue
        number = next(record.id for record in catalogue.sources() if record.spec == source)
        return perf_counter() - began, catalogue.find(source=number)


async def _ingest(session: Session, folder: Path) -> Ingested:
    return await cairn.ingest(session, str(folder))


def shown(folder: Path) -> list[Path]:
    """Return the files that a source shows: all but hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if not path.is_dir() and not any(step.startswith(".") for step in path.relative_to(folder).parts)
    )


def unaccounted(files: Iterable[Path], found: dict[Path, DocumentRecord]) -> list[str]:
    """Return the files that are in no state, or in one that lacks its reason."""
    return [str(path) for path in files if path not in found or not accounted(found[path])]


def accounted(record: DocumentRecord) -> bool:
    """Tell whether a file is done with: indexed, or not and why."""
    return record.state in FINAL and (record.state is State.INDEXED or bool(record.reason))


def print_types(records: Iterable[DocumentRecord], title: str) -> None:
    """Print how many of each media type are in which state, and the reasons."""
    states: defaultdict[str, Counter[State]] = defaultdict(Counter)
    reasons: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for record in records:
        media_type = record.media_type if record.media_type else "(not looked at)"
        states[media_type][record.state] += 1
        if record.state is not State.INDEXED:
            reason = f"{record.state}: {record.reason}"
            reasons[media_type].setdefault(reason, []).append(record.uri)
    print(f"{title:72} indexed  failed skipped")
    for media_type in sorted(states):
        counts = states[media_type]
        print(f"{media_type:72} {counts[FINAL[0]]:7} {counts[FINAL[1]]:7} {counts[FINAL[2]]:7}")
        for reason, names in reasons[media_type].items():
            print(f"    {len(names):4}  {reason[:110]}  ({', '.join(names[:3])})")
    print()


def print_listed(files: Sequence[Path], found: dict[Path, DocumentRecord]) -> None:
    """Print, by listed format, how many files have text and how many of those are indexed."""
    texts: Counter[str] = Counter()
    read: Counter[str] = Counter()
    missed = []
    for path in files:
        name = listed(path)
        if name and has_text(path):
            texts[name] += 1
            record = found.get(path)
            if record is not None and record.state is State.INDEXED:
                read[name] += 1
            else:
                missed.append(
                    f"{path.relative_to(DATA)}: {record.reason if record is not None else 'unknown'}"
                )
    for name in dict.fromkeys(LISTED.values()):
        print(f"{name:10} {read[name]:5} of {texts[name]:5}" + ("   no sample" if not texts[name] else ""))
    share = read.total() / texts.total()
    print(f"files with text in a listed format, indexed: {share:.3f} of {texts.total()}   bar: {BAR}")
    for line in missed:
        print(f"    {line}")


def listed(path: Path) -> str:
    """Return the listed format that a file is in; empty for none, and for a link that git wrote as text."""
    if path.stat().st_size < 200 and _LINK.fullmatch(path.read_bytes()):
        return ""
    name = LISTED.get(path.suffix.lstrip(".").lower(), "")
    if path.suffix == ".xml":
        name = "JATS" if _JATS.search(path.read_bytes()[:4096]) else ""
    return name


def has_text(path: Path) -> bool:
    """Tell whether a file shows any text: a PDF may be pictures alone."""
    if path.stat().st_size == 0 or "/".join(path.parts[-2:]) in TEXTLESS:
        return False
    if path.suffix.lower() != ".pdf":
        return True
    try:
        document = PdfDocument(path)
    except PdfiumError:
        return True  # damaged or locked: it counts
    try:
        return any(
            _LETTER.search(document[at].get_textpage().get_text_range()) for at in range(len(document))
        )
    finally:
        document.close()


def many(place: Path) -> None:
    """Print the peak memory of the main process and of a worker over many small files."""
    folder = place / "folder"
    folder.mkdir()
    suffixes = list(specimens.MAKERS)
    for number in range(MANY):
        suffix = suffixes[number % len(suffixes)]
        # No two say the same, or they would count as one text.
        text = f"Reading {number} of the meter at Harbour Point."
        (folder / f"{number:05}.{suffix}").write_bytes(specimens.MAKERS[suffix](text))
    before = peak_mb(os.getpid())
    with Peaks() as peaks:
        seconds, records = ingested(place / "library", folder)
    states = Counter(record.state for record in records)
    counts = ", ".join(f"{count:,} {state}" for state, count in states.items())
    print(f"{MANY:,} files in {seconds:.0f} s: {counts}")
    print(
        f"peak memory: main process {peak_mb(os.getpid()):.0f} MB ({before:.0f} before), "
        f"worker {peaks.highest:.0f} MB of {len(peaks.seen)} workers"
    )


class Peaks:
    """Watches the processes that this one starts, and keeps the most memory that any of them took."""

    def __init__(self) -> None:
        self.highest = 0.0
        self.seen: set[int] = set()
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Peaks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            for process in children():
                self.seen.add(process)
                self.highest = max(self.highest, peak_mb(process))


def children() -> Iterator[int]:
    """Yield the processes that this one has started and that still run."""
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            yield from map(int, listing.read_text().split())
        except OSError:
            continue  # that thread has just ended


def peak_mb(process: int) -> float:
    """Return the most memory that a process has held so far; 0 when it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1000 if found is not None else 0.0


if __name__ == "__main__":
    main()
