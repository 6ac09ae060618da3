"""LlamaIndex with what it brings: a vector index in memory and its BM25 retriever, fused by reciprocal rank.

The filter is on the class, which each node carries. BM25's retriever takes its filter when it is made, so
each reader has retrievers of their own over one index. It fills up with passages of score 0 when fewer than k
match, hidden ones among them: left out of words here, but its own fusion hands them on.
"""

from pathlib import Path
from typing import Any

from llama_index.core import VectorStoreIndex  # type: ignore[import-not-found]
from llama_index.core.embeddings import MockEmbedding  # type: ignore[import-not-found]
from llama_index.core.llms import MockLLM  # type: ignore[import-not-found]
from llama_index.core.retrievers import QueryFusionRetriever  # type: ignore[import-not-found]
from llama_index.core.schema import QueryBundle, TextNode  # type: ignore[import-not-found]
from llama_index.core.vector_stores import (  # type: ignore[import-not-found]
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)
from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = False

    def build(self, given: Given, folder: Path) -> None:
        nodes = [
            TextNode(
                id_=str(row),
                text=text,
                embedding=vector,
                metadata={"class": int(given.classes[row])},
                excluded_embed_metadata_keys=["class"],
            )
            for rows, texts, vectors in batches(given, 10_000)
            for row, text, vector in zip(rows, texts, vectors.tolist(), strict=True)
        ]
        self._index = VectorStoreIndex(nodes, embed_model=MockEmbedding(embed_dim=384))
        self._bm25 = BM25Retriever.from_defaults(nodes=nodes)
        self._bm25.bm25.corpus = self._bm25.corpus

    def open(self, given: Given, folder: Path) -> None:
        pass

    def reader(self, reader: Reader) -> Any:
        filters = None
        if reader.classes is not None:
            only = MetadataFilter(key="class", value=reader.classes, operator=FilterOperator.IN)
            filters = MetadataFilters(filters=[only])
        vectors = self._index.as_retriever(filters=filters)
        words = BM25Retriever(existing_bm25=self._bm25.bm25, filters=filters)
        fused = QueryFusionRetriever(
            [words, vectors], llm=MockLLM(), mode="reciprocal_rerank", num_queries=1, use_async=False
        )
        return words, vectors, fused

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        reader[0].similarity_top_k = k
        return [int(each.node.node_id) for each in reader[0].retrieve(text) if each.score > 0]

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        reader[1]._similarity_top_k = k
        asked = QueryBundle("", embedding=vector.tolist())
        return [int(each.node.node_id) for each in reader[1].retrieve(asked)]

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        reader[0].similarity_top_k = reader[1]._similarity_top_k = reader[2].similarity_top_k = k
        asked = QueryBundle(text, embedding=vector.tolist())
        return [int(each.node.node_id) for each in reader[2].retrieve(asked)]
