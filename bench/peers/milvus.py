"""Milvus Lite through pymilvus: HNSW and its BM25 function in one collection, fused by its RRF ranker.

The filter is a list of classes with an inverted index on the class; the list stands in the expression, for
the Lite does not know the parameters that Milvus recommends for long ones.
"""

from pathlib import Path
from typing import Any

from pymilvus import (  # type: ignore[import-not-found]
    AnnSearchRequest,
    DataType,
    Function,
    FunctionType,
    MilvusClient,
    RRFRanker,
)

from bench.peers.given import Floats, Given, Reader, batches

DENSE = {"metric_type": "COSINE", "params": {"ef": 100}}
SPARSE = {"metric_type": "BM25"}


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = True

    def build(self, given: Given, folder: Path) -> None:
        client = MilvusClient(str(folder / "milvus.db"))
        schema = client.create_schema(auto_id=False)
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("class", DataType.INT64)
        schema.add_field("text", DataType.VARCHAR, max_length=65535, enable_analyzer=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=384)
        schema.add_field("sparse", DataType.SPARSE_FLOAT_VECTOR)
        schema.add_function(Function("bm25", FunctionType.BM25, ["text"], ["sparse"]))
        client.create_collection("passages", schema=schema)
        for rows, texts, vectors in batches(given, 5_000):
            classes = given.classes[rows.start : rows.stop].tolist()
            columns = zip(rows, classes, texts, vectors, strict=True)
            names = ("id", "class", "text", "vector")
            client.insert("passages", [dict(zip(names, row, strict=True)) for row in columns])
        client.flush("passages")
        indexes = client.prepare_index_params()
        indexes.add_index(
            "vector", index_type="HNSW", metric_type="COSINE", params={"M": 16, "efConstruction": 200}
        )
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
        indexes.add_index("class", index_type="INVERTED")
        client.create_index("passages", indexes, timeout=3_600)  # else it is asked for twice
        client.load_collection("passages", timeout=3_600)
        client.close()

    def open(self, given: Given, folder: Path) -> None:
        self._client = MilvusClient(str(folder / "milvus.db"))
        self._client.load_collection("passages", timeout=3_600)

    def reader(self, reader: Reader) -> Any:
        return "" if reader.classes is None else f"class in {reader.classes}"

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        return _ids(
            self._client.search(
                "passages", data=[text], anns_field="sparse", limit=k, search_params=SPARSE, filter=reader
            )
        )

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        return _ids(
            self._client.search(
                "passages", data=[vector], anns_field="vector", limit=k, search_params=DENSE, filter=reader
            )
        )

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        asked = [
            AnnSearchRequest([vector], "vector", DENSE, limit=k, expr=reader or None),
            AnnSearchRequest([text], "sparse", SPARSE, limit=k, expr=reader or None),
        ]
        return _ids(self._client.hybrid_search("passages", asked, ranker=RRFRanker(), limit=k))


def _ids(found: Any) -> list[int]:
    return [int(hit["id"]) for hit in found[0]]
