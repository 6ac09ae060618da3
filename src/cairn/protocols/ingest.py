"""What ingest asks of adapters: places that hold documents, what reads them, what embeds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, runtime_checkable

from cairn.records import (
    Encoded,
    Known,
    Tokens,
)
from cairn.types import Change, Document, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Source(Protocol):
    """A place that holds documents."""

    def changes(self, known: Mapping[str, Known]) -> Iterator[Change]:
        """Yield how the place differs from ``known`` (by uri).

        Raises Invalid when its access rules cannot be read (then nothing is yielded), and
        Unavailable when the place as a whole is gone.
        """
        ...

    def fetch(self, uri: str) -> AbstractContextManager[Path]:
        """Hold the item's bytes as a local file."""
        ...


@runtime_checkable
class Parser(Protocol):
    """Reads one kind of file into a Document; pure, run in an isolated process.

    For a type that Cairn does not know by itself, ``suffixes`` maps ends of names to media types.
    """

    name: str
    """With its version (``html/1``): a change of what it reads out changes the name."""
    media_types: frozenset[str]

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``, which the source calls ``name``; raises ParseFailed."""
        ...


@runtime_checkable
class Container(Protocol):
    """Opens one kind of file that holds others; pure, run in an isolated process.

    An adapter of the kind ``parsers`` is a Parser, a Container or both: a mail is text with attachments.
    """

    name: str
    """With its version, as a parser's."""
    media_types: frozenset[str]

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield what is inside, in order, without unpacking it; raises ParseFailed."""
        ...

    def open(self, path: Path, key: str) -> AbstractContextManager[BinaryIO]:
        """Hold one part's bytes, unpacked as they are read; raises ParseFailed."""
        ...


class Renderer(Protocol):
    """Draws pages of one kind of file; pure, run in an isolated process."""

    media_types: frozenset[str]

    def render(self, path: Path, page: int, width: int) -> bytes:
        """Return page ``page``, from 1, as a PNG about ``width`` pixels wide; raises ParseFailed."""
        ...


class Splitter(Protocol):
    """Breaks over-long text."""

    def __call__(self, text: str, characters: int) -> list[tuple[int, int]]:
        """Return half-open ranges of at most ``characters`` each, in order."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors; thread-safe."""

    name: str
    """Identifies the vectors it makes; a change of anything that changes them changes it."""
    dimensions: int
    token_dimensions: int
    """Of the tokens' vectors that ``encode`` returns; those of ``tokens`` have ``dimensions``."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return each text's tokens by its own tokenizer, untruncated, no special tokens."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimensions)."""
        ...

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Return the same vectors with each text's tokens as far as it is read; a text may have none."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return the same tokens in full."""
        ...
