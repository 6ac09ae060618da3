"""Mail: one file a message of a thread; a reply quotes what came before it, as mail programs do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parsedate_to_datetime

from .source import Source

TYPES = {
    "pdf": ("application", "pdf"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
OUTSIDE = {"Oswin Talle": "kestrel.example"}
GROUPS = {"All staff", "District health officers"}


@dataclass(frozen=True)
class Message:
    """One message of a thread: its header lines, its text and its number within the thread."""

    head: dict[str, str]
    text: str
    number: int
    thread: str

    @property
    def when(self) -> datetime:
        """Return when it was sent; the hour is an hour ahead from April to October."""
        summer = re.search(r" (Apr|May|Jun|Jul|Aug|Sep|Oct) ", self.head["Date"])
        return parsedate_to_datetime(f"{self.head['Date']} {'+0200' if summer else '+0100'}")

    @property
    def id(self) -> str:
        """Return its Message-ID."""
        return f"<{self.thread}.{self.number}@{address(self.head['From']).partition('@')[2]}>"

    @property
    def opening(self) -> str:
        """Return the line with which a reply introduces it."""
        day = f"{self.when:%a}, {self.when.day} {self.when:%b %Y}"
        return f"On {day} at {self.when:%H:%M}, {self.head['From']} wrote:"


def address(name: str) -> str:
    """Return the address of a person or a list."""
    if name in GROUPS:
        return name.lower().replace(" ", "-") + "@trha.example"
    return name.lower().replace(" ", ".") + "@" + OUTSIDE.get(name, "trha.example")


def messages(source: Source) -> list[Message]:
    """Read the messages of a thread, oldest first."""
    found = []
    thread = source.head["path"].rpartition("/")[2].removesuffix(".eml")
    for number, text in enumerate(re.split(r"\n----\n", source.body.strip()), 1):
        head_text, _, body = text.partition("\n\n")
        pairs = (line.partition(": ") for line in head_text.splitlines())
        found.append(Message({key: value for key, _, value in pairs}, body.strip(), number, thread))
    return found


def quoted(earlier: list[Message]) -> str:
    """Return the messages before a reply, the latest first, each a level deeper."""
    text = ""
    for message in earlier:
        whole = f"{message.text}\n\n{text}".rstrip()
        lines = "\n".join(f"> {line}".rstrip() for line in whole.splitlines())
        text = f"{message.opening}\n\n{lines}\n"
    return text


def written(message: Message, earlier: list[Message], parts: list[tuple[str, bytes]]) -> bytes:
    """Return the message as a file, with its attachments."""
    mail = EmailMessage(policy=SMTP)
    for key in ("From", "To", "Cc"):
        names = [name for name in message.head.get(key, "").split(", ") if name]
        if names:
            mail[key] = ", ".join(f"{name} <{address(name)}>" for name in names)
    mail["Date"] = format_datetime(message.when)
    mail["Subject"] = message.head["Subject"]
    mail["Message-ID"] = message.id
    if earlier:
        mail["In-Reply-To"] = earlier[-1].id
        mail["References"] = " ".join(one.id for one in earlier)
    mail.set_content(f"{message.text}\n\n{quoted(earlier)}".rstrip() + "\n")
    for name, content in parts:
        main, sub = TYPES[name.rpartition(".")[2]]
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    if mail.is_multipart():
        mail.set_boundary(f"=-{message.thread}-{message.number}")
    return mail.as_bytes()


def to_eml(source: Source, within: dict[str, list[tuple[str, bytes]]]) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the bytes of each message; ``within`` holds attachments by path."""
    thread = messages(source)
    stem = source.head["path"].removesuffix(".eml")
    for message in thread:
        path = f"{stem}-{message.number}.eml"
        yield path, written(message, thread[: message.number - 1], within.get(path, []))
