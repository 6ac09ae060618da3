"""LanceDB once more, with an index of 8 bits a coordinate (IVF_SQ)."""

from typing import Any

from lancedb.index import IvfSq  # type: ignore[import-not-found]

from bench.peers import lancedb


class Peer(lancedb.Peer):
    persistent = True

    def _vector_index(self) -> Any:
        return IvfSq(distance_type="cosine")
