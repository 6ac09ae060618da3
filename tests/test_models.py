"""Changing the embedder: the old one serves until the new one can, whatever happens on the way."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import cairn
from cairn import settings
from cairn.adapters.indexes.local import LocalIndex
from cairn.errors import Denied, Invalid, Storage, Unknown
from cairn.flows.ingest import views
from cairn.operations import access, models
from cairn.results import Models
from cairn.session import Session

pytestmark = pytest.mark.usefixtures("here")

Run = Callable[[Awaitable[Any]], Any]
OLD, NEW = "hash", "hash:128"


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the library's own settings say which embedder."""
    monkeypatch.delenv("CAIRN_EMBEDDER")
    (tmp_path / "library").mkdir()
    written = tmp_path / "library" / "settings.toml"
    written.write_text('# ours\nembedder = "hash"\nper_document = 2\n')
    return written


@pytest.fixture
def filled(run: Run, folder: Path) -> Path:
    for name in ("otter", "heron", "toad"):
        (folder / f"{name}.md").write_text(f"The {name} sleeps in the den of the {name}s.")
    with cairn.open() as session:
        run(cairn.ingest(session, str(folder)))
    return folder


def nearest(session: Session, text: str) -> list[int]:
    (vector,) = session.app.embedder.embed([text])
    scope = session.grants.query(text, 3, cairn.Filters()).scope
    hits = session.app.index.vectors(vector, scope, 3)
    return [int(passage) for passage in hits.passages]


def kept(run: Run) -> dict[str, tuple[int, bool]]:
    with cairn.open() as session:
        found: Models = run(models.reembed(session))
    return {each.model: (each.vectors, each.serving) for each in found.models}


def test_another_embedder_serves_after_one_step(run: Run, filled: Path, chosen: Path) -> None:
    with cairn.open() as session:
        run(models.reembed(session, NEW))
        assert len(nearest(session, "otter")) == 3, "whoever has the library open goes on with the old one"
    assert chosen.read_text() == 'embedder = "hash:128"\n# ours\nper_document = 2\n'
    with cairn.open() as session:
        assert session.app.embedder.name == "hash-128" and len(nearest(session, "otter")) == 3
        status = run(cairn.status(session))
    assert status.vectors_current and status.words_current
    assert kept(run) == {"hash-64": (3, False), "hash-128": (3, True)}


def test_the_embedder_that_serves_is_not_taken_away(
    run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("what serves is dropped")

    monkeypatch.setattr(LocalIndex, "drop_vectors", refuse)
    with cairn.open() as session, cairn.open() as asking:
        run(models.reembed(session, OLD))
        assert len(nearest(asking, "otter")) == 3


def test_it_goes_on_where_it_was_stopped(run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "DOCUMENTS", 1)
    with cairn.open() as session, cairn.open() as asking:
        session.app.other(NEW).close()
        counted: list[int] = []

        def stop(stage: str, done: int, total: int) -> None:
            counted.append(total - done)
            if done == 2:
                raise KeyboardInterrupt

        stopped = Session(app=session.app, report=stop)
        with pytest.raises(KeyboardInterrupt):
            run(models.reembed(stopped, NEW))
        assert len(nearest(asking, "toad")) == 3
    assert kept(run) == {"hash-64": (3, True), "hash-128": (2, False)}
    with cairn.open() as session:
        counted.clear()
        run(models.reembed(Session(app=session.app, report=lambda *_: counted.append(_[2])), NEW))
    assert counted[0] == 1, "only what was missing"
    assert kept(run)["hash-128"] == (3, True)


def test_back_again_and_dropped(run: Run, filled: Path) -> None:
    with cairn.open() as session:
        run(models.reembed(session, NEW))
    (filled / "newt.md").write_text("The newt sleeps in the pond.")
    (filled / "toad.md").unlink()
    with cairn.open() as session:
        run(cairn.ingest(session, str(filled)))
        with pytest.raises(Invalid, match="in use"):
            run(models.reembed(session, NEW, drop=True))
        run(models.reembed(session, OLD))
    with cairn.open() as session:
        assert session.app.embedder.name == "hash-64" and len(nearest(session, "newt")) == 3
        run(models.reembed(session, NEW, drop=True))
    assert kept(run) == {"hash-64": (3, True)}
    assert not [path for path in (filled.parent / "library").glob("index/*128*/*")]


def test_who_may_and_what_is_refused(run: Run, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cairn.open() as session:
        run(access.access_add(session, "person:amina", []))
        with pytest.raises(Unknown):
            run(models.reembed(session, "nope"))
        with pytest.raises(Invalid):
            run(models.reembed(session, drop=True))
        monkeypatch.setenv("CAIRN_EMBEDDER", "hash")
        with pytest.raises(Invalid, match="unset it"):
            run(models.reembed(session, NEW))
    with cairn.open(as_="amina") as amina, pytest.raises(Denied):
        run(models.reembed(amina, NEW))


def test_a_setting_is_written_before_any_table(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").unlink(missing_ok=True)
    settings.write(tmp_path, "embedder", 'minilm:a "b"', {})
    assert settings.read(tmp_path, {}).embedder == 'minilm:a "b"'


def test_a_setting_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(Storage, match="cannot be written"):
        settings.write(tmp_path / "gone", "embedder", "hash", {})
