"""Haystack with the document store that it brings: BM25 and vectors in memory, joined by rank fusion.

Its filter takes a list too (``in``), but compares every passage with every class in Python, minutes a query
for 1,000 classes. So each passage carries a flag for every reader who sees it, which is its fastest filter,
and which a change of one person's rights would have to rewrite.
"""

from pathlib import Path
from typing import Any

from haystack import Document  # type: ignore[import-not-found]
from haystack.components.joiners import DocumentJoiner  # type: ignore[import-not-found]
from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches
from bench.peers.groups import groups


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = False

    def build(self, given: Given, folder: Path) -> None:
        store = InMemoryDocumentStore(embedding_similarity_function="cosine", return_embedding=False)
        seen = groups(given)
        for rows, texts, vectors in batches(given, 10_000):
            store.write_documents(
                [
                    Document(id=str(row), content=text, embedding=vector, meta=dict.fromkeys(seen[row], True))
                    for row, text, vector in zip(rows, texts, vectors.tolist(), strict=True)
                ]
            )
        self._words = InMemoryBM25Retriever(store)
        self._vectors = InMemoryEmbeddingRetriever(store)
        self._joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion")

    def open(self, given: Given, folder: Path) -> None:
        pass

    def reader(self, reader: Reader) -> Any:
        if reader.classes is None:
            return None
        return {"field": f"meta.{reader.name}", "operator": "==", "value": True}

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        return _ids(self._words.run(query=text, filters=reader, top_k=k))

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        return _ids(self._vectors.run(query_embedding=vector.tolist(), filters=reader, top_k=k))

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        found = [
            self._words.run(query=text, filters=reader, top_k=k)["documents"],
            self._vectors.run(query_embedding=vector.tolist(), filters=reader, top_k=k)["documents"],
        ]
        return _ids(self._joiner.run(documents=found, top_k=k))


def _ids(found: Any) -> list[int]:
    return [int(document.id) for document in found["documents"]]
