"""Qdrant's local mode: the client's own search in numpy, cosine, no server and no index, in memory.

In a folder every point is a transaction of its own: 20,000 took longer than three minutes on a busy machine.

It warns itself that it is for up to 20,000 points. Its filter is evaluated point by point in Python, so that
a list of 1,000 classes takes minutes; each point therefore carries the readers who see it. Words would need
a sparse model, which is downloaded, so they and fused are missing.
"""

import warnings
from pathlib import Path
from typing import Any

from qdrant_client import QdrantClient, models  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches
from bench.peers.groups import groups


class Peer:
    modes = ("vectors",)
    persistent = False

    def build(self, given: Given, folder: Path) -> None:
        warnings.simplefilter("ignore")
        self._client = QdrantClient(":memory:")
        config = models.VectorParams(size=384, distance=models.Distance.COSINE)
        self._client.create_collection("passages", vectors_config=config)
        seen = groups(given)
        for rows, texts, vectors in batches(given, 10_000):
            self._client.upload_collection(
                "passages",
                vectors=vectors,
                ids=rows,
                payload=[{"readers": seen[row], "text": text} for row, text in zip(rows, texts, strict=True)],
            )

    def open(self, given: Given, folder: Path) -> None:
        pass

    def reader(self, reader: Reader) -> Any:
        if reader.classes is None:
            return None
        match = models.MatchValue(value=reader.name)
        return models.Filter(must=[models.FieldCondition(key="readers", match=match)])

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        raise NotImplementedError

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        found = self._client.query_points(
            "passages", query=vector, query_filter=reader, limit=k, with_payload=False
        )
        return [int(point.id) for point in found.points]

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        raise NotImplementedError
