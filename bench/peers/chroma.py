"""Chroma, embedded and persistent: vectors in HNSW with cosine, the class in the metadata.

The embedded Chroma ranks by vectors alone (its Search API with sparse vectors and fusion is for servers and
the cloud), so words and fused are missing.
"""

from pathlib import Path
from typing import Any

import chromadb  # type: ignore[import-not-found]
from chromadb.config import Settings  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches


class Peer:
    modes = ("vectors",)
    persistent = True

    def build(self, given: Given, folder: Path) -> None:
        client = self._client(folder)
        collection = client.create_collection(
            "passages", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        for rows, texts, vectors in batches(given, client.get_max_batch_size()):
            collection.add(
                ids=[str(row) for row in rows],
                embeddings=vectors,
                documents=texts,
                metadatas=[{"class": int(each)} for each in given.classes[rows.start : rows.stop]],
            )

    def open(self, given: Given, folder: Path) -> None:
        self._collection = self._client(folder).get_collection("passages", embedding_function=None)

    def reader(self, reader: Reader) -> Any:
        return None if reader.classes is None else {"class": {"$in": reader.classes}}

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        raise NotImplementedError

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        found = self._collection.query(query_embeddings=[vector], n_results=k, where=reader, include=[])
        return [int(each) for each in found["ids"][0]]

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        raise NotImplementedError

    def _client(self, folder: Path) -> Any:
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
