"""One peer in a process of its own: builds, answers, and prints what it measured as lines of JSON.

    python -m bench.peers.process PEER build|ask|quality N FOLDER

Runs in the peer's environment, which has numpy and the peer.
"""

import gc
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bench.corpus import Corpus
from bench.peers.given import EVERYTHING, Given, Peer, PublicSet, Reader, readers

K = 10
QUERIES = 200
SECONDS = 15.0
"""For one mode and reader: a peer that is slow answers fewer queries, at least 3."""
WARM = 20
DEEP = 2_000
"""How far a peer's own ranking is read to compare its filtered answers with."""
DEEP_QUERIES = 40
SETS = ("cranfield", "vaswani_npl", "tatqa")


def main() -> None:
    """Do one phase."""
    name, phase, size, folder = sys.argv[1:]
    peer: Peer = import_module(f"bench.peers.{name}").Peer()
    if phase == "build":
        _build(peer, Corpus(int(size)), Path(folder))
    elif phase == "ask":
        _ask(peer, Corpus(int(size)), Path(folder))
    else:
        _quality(import_module(f"bench.peers.{name}").Peer, Path(folder))


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def _build(peer: Peer, given: Given, folder: Path) -> None:
    start, used = perf_counter(), process_time()
    peer.build(given, folder)
    _say(phase="built", seconds=perf_counter() - start, cpu=process_time() - used)


def _ask(peer: Peer, given: Corpus, folder: Path) -> None:
    if not peer.persistent:
        _build(peer, given, folder)
    start = perf_counter()
    peer.open(given, folder)
    _say(phase="opened", seconds=perf_counter() - start)
    asked = list(zip((query.text for query in given.queries), given.query_vectors, strict=True))
    gc.collect()
    for reader in readers(given):
        start = perf_counter()
        own = peer.reader(reader)
        _say(phase="reader", reader=reader.name, seconds=perf_counter() - start)
        for mode in peer.modes:
            ask = _asker(peer, mode, own, K)
            _say(phase="asked", mode=mode, reader=reader.name, **_timed(ask, asked))
    _say(phase="warm")
    sys.stdin.readline()  # the memory is looked at now
    if "words" in peer.modes:
        ask = _asker(peer, "words", peer.reader(Reader(EVERYTHING, None, None)), min(DEEP, given.n))
        deep: list[list[int]] = []
        start = perf_counter()
        while len(deep) < DEEP_QUERIES and perf_counter() - start < SECONDS:
            deep.append(ask(*asked[len(deep)]))
        _say(phase="deep", found=deep)


def _asker(peer: Peer, mode: str, own: Any, k: int) -> Callable[[str, Any], list[int]]:
    if mode == "words":
        return lambda text, vector: peer.words(text, own, k)
    if mode == "vectors":
        return lambda text, vector: peer.vectors(vector, own, k)
    return lambda text, vector: peer.fused(text, vector, own, k)


def _timed(ask: Callable[[str, Any], list[int]], asked: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return seconds and hits by question, and processor seconds a question, which a busy machine keeps."""
    begin = perf_counter()
    for text, vector in asked[-WARM:]:
        ask(text, vector)
        if perf_counter() - begin > SECONDS / 3:
            break
    times: list[float] = []
    found: list[list[int]] = []
    begin, used = perf_counter(), process_time()
    for text, vector in asked[:QUERIES]:
        start = perf_counter()
        hits = ask(text, vector)
        times.append(perf_counter() - start)
        found.append([int(hit) for hit in hits])
        if len(times) >= 3 and perf_counter() - begin > SECONDS:
            break
    return {"times": times, "found": found, "cpu": (process_time() - used) / len(times)}


def _quality(make: Callable[[], Peer], folder: Path) -> None:
    for name in SETS:
        given, peer = PublicSet(name), make()
        (folder / name).mkdir(parents=True)
        peer.build(given, folder / name)
        peer.open(given, folder / name)
        everything = peer.reader(Reader(EVERYTHING, None, None))
        ask = _asker(peer, "fused" if "fused" in peer.modes else "vectors", everything, K)
        run = {}
        for (query, text), vector in zip(given.queries.items(), given.query_vectors, strict=True):
            run[query] = [int(hit) for hit in ask(text, vector)]
        _say(phase="quality", set=name, run=run)


if __name__ == "__main__":
    main()
