"""The command line as a person meets it: what is printed, what is said, how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CAIRN = [sys.executable, "-m", "cairn"]


def cairn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CAIRN, *arguments], capture_output=True, text=True, env=os.environ | environment, check=False
    )


def as_json(*arguments: str) -> Any:
    done = cairn(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a library made by commands, for each test to have a copy of."""
    folder, home = (tmp_path_factory.mktemp(name) for name in ("documents", "library"))
    (folder / "audit.md").write_text("# Audit 2018\n\nThe audit found 12 missing invoices in Ostrel.\n")
    (folder / ".cairn-access").write_text("* allow everyone\n")
    settings = {"CAIRN_HOME": str(home), "CAIRN_EMBEDDER": "hash", "CAIRN_WORKERS": "1"}
    assert cairn("access", "add", "person:amina", **settings).returncode == 0
    assert cairn("ingest", str(folder), **settings).returncode == 0
    return home


@pytest.fixture
def library(made: Path) -> None:
    shutil.copytree(made, os.environ["CAIRN_HOME"])


def test_a_question_is_answered_with_file_and_place(library: None) -> None:
    done = cairn("ask", "How many invoices did the audit find missing?", CAIRN_ANSWER_THRESHOLD="0")
    assert "12 missing invoices in Ostrel. [1]" in done.stdout
    assert re.search(r"\[1\] audit\.md, line 3\n", done.stdout) and "% sure" in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_the_documented_result(library: None) -> None:
    found = as_json("search", "missing invoices", "-k", "1")
    (evidence,) = found["evidence"]
    assert set(evidence) == {
        "id",
        "kind",
        "uri",
        "title",
        "text",
        "locators",
        "scores",
        "context",
        "document",
    }
    assert evidence["uri"] == "audit.md" and evidence["locators"][0]["lines"] == [1, 1]
    answer = as_json("ask", "missing invoices", "--as", "amina")
    assert {"text", "abstained", "claims", "evidence", "trace"} <= set(answer)
    status = as_json("status")
    assert status["sources"][0]["states"] == {"indexed": 1} and status["words_current"]
    assert as_json("document", "audit.md")["title"] == "Audit 2018"
    assert as_json("trace", answer["trace"], "--as", "amina")["steps"][0]["name"] == "ask"
    assert as_json("access", "explain", "amina", "audit.md")["allowed"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "anything", "--as", "nobody"],
        ["document", "nothing.md"],
        ["ingest", "/no/such/folder"],
        ["forget", "nothing.md"],
        ["access", "add", "amina"],
        ["trace", "0"],
        ["ingest", ".", "--as", "amina"],
        ["evaluate", "."],
        ["search", "x", "-k", "0"],
    ],
)
def test_an_error_is_one_line_with_the_way_out(library: None, arguments: list[str]) -> None:
    done = cairn(*arguments)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("cairn: ") and done.stderr.count("\n") == 1


def test_no_library_is_said_and_none_is_made(tmp_path: Path) -> None:
    done = cairn("ask", "anything", CAIRN_HOME=str(tmp_path / "none"))
    assert done.returncode == 1 and "cairn ingest FOLDER" in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CAIRN_EMBEDDER", "nope", "known: hash, minilm"),
        ("CAIRN_INDEX", "nope", "known: local"),
        ("CAIRN_PASSAGE_TOKENS", "many", "must be of type int"),
    ],
)
def test_a_wrong_setting_says_what_is_known(library: None, name: str, value: str, said: str) -> None:
    done = cairn("status", **{name: value})
    assert done.returncode == 1 and said in done.stderr


def test_text_of_documents_cannot_control_the_terminal(folder: Path) -> None:
    (folder / "evil.md").write_text(
        "# [red]Evil[/red]\n\nThe otter \x1b[31mis red\x1b[0m [bold]now[/bold].\n"
    )
    cairn("ingest", str(folder))
    done = cairn("search", "otter", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[31mis" not in done.stdout and "[bold]now[/bold]" in done.stdout


def _interruptible() -> None:
    """Take ctrl-C as a terminal's program does; what runs in the background was started without."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_is_not_an_accident(folder: Path) -> None:
    for number in range(300):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n" + "The otter sleeps. " * 200)
    running = subprocess.Popen(
        [*CAIRN, "ingest", str(folder)], stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible
    )
    _until((Path(os.environ["CAIRN_HOME"]) / "journal.db").exists, every=0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130 and "Traceback" not in said and "stopped" in said
    assert cairn("ingest", str(folder)).returncode == 0
    assert as_json("status")["sources"][0]["states"] == {"indexed": 300}


def test_evaluate_measures_and_holds_to_minima(library: None, tmp_path: Path) -> None:
    golden = {
        "id": "g1",
        "question": "How many invoices did the audit find missing?",
        "as": "amina",
        "answerable": True,
        "facts": ["12"],
        "documents": ["audit.md"],
        "quotes": ["12 missing invoices"],
    }
    place = tmp_path / "golden"
    place.mkdir()
    (place / "golden.jsonl").write_text(json.dumps(golden) + "\n")
    os.environ["CAIRN_ANSWER_THRESHOLD"] = "0"
    try:
        done = cairn("evaluate", str(place), "--min", "answered=1")
        assert done.returncode == 0 and re.search(r"answered\s+1\.000", done.stdout)
        assert cairn("evaluate", str(place), "--min", "abstained=1").returncode == 1
        leak = golden | {"as": "owner", "may_not": ["amina"]}
        (place / "golden.jsonl").write_text(json.dumps(leak) + "\n")
        done = cairn("evaluate", str(place))
        assert done.returncode == 1 and "may not read" in done.stdout
    finally:
        del os.environ["CAIRN_ANSWER_THRESHOLD"]
    assert json.loads((Path(os.environ["CAIRN_HOME"]) / "evaluation.json").read_text())["measures"]


def test_evaluate_ranks_a_test_set(library: None, tmp_path: Path) -> None:
    pytest.importorskip("ir_measures", reason="the extra `evaluate` is not installed")
    place = tmp_path / "set"
    place.mkdir()
    documents = [{"_id": "d1", "text": "The otter sleeps."}, {"_id": "d2", "text": "The heron waits."}]
    (place / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents))
    (place / "queries.jsonl").write_text('{"_id": "q1", "text": "heron"}\n')
    (place / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td2\t1\n")
    assert as_json("evaluate", str(place))["measures"] == {"nDCG@10": 1, "MRR@10": 1, "recall@100": 1}


def test_watching_keeps_going(folder: Path) -> None:
    (folder / "a.md").write_text("The otter sleeps.")
    watching = subprocess.Popen(
        [*CAIRN, "ingest", str(folder), "--watch"],
        env=os.environ | {"CAIRN_WATCH_SECONDS": "0.2"},
        stderr=subprocess.PIPE,
        preexec_fn=_interruptible,
    )
    try:
        _until(lambda: cairn("search", "otter", "--json").stdout.count("a.md") > 0)
        (folder / "b.md").write_text("The heron waits.")
        _until(lambda: "b.md" in cairn("search", "heron", "--json").stdout)
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=20)
        assert watching.returncode == 130


def _until(true: Callable[[], bool], *, every: float = 0.5) -> None:
    for _ in range(int(30 / every)):
        if true():
            return
        time.sleep(every)
    raise AssertionError("it did not come about")


def test_a_report_is_shown_or_written_to_a_file(library: None, tmp_path: Path) -> None:
    asked = ("ask", "--report", "How many invoices did the audit find missing, and where?")
    settings = {"CAIRN_ANSWER_THRESHOLD": "0"}
    shown = cairn(*asked, **settings).stdout
    assert "12 missing invoices in Ostrel. [1]" in shown and "Limits" in shown
    assert re.search(r"\[1\] Audit 2018: audit\.md, line 3\n", shown)
    for name, begins in (("report.pdf", b"%PDF"), ("report.docx", b"PK"), ("report.md", b"# How many")):
        done = cairn(*asked, "--output", str(tmp_path / name), **settings)
        assert done.returncode == 0 and not done.stdout, done.stderr
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert cairn(*asked, "--format", "markdown", **settings).stdout.startswith("# How many")
    assert (
        json.loads(cairn(*asked, "--format", "json", **settings).stdout)["references"][0]["uri"] == "audit.md"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "pdf"), "say where it goes: --output FILE"),
        (("--output", "report.txt"), "tells no format"),
        (("--format", "papyrus"), "known: docx, markdown, pdf"),
        (("--output", "/nowhere/report.md"), "cannot be written"),
    ],
)
def test_a_form_that_cannot_be_is_refused_in_one_line(
    library: None, options: tuple[str, ...], said: str
) -> None:
    done = cairn("report", "What did the audit find?", *options)
    assert done.returncode == 1 and said in done.stderr and done.stderr.count("\n") == 1


def test_a_group_by_itself_shows_what_it_is_about(library: Path) -> None:
    alone, whole = cairn("costs", "--days", "7"), cairn("costs", "show", "--days", "7")
    assert alone.returncode == 0 and alone.stdout == whole.stdout != ""
    assert as_json("access") == as_json("access", "list")
    about = cairn("costs", "--help").stdout
    assert "cairn costs show" in about and "audit" in about and cairn("costs", "shw").returncode == 2
