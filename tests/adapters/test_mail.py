"""Mails as a reader sees them: header, new text, quotes apart, attachments; hostile ones harm nothing."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from cairn.adapters.parsers import mail, mhtml, replies
from cairn.errors import ParseFailed
from cairn.types import Document, Element

HEAD = "From: Ann Lee <ann@example.org>\nTo: bob@example.org\nSubject: Valves\n"


def write(folder: Path, content: str | bytes | EmailMessage | MIMEMultipart) -> Path:
    path = folder / "letter.eml"
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(content if isinstance(content, bytes) else content.as_bytes())
    return path


def read(folder: Path, content: str | bytes | EmailMessage | MIMEMultipart) -> Document:
    return mail.Mail().parse(write(folder, content), "letter.eml")


def said(document: Document) -> list[tuple[str, str]]:
    """Return kind and text of all but the header lines."""
    return [(item.kind, item.text) for item in document.elements[1:]]


def kinds(elements: list[Element]) -> list[tuple[str, str]]:
    return [(item.kind, item.text) for item in elements]


def attached(folder: Path, content: EmailMessage) -> dict[str, bytes]:
    path, found = write(folder, content), {}
    for part in mail.Mail().parts(path, "letter.eml"):
        with mail.Mail().open(path, part.key) as file:
            found[part.name] = file.read()
    return found


def letter(text: str = "The valve is shut.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Jörg Müller <joerg@example.org>"
    message["To"] = '"Lee, Ann" <ann@example.org>'
    message["Cc"] = "carl@example.org"
    message["Date"] = "Thu, 20 Jun 2024 09:15:30 +0200"
    message["Subject"] = "Größe der Ventile"
    message["Message-ID"] = "<three@example.org>"
    message["In-Reply-To"] = "<two@example.org>"
    message["References"] = "<one@example.org> <two@example.org>"
    message["Keywords"] = "pumps, valves"
    message.set_content(text)
    return message


def test_header_lines_and_metadata(tmp_path: Path) -> None:
    document = read(tmp_path, letter())
    assert document.title == "Größe der Ventile"
    assert document.elements[0].text.split("\n") == [
        "From: Jörg Müller <joerg@example.org>",
        'To: "Lee, Ann" <ann@example.org>',
        "Cc: carl@example.org",
        "Date: Thu, 20 Jun 2024 09:15:30 +0200",
        "Subject: Größe der Ventile",
    ]
    assert said(document) == [("paragraph", "The valve is shut.")]
    assert document.elements[1].anchors[0].locator.paragraphs == (2, 2)
    assert document.metadata == {
        "author": "Jörg Müller <joerg@example.org>",
        "to": '"Lee, Ann" <ann@example.org>',
        "cc": "carl@example.org",
        "created": "2024-06-20T09:15:30+02:00",
        "message": "three@example.org",
        "thread": "one@example.org",
        "tags": "pumps, valves",
    }


def test_the_first_mail_of_a_thread_is_its_own(tmp_path: Path) -> None:
    message = letter()
    del message["References"]
    assert read(tmp_path, message).metadata["thread"] == "two@example.org"
    del message["In-Reply-To"]
    assert read(tmp_path, message).metadata["thread"] == "three@example.org"


def test_plain_text_before_formatted_unless_it_says_nothing(tmp_path: Path) -> None:
    message = letter("The plain one.")
    message.add_alternative("<p>The <b>formatted</b> one.</p>", subtype="html")
    assert said(read(tmp_path, message)) == [("paragraph", "The plain one.")]
    message = letter("See HTML.")
    message.add_alternative("<h1>News</h1><p>" + "Much more is said here. " * 10 + "</p>", subtype="html")
    assert said(read(tmp_path, message))[0] == ("heading", "News")


def test_the_same_words_twice_are_read_once(tmp_path: Path) -> None:
    both = MIMEMultipart("mixed")
    both["Subject"] = "Twice"
    both.attach(MIMEText("The valve is shut."))
    both.attach(MIMEText("<p>The <b>valve</b> is shut.</p>", "html"))
    both.attach(MIMEText("<p>The list's footer.</p>", "html"))
    assert said(read(tmp_path, both)) == [
        ("paragraph", "The valve is shut."),
        ("paragraph", "The list's footer."),
    ]


def test_attachments_with_their_names(tmp_path: Path) -> None:
    message, inner = letter(), letter("Inside.")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    message.add_attachment(b"%PDF-2", maintype="application", subtype="pdf", filename="Übersicht.pdf")
    message.add_attachment(b"\0\1", maintype="application", subtype="x-odd")
    message.add_attachment("../../etc/passwd", filename="../../etc/passwd")
    message.add_attachment(inner)
    found = attached(tmp_path, message)
    assert list(found) == [
        "Übersicht.pdf",
        "Übersicht (2).pdf",
        "part-4.bin",
        "passwd",
        "Größe der Ventile.eml",
    ]
    assert found["Übersicht (2).pdf"] == b"%PDF-2"
    assert b"Inside." in found["Größe der Ventile.eml"]
    assert said(read(tmp_path, message)) == [("paragraph", "The valve is shut.")]
    with pytest.raises(ParseFailed, match="no part '99'"), mail.Mail().open(tmp_path / "letter.eml", "99"):
        pass


def test_small_pictures_of_a_signature_are_left_out(tmp_path: Path) -> None:
    message = letter()
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>")
    message.add_related(b"\x89PNG" * 10_000, maintype="image", subtype="png", cid="<plan>")
    assert list(attached(tmp_path, message)) == ["part-3.png"]


REPLIES = {
    "attribution": ("Yes.\n\nOn Mon, 1 Jan 2024 at 12:00, Bob\n<b@x.org> wrote:\n\n> Shall we?\n", 1),
    "outlook": ("Yes.\n\n-----Original Message-----\nFrom: Bob\nSent: Monday\nTo: Ann\n\nShall we?", 1),
    "german": ("Ja.\n\nVon: Bob <b@x.de>\nGesendet: Montag, 1. Januar 2024\nAn: Ann\nBetreff: X\n\nWas?", 1),
    "german wrote": ("Ja.\n\nAm 1.1.2024 um 12:00 schrieb Bob Lee <b@x.de>:\n\nWas kostet es?", 1),
    "french": ("Oui.\n\nLe lun. 1 janv. 2024 à 12:00, Bob <b@x.fr> a écrit :\n> Combien ?", 1),
    "french block": ("Oui.\n\n____________\nDe : Bob\nEnvoyé : lundi\nÀ : Ann\nObjet : X\n\nCombien ?", 1),
    "forwarded": ("See.\n\n---------- Forwarded message ---------\nFrom: Bob\n\nShall we?", 1),
}


@pytest.mark.parametrize("name", REPLIES)
def test_replies_are_told_from_new_text(name: str) -> None:
    text, new = REPLIES[name]
    found = kinds(replies.plain(text))
    assert [kind for kind, _ in found[:new]] == ["paragraph"] * new
    assert {kind for kind, _ in found[new:]} == {"quote"}


def test_answers_between_quotes_stay_in_their_places() -> None:
    found = kinds(replies.plain("> Can we ship?\nYes.\n\n> And when?\n- Friday\n- Monday\n-- \nAnn Lee"))
    assert found == [
        ("quote", "Can we ship?"),
        ("paragraph", "Yes."),
        ("quote", "And when?"),
        ("list_item", "- Friday"),
        ("list_item", "- Monday"),
        ("paragraph", "Ann Lee"),
    ]


def test_new_text_that_only_looks_like_a_reply_stays_new() -> None:
    trip = "From: Berlin\nDate: Monday\nTo: Paris\n\nOn Monday he wrote that\nthis is due:\nall of it"
    assert "quote" not in {kind for kind, _ in kinds(replies.plain(trip))}


def test_formatted_replies() -> None:
    old = "<blockquote><h1>Old</h1></blockquote>"
    gmail = f'<div>Yes.</div><div class="gmail_quote"><div>On Mon, Bob wrote:</div>{old}</div>'
    assert kinds(replies.rich(gmail)) == [
        ("paragraph", "Yes."),
        ("quote", "On Mon, Bob wrote:"),
        ("quote", "Old"),
    ]
    block = "<b>From:</b> Bob<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br><b>Subject:</b> X"
    outlook = f"<p>Yes.</p><p>{block}</p><h2>Old</h2>"
    assert [kind for kind, _ in kinds(replies.rich(outlook))] == ["paragraph", "quote", "quote"]
    hidden = '<div style="display:none">preview</div><blockquote style="border:none">set in</blockquote>'
    assert kinds(replies.rich(hidden)) == [("paragraph", "set in")]


def test_flowed_text_is_joined(tmp_path: Path) -> None:
    source = (
        HEAD + "Content-Type: text/plain; format=flowed\n\nOne \nsentence.\n> quoted \n> words\n-- \nAnn\n"
    )
    assert said(read(tmp_path, source)) == [
        ("paragraph", "One sentence."),
        ("quote", "quoted words"),
        ("paragraph", "Ann"),
    ]


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-8", "iso-2022-jp", "unicode_escape", "no-such"])
def test_encodings(charset: str, tmp_path: Path) -> None:
    text = "日本語" if charset == "iso-2022-jp" else "Größe \\d"
    raw = text.encode(charset if charset in ("iso-8859-1", "iso-2022-jp") else "utf-8")
    source = HEAD.encode() + f"Content-Type: text/plain; charset={charset}\n\n".encode() + raw
    assert said(read(tmp_path, source)) == [("paragraph", text)]


def test_broken_headers_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    source = (
        b"From: =?utf-8?b?w7w=?= =?utf-8?q?_x?= <a@b\nTo: ((((\nDate: yesterday\n"
        b"Subject: Gr\xc3\xbc\xc3\x9fe =?x?y?z\n"
        b"Content-Type: text/plain; charset*0*=\xff''%zz; name*99999999999999999999=x\n\nBody"
    )
    document = read(tmp_path, source)
    assert document.title == "Grüße =?x?y?z"
    assert document.metadata["author"] == "ü x <a@b"
    assert "created" not in document.metadata
    assert said(document) == [("paragraph", "Body")]


def test_what_is_encrypted_is_named(tmp_path: Path) -> None:
    pgp = HEAD + (
        "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\n"
        "Version: 1\n--b\nContent-Type: application/octet-stream\n\nsecret\n--b--\n"
    )
    document = read(tmp_path, pgp)
    assert len(document.elements) == 1 and "encrypted (PGP)" in document.unread[0]
    assert list(mail.Mail().parts(tmp_path / "letter.eml", "x")) == []
    smime = HEAD + "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\nxx"
    assert "S/MIME signature" in read(tmp_path, smime).unread[0]
    inline = HEAD + "\nBefore\n-----BEGIN PGP MESSAGE-----\nabc\n-----END PGP MESSAGE-----\nAfter"
    document = read(tmp_path, inline)
    assert said(document) == [("paragraph", "Before"), ("paragraph", "After")] and document.unread


def test_nesting_is_bounded(tmp_path: Path) -> None:
    layers = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(3000))
    document = read(tmp_path, HEAD + layers + "\nDeep.")
    assert document.unread == ("parts nested more than 30 deep are not read",)
    many = (
        HEAD
        + "Content-Type: multipart/mixed; boundary=b\n\n"
        + "--b\nContent-Type: image/png\n\nx\n" * 20_000
    )
    assert "more than 10,000 parts" in read(tmp_path, many).unread[0]


def test_a_mail_that_is_cut_off(tmp_path: Path) -> None:
    message = letter()
    message.add_attachment(b"0123456789" * 100, maintype="application", subtype="pdf", filename="a.pdf")
    whole = message.as_bytes()
    for end in range(0, len(whole), 37):
        path = write(tmp_path, whole[:end])
        try:
            mail.Mail().parse(path, "x")
            for part in mail.Mail().parts(path, "x"):
                with mail.Mail().open(path, part.key) as file:
                    assert (b"0123456789" * 100).startswith(file.read())
        except ParseFailed:
            assert end < 120


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 100, b"just words without any header"])
def test_what_is_no_mail(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed):
        read(tmp_path, content)


def test_long_lists_of_people_are_cut_and_counted(tmp_path: Path) -> None:
    people = ",\n ".join(f"person{number}@example.org" for number in range(1000))
    shown = read(tmp_path, f"From: a@b\nTo: {people}\n\nHello").elements[0].text
    assert len(shown) < 2200 and shown.endswith(" more") and "person0@example.org" in shown


def test_saved_pages(tmp_path: Path) -> None:
    page = MIMEMultipart("related")
    page["Subject"] = "Saved"
    words = "Every pump has a valve that must be shut."
    text = f"<html><head><title>Pump care</title></head><body><p>{words}</p></body></html>"
    page.attach(MIMEText("p { color: red }", "css"))
    page.attach(MIMEText(text, "html", "utf-8"))
    document = mhtml.SavedPage().parse(write(tmp_path, page), "page.mhtml")
    assert document.title == "Pump care"
    assert [item.text for item in document.elements] == [words]
    with pytest.raises(ParseFailed, match="no web page in it"):
        mhtml.SavedPage().parse(write(tmp_path, letter()), "page.mhtml")
