"""The isolated processes of a library: what reads its files, and what shows their originals.

Both are programs that wire themselves from the library's settings; see ``flows/ingest/workers.py``.
"""

from functools import partial
from pathlib import Path

from cairn import registry, settings
from cairn.flows.ingest import workers
from cairn.flows.ingest.media import recognise
from cairn.flows.ingest.media_types import NAMES
from cairn.flows.ingest.passages import Packer
from cairn.flows.ingest.reading import Reader
from cairn.flows.ingest.unpacking import Limits, Unpacker
from cairn.flows.ingest.viewing import Viewer
from cairn.protocols import Container, Embedder, Parser
from cairn.settings import Settings


def work(home: str) -> None:
    """Be a parse process for the library at ``home``."""
    chosen = settings.read(Path(home))
    answer = reader(Path(home), chosen).answer
    workers.serve(answer, seconds=chosen.parse_seconds, memory_mb=chosen.parse_memory_mb)


def reader(home: Path, chosen: Settings) -> Reader:
    """Return what reads files as the settings of the library at ``home`` say."""
    embedder: Embedder = registry.load("embedders", chosen.embedder, home=home)
    packer = Packer(embedder.count, registry.load("splitters", "semchunk"), tokens=chosen.passage_tokens)
    return Reader(_parsers(chosen), packer, characters=chosen.text_characters, limits=_limits(chosen))


def view(home: str) -> None:
    """Be a process that shows originals of the library at ``home``."""
    chosen = settings.read(Path(home))
    parsers = _parsers(chosen)
    own = {suffix: kind for one in parsers for suffix, kind in getattr(one, "suffixes", {}).items()}
    told = partial(recognise, suffixes=NAMES | own)
    unpacker = Unpacker([one for one in parsers if isinstance(one, Container)], _limits(chosen), told)
    renderers = [registry.load("renderers", name) for name in registry.known("renderers")]
    viewer = Viewer(unpacker=unpacker, renderers=renderers, recognise=told)
    workers.serve(viewer.answer, seconds=chosen.parse_seconds, memory_mb=chosen.parse_memory_mb)


def _parsers(chosen: Settings) -> list[Parser | Container]:
    names = chosen.parsers.split(",") if chosen.parsers else registry.known("parsers")
    return [registry.load("parsers", name) for name in names]


def _limits(chosen: Settings) -> Limits:
    return Limits(
        bytes=chosen.file_mb * 1_000_000,
        total=chosen.archive_mb * 1_000_000,
        parts=chosen.archive_files,
        depth=chosen.archive_depth,
    )
