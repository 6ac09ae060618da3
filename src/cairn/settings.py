"""Every setting: its name, default and meaning, and where a value is found.

Environment (``CAIRN_PASSAGE_TOKENS``) before the library's ``settings.toml`` before the default.
"""

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cairn.errors import Invalid, Storage, Unknown


class Setting(NamedTuple):
    """One knob; its default's type is its type."""

    name: str
    default: str | int | float | bool
    help: str
    least: float = 0
    """Of a number: the smallest that makes sense."""
    most: float = sys.float_info.max
    """The largest, which is finite."""
    secret: bool = False
    """Never shown."""
    choices: tuple[str, ...] = ()
    """Of a word: all that it may be; empty is anything."""


DAYS = 36_500
"""What is kept for longer is kept for good."""

SETTINGS = (
    Setting(
        "journal",
        "sqlite",
        "where the truth is kept: `sqlite` (in the library's folder) or `postgresql:URL`",
    ),
    Setting("index", "local", "the engine that finds passages"),
    Setting("embedder", "minilm", "what turns text into vectors: `minilm`, `minilm:FOLDER` or `hash`"),
    Setting(
        "parsers", "", "only these parsers, in order; of two for one type the first that can; empty is all"
    ),
    Setting("traces", "sql", "where traces go: `sql` (the journal) or `none`"),
    Setting("trace_days", 90.0, "a server keeps traces for so long; 0: for good", most=DAYS),
    Setting("workers", 0, "parse processes; 0 is one a core"),
    Setting("parse_seconds", 120, "a file that takes longer to parse fails", 1),
    Setting("parse_memory_mb", 2048, "a file that needs more memory to parse fails", 256),
    Setting("file_mb", 1024, "a larger file is skipped", 1),
    Setting("archive_mb", 4096, "an archive that unpacks to more fails", 1),
    Setting("archive_files", 10_000, "an archive with more files fails", 1),
    Setting("archive_depth", 5, "files within files within files are read so deep", 1),
    Setting("text_characters", 20_000_000, "a file with more text fails", 1),
    Setting("passage_tokens", 400, "tokens of a passage, about; what is cited stays within one", 50),
    Setting(
        "recency_days",
        0.0,
        "a document's age in days at which its advantage over old ones has halved; 0: age says nothing",
    ),
    Setting("distinct", True, "of passages that say the same in nearly the same words only the best"),
    Setting("neighbours", True, "passages found side by side on a page are shown as one"),
    Setting(
        "reranker",
        "",
        "what ranks the best passages once more: `maxsim`, `cross-encoder:MODEL` or empty for nothing",
    ),
    Setting("rerank_depth", 50, "passages that the reranker reads", 1),
    Setting("per_document", 3, "at most so many passages of one document in a result", 1),
    Setting("answer_threshold", 0.36, "an answer less probably right than this is not given"),
    Setting("answer_sentences", 4, "verbatim sentences in an answer, at most", 1),
    Setting(
        "chat",
        "",
        "language models that write answers, with commas between; each is asked when those before it fail: "
        "`ollama:MODEL`, `openai:MODEL`, `anthropic:MODEL`, `openai-compatible:URL#MODEL`; `grammar` tries "
        "it out without one; empty: extracts",
    ),
    Setting(
        "chat_key_file",
        "",
        "a file that only its owner may read, with lines `OPENAI_API_KEY=...`; such variables come before it",
    ),
    Setting("chat_first_seconds", 60.0, "a language model's answer begins by then, or it failed", 0.1),
    Setting("chat_pause_seconds", 30.0, "an answer that stops for longer failed", 0.1),
    Setting("chat_seconds", 180.0, "an answer that takes longer failed", 0.1),
    Setting("chat_attempts", 3, "a language model is asked so often, where that may help", 1),
    Setting("chat_at_once", 8, "a language model is asked by so many at once; the others wait", 1),
    Setting(
        "budgets",
        "",
        "what may be spent on language models, such as `person $2 a day, all $50 a month, all 5000000 tokens "
        "a month`; empty for no limit; calls whose price is not known count in tokens alone",
    ),
    Setting(
        "prices",
        "",
        "a file of what models cost, before the one that comes with Cairn: its form is"
        " that of flows/gateway/prices.toml",
    ),
    Setting(
        "report_tokens",
        200_000,
        "tokens that a report may take of language models, read and written; what is left is quoted",
        1_000,
    ),
    Setting("answer_tokens", 6_000, "tokens of evidence that a language model is shown for an answer", 200),
    Setting(
        "unsupported",
        "withdraw",
        "what a language model wrote and the check did not pass: `withdraw` it, or `show` it with the reason",
        choices=("withdraw", "show"),
    ),
    Setting(
        "prompts", "", "a folder whose prompts (`answer@house.md`) take the place of those of the same name"
    ),
    Setting(
        "answer_cache_days",
        7.0,
        "a written answer is given again for so long, while it holds; 0: never",
        most=DAYS,
    ),
    Setting(
        "answer_cache_likeness",
        0.95,
        "cosine from which two questions of the same names and numbers are taken for one; 1: never",
    ),
    Setting(
        "conversation_days",
        30.0,
        "what was answered is kept for so long, for questions that follow on it; 0: not at all",
        most=DAYS,
    ),
    Setting(
        "entailment", "", "a model that judges claims beside the program: `onnx:MODEL` or empty for none"
    ),
    Setting("judge", "", "one of the language models in `chat` for a second opinion on claims, or empty"),
    Setting("serve_url", "", "the address people use for `cairn serve`, such as https://cairn.example.org"),
    Setting(
        "serve_watch_seconds", 60.0, "`cairn serve` looks so often at its sources for what changed; 0 never"
    ),
    Setting(
        "serve_processes",
        -1,
        "processes that answer questions beside the server's, once several people ask at the same time; "
        "0: none; -1: one for each core, four at most",
        -1,
    ),
    Setting("oidc_issuer", "", "the OpenID Connect provider that people sign in with, https://..."),
    Setting("oidc_client", "", "what this server is called there"),
    Setting("oidc_secret", "", "the secret that goes with it; none for a public client", secret=True),
    Setting("oidc_name_claim", "preferred_username", "the claim that holds a person's name in the directory"),
    Setting("oidc_groups_claim", "groups", "the claim that lists their groups, `group:oidc/NAME` here"),
    Setting("session_hours", 12, "so long a browser stays signed in", 1),
    Setting("requests_per_minute", 600, "a token or browser that asks more often has to wait", 1),
    Setting(
        "request_seconds",
        60,
        "a request over HTTP that takes longer is given up; answers, writes and streams go on",
        1,
    ),
    Setting("upload_mb", 100, "a larger upload is refused", 1),
    Setting("watch_seconds", 2.0, "pause between two looks of `ingest --watch`", 0.1),
)

_KNOWN = {setting.name: setting for setting in SETTINGS}


class Settings:
    """The values in force, by attribute; an unknown name raises Unknown."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {s.name: s.default for s in SETTINGS} | dict(values)

    def __reduce__(self) -> tuple[type["Settings"], tuple[Mapping[str, Any]]]:
        return Settings, (self._values,)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise Unknown.name("setting", name, _KNOWN) from None


def read(home: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Collect the values for the library at ``home``; raises Invalid or Unknown with the place."""
    values = _file(home / "settings.toml")
    for name in _KNOWN:
        variable = f"CAIRN_{name.upper()}"
        if variable in environment:
            values[name] = _cast(_KNOWN[name], environment[variable], variable)
    return Settings(values)


def write(home: Path, name: str, value: str, environment: Mapping[str, str] = os.environ) -> None:
    """Set a setting in the library's ``settings.toml``, in one step; every other line stays as it is.

    Raises Invalid where the environment says otherwise, which would hide it, Storage when the disk refuses.
    """
    variable = f"CAIRN_{name.upper()}"
    if variable in environment:
        raise Invalid(f"{variable} is set to {environment[variable]!r}; unset it, and set {name} here.")
    path = home / "settings.toml"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.partition("=")[0].strip() != name]
    # Before all else: a later line might stand within a table.
    text = "\n".join([f"{name} = {json.dumps(value)}", *kept, ""])
    try:
        _store(path, text)
    except OSError as error:
        raise Storage(f"{path} cannot be written: {error.strerror}; make room or mend access.") from error


def _store(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _file(path: Path) -> dict[str, Any]:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(f"{path} is not TOML: {error}") from error
    for name in written:
        if name not in _KNOWN:
            raise Unknown.name("setting", name, _KNOWN)
    return {name: _cast(_KNOWN[name], str(value), str(path)) for name, value in written.items()}


def _cast(setting: Setting, text: str, origin: str) -> Any:
    kind = type(setting.default)
    try:
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        value = kind(text)
    except (KeyError, ValueError):
        raise Invalid(f"{setting.name} = {text!r} in {origin} must be of type {kind.__name__}.") from None
    if setting.choices and value not in setting.choices:
        raise Invalid(f"{setting.name} = {text!r} in {origin} must be {' or '.join(setting.choices)}.")
    if isinstance(value, (int, float)) and not setting.least <= value <= setting.most:
        bound = f"at most {setting.most:g}" if value > setting.most else f"at least {setting.least:g}"
        raise Invalid(f"{setting.name} = {text} in {origin} must be {bound}.")
    return value
