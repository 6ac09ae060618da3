"""What was measured of every peer, as one Markdown page."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.corpus import corpus
from bench.peers import quality
from bench.peers.exact import Answers
from bench.peers.given import EVERYTHING, READERS

NAMES = {
    "cairn_index": "Cairn, index part",
    "cairn_whole": "Cairn, end to end",
    "lancedb": "LanceDB, IVF_RQ",
    "lancedb_sq": "LanceDB, IVF_SQ",
    "chroma": "Chroma",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "txtai": "txtai",
    "qdrant": "Qdrant, local mode",
    "milvus": "Milvus Lite",
    "floors": "bm25s + faiss flat",
}
WHO = (EVERYTHING, *READERS)
Lines = Sequence[Mapping[str, Any]]


def written(size: int, measured: Mapping[str, Lines]) -> str:
    """Return the page."""
    answers = Answers(corpus(size))
    shares = ["all, no filter", *(f"sees {answers.given.readers[name].share:.4g}" for name in READERS)]
    held = {name: lines for name, lines in measured.items() if lines}
    parts = [
        f"Cairn and other libraries, {size:,} passages",
        "Times in ms: p50 / p95 / p99 · processor time, of up to 200 questions (fewer in brackets), one at a "
        "time, warm, the ten best. Built: seconds, and of the processor.",
        _table(("", "built s", "disk MB", "peak MB", "warm MB", "lines", *quality.READ), _sizes(held)),
        *(
            f"{mode}\n\n" + _table(("", *shares, "recall@10", "of 10 found", "not theirs"), rows)
            for mode in ("words", "vectors", "fused")
            if (rows := [_asked(answers, mode, name, lines) for name, lines in held.items()])
        ),
        "\n".join(
            f"- {NAMES[name]}: {line['what']} {line['why']}"
            for name, lines in held.items()
            for line in lines
            if line["phase"] == "failed"
        ),
        "Load of the machine before each: "
        + ", ".join(f"{NAMES[name]} {lines[0]['load']:.1f}" for name, lines in held.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sizes(held: Mapping[str, Lines]) -> list[list[str]]:
    rows = []
    for name, lines in held.items():
        of = {line["phase"]: line for line in lines}
        peak = max(line["peak"] for line in lines if "peak" in line and "quality" not in line["phase"])
        warm = of.get("memory warm")
        runs = {line["set"]: line["run"] for line in lines if line["phase"] == "quality"}
        rows.append(
            [
                NAMES[name],
                "{seconds:.0f} ({cpu:.0f})".format(**of["built"]) if "built" in of else "—",
                _mega(of["disk"]["bytes"]) if of.get("disk", {}).get("bytes") else "—",
                _mega(peak),
                f"{_mega(warm['resident'])} ({_mega(warm['anonymous'])})" if warm is not None else "—",
                str(_lines(Path(__file__).parent / f"{name}.py")),
                *(f"{quality.ndcg(each, runs[each]):.3f}" if each in runs else "—" for each in quality.READ),
            ]
        )
    return rows


def _asked(answers: Answers, mode: str, name: str, lines: Lines) -> list[str]:
    asked = {line["reader"]: line for line in lines if line["phase"] == "asked" and line["mode"] == mode}
    deep: list[list[int]] = next((line["found"] for line in lines if line["phase"] == "deep"), [])
    cells = [_times(asked[who]) if who in asked else "—" for who in WHO]
    recalls, found, leaks = [], [], 0
    for who in WHO:
        if who not in asked:
            continue
        hits = asked[who]["found"]
        if mode == "vectors":
            recalls.append(answers.vector_recall(who, hits))
        elif mode == "words" and who != EVERYTHING:
            recalls.append(answers.word_recall(who, hits, deep))
        found.append(float(np.mean([len(each) for each in hits])))
        leaks += answers.leaked(who, hits)
    return [
        NAMES[name],
        *cells,
        " ".join(f"{each:.3f}" for each in recalls) if recalls else "—",
        " ".join(f"{each:.1f}" for each in found) if found else "—",
        str(leaks) if found else "—",
    ]


def _times(line: Mapping[str, Any]) -> str:
    values = [*np.percentile(line["times"], (50, 95, 99)), line["cpu"]]
    half, most, nearly_all, used = (f"{float(f'{1e3 * each:.3g}'):g}" for each in values)
    few = f" ({len(line['times'])})" if len(line["times"]) < 100 else ""
    return f"{half} / {most} / {nearly_all} · {used}{few}"


def _mega(count: int) -> str:
    return f"{count / 1e6:,.0f}"


def _lines(path: Path) -> int:
    """Return how many lines of a peer's file are code: no blank lines, comments or docstrings."""
    tree = ast.parse(path.read_text())
    shown: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            shown.add(node.lineno)
            if not hasattr(node, "body"):
                shown |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(shown)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
