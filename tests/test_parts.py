"""Files within files, and files with the same words, from outside: found, kept from others, and gone."""

import io
import tarfile
import zipfile
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

import cairn
from cairn.errors import Unknown
from cairn.operations import access, documents
from cairn.results import Status
from cairn.session import Session

Run = Callable[[Awaitable[Any]], Any]
HOSTILE = ("../../escape.txt", "/etc/absolute.txt", "C:\\windows\\drive.txt", "a/../b.txt")


def zipped(**texts: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), text)
    return held.getvalue()


def uris(run: Run, session: Session, query: str, **options: Any) -> list[str]:
    return [evidence.uri for evidence in run(cairn.search(session, query, **options)).evidence]


def states(status: Status) -> dict[str, int]:
    (source,) = status.sources
    return dict(source.states)


def reasons(status: Status) -> dict[str, str]:
    return {uri: problem.reason for problem in status.sources[0].problems for uri in problem.examples}


def test_entries_are_documents_of_their_own(run: Run, session: Session, folder: Path) -> None:
    (folder / "supplier.zip").write_bytes(zipped(a_md="The otter sleeps.", terms__b_txt="The heron waits."))
    done = run(cairn.ingest(session, str(folder)))
    assert done.indexed == 3
    assert uris(run, session, "heron")[0] == "supplier.zip!/terms/b.txt"
    view = run(cairn.document(session, "supplier.zip"))
    assert [(other.how, other.uri) for other in view.related] == [
        ("part", "supplier.zip!/a.md"),
        ("part", "supplier.zip!/terms/b.txt"),
    ]
    assert run(cairn.document(session, "supplier.zip!/a.md")).related[0].how == "whole"
    assert run(cairn.ingest(session, str(folder))).unchanged == 1


def test_a_changed_archive_changes_its_entries(run: Run, session: Session, folder: Path) -> None:
    (folder / "s.zip").write_bytes(zipped(a_md="The otter sleeps.", b_md="The heron waits."))
    run(cairn.ingest(session, str(folder)))
    (folder / "s.zip").write_bytes(zipped(a_md="The otter swims.", c_md="The badger digs a den."))
    run(cairn.ingest(session, str(folder)))
    assert (
        uris(run, session, "swims")[0] == "s.zip!/a.md" and uris(run, session, "badger")[0] == "s.zip!/c.md"
    )
    assert not any("b.md" in uri for uri in uris(run, session, "heron"))
    assert states(run(cairn.status(session))) == {"indexed": 3, "deleted": 1}
    (folder / "s.zip").rename(folder / "t.zip")
    assert run(cairn.ingest(session, str(folder))).renamed == 1
    assert uris(run, session, "swims")[0] == "t.zip!/a.md"
    (folder / "t.zip").unlink()
    run(cairn.ingest(session, str(folder), prune=True))
    assert uris(run, session, "otter badger") == []


def test_a_broken_archive_takes_its_entries_with_it(run: Run, session: Session, folder: Path) -> None:
    (folder / "s.zip").write_bytes(zipped(a_md="The otter sleeps."))
    run(cairn.ingest(session, str(folder)))
    (folder / "s.zip").write_bytes(b"PK\x03\x04 and nothing more")
    run(cairn.ingest(session, str(folder)))
    assert states(run(cairn.status(session))) == {"failed": 1, "deleted": 1}
    assert uris(run, session, "otter") == []


def test_an_entry_has_its_archives_readers(run: Run, session: Session, folder: Path) -> None:
    run(access.access_add(session, "person:amina", ["group:staff"]))
    (folder / "s.zip").write_bytes(zipped(a_md="The otter sleeps."))
    (folder / ".cairn-access").write_text("* allow group:staff\n")
    run(cairn.ingest(session, str(folder)))
    with cairn.open(as_="amina") as amina:
        assert uris(run, amina, "otter") == ["s.zip!/a.md"]
        (folder / ".cairn-access").write_text("* allow group:board\n")
        run(cairn.ingest(session, str(folder)))
        assert uris(run, amina, "otter") == []
        with pytest.raises(Unknown):
            run(cairn.document(amina, "s.zip!/a.md"))


def test_an_archive_that_moves_takes_the_readers_of_its_new_place(
    run: Run, session: Session, folder: Path
) -> None:
    run(access.access_add(session, "person:amina", ["group:staff"]))
    for place in ("open", "closed"):
        (folder / place).mkdir()
    (folder / ".cairn-access").write_text("open/ allow group:staff\n")
    (folder / "open" / "s.zip").write_bytes(zipped(a_md="The otter sleeps.", b_md="The heron waits."))
    run(cairn.ingest(session, str(folder)))
    (folder / "open" / "s.zip").write_bytes(zipped(a_md="The otter sleeps."))
    run(cairn.ingest(session, str(folder)))
    with cairn.open(as_="amina") as amina:
        assert uris(run, amina, "otter") == ["open/s.zip!/a.md"]
        (folder / "open" / "s.zip").rename(folder / "closed" / "s.zip")
        assert run(cairn.ingest(session, str(folder))).renamed == 1
        assert uris(run, amina, "otter") == []
    assert uris(run, session, "otter") == ["closed/s.zip!/a.md"]
    # Another archive in the old place, with an entry that once was in the first: nothing stands in its way.
    (folder / "open" / "s.zip").write_bytes(zipped(b_md="The heron waits still."))
    assert run(cairn.ingest(session, str(folder))).failed == 0
    assert uris(run, session, "heron")[0] == "open/s.zip!/b.md"


def test_a_folder_named_like_an_archives_inside_is_left_out(run: Run, session: Session, folder: Path) -> None:
    (folder / "s.zip").write_bytes(zipped(a_md="The otter sleeps."))
    (folder / "s.zip!").mkdir()
    (folder / "s.zip!" / "a.md").write_text("The heron waits.")
    run(cairn.ingest(session, str(folder)))
    assert uris(run, session, "otter heron") == ["s.zip!/a.md"]
    assert "stands between a file" in reasons(run(cairn.status(session)))["s.zip!/"]


def test_forgetting_an_archive_forgets_what_is_in_it(run: Run, session: Session, folder: Path) -> None:
    (folder / "s.zip").write_bytes(zipped(a_md="The otter sleeps."))
    run(cairn.ingest(session, str(folder)))
    run(cairn.forget(session, "s.zip"))
    assert uris(run, session, "otter") == [] and states(run(cairn.status(session))) == {}


def test_archives_in_archives(run: Run, session: Session, folder: Path) -> None:
    inner = zipped(a_md="The otter sleeps.")
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for name, data in (("inner.zip", inner), ("notes/b.txt", b"The heron waits.")):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    (folder / "all.tar.gz").write_bytes(held.getvalue())
    run(cairn.ingest(session, str(folder)))
    assert uris(run, session, "otter")[0] == "all.tar.gz!/all.tar!/inner.zip!/a.md"
    assert uris(run, session, "heron")[0] == "all.tar.gz!/all.tar!/notes/b.txt"


def test_no_name_leads_out_of_an_archive(run: Run, session: Session, folder: Path, tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for number, name in enumerate(HOSTILE):
            archive.writestr(zipfile.ZipInfo(name), f"The otter sleeps in place {number}.")
    (folder / "h.zip").write_bytes(held.getvalue())
    before = {path for path in tmp_path.rglob("*") if "library" not in path.parts}
    run(cairn.ingest(session, str(folder)))
    assert before == {path for path in tmp_path.rglob("*") if "library" not in path.parts}
    found = uris(run, session, "otter", k=10)
    assert sorted(found) == [
        "h.zip!/a/b.txt",
        "h.zip!/escape.txt",
        "h.zip!/etc/absolute.txt",
        "h.zip!/windows/drive.txt",
    ]


def test_bombs_fail_alone(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAIRN_FILE_MB", "2")
    monkeypatch.setenv("CAIRN_ARCHIVE_MB", "8")
    monkeypatch.setenv("CAIRN_ARCHIVE_FILES", "50")
    monkeypatch.setenv("CAIRN_ARCHIVE_DEPTH", "1")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.txt", b"a " * 3_000_000)
        archive.writestr("good.md", "The otter sleeps.")
    (folder / "bomb.zip").write_bytes(held.getvalue())
    with zipfile.ZipFile(folder / "huge.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("huge.txt", bytes(9_000_000))
    (folder / "many.zip").write_bytes(zipped(**{f"f{n}_md": f"Number {n}." for n in range(60)}))
    nested = zipped(a_md="The heron waits.")
    for _ in range(3):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("inner.zip", nested)
        nested = held.getvalue()
    (folder / "deep.zip").write_bytes(nested)
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        assert uris(run, session, "otter") == ["bomb.zip!/good.md"]
        said = reasons(run(cairn.status(session)))
    assert "file_mb" in said["bomb.zip!/big.txt"] and "archive_mb" in said["huge.zip"]
    assert "archive_files" in said["many.zip"] and "archive_depth" in said["deep.zip!/inner.zip"]


def test_links_and_hidden_entries_say_that_they_are(run: Run, session: Session, folder: Path) -> None:
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "s.zip", "w") as archive:
        archive.writestr("a.md", "The otter sleeps.")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("__MACOSX/._a.md", "The otter sleeps on a Mac.")
        archive.writestr("../..", "The otter has no name.")
    with tarfile.open(folder / "t.tar", "w") as other:
        for name, kind in ((".a.md", tarfile.REGTYPE), ("l.md", tarfile.SYMTYPE), ("null", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            other.addfile(entry)
    done = run(cairn.ingest(session, str(folder)))
    assert uris(run, session, "otter") == ["s.zip!/a.md", "s.zip!/unnamed"]
    assert (done.skipped, done.failed) == (5, 0)
    said = reasons(run(cairn.status(session)))
    assert said["s.zip!/link.md"] == said["t.tar!/l.md"] == said["t.tar!/null"] == "it is a link or a device"
    assert said["s.zip!/__MACOSX/._a.md"] == said["t.tar!/.a.md"] == "it is hidden"
    assert run(cairn.ingest(session, str(folder))).skipped == 0, "they are not tried again"


def test_an_attachment_with_nothing_but_an_ending_is_read(run: Run, session: Session, folder: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Dens"
    mail.set_content("See the file.")
    mail.add_attachment("The otter sleeps.", filename=".txt")
    (folder / "m.eml").write_bytes(bytes(mail))
    run(cairn.ingest(session, str(folder)))
    assert uris(run, session, "otter sleeps")[0] == "m.eml!/txt"


def test_other_limits_read_again_what_failed_by_them(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep.zip", zipped(a_md="The heron waits."))
        archive.writestr("big.txt", "The otter sleeps. " * 100_000)
    (folder / "s.zip").write_bytes(inner.getvalue())
    monkeypatch.setenv("CAIRN_FILE_MB", "1")
    monkeypatch.setenv("CAIRN_ARCHIVE_DEPTH", "1")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        assert reasons(run(cairn.status(session))).keys() == {"s.zip!/deep.zip", "s.zip!/big.txt"}
    monkeypatch.delenv("CAIRN_FILE_MB")
    monkeypatch.delenv("CAIRN_ARCHIVE_DEPTH")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        assert reasons(run(cairn.status(session))) == {}
        assert uris(run, session, "heron")[0] == "s.zip!/deep.zip!/a.md"


def test_a_locked_entry_says_so(run: Run, session: Session, folder: Path) -> None:
    data = bytearray(zipped(a_md="The otter sleeps."))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1  # the flag of an encrypted entry
    (folder / "s.zip").write_bytes(bytes(data))
    run(cairn.ingest(session, str(folder)))
    assert reasons(run(cairn.status(session)))["s.zip!/a.md"] == "it is protected by a password"


def test_copies_show_once_and_only_to_their_readers(run: Run, session: Session, folder: Path) -> None:
    for name in ("amina", "tomas"):
        run(access.access_add(session, f"person:{name}", []))
    for place in ("open", "hr"):
        (folder / place).mkdir()
        (folder / place / "a.md").write_text("The otter sleeps in the den.")
    (folder / "hr" / "copy.md").write_text("The  otter sleeps\nin the DEN.")
    (folder / ".cairn-access").write_text("open/ allow person:amina person:tomas\nhr/ allow person:amina\n")
    run(cairn.ingest(session, str(folder)))
    with cairn.open(as_="tomas") as tomas, cairn.open(as_="amina") as amina:
        assert uris(run, tomas, "otter") == ["open/a.md"]
        assert [other.uri for other in run(cairn.document(tomas, "open/a.md")).related] == []
        assert len(uris(run, amina, "otter")) == 1
        copies = run(cairn.document(amina, "open/a.md")).related
        assert {(other.how, other.uri) for other in copies} == {("twin", "hr/a.md"), ("twin", "hr/copy.md")}
        # When the one that is shown goes, the next takes its place, for whoever may read that.
        (folder / "open" / "a.md").unlink()
        run(cairn.ingest(session, str(folder)))
        assert uris(run, tomas, "otter") == []
        assert uris(run, amina, "otter") == ["hr/a.md"]
        (folder / "hr" / "a.md").write_text("The heron waits.")
        run(cairn.ingest(session, str(folder)))
        assert uris(run, amina, "otter")[0] == "hr/copy.md"
        (folder / ".cairn-access").write_text("hr/copy.md allow person:tomas\n")
        run(cairn.ingest(session, str(folder)))
        assert uris(run, amina, "otter") == []
        assert uris(run, tomas, "otter") == ["hr/copy.md"]


def test_retry_reads_again(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.md").write_text("The otter sleeps. " * 100)
    (folder / "b.md").write_text("The heron waits.")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
        version = run(cairn.document(session, "b.md")).version
        assert run(documents.retry(session)).documents == 0
        done = run(documents.retry(session, "b.md"))
        assert done.documents == 1 and done.ingested[0].indexed == 1
        assert run(cairn.document(session, "b.md")).version == version
