"""The public retrieval sets in the form that ``cairn evaluate`` reads.

python -m bench.sets            # writes bench/out/{cranfield,vaswani_npl,tatqa}
cairn evaluate bench/out/cranfield --min nDCG@10=0.431
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("CAIRN_DATA", ROOT.parent / "shared" / "data"))
OUT = ROOT / "bench" / "out"


class TestSet(NamedTuple):
    """Documents as (id, title, text), queries as (id, text), judgements as (query, document, grade)."""

    documents: Iterable[tuple[str, str, str]]
    queries: Iterable[tuple[str, str]]
    judgements: Iterable[tuple[str, str, int]]


def main() -> None:
    """Write every set."""
    for name, read in (("cranfield", cranfield), ("vaswani_npl", vaswani), ("tatqa", tatqa)):
        write(OUT / name, read(DATA / name))
        print(OUT / name)


def write(folder: Path, test_set: TestSet) -> None:
    """Write one set as corpus.jsonl, queries.jsonl and qrels.tsv."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = ({"_id": i, "title": title, "text": text} for i, title, text in test_set.documents)
    queries = ({"_id": i, "text": text} for i, text in test_set.queries)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    lines = (f"{query}\t{document}\t{grade}\n" for query, document, grade in test_set.judgements)
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))


def cranfield(folder: Path) -> TestSet:
    """Read Cranfield; its judgements count queries by their order, not by their numbers."""
    corpus = (folder / "cran.all.1400.xml").read_text(encoding="utf-8", errors="replace")
    topics = (folder / "cran.qry.xml").read_text(encoding="utf-8", errors="replace")
    documents = [
        (_tag(one, "docno"), _tag(one, "title"), _tag(one, "text")) for one in _blocks(corpus, "doc")
    ]
    queries = [(str(order), _tag(one, "title")) for order, one in enumerate(_blocks(topics, "top"), start=1)]
    judged = (line.split() for line in (folder / "cranqrel.trec.txt").read_text().splitlines())
    return TestSet(documents, queries, [(q, d, int(grade)) for q, _, d, grade in judged if int(grade) > 0])


def vaswani(folder: Path) -> TestSet:
    """Read the NPL collection: short abstracts without titles, in lower case."""
    files = sorted(path for path in (folder / "corpus").rglob("*") if path.is_file())
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    documents = [(_tag(one, "docno"), "", _untagged(one, "docno")) for one in _blocks(text, "doc")]
    topics = (folder / "query-text.trec").read_text(encoding="utf-8", errors="replace")
    queries = [(_tag(one, "num"), _tag(one, "title")) for one in _blocks(topics, "top")]
    judged = (line.split() for line in (folder / "qrels").read_text().splitlines())
    return TestSet(documents, queries, [(q, d, int(grade)) for q, _, d, grade in judged if int(grade) > 0])


def tatqa(folder: Path) -> TestSet:
    """Read TAT-QA's contexts, a table and its paragraphs each, with every question's own context."""
    contexts = [
        context
        for name in ("tatqa_dataset_dev.json", "tatqa_dataset_test_gold.json")
        for context in json.loads((folder / "dataset_raw" / name).read_text(encoding="utf-8"))
    ]
    asked = [(context["table"]["uid"], one) for context in contexts for one in context["questions"]]
    return TestSet(
        [(context["table"]["uid"], "", "\n\n".join(_parts(context))) for context in contexts],
        [(one["uid"], one["question"]) for _, one in asked],
        [(one["uid"], context, 1) for context, one in asked],
    )


def _parts(context: Any) -> Iterator[str]:
    """Yield a context's paragraphs and its table, as Markdown."""
    rows = context["table"]["table"]
    width = max(map(len, rows))
    lines = [
        "| " + " | ".join(" ".join(str(c).replace("|", "/").split()) for c in row) + " |" for row in rows
    ]
    yield "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])
    for paragraph in sorted(context["paragraphs"], key=lambda one: one["order"]):
        yield paragraph["text"]


def _blocks(text: str, tag: str) -> list[str]:
    return re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S | re.I)


def _tag(block: str, tag: str) -> str:
    """Return a tag's content, closed or ended by the next tag."""
    match = re.search(rf"<{tag}>\s*(?:Number:)?(.*?)(?=<)", block + "<", re.S | re.I)
    return " ".join(match[1].split()) if match else ""


def _untagged(block: str, *tags: str) -> str:
    for tag in tags:
        block = re.sub(rf"<{tag}>.*?</{tag}>", " ", block, flags=re.S | re.I)
    return " ".join(re.sub(r"<[^>]+>", " ", block).split())


if __name__ == "__main__":
    main()
