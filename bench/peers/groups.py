"""Which of the named readers see each passage, for peers whose filter takes no long list."""

from bench.corpus import Corpus
from bench.peers.given import Given, readers


def groups(given: Given) -> list[list[str]]:
    """Return the readers of each passage, who are filtered by."""
    seen: list[list[str]] = [[] for _ in range(given.n)]
    if isinstance(given, Corpus):
        for reader in readers(given):
            if reader.passages is not None:
                for row in reader.passages.nonzero()[0].tolist():
                    seen[row].append(reader.name)
    return seen
