"""LanceDB: full-text and vector index in one table, its hybrid query with its default fusion (RRF).

The filter is a prefilter in SQL on the class, which has a B-tree. Its pages recommend IVF_RQ or IVF_PQ for
filtered search: IVF_RQ here, ten times as many candidates ranked by exact vectors, default probes. In a trial
at 100,000 it was built and asked faster than IVF_PQ, and found less than IVF_SQ (bench/peers/lancedb_sq.py).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb  # type: ignore[import-not-found]
import pyarrow as pa  # type: ignore[import-not-found]
from lancedb.index import FTS, BTree, IvfRq  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches

REFINE = 10
SCHEMA = pa.schema(
    {"id": pa.int64(), "class": pa.int64(), "text": pa.string(), "vector": pa.list_(pa.float32(), 384)}
)


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = True

    def build(self, given: Given, folder: Path) -> None:
        table = lancedb.connect(folder).create_table("passages", _rows(given), schema=SCHEMA)
        table.create_index("class", config=BTree())
        table.create_index("text", config=FTS())
        table.create_index("vector", config=self._vector_index())
        table.optimize(cleanup_older_than=timedelta(0))

    def open(self, given: Given, folder: Path) -> None:
        self._table = lancedb.connect(folder).open_table("passages")

    def reader(self, reader: Reader) -> Any:
        return None if reader.classes is None else f"class IN ({', '.join(map(str, reader.classes))})"

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        return self._ids(self._table.search(text, query_type="fts"), reader, k, "_score")

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        return self._ids(self._table.search(vector).refine_factor(REFINE), reader, k, "_distance")

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        asked = self._table.search(query_type="hybrid").vector(vector).text(text)
        return self._ids(asked.refine_factor(REFINE), reader, k)

    def _vector_index(self) -> Any:
        return IvfRq(distance_type="cosine")

    def _ids(self, asked: Any, reader: Any, k: int, *scores: str) -> list[int]:
        if reader is not None:
            asked = asked.where(reader)
        found: list[int] = asked.select(["id", *scores]).limit(k).to_arrow()["id"].to_pylist()
        return found


def _rows(given: Given) -> Any:
    for rows, texts, vectors in batches(given, 20_000):
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 384)
        classes = given.classes[rows.start : rows.stop]
        yield pa.RecordBatch.from_arrays(
            [pa.array(rows), pa.array(classes), pa.array(texts), column], schema=SCHEMA
        )
