"""Markdown (CommonMark and GitHub tables): blocks by markdown-it, inline marks taken off here.

Knows no HTML beyond dropping its tags, and follows no link. Lines that no block accounts for
(nested deeper than markdown-it goes) are kept as paragraphs, so that no word is lost.
"""

import html
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.text import SourceLine, decode, lines, parts, span, untagged
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, ElementKind

_BLOCKS = "table code fence blockquote hr list html_block heading lheading paragraph"
_INLINE = re.compile(
    r"(?<!`)(?P<ticks>`+)(?P<code>[^`]+)(?P=ticks)(?!`)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
    r"|<(?P<address>[a-zA-Z][\w+.-]{1,31}:[^\s<>]*|[^\s<>@]+@[^\s<>@]+)>"
    r"|<!--[^<>]*-->|</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>"
)
_LINK = re.compile(
    r"!?\[(?P<text>[^\[\]]*)\](?:\(\s*(?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)|\[(?P<label>[^\[\]]*)\])?"
)
_EMPHASIS = (
    re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])([^*]*[^\s*])\*{1,3}(?![\w*])"),
    re.compile(r"(?<![\w_])_{1,3}(?=[^\s_])((?:[^_]|(?<=\w)_(?=\w))*[^\s_])_{1,3}(?![\w_])"),
    re.compile(r"(?<![\w~])~~(?=[^\s~])([^~]*[^\s~])~~(?![\w~])"),
)
_DEFINITION = re.compile(r" {0,3}\[(?!\^)([^\[\]]+)\]:\s*\S*[/.#:@<]\S*(\s+[\"'(].*)?\s*")
_SYNTAX = re.compile(r"[\s>*_=+|:~`#-]*")
_SETTING = re.compile(r"([A-Za-z][\w .-]{0,60}?)\s*:(?:\s+(.*))?")
_KNOWN = {
    **dict.fromkeys(["authors", "by"], "author"),
    **dict.fromkeys(["date", "published"], "created"),
    **dict.fromkeys(["updated", "lastmod", "last_modified"], "modified"),
    **dict.fromkeys(["summary", "abstract"], "description"),
    **dict.fromkeys(["keywords", "tag", "categories"], "tags"),
}
_PRIVATE = re.compile("[\ue000\ue001]")
_HELD = re.compile("\ue000(\\d+)\ue001")
_ATTRIBUTES = re.compile(r"\s*\{[#.][^{}]*\}$")


def plain(text: str, labels: Collection[str] = ()) -> str:
    """Take inline Markdown off: the words that a reader of the rendered page sees remain.

    ``labels`` are those of the document's link definitions, in lower case.
    """
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        kept = next((found[key] for key in ("code", "escaped", "address") if found[key] is not None), None)
        if kept is None:
            return " "
        held.append(kept)
        return f"\ue000{len(held) - 1}\ue001"

    text = _INLINE.sub(hold, _PRIVATE.sub("", text))
    for _ in range(2):
        text = _LINK.sub(lambda found: _link_text(found, labels), text)
    for pattern in _EMPHASIS * 2:
        text = pattern.sub(r"\1", text)
    return _HELD.sub(lambda found: held[int(found[1])], html.unescape(text))


def _link_text(found: re.Match[str], labels: Collection[str]) -> str:
    """Return what a link shows; all of what only looks like one."""
    label = found["label"] if found["label"] else found["text"]
    is_reference = found[0].endswith("]")
    return found[0] if is_reference and label.lower() not in labels else found["text"]


class _Leaf(NamedTuple):
    """A block without blocks in it: its tokens and its lines, half-open, from 0."""

    kind: ElementKind
    tokens: Sequence[Token]
    first: int
    end: int
    level: int = 0
    marker: str = ""


def _leaves(tokens: Sequence[Token]) -> Iterator[_Leaf]:
    """Yield a document's leaf blocks in order."""
    marker, begun = "", -1
    at = 0
    while at < len(tokens):
        token = tokens[at]
        first, end = token.map if token.map is not None else (0, 0)
        if token.type == "list_item_open":
            marker += f"{token.info}{token.markup} " if token.info else ""
            begun = first if begun < 0 else begun
        elif token.type == "table_open":
            close = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
            yield _Leaf("table", tokens[at:close], first, end)
            at = close
        elif token.type in ("fence", "code_block"):
            yield _Leaf("code", [token], first, end)
        elif token.type == "html_block":
            yield _Leaf("paragraph", [token], first, end)
        elif token.type in ("heading_open", "paragraph_open"):
            level = int(token.tag[1]) if token.tag != "p" else 0
            kind: ElementKind = "heading" if level else "list_item" if begun >= 0 else "paragraph"
            first = begun if begun >= 0 else first
            yield _Leaf(kind, [tokens[at + 1]], first, end, level, marker)
            marker, begun = "", -1
        at += 1


class _Source(NamedTuple):
    """A document's lines and the labels of its link definitions."""

    lines: Sequence[SourceLine]
    labels: frozenset[str]


def _table(tokens: Sequence[Token], source: _Source) -> Element | None:
    rows: list[tidy.Row] = []
    header = 0
    for token in tokens:
        if token.type == "tr_open":
            first, end = token.map if token.map is not None else (0, 1)
            rows.append(tidy.Row([], span(source.lines[first], source.lines[end - 1])))
        elif token.type == "thead_close":
            header = len(rows)
        elif token.type == "inline":
            rows[-1].cells.append(tidy.flat(plain(token.content, source.labels)))
    return tidy.table(rows, header)


def _verbatim(content: str, block: Sequence[SourceLine], fenced: bool) -> Element | None:
    """Make a code block, a line of code for each line between its fences."""
    texts = [tidy.clean(line).replace("\n", " ").rstrip() for line in content.removesuffix("\n").split("\n")]
    rows = block[1 if fenced else 0 :][: len(texts)]
    kept = [row._replace(text=text) for row, text in zip(rows, texts, strict=False)]
    if not any(row.text for row in kept):
        return None
    return tidy.element("code", parts(kept, ["\n"] * (len(kept) - 1) + [""]))


def _running(leaf: _Leaf, block: Sequence[SourceLine], labels: Collection[str]) -> Element | None:
    """Make a paragraph, list item or heading of a block's lines."""
    token = leaf.tokens[0]
    if token.type == "html_block":
        text = tidy.flat(untagged(token.content))
        return tidy.whole("paragraph", text, span(block[0], block[-1])) if text else None
    content = [line for line in token.content.split("\n") if not _DEFINITION.fullmatch(line)]
    texts = [tidy.flat(line) for line in plain("\n".join(content), labels).split("\n")]
    if leaf.kind == "heading" or len(texts) != len(block):
        text = _ATTRIBUTES.sub("", " ".join(filter(None, [leaf.marker.strip(), *texts])))
        return tidy.whole(leaf.kind, text, span(block[0], block[-1]), level=leaf.level) if text else None
    texts[0] = leaf.marker + texts[0]
    kept = [line._replace(text=text) for line, text in zip(block, texts, strict=True) if text]
    if not kept:
        return None
    joints = [tidy.glue(one.text, two.text) for one, two in itertools.pairwise(kept)]
    return tidy.element(leaf.kind, parts(kept, [*joints, ""]))


def _element(leaf: _Leaf, source: _Source) -> Element | None:
    block = source.lines[leaf.first : leaf.end]
    if leaf.kind == "table":
        return _table(leaf.tokens, source)
    if leaf.kind == "code":
        return _verbatim(leaf.tokens[0].content, block, leaf.tokens[0].type == "fence")
    return _running(leaf, block, source.labels)


def _elements(tokens: Sequence[Token], source: _Source, body: int) -> Iterator[Element]:
    """Yield the leaves' elements, and between them what lines of words none of them holds."""
    done = body
    for leaf in _leaves(tokens):
        yield from _forgotten(source.lines[done : leaf.first])
        done = max(done, leaf.end)
        made = _element(leaf, source)
        if made is not None:
            yield made
    yield from _forgotten(source.lines[done:])


def _forgotten(between: Iterable[SourceLine]) -> Iterator[Element]:
    for line in between:
        if not _SYNTAX.fullmatch(line.text) and not _DEFINITION.fullmatch(line.text):
            text = plain(line.text.lstrip(" >")).strip()
            yield tidy.whole("paragraph", text if text else line.text, span(line, line))


def _under_headings(elements: Iterable[Element]) -> Iterator[Element]:
    """Tell every element's locators the headings above it."""
    path: list[Element] = []
    for item in elements:
        if item.kind == "heading":
            path = [above for above in path if above.level < item.level]
        yield _placed(item, tuple(above.text for above in path)) if path else item
        if item.kind == "heading":
            path.append(item)


def _placed(item: Element, heading: tuple[str, ...]) -> Element:
    made = [
        tidy.Located(item.text[a.start : a.end], replace(a.locator, heading=heading)) for a in item.anchors
    ]
    return tidy.element(item.kind, made, level=item.level, header=item.header)


def _front_matter(text: str, source: Sequence[SourceLine]) -> tuple[dict[str, str], int]:
    """Read ``key: value`` lines between ``---`` at the top; returns them and how many lines they take."""
    close = next((at for at, line in enumerate(source[1:500], 1) if line.text in ("---", "...")), 0)
    if source[0].text != "---" or close < 2:
        return {}, 0
    read: dict[str, list[str]] = {}
    values: list[str] = []
    for line in source[1:close]:
        is_more = text[line.start : line.start + 1] in ("", " ", "\t", "-", "#", "\r", "\n")
        if is_more:
            values.append("" if line.text.startswith("#") else _bare(line.text.removeprefix("- ")))
        elif found := _SETTING.fullmatch(line.text):
            values = read.setdefault(found[1].lower(), [])
            values.append(_bare(found[2] if found[2] is not None else ""))
        else:
            return {}, 0
    return {key: ", ".join(filter(None, values)) for key, values in read.items()}, min(
        close + 1, len(source) - 1
    )


def _bare(value: str) -> str:
    """Take a scalar or an inline list out of its quotes and brackets."""
    value = value.strip()
    if value in ("|", ">", "|-", ">-"):
        return ""
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(item.strip(" \"'") for item in value[1:-1].split(","))
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].replace('\\"', '"') if is_quoted else value


class Markdown:
    """Reads Markdown files."""

    name = "markdown/1"
    media_types = frozenset({"text/markdown", "text/x-markdown"})

    def __init__(self) -> None:
        """Set markdown-it to find blocks only."""
        self._blocks = MarkdownIt("commonmark")
        self._blocks.core.ruler.enableOnly(["normalize", "block"])
        self._blocks.block.ruler.enableOnly(_BLOCKS.split())

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary, has no words or nests too deep."""
        text = decode(tidy.read(path))
        source = list(lines(text))
        settings, body = _front_matter(text, source)
        elements = self._read(text, source, body)
        if not elements and not settings:
            raise Textless("no text in it")
        return _document(elements, settings, name)

    def elements(self, text: str) -> tuple[Element, ...]:
        """Return the elements of a piece of Markdown, without front matter; raises ParseFailed."""
        return self._read(text, list(lines(text)), 0)

    def _read(self, text: str, source: Sequence[SourceLine], body: int) -> tuple[Element, ...]:
        """Read all from line ``body`` on."""
        try:
            tokens = self._blocks.parse("\n" * body + text[source[body].start :])
        except RecursionError as error:
            raise ParseFailed("nested too deep") from error
        labels = frozenset(found[1].lower() for line in source if (found := _DEFINITION.fullmatch(line.text)))
        return tuple(_under_headings(_elements(tokens, _Source(source, labels), body)))


def _document(elements: tuple[Element, ...], settings: dict[str, str], name: str) -> Document:
    stated = tidy.metadata((_KNOWN.get(key, key), value) for key, value in settings.items() if key != "title")
    declared = stated.pop("lang", stated.pop("language", ""))[:2].lower()
    found = language.detect(tidy.sample(elements))
    return Document(
        title=tidy.titled([settings.get("title")], elements, name),
        elements=elements,
        metadata=stated,
        language=found if found is not None else declared if declared.isalpha() else None,
    )


def load(rest: str) -> Parser:
    """Build the parser of Markdown; it takes no argument."""
    return Markdown()
