"""Cairn beside other libraries: same passages, vectors, access classes and questions, one process each, warm.

    python -m bench.peers.run 200000 [PEER]...     # writes bench/out/peers-200000/PEER.jsonl and a table

Each peer runs in an environment of its own, made from bench/peers/requirements (names and versions), under
$CAIRN_PEERS (default: bench/out/venvs). A peer that has been measured is not measured again: remove its file.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.corpus import corpus
from bench.peers import quality, table
from bench.peers.given import OUT
from bench.peers.memory import Watched

ROOT = Path(__file__).parents[2]
VENVS = Path(os.environ.get("CAIRN_PEERS", OUT / "venvs"))
ENVIRONMENTS = {
    "cairn_index": "",
    "cairn_whole": "",
    "lancedb": "lancedb",
    "lancedb_sq": "lancedb",
    "chroma": "chroma",
    "llamaindex": "llamaindex",
    "haystack": "haystack",
    "txtai": "txtai",
    "qdrant": "qdrant",
    "milvus": "milvus",
    "floors": "floors",
}
JUDGED = OUT / "peers-quality"
BUILD_SECONDS, ASK_SECONDS, QUALITY_SECONDS = 3_600, 3_600, 1_800
# One question at a time on one core: with two threads, faiss waits for the slower at every step, which on a
# machine that does anything else is most of the time (measured: p95 116 ms instead of 5).
ALONE = {"OMP_NUM_THREADS": "1"}
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "LANCEDB_LOG": "error",
    "TOKENIZERS_PARALLELISM": "false",
}


def main() -> None:
    """Measure the peers named, or all, and print the table."""
    size, *names = sys.argv[1:]
    corpus(int(size))
    quality.write()
    folder = OUT / f"peers-{size}"
    folder.mkdir(exist_ok=True)
    for name in names or ENVIRONMENTS:
        for path, measure in ((folder / f"{name}.jsonl", measured), (JUDGED / f"{name}.jsonl", judged)):
            if not path.is_file():
                print(path.stem, measure.__name__, file=sys.stderr, flush=True)
                path.parent.mkdir(exist_ok=True)
                path.write_text("".join(json.dumps(line) + "\n" for line in measure(name, size)))
    written = table.written(int(size), {name: _both(folder, name) for name in ENVIRONMENTS})
    (OUT / f"peers-{size}.md").write_text(written)
    print(written)


def _both(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = _read(folder / f"{name}.jsonl")
    return lines + _read(JUDGED / f"{name}.jsonl") if lines else []


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def measured(name: str, size: str) -> list[dict[str, Any]]:
    """Build and ask one peer; what fails is a line with the reason."""
    lines: list[dict[str, Any]] = [{"phase": "load", "load": os.getloadavg()[0]}]
    with _place(name) as folder:
        if _persistent(name):
            lines += _run(name, "build", size, folder, BUILD_SECONDS)
        lines += _run(name, "ask", size, folder, ASK_SECONDS)
        lines.append({"phase": "disk", "bytes": _bytes(folder)})
    return lines


def judged(name: str, size: str) -> list[dict[str, Any]]:
    """Let one peer answer the public sets, which have a size of their own."""
    with _place(name) as folder:
        return _run(name, "quality", size, folder, QUALITY_SECONDS)


@contextmanager
def _place(name: str) -> Iterator[Path]:
    place = OUT / "peers-work" / f"{name}-{os.getpid()}"  # nobody else's, who may measure it too
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def _persistent(name: str) -> bool:
    return "persistent = True" in (Path(__file__).parent / f"{name}.py").read_text()


def _run(name: str, phase: str, size: str, folder: Path, seconds: int) -> list[dict[str, Any]]:
    """Run one phase and return its lines, with the memory of its processes."""
    lines = []
    command = [str(environment(name)), "-m", "bench.peers.process", name, phase, size, str(folder)]
    environ = (
        os.environ
        | QUIET
        | (ALONE if phase == "ask" else {})
        | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "CAIRN_BENCH": str(OUT)}
    )
    with (
        (OUT / "peers.log").open("a") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
        Watched(process, seconds) as watched,
    ):
        assert process.stdout is not None and process.stdin is not None
        for line in process.stdout:
            if not line.startswith('{"phase"'):
                continue
            lines.append(json.loads(line))
            if lines[-1]["phase"] in ("opened", "warm"):
                lines.append({"phase": f"memory {lines[-1]['phase']}", **watched.now()})
            if lines[-1]["phase"] == "memory warm":
                process.stdin.write("\n")
                process.stdin.flush()
    lines.append({"phase": f"memory {phase}", "peak": watched.peak})
    if process.returncode:
        reason = f"took more than {seconds} s" if watched.stopped else f"ended with {process.returncode}"
        lines.append({"phase": "failed", "what": phase, "why": reason})
    return lines


def environment(name: str) -> Path:
    """Return the Python of a peer's environment, made if it is missing."""
    kind = ENVIRONMENTS[name]
    if not kind:
        return Path(sys.executable)
    python = VENVS / kind / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(VENVS / kind)], check=True)
        listed = Path(__file__).parent / "requirements" / f"{kind}.txt"
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(listed)], check=True)
    return python


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
