"""nDCG@10 on the public sets: what every peer is given, and how its answers are judged.

One passage a document, title and text, with the vectors of Cairn's embedder for the first 254 word pieces.
"""

import json
from collections.abc import Mapping
from typing import Any

import ir_measures
import numpy as np

from bench.peers.given import OUT, PublicSet
from bench.sets import DATA, TestSet, cranfield, tatqa, vaswani
from cairn import registry

READ = {"cranfield": cranfield, "vaswani_npl": vaswani, "tatqa": tatqa}


def write() -> None:
    """Write the sets with their vectors, where they are missing."""
    for name, read in READ.items():
        if not (PublicSet(name).folder / "query_vectors.npy").is_file():
            _write(PublicSet(name), read(DATA / name))


def _write(made: PublicSet, read: TestSet) -> None:
    made.folder.mkdir(parents=True, exist_ok=True)
    # An empty document is nobody's answer, and some peers take none.
    documents = [
        {"id": i, "title": title, "text": text} for i, title, text in read.documents if text or title
    ]
    (made.folder / "documents.json").write_text(json.dumps(documents))
    (made.folder / "queries.json").write_text(json.dumps(dict(read.queries)))
    (made.folder / "judgements.json").write_text(json.dumps(list(read.judgements)))
    embedder: Any = registry.load("embedders", "minilm", home=OUT)
    np.save(made.folder / "vectors.npy", embedder.embed(list(made.texts())))
    np.save(made.folder / "query_vectors.npy", embedder.embed(list(made.queries.values())))


def ndcg(name: str, run: Mapping[str, list[int]]) -> float:
    """Return nDCG@10 of rows found by query."""
    made = PublicSet(name)
    judged = [
        ir_measures.Qrel(query, document, grade)
        for query, document, grade in json.loads((made.folder / "judgements.json").read_text())
    ]
    found = [
        ir_measures.ScoredDoc(query, made.rows[row]["id"], 1 / (1 + rank))
        for query, rows in run.items()
        for rank, row in enumerate(rows)
    ]
    measure = ir_measures.parse_measure("nDCG@10")
    return float(ir_measures.calc_aggregate([measure], judged, found)[measure])
