"""The one table of what can be plugged in, and the only dynamic import.

A stranger's package adds to it with an entry point in the group ``cairn.KIND``; the built-ins
stand here so that nothing is scanned on start-up.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.errors import Unavailable, Unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


class BuiltIn(NamedTuple):
    """Where an adapter's ``load`` function is, and the extra that installs what it imports."""

    module: str
    extra: str | None = None


BUILT_INS: dict[str, dict[str, BuiltIn]] = {
    "sources": {
        "files": BuiltIn("cairn.adapters.sources.files"),
        "corpus": BuiltIn("cairn.adapters.sources.corpus"),
    },
    "parsers": {
        "markdown": BuiltIn("cairn.adapters.parsers.markdown"),
        "text": BuiltIn("cairn.adapters.parsers.text"),
        "html": BuiltIn("cairn.adapters.parsers.html"),
        "mhtml": BuiltIn("cairn.adapters.parsers.mhtml"),
        "epub": BuiltIn("cairn.adapters.parsers.epub"),
        "pdf": BuiltIn("cairn.adapters.parsers.pdf"),
        "pdfium": BuiltIn("cairn.adapters.parsers.pdfium"),
        "docx": BuiltIn("cairn.adapters.parsers.docx"),
        "odt": BuiltIn("cairn.adapters.parsers.odt"),
        "rtf": BuiltIn("cairn.adapters.parsers.rtf"),
        "doc": BuiltIn("cairn.adapters.parsers.doc"),
        "pptx": BuiltIn("cairn.adapters.parsers.pptx"),
        "odp": BuiltIn("cairn.adapters.parsers.odp"),
        "ppt": BuiltIn("cairn.adapters.parsers.ppt"),
        "xlsx": BuiltIn("cairn.adapters.parsers.xlsx"),
        "ods": BuiltIn("cairn.adapters.parsers.ods"),
        "calamine": BuiltIn("cairn.adapters.parsers.calamine"),
        "delimited": BuiltIn("cairn.adapters.parsers.delimited"),
        "mail": BuiltIn("cairn.adapters.parsers.mail"),
        "msg": BuiltIn("cairn.adapters.parsers.msg"),
        "mbox": BuiltIn("cairn.adapters.parsers.mbox"),
        "xml": BuiltIn("cairn.adapters.parsers.xml"),
        "data": BuiltIn("cairn.adapters.parsers.data"),
        "notebook": BuiltIn("cairn.adapters.parsers.notebook"),
        "rst": BuiltIn("cairn.adapters.parsers.rst"),
        "asciidoc": BuiltIn("cairn.adapters.parsers.asciidoc"),
        "latex": BuiltIn("cairn.adapters.parsers.latex"),
        "org": BuiltIn("cairn.adapters.parsers.org"),
        "typst": BuiltIn("cairn.adapters.parsers.typst"),
        "code": BuiltIn("cairn.adapters.parsers.code"),
        "archives": BuiltIn("cairn.adapters.parsers.archives"),
    },
    "splitters": {"semchunk": BuiltIn("cairn.adapters.splitters.semchunk")},
    "embedders": {
        "minilm": BuiltIn("cairn.adapters.embedders.minilm"),
        "hash": BuiltIn("cairn.adapters.embedders.hash"),
    },
    "renderers": {"pdfium": BuiltIn("cairn.adapters.renderers.pdfium")},
    "rerankers": {
        "maxsim": BuiltIn("cairn.adapters.rerankers.maxsim"),
        "cross-encoder": BuiltIn("cairn.adapters.rerankers.cross_encoder"),
    },
    "chat": {
        "ollama": BuiltIn("cairn.adapters.chat.provider", extra="chat"),
        "openai": BuiltIn("cairn.adapters.chat.provider", extra="chat"),
        "anthropic": BuiltIn("cairn.adapters.chat.provider", extra="chat"),
        "openai-compatible": BuiltIn("cairn.adapters.chat.provider", extra="chat"),
        "grammar": BuiltIn("cairn.adapters.chat.grammar"),
    },
    "entailments": {"onnx": BuiltIn("cairn.adapters.entailments.onnx")},
    "indexes": {"local": BuiltIn("cairn.adapters.indexes.local")},
    "journal": {
        "sqlite": BuiltIn("cairn.adapters.journal.sql"),
        "postgresql": BuiltIn("cairn.adapters.journal.sql", extra="postgresql"),
    },
    "exports": {
        "markdown": BuiltIn("cairn.adapters.exports.markdown"),
        "docx": BuiltIn("cairn.adapters.exports.docx", extra="reports"),
        "pdf": BuiltIn("cairn.adapters.exports.pdf", extra="reports"),
    },
    "sinks": {"none": BuiltIn("cairn.adapters.sinks.none"), "sql": BuiltIn("cairn.adapters.sinks.sql")},
    "passwords": {"argon2": BuiltIn("cairn.adapters.passwords.argon2", extra="serve")},
    "servers": {"http": BuiltIn("cairn.surfaces.http.server", extra="serve")},
    "sites": {
        "api": BuiltIn("cairn.surfaces.api.site", extra="serve"),
        "mcp": BuiltIn("cairn.surfaces.mcp.site", extra="serve"),
        "web": BuiltIn("cairn.surfaces.web.site", extra="serve"),
    },
    "assistants": {"mcp": BuiltIn("cairn.surfaces.mcp.stdio", extra="serve")},
    "providers": {"oidc": BuiltIn("cairn.adapters.providers.oidc", extra="serve")},
    "clients": {"http": BuiltIn("cairn.adapters.clients.http", extra="serve")},
    "terminals": {"rich": BuiltIn("cairn.surfaces.cli.terminal")},
    "measures": {"ir": BuiltIn("cairn.adapters.measures.ir", extra="evaluate")},
}


def known(kind: str) -> list[str]:
    """Return the names that ``load`` knows for a kind, strangers' included."""
    return sorted({*BUILT_INS[kind], *(point.name for point in _strangers(kind))})


def load(kind: str, spec: str, **parts: Any) -> Any:
    """Make the adapter that ``spec`` (``name`` or ``name:rest``) stands for, from ``parts``.

    Raises Unknown for a name nothing answers to, Unavailable when its extra is not installed.
    """
    name, _, rest = spec.partition(":")
    built_in = BUILT_INS[kind].get(name)
    if built_in is None:
        return _stranger(kind, name)(rest, **parts)
    try:
        module = import_module(built_in.module)
    except ModuleNotFoundError as error:
        if built_in.extra is None or (error.name is not None and error.name.startswith("cairn")):
            raise
        raise Unavailable(
            f"{kind} {name!r} needs {error.name}; install it with: pip install 'cairn[{built_in.extra}]'"
        ) from error
    return module.load(rest, **parts)


def _stranger(kind: str, name: str) -> Any:
    for point in _strangers(kind):
        if point.name == name:
            return point.load()
    raise Unknown.name(kind, name, known(kind))


def _strangers(kind: str) -> "EntryPoints":
    from importlib import metadata  # a tenth of the time that `cairn --help` takes

    return metadata.entry_points(group=f"cairn.{kind}")
