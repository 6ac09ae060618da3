"""The documentation cannot lie: what a page says is to be run does what the page says."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from mcp import Client, StdioServerParameters
from tests.models.server import ModelServer

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Block(NamedTuple):
    """What a page says is to be run."""

    kind: str
    """``run``, or ``serve`` where a server has to be there."""
    language: str
    code: str


def blocks(page: str) -> list[Block]:
    """Return what is run of a page, in order."""
    return [Block(*found) for found in re.findall(r"<!-- (run|serve) -->\n```(\w+)\n(.*?)```", page, re.S)]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def fenced(page: str) -> list[str]:
    """Return the languages of all blocks of a page that have one."""
    return re.findall(r"^```(\w+)$", page, re.M)


def run(code: str, place: Path, *, language: str = "sh", **environment: str) -> str:
    """Run code in ``place`` as a reader of its page would; return what it printed."""
    done = subprocess.run(
        ["sh", "-e"] if language == "sh" else [sys.executable, "-"],
        input=code,
        cwd=place,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stderr}"
    return done.stdout


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands of a page be those that are tested."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder in which the README's commands make sense."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "audit.md").write_text("# Audit 2018\n\nThe audit of 2018 found 12 missing invoices.\n")
    (folder / "plan.md").write_text("# Plan\n\nThe otter survey has a budget of EUR 4,200.\n")
    (folder / ".cairn-access").write_text("plan.md allow group:staff\n")
    return tmp_path


async def ask_configured(code: str, environment: Mapping[str, str]) -> str:
    """Ask as an assistant does that is configured so, with its library elsewhere."""
    (server,) = json.loads(code)["mcpServers"].values()
    server["env"] |= environment
    async with Client(StdioServerParameters(**server)) as client:
        answer = await client.call_tool("ask", {"question": "What did the 2018 audit find?"})
        return str(answer.content[0].text)


def test_every_snippet_of_the_readme_runs(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAIRN_EMBEDDER")
    monkeypatch.setenv("CAIRN_ANSWER_THRESHOLD", "0")
    snippets = blocks(README)
    assert {block.language for block in snippets} == {"sh", "python", "json"}
    for _, language, code in snippets:
        if language == "json":
            library = {"CAIRN_HOME": str(papers / "library")}
            assert "12 missing invoices. [1]" in asyncio.run(ask_configured(code, os.environ | library))
            continue
        said = run(code, papers, language=language, CAIRN_HOME=str(papers / ".cairn"))
        assert not re.search(r"^cairn ask", code, re.M) or "[1]" in said
        if language == "python":
            assert "12 missing invoices. [1] ['audit.md']" in said


def test_the_example_of_a_new_format_runs(tmp_path: Path) -> None:
    code = {block.language: block.code for block in blocks(page("new-format.md"))}
    (tmp_path / "ics.py").write_text(code["python"])
    told = tmp_path / "ics-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: ics\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(code["ini"])
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "may.ics").write_text(code["text"])
    said = run(code["sh"], tmp_path, PYTHONPATH=str(tmp_path))
    assert "may.ics, lines 3–4" in said, said


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_page_on_serving_runs(papers: Path) -> None:
    text = page("serving.md")
    there = blocks(text)
    assert len(there) == len(fenced(text))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (papers / "papers" / ".cairn-access").write_text("* allow everyone\n")
    steps = ["cairn ingest . --exclude .cairn\n", *(code for kind, _, code in there if kind == "run")]
    steps += [f"cairn serve --port {port} & SERVER=$!\ntrap 'kill $SERVER' EXIT\nexport TOKEN\n"]
    steps += [f"until curl -sf localhost:{port}/ready > /dev/null; do sleep 0.1; done\n"]
    for kind, language, code in there:
        if kind == "serve":
            steps.append(code if language == "sh" else f"python - <<'END'\n{code}END\n")
    script = "".join(steps).replace("8484", str(port))
    said = run(script, papers, CAIRN_HOME=str(papers / ".cairn"), CAIRN_ANSWER_THRESHOLD="0")
    assert "event: done" in said and '"uri":"amina/plan.md"' in said
    assert (papers / "original").read_text().startswith("# Audit 2018")
    assert "12 missing invoices. [1]\n" in said


def test_the_page_on_models_runs(papers: Path, models: ModelServer) -> None:
    text = page("models.md")
    there = blocks(text)
    assert len(there) == len(fenced(text))
    said = run("cairn ingest papers\n" + "".join(block.code for block in there), papers)
    assert re.search(r"ollama:qwen3 .* s .*a known price", said), said
    assert re.search(r"anthropic:claude-opus-4-8 .* s *$", said, re.M), said


def test_the_page_on_answers_runs(papers: Path) -> None:
    code = "".join(block.code for block in blocks(page("answers.md")))
    said = run("cairn ingest papers\n" + code, papers, CAIRN_ANSWER_THRESHOLD="0")
    assert said.count("12 missing invoices. [1]") == 3, said


def test_every_fenced_block_of_the_readme_is_run_or_a_picture() -> None:
    assert len(fenced(README)) == len(blocks(README))
