"""Programming languages: which file is written in which, its grammar, and what its trees call things.

A grammar is loaded when the first file in its language is read. Knows no language without a
grammar here; ``language`` says None of those.
"""

import re
import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from tree_sitter import Language, Parser

_SECONDS = 10
"""Processor time after which a text is given up on; 5 MB of real code take two."""
_DEEPEST = 2000
_RUN = re.compile(rb"[;{}]")
_CHUNK = 1 << 16


def _python() -> Any:
    import tree_sitter_python

    return tree_sitter_python.language()


def _javascript() -> Any:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


def _typescript() -> Any:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


def _tsx() -> Any:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


def _java() -> Any:
    import tree_sitter_java

    return tree_sitter_java.language()


def _go() -> Any:
    import tree_sitter_go

    return tree_sitter_go.language()


def _rust() -> Any:
    import tree_sitter_rust

    return tree_sitter_rust.language()


def _c() -> Any:
    import tree_sitter_c

    return tree_sitter_c.language()


def _cpp() -> Any:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


def _c_sharp() -> Any:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


def _ruby() -> Any:
    import tree_sitter_ruby

    return tree_sitter_ruby.language()


def _php() -> Any:
    import tree_sitter_php

    return tree_sitter_php.language_php()


def _bash() -> Any:
    import tree_sitter_bash

    return tree_sitter_bash.language()


_GRAMMARS: dict[str, tuple[Callable[[], Any], str]] = {
    "python": (_python, "py pyi pyw"),
    "javascript": (_javascript, "js mjs cjs jsx"),
    "typescript": (_typescript, "ts mts cts"),
    "tsx": (_tsx, "tsx"),
    "java": (_java, "java"),
    "go": (_go, "go"),
    "rust": (_rust, "rs"),
    "c": (_c, "c h"),
    "cpp": (_cpp, "cc cpp cxx c++ hpp hh hxx h++ ipp tpp inl cu cuh"),
    "c_sharp": (_c_sharp, "cs csx"),
    "ruby": (_ruby, "rb rake gemspec"),
    "php": (_php, "php phtml php5 php7"),
    "bash": (_bash, "sh bash zsh ksh bats"),
}
_SUFFIXES = {suffix: name for name, (_, suffixes) in _GRAMMARS.items() for suffix in suffixes.split()}
_SHEBANG = re.compile(r"#!.*?\b(python|node|bun|deno|ruby|php|bash|zsh|ksh|dash|sh)[\d.]*(?:\s|$)")
_SHELLS = {"node": "javascript", "bun": "typescript", "deno": "typescript"}
_CPP = re.compile(
    r"^\s*(?:class\s+\w+|namespace\b|template\s*<|(?:public|private|protected)\s*:)", re.MULTILINE
)


def language(name: str, text: str) -> str | None:
    """Name the language of a file by its name, else by its first line; None where it has no grammar here."""
    found = _SUFFIXES.get(PurePosixPath(name.replace("\\", "/")).suffix[1:].lower())
    if found == "c" and name.lower().endswith(".h") and _CPP.search(text[:200_000]):
        return "cpp"
    shebang = _SHEBANG.match(text[:200]) if found is None else None
    if shebang is None:
        return found
    said = _SHELLS.get(shebang[1], shebang[1])
    return said if said in _GRAMMARS else "bash"


def tree(name: str, source: bytes) -> Any | None:
    """Return the syntax tree of UTF-8 ``source`` in the language ``name``; None where it takes too long."""
    # Type arguments that never close make some grammars try every way to read them.
    if any(run.count(b"<") - run.count(b">") > _DEEPEST for run in _RUN.split(source)):
        return None
    end = time.process_time() + _SECONDS

    def is_late(at: int, _is_damaged: bool) -> bool:
        return time.process_time() > end

    def piece(at: int, point: Any) -> bytes:
        return source[at : at + _CHUNK]

    load, _ = _GRAMMARS[name]
    try:
        return Parser(Language(load())).parse(piece, progress_callback=is_late)
    except ValueError:
        return None
