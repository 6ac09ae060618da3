"""The body of a mail: paragraphs, and what is quoted of earlier mails told from what is new.

Knows the marks of the common mail programs in English, German, French, Spanish, Italian, Dutch and
Portuguese. A quote that nothing marks is taken for new.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cairn.adapters.parsers import html, tidy
from cairn.types import Element, ElementKind, Locator

_LINE_END = re.compile("\r\n|\n|\r")
_MARKS = re.compile(r"[ ]?(?:>[ \t]?)+")
_FLOWED_MARKS = re.compile(r"(>*) ?")
_ITEM = re.compile(r"\s{0,12}(?:[-*\u2022\u2013\u00b7]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+(?=\S)")
_RULE = re.compile(r"[-_=*~#+.\s\u2013\u2014\u2500]*")
_WROTE = r"(?:wrote|writes|geschrieben|a \u00e9crit|escribi\u00f3|ha scritto|escreveu)\s?"
_WROTE_WHO = r"(?:schrieb|schreef)\b.{0,120}?\s?"
_ON = re.compile(rf"(?:On|Am|Le|El|Il|Op|Em)\b(?=.*\d).{{5,300}}?\b(?:{_WROTE}|{_WROTE_WHO}):\s*", re.I)
_SOMEBODY = re.compile(rf".{{2,200}}?\b(?:{_WROTE}|{_WROTE_WHO}).{{0,60}}?:\s*", re.IGNORECASE)
_PHRASES = """original message|original appointment|forwarded message|forwarded by .*|reply message
urspr\u00fcngliche nachricht|originalnachricht|weitergeleitete nachricht
message d'origine|message original|message transf\u00e9r\u00e9|message initial
mensaje original|mensaje reenviado|messaggio originale|messaggio inoltrato
oorspronkelijk bericht|doorgestuurd bericht|mensagem original|mensagem encaminhada""".replace("\n", "|")
_DIVIDER = re.compile(rf"[-\s]{{2,}}(?:{_PHRASES})[-\s]{{2,}}", re.IGNORECASE)
_BEGIN = re.compile(
    "(?:begin forwarded message|anfang der weitergeleiteten nachricht|inizio messaggio inoltrato"
    "|d\u00e9but du message (?:r\u00e9exp|transf)\\S+|inicio del mensaje reenviado)\\s?:",
    re.IGNORECASE,
)
_LABELS = {
    "from": "from|von|de|da|van",
    "sent": "sent|date|gesendet|datum|envoy\u00e9|enviado(?: el)?|fecha|inviato|data|verzonden",
    "to": "to|an|\u00e0|a|para|aan|cc|kopie",
    "subject": "subject|betreff|objet|asunto|oggetto|onderwerp|assunto",
}
_LABEL = re.compile(
    r"[*\s]{0,3}(?:" + "|".join(f"(?P<{key}>{words})" for key, words in _LABELS.items()) + r")[*\s]{0,3}:",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\s*(?:[-*]|on\b|am\b|le\b|el\b|il\b|op\b|em\b|from|von|de|da|van|begin|anf|d\u00e9b|ini)", re.IGNORECASE
)
"""How whatever begins an earlier mail begins."""
_BLOCK_LINES = 8
"""Within how many lines a quoted header says from whom, when and to whom."""
_LONGEST = 500
"""Characters of a line that introduces a quote, at most."""
_CITED = re.compile(r"gmail_quote|gmail_attr|yahoo_quoted|moz-cite-prefix|moz-forward|protonmail_quote")
_NO_BORDER = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)", re.IGNORECASE)
_UNSEEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


class _Line(NamedTuple):
    text: str
    quoted: bool
    block: int = 0
    """Of HTML: the number of its element."""


def plain(source: str, *, flowed: bool = False, spaced: bool = True) -> list[Element]:
    """Return the elements of a plain text body, quotes as quotes.

    ``flowed`` says that lines ending in a space go on in the next (RFC 3676), ``spaced`` that the
    space is part of the text (``DelSp=no``).
    """
    lines = list(_flowed(source, spaced) if flowed else map(_unmarked, _LINE_END.split(source)))
    return list(_elements(_told(lines), wrapped=not flowed))


def _unmarked(raw: str) -> _Line:
    marks = _MARKS.match(raw)
    return _Line(tidy.clean(raw[marks.end() if marks is not None else 0 :]).rstrip(), marks is not None)


def _flowed(source: str, spaced: bool) -> Iterator[_Line]:
    """Yield lines as they were before they were wrapped."""
    held: list[str] = []
    depth = 0
    for raw in _LINE_END.split(source):
        marks = _FLOWED_MARKS.match(raw)
        here, text = (len(marks[1]), raw[marks.end() :]) if marks is not None else (0, raw)
        if held and here != depth:
            yield _Line(tidy.clean("".join(held)).rstrip(), depth > 0)
            held = []
        depth = here
        goes_on = text.endswith(" ") and text != "-- "
        held.append(text[:-1] if goes_on and not spaced else text)
        if not goes_on:
            yield _Line(tidy.clean("".join(held)).rstrip(), depth > 0)
            held = []
    if held:
        yield _Line(tidy.clean("".join(held)).rstrip(), depth > 0)


def rich(source: str) -> list[Element]:
    """Return the elements of an HTML body, quotes as quotes."""
    root = html.tree(source)
    if root is None:
        found = html.bare(source)
    else:
        for node in list(root.iter()):
            if isinstance(node.tag, str) and _UNSEEN.search(node.get("style", "")):
                node.set("hidden", "")
        found = html.shown(root, _cited)
    return list(_split(found))


def _cited(node: html.Node) -> ElementKind | None:
    """Tell the boxes that mail programs put quotes into; a block that is only indented is none."""
    if node.tag == "blockquote":
        return None if _NO_BORDER.search(node.get("style", "")) else "quote"
    named = f"{node.get('class', '')} {node.get('id', '')}"
    return "quote" if _CITED.search(named) and isinstance(node.tag, str) else None


def _split(elements: Sequence[Element]) -> Iterator[Element]:
    """Yield elements anew, those from where an earlier mail begins as quotes; tables stay tables."""
    lines = [
        _Line(text, item.kind == "quote", at)
        for at, item in enumerate(elements)
        for text in (item.text.split("\n") if item.kind not in ("table", "code") else [""])
    ]
    groups: dict[tuple[int, bool], list[str]] = {}
    for line in _told(lines):
        groups.setdefault((line.block, line.quoted), []).append(line.text)
    for (at, quoted), texts in groups.items():
        item = elements[at]
        is_all = len(texts) == item.text.count("\n") + 1
        if item.kind in ("table", "code"):
            yield item
        elif any(_RULE.fullmatch(text) is None for text in texts):
            kind: ElementKind = "quote" if quoted else item.kind if is_all else _unheaded(item)
            level = item.level if kind == "heading" else 0
            yield tidy.whole(kind, "\n".join(texts), Locator(), level=level)


def _unheaded(item: Element) -> ElementKind:
    return item.kind if item.kind != "heading" else "paragraph"


def _told(lines: Sequence[_Line]) -> list[_Line]:
    """Return the lines, with those quoted that introduce a quote or follow what begins an earlier mail."""
    told = list(lines)
    filled = [at for at, line in enumerate(lines) if line.text and not line.text.isspace()]
    marked = [*(lines[at].quoted for at in filled), False, False, False]
    for place, at in enumerate(filled):
        near = marked[place + 1] or marked[place + 2] or marked[place + 3]
        is_opening = _OPENING.match(lines[at].text) is not None
        if told[at].quoted or not (near or is_opening) or len(lines[at].text) > _LONGEST:
            continue
        ahead = filled[place : place + _BLOCK_LINES]
        count = _introduces([lines[i] for i in ahead[:4]]) if near else 0
        for i in ahead[:count]:
            told[i] = told[i]._replace(quoted=True)
        if not count and is_opening and _begins([lines[i].text for i in ahead]):
            return [*told[:at], *(line._replace(quoted=True) for line in told[at:])]
    return told


def _introduces(lines: Sequence[_Line]) -> int:
    """Return how many of these lines introduce the quote that comes right after them; 0 if none does."""
    for count in range(1, min(len(lines), 4)):
        if lines[count - 1].quoted:
            return 0
        if lines[count].quoted:
            text = " ".join(line.text.strip() for line in lines[:count])[: _LONGEST + 1]
            pattern = _SOMEBODY if count == 1 else _ON
            return count if pattern.fullmatch(text) or _ON.fullmatch(text) else 0
    return 0


def _begins(lines: Sequence[str]) -> bool:
    """Tell whether an earlier mail begins with the first of these lines."""
    first = lines[0].strip()
    if _DIVIDER.fullmatch(first) or _BEGIN.fullmatch(first):
        return True
    if any(_ON.fullmatch(" ".join(map(str.strip, lines[:n]))[: _LONGEST + 1]) for n in (1, 2, 3)):
        return True
    label = _LABEL.match(first)
    if label is None or label.lastgroup != "from":
        return False
    seen = {found.lastgroup for line in lines[1:] if (found := _LABEL.match(line)) is not None}
    return "sent" in seen and ("subject" in seen or ("to" in seen and any("@" in line for line in lines)))


def _elements(lines: Sequence[_Line], *, wrapped: bool) -> Iterator[Element]:
    """Yield paragraphs, list items and quotes: runs of lines between blank lines and rules."""
    block: list[_Line] = []
    for line in [*lines, _Line("", False)]:
        is_gap = _RULE.fullmatch(line.text) is not None
        is_item = _ITEM.match(line.text) is not None
        if block and (is_gap or is_item or line.quoted != block[-1].quoted):
            yield _element(block, wrapped)
            block = []
        if not is_gap:
            block.append(line)


def _element(block: Sequence[_Line], wrapped: bool) -> Element:
    texts = [tidy.flat(line.text) for line in block]
    is_item = _ITEM.match(block[0].text) is not None
    kind: ElementKind = "quote" if block[0].quoted else "list_item" if is_item else "paragraph"
    return tidy.whole(kind, _joined(texts, wrapped), Locator())


def _joined(texts: Sequence[str], wrapped: bool) -> str:
    """Join what was wrapped with a space; keep the line end after a short line."""
    full = max(40, 0.6 * max(map(len, texts)))
    joined = [texts[0]]
    for before, after in pairwise(texts):
        joined += [
            tidy.glue(before, after) if wrapped and len(before) >= full and before[-1] != ":" else "\n",
            after,
        ]
    return "".join(joined)
