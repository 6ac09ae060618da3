"""Mails: who wrote what to whom, the text with quoted replies kept apart, and what is attached.

Knows no key: what is encrypted stays so, and is named. Of alternatives the plain text is read, unless
it says much less than the formatted one. Nothing that a mail refers to is fetched.
"""

import mimetypes
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cairn.adapters.parsers import html, language, mime, replies, tidy
from cairn.adapters.parsers.mime import Entity
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, Locator, Part

_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_ASKED = ("Message-ID", "References", "In-Reply-To", "Keywords", "X-Keywords")
_MOST_SHOWN = 2000
"""Characters of a header line that are shown."""
_ID = re.compile(r"<\s*([^<>]{1,900}?)\s*>")
_QUOTED = re.compile(r"\"([^\",;<>\\]{1,200})\"(?=\s*<)")
_WORD = re.compile(r"\w+")
_ARMOUR = re.compile(
    r"-----BEGIN PGP (MESSAGE|SIGNATURE|PUBLIC KEY BLOCK)-----(?:(?!-----BEGIN).)*?-----END PGP \1-----",
    re.DOTALL,
)
_SIGNED = re.compile(r"-----BEGIN PGP SIGNED MESSAGE-----\r?\n(?:Hash:[^\n]*\n)*")
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
_OPAQUE = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_PLAIN = ("text/plain", "message/delivery-status", "message/disposition-notification")
_BODIES = (*_PLAIN, "text/html", "text/x-amp-html")
_SMALL = 20_000
"""Bytes below which a picture that the text shows is an ornament."""
_SUFFIXES = mimetypes.MimeTypes()
_ENCRYPTED = "its text is encrypted ({}) and cannot be read without the key"
_OPAQUELY_SIGNED = "its text is within an S/MIME signature, which is not opened"


class Letter(NamedTuple):
    """What a mail says, whatever file it came in."""

    lines: dict[str, str]
    """Header lines by name in lower case, decoded."""
    texts: list[list[Element]]
    """Its bodies."""
    unread: list[str]


def document(letter: Letter, name: str) -> Document:
    """Make the document of a mail: header lines, then its text; raises ParseFailed if it says nothing."""
    body = [item for text in letter.texts for item in text]
    lines = [f"{label}: {said}" for label in _SHOWN if (said := _shortened(letter.lines, label))]
    if not lines and not body:
        raise Textless("; ".join(letter.unread) if letter.unread else "no text in it")
    head = [tidy.whole("paragraph", "\n".join(lines), Locator())] if lines else []
    quoted = "\n".join(item.text[:2000] for item in body[:20])
    found = language.detect(tidy.sample(body))
    subject = letter.lines.get("subject", "")
    return Document(
        title=subject[:300] if re.search(r"[^\W_]{2}", subject) else tidy.titled((), body, name),
        elements=tuple(html.placed([*head, *body])),
        metadata=_metadata(letter.lines),
        language=found if found is not None else language.detect(quoted),
        unread=tuple(dict.fromkeys(letter.unread)),
    )


def header_lines(head: "Message[str, str]") -> dict[str, str]:
    """Return what ``document`` asks of a header, decoded."""
    lines = {label.lower(): said for label in (*_SHOWN, *_ASKED) if (said := mime.header(head, label))}
    people = {label: _QUOTED.sub(r"\1", lines[label]) for label in ("from", "to", "cc") if label in lines}
    return lines | people


def _shortened(lines: dict[str, str], label: str) -> str:
    """Return a header line, of a long list of people the first and how many more there are."""
    said = lines.get(label.lower(), "")
    if len(said) <= _MOST_SHOWN:
        return said
    kept = said[:_MOST_SHOWN].rpartition(",")[0]
    more = said.count(",") - kept.count(",")
    return f"{kept} and {more:,} more" if kept else said[:_MOST_SHOWN]


def _metadata(lines: dict[str, str]) -> dict[str, str]:
    own = _first_id(lines.get("message-id", ""))
    ids = (_first_id(lines.get(name, "")) for name in ("references", "in-reply-to"))
    sent = mime.date(lines.get("date", ""))
    return tidy.metadata(
        (
            ("author", lines.get("from")),
            ("to", lines.get("to")),
            ("cc", lines.get("cc")),
            ("created", sent.isoformat() if sent is not None else tidy.iso_date(lines.get("date", ""))),
            ("message", own),
            ("thread", next((one for one in ids if one), own)),
            ("tags", tidy.tags(lines.get("keywords", lines.get("x-keywords", "")))),
        )
    )


def _first_id(line: str) -> str:
    found = _ID.search(line)
    return found[1] if found is not None else line.split(" ")[0]


class _Mail:
    """One mail's bytes and its parts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.entities = mime.walk(data)
        self.unread = list(_limits(self.entities))
        self._closed: set[int] = set()
        for number, entity in enumerate(self.entities):
            self._note(number, entity)

    def _note(self, number: int, entity: Entity) -> None:
        """Note what is encrypted, with all its parts."""
        if entity.parent in self._closed:
            self._closed.add(number)
        elif entity.kind == "multipart/encrypted":
            self._closed.add(number)
            self.unread.append(_ENCRYPTED.format("PGP"))
        elif entity.kind in _OPAQUE:
            self._closed.add(number)
            is_signed = mime.parameter(entity, "smime-type").lower() == "signed-data"
            self.unread.append(_OPAQUELY_SIGNED if is_signed else _ENCRYPTED.format("S/MIME"))

    def _leaves(self) -> Iterator[tuple[int, Entity]]:
        for number, entity in enumerate(self.entities):
            if number not in self._closed and not entity.kind.startswith("multipart/"):
                yield number, entity

    def _bodies(self) -> list[int]:
        """Return the numbers of the parts that are shown as its text, alternatives among them."""
        found: list[int] = []
        for number, entity in self._leaves():
            named = bool(found) and bool(mime.file_name(entity))
            if entity.kind in _BODIES and mime.disposition(entity) != "attachment" and not named:
                found.append(number)
        return found

    def _choice(self, number: int) -> int:
        """Return the number of the innermost multipart of which one alternative is to be read; -1 if none."""
        at = self.entities[number].parent
        while at >= 0 and self.entities[at].kind != "multipart/alternative":
            at = self.entities[at].parent
        return at

    def texts(self) -> list[list[Element]]:
        """Return its bodies in order, of alternatives the best."""
        groups: dict[int, list[int]] = {}
        for number in self._bodies():
            choice = self._choice(number)
            groups.setdefault(choice if choice >= 0 else -2 - number, []).append(number)
        found = [text for numbers in groups.values() for text in self._best(numbers)]
        return [text for at, text in enumerate(found) if not _is_said(text, found[:at])]

    def _best(self, numbers: Sequence[int]) -> list[list[Element]]:
        """Return the plain ones of some alternatives, or else the formatted ones."""
        plain = [self._text(n, "plain") for n in numbers if self._is(n, "plain")]
        rich = [self._text(n, "html") for n in numbers if self._is(n, "html")]
        return better(plain, rich)

    def _is(self, number: int, kind: str) -> bool:
        found = self.entities[number].kind
        return found == "text/html" if kind == "html" else found in _PLAIN

    def _text(self, number: int, kind: str) -> list[Element]:
        entity = self.entities[number]
        try:
            if kind == "html" and mime.stated_charset(entity) is None:
                return replies.rich(html.source(mime.content(self.data, entity)))
            source = mime.text(self.data, entity)
        except ParseFailed as error:
            self.unread.append(f"part {number} cannot be read: {error}")
            return []
        if kind == "html":
            return replies.rich(source)
        flowed = mime.parameter(entity, "format").lower() == "flowed"
        spaced = mime.parameter(entity, "delsp").lower() != "yes"
        return replies.plain(self._bared(source), flowed=flowed, spaced=spaced)

    def _bared(self, source: str) -> str:
        """Take PGP's lines off; what is encrypted is noted."""
        if "-----BEGIN PGP " not in source:
            return source
        if "-----BEGIN PGP MESSAGE-----" in source:
            self.unread.append(_ENCRYPTED.format("PGP"))
        return _ARMOUR.sub("", _SIGNED.sub("", source))

    def attached(self) -> Iterator[tuple[int, Entity]]:
        """Yield what is a file of its own, with its number."""
        bodies = set(self._bodies())
        for number, entity in self._leaves():
            if number not in bodies and entity.kind not in _SIGNATURES and not self._is_ornament(entity):
                yield number, entity

    def _is_ornament(self, entity: Entity) -> bool:
        """Tell a small picture that stands within the text."""
        is_shown = entity.kind.startswith("image/") and "content-id" in entity.head
        return is_shown and mime.disposition(entity) != "attachment" and entity.end - entity.start < _SMALL

    def named(self, number: int, entity: Entity) -> str:
        """Return the name of an attached file: its own, an attached mail's subject, or its number."""
        name = mime.file_name(entity)
        if entity.kind == "message/rfc822":
            inner = mime.opening(mime.content(self.data, entity)[:_SMALL]).head
            subject = mime.safe(mime.header(inner, "subject"))
            name = name if name else subject
            return f"{name.removesuffix('.eml')}.eml" if name else f"part-{number}.eml"
        suffix = _SUFFIXES.guess_extension(entity.kind)
        return name if name else f"part-{number}{suffix if suffix is not None else '.bin'}"


def _is_said(text: Sequence[Element], before: Sequence[Sequence[Element]]) -> bool:
    """Tell a body that only says in another form what the one before it says."""
    if not text or not before:
        return False
    here, there = (
        Counter(word for item in body for word in _WORD.findall(item.text)) for body in (text, before[-1])
    )
    return (here - there).total() * 20 <= here.total() and there.total() * 4 <= here.total() * 5


def better(plain: list[list[Element]], rich: list[list[Element]]) -> list[list[Element]]:
    """Return the plain texts, unless they say much less than the formatted ones."""
    return rich if _size(rich) > 4 * _size(plain) else plain


def _size(texts: Iterable[Iterable[Element]]) -> int:
    return sum(len(item.text) for text in texts for item in text)


def _limits(entities: Sequence[Entity]) -> Iterator[str]:
    if len(entities) >= mime.MOST:
        yield f"it has more than {mime.MOST:,} parts; those after are not read"
    if any(item.depth >= mime.DEEPEST and item.kind.startswith("multipart/") for item in entities):
        yield f"parts nested more than {mime.DEEPEST} deep are not read"


def unlike(names: Iterable[str]) -> Iterator[str]:
    """Yield the names, two alike told apart: ``a.pdf``, ``a (2).pdf``."""
    seen: dict[str, int] = {}
    used: set[str] = set()
    for name in names:
        stem, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
        shown = name
        while shown in used:
            seen[name] = seen.get(name, 1) + 1
            shown = f"{stem} ({seen[name]}){dot}{suffix}"
        used.add(shown)
        yield shown


def _mail(path: Path) -> _Mail:
    mail = _Mail(tidy.read(path))
    if not mail.entities[0].head.keys():
        raise ParseFailed("it is no mail: it has no header lines")
    return mail


class Mail:
    """Reads mails and opens what is attached to them."""

    name = "mail/1"
    media_types = frozenset({"message/rfc822"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the mail at ``path``; raises ParseFailed if it is none or says nothing."""
        mail = _mail(path)
        texts = mail.texts()
        return document(Letter(header_lines(mail.entities[0].head), texts, mail.unread), name)

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield what is attached; raises ParseFailed."""
        mail = _mail(path)
        found = list(mail.attached())
        names = unlike(mail.named(number, entity) for number, entity in found)
        for (number, _), shown in zip(found, names, strict=True):
            yield Part(name=shown, key=str(number))

    @contextmanager
    def open(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Hold an attached file's bytes; raises ParseFailed."""
        mail = _mail(path)
        if not key.isdecimal() or int(key) >= len(mail.entities):
            raise ParseFailed(f"there is no part {key!r} in it")
        yield BytesIO(mime.content(mail.data, mail.entities[int(key)]))


def load(rest: str) -> Parser:
    """Build the parser of mails; it takes no argument."""
    return Mail()
