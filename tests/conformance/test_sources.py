"""What every source must do, and what each does by itself."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from cairn import registry
from cairn.access import EVERYONE, NOBODY, Readers
from cairn.errors import Invalid, Unavailable
from cairn.protocols import Source
from cairn.records import Known
from cairn.types import Blob, Change, Deleted, Regranted, State, Upserted

Put = Callable[[dict[str, str]], Source]
"""Makes a source that holds exactly these texts."""


@pytest.fixture(params=["files", "corpus"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    if request.param == "files":
        return lambda texts: _files(tmp_path / "files", texts)
    return lambda texts: _corpus(tmp_path / "corpus.jsonl", texts)


def _files(folder: Path, texts: dict[str, str]) -> Source:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        if not (folder / name).exists() or (folder / name).read_text() != text:
            (folder / name).write_text(text)
    source: Source = registry.load("sources", f"files:{folder}")
    return source


def _corpus(path: Path, texts: dict[str, str]) -> Source:
    path.write_text(
        "".join(json.dumps({"_id": name.removesuffix(".md"), "text": t}) + "\n" for name, t in texts.items())
    )
    source: Source = registry.load("sources", f"corpus:{path}")
    return source


def apply(known: dict[str, Known], changes: Iterable[Change]) -> list[str]:
    """Do to ``known`` what the changes say; return what they were."""
    said = []
    for change in changes:
        match change:
            case Upserted(blob=blob):
                known[blob.uri] = Known(blob.fingerprint, blob.readers)
                said.append(f"+{blob.uri}")
            case Deleted(uri=uri):
                del known[uri]
                said.append(f"-{uri}")
            case Regranted(uri=uri, readers=readers):
                known[uri] = known[uri]._replace(readers=readers)
                said.append(f"r{uri}")
    return sorted(said)


def test_only_what_differs_is_reported(put: Put) -> None:
    known: dict[str, Known] = {}
    assert apply(known, put({"a.md": "one", "b.md": "two"}).changes(known)) == ["+a.md", "+b.md"]
    assert apply(known, put({"a.md": "one", "b.md": "two"}).changes(known)) == []
    assert apply(known, put({"a.md": "one more", "c.md": "three"}).changes(known)) == [
        "+a.md",
        "+c.md",
        "-b.md",
    ]


def test_an_item_is_fetched_as_a_file(put: Put) -> None:
    source = put({"a.md": "Größe\n\n| a | b |"})
    with source.fetch("a.md") as path:
        assert path.read_text(encoding="utf-8") == "Größe\n\n| a | b |"


def test_without_rules_only_the_owner_reads(put: Put) -> None:
    (change,) = put({"a.md": "text"}).changes({})
    assert isinstance(change, Upserted) and change.blob.readers == NOBODY


@pytest.mark.parametrize("kind", ["files", "corpus"])
def test_a_place_that_is_gone_says_so(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        list(registry.load("sources", f"{kind}:{tmp_path / 'nowhere'}").changes({}))


def test_a_broken_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"_id": "a", "text": "x"}\n{"_id": 7}\n')
    with pytest.raises(Invalid, match=r"corpus.jsonl:2"):
        list(registry.load("sources", f"corpus:{path}").changes({}))


# --- files ------------------------------------------------------------------------------------


def blobs(folder: Path, **options: Sequence[str]) -> dict[str, Blob]:
    changes = registry.load("sources", f"files:{folder}", **options).changes({})
    return {change.blob.uri: change.blob for change in changes if isinstance(change, Upserted)}


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")


def test_folders_are_walked_and_hidden_ones_left_out(folder: Path) -> None:
    write(folder, "a.md", "sub/deep/b.md", ".hidden/c.md", "sub/.d.md")
    assert sorted(blobs(folder)) == ["a.md", "sub/deep/b.md"]


def test_patterns_include_and_exclude(folder: Path) -> None:
    write(folder, "a.md", "a.txt", "drafts/b.md", "sub/drafts/c.md")
    assert sorted(blobs(folder, include=["*.md"])) == ["a.md", "drafts/b.md", "sub/drafts/c.md"]
    assert sorted(blobs(folder, exclude=["drafts/", "*.txt"])) == ["a.md"]


def test_links_are_not_followed_even_in_a_loop(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("not in the folder")
    write(folder, "sub/a.md")
    (folder / "sub/up").symlink_to(folder)
    (folder / "out.md").symlink_to(secret)
    (folder / "broken.md").symlink_to(folder / "nothing")
    found = blobs(folder)
    assert found.pop("sub/a.md").state is State.PENDING
    assert {blob.state for blob in found.values()} == {State.SKIPPED}
    assert sorted(found) == ["broken.md", "out.md", "sub/up"]


def test_a_name_that_is_no_text_and_a_pipe_have_a_reason(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff.md"))).write_text("text")
    os.mkfifo(folder / "pipe")
    found = blobs(folder)
    assert [(blob.state, blob.reason) for _, blob in sorted(found.items())] == [
        (State.FAILED, "its name is not UTF-8"),
        (State.SKIPPED, "not a regular file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_failed_and_kept(folder: Path) -> None:
    write(folder, "a.md", "sub/b.md")
    known = {uri: Known(blob.fingerprint, blob.readers) for uri, blob in blobs(folder).items()}
    (folder / "a.md").chmod(0)
    (folder / "sub").chmod(0)
    changes = list(registry.load("sources", f"files:{folder}").changes(known))
    (folder / "sub").chmod(0o700)
    assert not [change for change in changes if isinstance(change, Deleted)]
    assert sorted(change.blob.uri for change in changes if isinstance(change, Upserted)) == ["a.md", "sub/"]


RULES = """
# the last line that matches decides
*              allow everyone
hr/            allow group:hr deny person:tomas
hr/**/*.pdf    allow group:hr person:ruth require group:cleared   # and more
"two words/"   allow group:a group:b
"""


def test_the_last_matching_rule_decides(folder: Path) -> None:
    (folder / ".cairn-access").write_text(RULES)
    write(folder, "a.md", "hr/b.md", "hr/x/c.pdf", "two words/d.md")
    readers = {uri: blob.readers for uri, blob in blobs(folder).items()}
    assert readers == {
        "a.md": Readers(allow=frozenset({EVERYONE})),
        "hr/b.md": Readers(allow=frozenset({"group:hr"}), deny=frozenset({"person:tomas"})),
        "hr/x/c.pdf": Readers(
            allow=frozenset({"group:hr", "person:ruth"}), require=frozenset({"group:cleared"})
        ),
        "two words/d.md": Readers(allow=frozenset({"group:a", "group:b"})),
    }


def test_a_folder_may_have_rules_of_its_own(folder: Path) -> None:
    (folder / ".cairn-access").write_text("* allow everyone")
    write(folder, "a.md", "sub/b.md", "sub/deep/c.md")
    (folder / "sub/.cairn-access").write_text("/deep/ allow group:few")
    readers = {uri: blob.readers.allow for uri, blob in blobs(folder).items()}
    assert readers == {"a.md": {EVERYONE}, "sub/b.md": {EVERYONE}, "sub/deep/c.md": {"group:few"}}


def test_new_rules_regrant_without_reading_anything_again(folder: Path) -> None:
    write(folder, "a.md", "b.md")
    source = registry.load("sources", f"files:{folder}")
    known: dict[str, Known] = {}
    apply(known, source.changes(known))
    (folder / ".cairn-access").write_text("a.md allow everyone")
    assert apply(known, source.changes(known)) == ["ra.md"]
    (folder / ".cairn-access").unlink()
    assert apply(known, source.changes(known)) == ["ra.md"] and known["a.md"].readers == NOBODY


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        ("*.md", 5, "say who"),
        ("* permit everyone", 3, "'permit' stands where"),
        ("* allow", 3, "nobody is named"),
        ("* allow deny person:a", 3, "nobody is named"),
        ("* allow staff", 9, "not everyone, person:NAME or group:NAME"),
        ("* allow group:", 9, "not everyone, person:NAME or group:NAME"),
        ("!a.md allow everyone", 1, "cannot begin with '!'"),
        ('"a.md allow everyone', 1, "quotation mark"),
        ('a"b.md allow "x', 14, "quotation mark"),
        ("/ allow everyone", 1, "can match"),
    ],
)
def test_a_mistake_in_the_rules_has_line_and_column(folder: Path, line: str, column: int, said: str) -> None:
    (folder / ".cairn-access").write_text(f"# rules\n\n{line}\n")
    write(folder, "a.md")
    with pytest.raises(Invalid, match=said) as error:
        blobs(folder)
    assert f".cairn-access:3:{column}:" in str(error.value)
