"""Settings to wired parts: the one place that brings adapters and flows together.

An App is a library opened in this process; who uses it is the session's affair.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from threading import Event, Lock

from cairn import registry, settings
from cairn.errors import Busy, Storage, Unknown
from cairn.flows.answering.caching import Cache, Lookups
from cairn.flows.answering.extractive import Extractive
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.verification import Verifier, states
from cairn.flows.answering.writing import Writer
from cairn.flows.gateway import prices
from cairn.flows.gateway.budgets import Budgets
from cairn.flows.gateway.fallback import Fallback
from cairn.flows.gateway.prices import Prices
from cairn.flows.gateway.wrapping import within_limits
from cairn.flows.ingest.views import Report, apply, apply_words, is_current, lost, orphaned
from cairn.flows.ingest.workers import cores
from cairn.flows.keeping import swap
from cairn.flows.keeping.locking import locked_file
from cairn.flows.retrieval.copies import Distinct
from cairn.flows.retrieval.diversity import Diverse
from cairn.flows.retrieval.hybrid import Hybrid
from cairn.flows.retrieval.neighbours import Joined
from cairn.flows.retrieval.reranked import Reranked
from cairn.grants import Granted, Grants
from cairn.protocols import Beside, Chat, Embedder, Index, Journal, Preparing, Retriever, Sink, Source
from cairn.records import SourceRecord
from cairn.settings import Settings
from cairn.trace import span

SCRATCH = "scratch/fresh"
"""Where an index is built to be compared with; `scratch` is emptied by whoever writes."""


def unreported(stage: str, done: int, total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True)
class App:
    """A library's parts, each wired when it is first needed."""

    home: Path
    model: str = ""
    """Another embedder than the settings say."""
    patience: float = 0.0
    """Seconds to wait for another writer in the same process, before it is refused."""
    cores: int = field(default_factory=cores)
    """Searches that run at once; more wait at every row for each other's turns in Python."""
    follows: bool = False
    """Whether another process brings the index up to the journal."""
    chosen: Settings | None = None
    """The settings of another process that has the library open, which go before what is written now."""
    beside: Beside | None = None
    """Processes that run operations in this one's place."""
    _turn: Lock = field(default_factory=Lock)
    """Of those who write, in this process."""
    lookups: Lookups = field(default_factory=Lookups)
    """Of kept answers, in this process."""
    brought: Event = field(default_factory=Event)
    """Set when there is something new to be read by whoever keeps up."""

    @cached_property
    def settings(self) -> Settings:
        """The values in force when the library was opened."""
        return settings.read(self.home) if self.chosen is None else self.chosen

    @cached_property
    def embedder(self) -> Embedder:
        spec = self.model if self.model else self.settings.embedder
        made: Embedder = registry.load("embedders", spec, home=self.home)
        return made

    @cached_property
    def journal(self) -> Journal:
        spec = self.settings.journal
        opened: Journal = registry.load("journal", spec, home=self.home, model=self.embedder.name)
        return opened

    @cached_property
    def index(self) -> Index:
        """The index, open for reading."""
        return self._index(self.index_folder, writable=False)

    @cached_property
    def sink(self) -> Sink:
        made: Sink = registry.load("sinks", self.settings.traces, runs=self.journal.runs)
        return made

    @property
    def index_folder(self) -> Path:
        """Where the index is, with the vectors of every model apart."""
        return self.home / "index"

    def _index(self, folder: Path, *, writable: bool) -> Index:
        opened: Index = registry.load(
            "indexes",
            self.settings.index,
            folder=folder,
            model=self.embedder.name,
            dimensions=self.embedder.dimensions,
            writable=writable,
        )
        return opened

    def wire(self) -> None:
        """Open everything now: what threads share is there before they are.

        Raises Storage where the journal was lost: an index must not be emptied for it.
        """
        for part in ("journal", "index", "sink"):
            getattr(self, part)
        if orphaned(self.journal.catalogue, self.index):
            raise Storage(
                f"The journal of this library was lost: it is empty, and the index in {self.index_folder} "
                "is not. Restore a backup: cairn restore FOLDER --replace; or delete it to begin anew."
            )

    @cached_property
    def read(self) -> Retriever:
        """Finds what an answer is read from: neighbours on one page as well."""
        chosen = self.settings
        recency = timedelta(days=chosen.recency_days)
        found: Retriever = Hybrid(
            self.index, self.embedder, self.journal, recency=recency, at_once=self.cores
        )
        if chosen.reranker:
            reranker = registry.load("rerankers", chosen.reranker, home=self.home, embedder=self.embedder)
            found = Reranked(found, reranker, chosen.rerank_depth)
        return Distinct(found) if chosen.distinct else found

    @cached_property
    def retrieve(self) -> Retriever:
        """Finds what a person is shown."""
        found = Joined(self.read) if self.settings.neighbours else self.read
        return Diverse(found, self.settings.per_document)

    @cached_property
    def verifier(self) -> Verifier:
        """Judges claims by what they cite."""
        spec = self.settings.entailment
        entailment = registry.load("entailments", spec, home=self.home) if spec else None
        return Verifier(self.embedder, entailment=entailment)

    @cached_property
    def extract(self) -> Extractive:
        most = self.settings.answer_sentences
        kept = self.journal.vectors.tokens
        return Extractive(self.embedder, kept, sentences=most, at_once=max(1, self.cores // 2))

    @cached_property
    def _models(self) -> Mapping[str, Chat]:
        """The language models that are configured, by name and in order, each alone."""
        named = (name.strip() for name in self.settings.chat.split(","))
        keys = self.settings.chat_key_file
        return {name: registry.load("chat", name, name=name, key_file=keys) for name in named if name}

    @cached_property
    def chats(self) -> Mapping[str, Chat]:
        """The same as they are asked."""
        return {
            name: within_limits(chat, self.journal.accounts, self.prices, self.budgets, self.settings)
            for name, chat in self._models.items()
        }

    @cached_property
    def chat(self) -> Chat | None:
        """The first of them that answers; None where there is none."""
        return Fallback(list(self.chats.values())) if self.chats else None

    def warm(self) -> None:
        """Load what the first question would wait for."""
        self.embedder.encode(["warm"])
        for part in ("retrieve", "extract"):
            getattr(self, part)

    def wire_chats(self) -> None:
        """Load what language models need, now, if there are any; raises what is wrong with their settings."""
        # Each part is loaded as it is looked at.
        if self.chats and self.prompts and self.settings.judge:
            self._chosen(self.settings.judge)

    def prepare(self) -> None:
        """Do what the first written answer would wait for, where a language model is configured."""
        for chat in self._models.values():
            if isinstance(chat, Preparing):
                chat.prepare()
        if self._models:
            self.verifier  # noqa: B018

    @cached_property
    def prices(self) -> Prices:
        """What models cost; a file of the library's own goes before what comes with Cairn."""
        own = self.settings.prices
        return Prices(prices.read(self.home / own) if own else (), prices.read())

    @cached_property
    def budgets(self) -> Budgets:
        return Budgets(self.settings.budgets)

    @cached_property
    def prompts(self) -> Prompts:
        """What is said to language models."""
        folder = self.settings.prompts
        return Prompts(Path(folder) if folder else None)

    def _chosen(self, name: str) -> Chat:
        if name not in self.chats:
            raise Unknown.name("language model", name, self.chats)
        return self.chats[name]

    def writer(self, chat: Chat) -> Writer:
        """Return what answers with a language model."""
        chosen = self.settings
        return Writer(
            chat=chat,
            check=self.verifier.check,
            states=states,
            extract=self.extract,
            prompts=self.prompts,
            cache=Cache(
                self.journal.answers,
                self.journal.catalogue,
                self.embedder,
                self.lookups,
                days=chosen.answer_cache_days,
                likeness=chosen.answer_cache_likeness,
            ),
            threshold=chosen.answer_threshold,
            tokens=chosen.answer_tokens,
            show=chosen.unsupported == "show",
            second=self._chosen(chosen.judge) if chosen.judge else None,
            cited=self.journal.accounts.cited,
        )

    @cached_property
    def _granted(self) -> Granted:
        return Granted(self.journal.directory)

    def grants(self, name: str) -> Grants:
        """Return what a person may read now; raises Unknown for one nobody has enrolled."""
        return self._granted.of(name)

    def source(self, record: SourceRecord) -> Source:
        """Open a source the library has been shown."""
        options = dict(record.options)
        kind, _, root = record.spec.partition(":")
        if kind == "files" and self.home.is_relative_to(root):
            # The library itself may stand in the folder; it is no document.
            options["exclude"] = [*options.get("exclude", ()), f"/{self.home.relative_to(root).as_posix()}/"]
        opened: Source = registry.load("sources", record.spec, **options)
        return opened

    @contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[None]:
        """Be the one that changes this library; raises Busy when another is.

        Within one process whoever comes second may ``wait``, as long as the library's patience lasts.
        """
        if not self._turn.acquire(timeout=self.patience if wait else 0):
            raise Busy("This process is writing this library already; try again when that is done.")
        try:
            with locked_file(self.home / swap.LOCK):
                swap.finish(self.home)
                yield
        finally:
            self._turn.release()

    @contextmanager
    def writing(
        self, report: Report = unreported, *, vectors: bool = True, wait: bool = True
    ) -> Iterator[Index]:
        """Be the one process that writes this library; raises Busy when another is.

        The index begins where the journal stands: a journal restored from a backup must not first grow
        past what the index believes to have seen of it. Without ``vectors`` only its words do.
        """
        with self.locked(wait=wait), self.current(report, vectors=vectors) as index:
            yield index

    @contextmanager
    def current(
        self, report: Report = unreported, *, anew: str = "", vectors: bool = True
    ) -> Iterator[Index]:
        """Hold the index brought up to the journal, or built ``anew`` for this reason; needs the lock."""
        reasons = lost(self.journal.catalogue, self.index)
        why = anew if anew else "; ".join(one for one in reasons if vectors or one.startswith("words"))
        index = self._index(self.index_folder, writable=True)
        try:
            with self._rebuilding(why):
                if anew:
                    index.reset()
                if vectors:
                    apply(self.journal, index, report)
                else:
                    apply_words(self.journal.catalogue, index, report)
            yield index
        finally:
            index.close()

    @contextmanager
    def fresh(self, report: Report = unreported) -> Iterator[Index]:
        """Hold an index in a scratch folder, built from the journal alone; needs the lock."""
        folder = self.home / SCRATCH
        rmtree(folder, ignore_errors=True)  # what a killed process left behind
        index = self._index(folder, writable=True)
        try:
            apply(self.journal, index, report)
            yield index
        finally:
            index.close()
            rmtree(folder, ignore_errors=True)

    @contextmanager
    def _rebuilding(self, why: str) -> Iterator[None]:
        """Let `status` and the trace say that the index is built from nothing, if it is."""
        if not why:
            yield
            return
        with span("rebuild", why=why):
            job = self.journal.runs.begin("rebuild", why)
            yield
            self.journal.runs.end(job, "done", why)

    def other(self, embedder: str) -> "App":
        """Return the same library with another embedder; close it when done."""
        return App(home=self.home, model=embedder)

    def catch_up(self, report: Report = unreported) -> None:
        """Bring the index up to the journal where a stopped process left it behind."""
        if self.follows or is_current(self.journal.catalogue, self.index):
            return
        try:
            with self.writing(report, wait=False):
                pass
        except (Busy, Storage):
            pass  # whoever writes is doing it, or nobody can here: `status` says that it is behind

    def process(self, what: str, module: str = "cairn.processes") -> list[str]:
        """Return the program of a process of this library: ``work`` reads files, ``view`` shows them."""
        program = f"import sys; from {module} import {what}; {what}(sys.argv[1])"
        return [sys.executable, "-c", program, str(self.home)]

    def close(self) -> None:
        for part in ("sink", "index", "journal"):
            if part in vars(self):
                vars(self)[part].close()
