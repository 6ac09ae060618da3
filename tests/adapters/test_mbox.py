"""Mailboxes: each mail is found where it begins, however the file is cut into blocks."""

from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from cairn.adapters.parsers import mbox
from cairn.errors import ParseFailed

BODY = "Hello\n\nFrom here on it is new, at 12:30 sharp.\n\nFrom the start\n>From quoted\n"


def fill(path: Path, count: int) -> list[EmailMessage]:
    box = mailbox.mbox(path)
    sent = []
    for number in range(count):
        message = EmailMessage()
        message["From"] = "ann@example.org"
        message["Subject"] = f"Größe {number}/a" if number % 3 else ""
        message["Date"] = "Thu, 20 Jun 2024 09:15:30 +0200"
        message.set_content(BODY * (number % 5 + 1))
        box.add(message)
        sent.append(message)
    box.close()
    return sent


def test_mails_come_out_as_they_went_in(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    sent = fill(path, 7)
    parts = list(mbox.Mailbox().parts(path, "in.mbox"))
    assert [part.name for part in parts[:3]] == ["0001.eml", "0002 Größe 1-a.eml", "0003 Größe 2-a.eml"]
    assert parts[0].modified is not None and parts[0].modified.astimezone(UTC) == datetime(
        2024, 6, 20, 7, 15, 30, tzinfo=UTC
    )
    for part, message in zip(parts, sent, strict=True):
        with mbox.Mailbox().open(path, part.key) as file:
            # The mailbox module escapes one level only, so that what was quoted before loses its mark.
            assert (
                file.read().replace(b">From", b"From").strip()
                == message.as_bytes().replace(b">From", b"From").strip()
            )


@pytest.mark.parametrize("block", [1, 700, 4099, 10_000])
def test_blocks_cut_nothing(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.mbox"
    fill(path, 60)
    whole = list(mbox.Mailbox().parts(path, "in.mbox"))
    monkeypatch.setattr(mbox, "_BLOCK", block if block > 1 else 50_000)
    assert list(mbox.Mailbox().parts(path, "in.mbox")) == whole
    assert len(whole) == 60 and whole[-1].key.endswith(str(path.stat().st_size))


def test_line_ends_of_windows_and_no_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    one = "From - Mon Jan  1 12:00:00 2024\nSubject: a\n\nHello\n"
    path.write_bytes((one + "\n" + one + one).replace("\n", "\r\n").encode())
    assert [part.name for part in mbox.Mailbox().parts(path, "x")] == [
        "0001 a.eml",
        "0002 a.eml",
        "0003 a.eml",
    ]


@pytest.mark.parametrize("content", ["", "no mail at all\n", "From me to you\n\nhello\n"])
def test_what_is_no_mailbox(content: str, tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    path.write_text(content)
    with pytest.raises(ParseFailed, match="no mailbox"):
        list(mbox.Mailbox().parts(path, "x"))


@pytest.mark.parametrize("key", ["", "0-", "5-900", "0-99999999999999999999", "9-1", "a-b", "10000-20000"])
def test_keys_that_lead_nowhere(key: str, tmp_path: Path) -> None:
    path = tmp_path / "in.mbox"
    fill(path, 2)
    with pytest.raises(ParseFailed), mbox.Mailbox().open(path, key):
        pass
