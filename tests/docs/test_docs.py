"""The documentation cannot lie: every snippet of the README runs, everything is in the reference."""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from bench import reference
from mcp import Client, StdioServerParameters
from tests.models.server import ModelServer

from cairn import registry
from cairn.operations import OPERATIONS
from cairn.settings import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"<!-- run -->\n```(\w+)\n(.*?)```", README, re.S)


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """Return a folder in which the README's commands make sense."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "audit.md").write_text("# Audit 2018\n\nThe audit of 2018 found 12 missing invoices.\n")
    (folder / "plan.md").write_text("# Plan\n\nThe otter survey has a budget of EUR 4,200.\n")
    (folder / ".cairn-access").write_text("plan.md allow group:staff\n")
    return tmp_path


async def ask_configured(code: str, environment: dict[str, str]) -> str:
    """Ask as an assistant does that is configured so, with its library elsewhere."""
    (server,) = json.loads(code)["mcpServers"].values()
    server["env"] |= environment
    async with Client(StdioServerParameters(**server)) as client:
        answer = await client.call_tool("ask", {"question": "What did the 2018 audit find?"})
        return str(answer.content[0].text)


def test_every_snippet_of_the_readme_runs(papers: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CAIRN_EMBEDDER"} | {
        "CAIRN_HOME": str(papers / ".cairn"),
        "CAIRN_ANSWER_THRESHOLD": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    assert {language for language, _ in SNIPPETS} == {"sh", "python", "json"}
    for language, code in SNIPPETS:
        if language == "json":
            library = {"CAIRN_HOME": str(papers / "library")}
            assert "12 missing invoices. [1]" in asyncio.run(ask_configured(code, environment | library))
            continue
        command = ["sh", "-e"] if language == "sh" else [sys.executable, "-"]
        done = subprocess.run(
            command, input=code, cwd=papers, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        assert not re.search(r"^cairn ask", code, re.M) or "[1]" in done.stdout
        if language == "python":
            assert "12 missing invoices. [1] ['audit.md']" in done.stdout


def test_the_example_of_a_new_format_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "new-format.md").read_text(encoding="utf-8")
    blocks = {
        language: code for language, code in re.findall(r"<!-- run -->\n```(\w+)\n(.*?)```", page, re.S)
    }
    (tmp_path / "ics.py").write_text(blocks["python"])
    told = tmp_path / "ics-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: ics\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(blocks["ini"])
    (tmp_path / "diary").mkdir()
    (tmp_path / "diary" / "may.ics").write_text(blocks["text"])
    environment = os.environ | {
        "CAIRN_HOME": str(tmp_path / "library"),
        "PYTHONPATH": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["sh", "-e"],
        input=blocks["sh"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "may.ics, lines 3–4" in done.stdout, done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_page_on_serving_runs(papers: Path) -> None:
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- (run|serve) -->\n```(\w+)\n(.*?)```", page, re.S)
    assert len(blocks) == len(re.findall(r"^```\w+$", page, re.M))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (papers / "papers" / ".cairn-access").write_text("* allow everyone\n")
    steps = ["cairn ingest . --exclude .cairn\n", *(code for kind, _, code in blocks if kind == "run")]
    steps += [f"cairn serve --port {port} & SERVER=$!\ntrap 'kill $SERVER' EXIT\nexport TOKEN\n"]
    steps += [f"until curl -sf localhost:{port}/ready > /dev/null; do sleep 0.1; done\n"]
    for kind, language, code in blocks:
        if kind == "serve":
            steps.append(code if language == "sh" else f"python - <<'END'\n{code}END\n")
    environment = os.environ | {
        "CAIRN_HOME": str(papers / ".cairn"),
        "CAIRN_ANSWER_THRESHOLD": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = "".join(steps).replace("8484", str(port))
    done = subprocess.run(
        ["sh", "-e"], input=script, cwd=papers, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "event: done" in done.stdout and '"uri":"amina/plan.md"' in done.stdout
    assert (papers / "original").read_text().startswith("# Audit 2018")
    assert "12 missing invoices. [1]\n" in done.stdout


def test_the_page_on_models_runs(papers: Path, models: ModelServer) -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- run -->\n```sh\n(.*?)```", page, re.S)
    assert len(blocks) == len(re.findall(r"^```\w+$", page, re.M))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-e"],
        input="cairn ingest papers\n" + "".join(blocks),
        cwd=papers,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"ollama:qwen3 .* s .*a known price", done.stdout), done.stdout
    assert re.search(r"anthropic:claude-opus-4-8 .* s *$", done.stdout, re.M), done.stdout


def test_the_page_on_answers_runs(papers: Path) -> None:
    page = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"<!-- run -->\n```sh\n(.*?)```", page, re.S)
    environment = os.environ | {
        "CAIRN_ANSWER_THRESHOLD": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["sh", "-e"],
        input="cairn ingest papers\n" + "".join(blocks),
        cwd=papers,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("12 missing invoices. [1]") == 3, done.stdout


def test_every_fenced_block_of_the_readme_is_run_or_a_picture() -> None:
    fenced = re.findall(r"^```(\w*)$", README, re.M)
    assert len([language for language in fenced if language]) == len(SNIPPETS)


def test_the_reference_is_what_the_code_says() -> None:
    written = reference.PATH.read_text(encoding="utf-8")
    assert written == reference.reference(), "run: python -m bench.reference"


def test_every_operation_setting_and_adapter_is_in_the_reference() -> None:
    text = reference.PATH.read_text(encoding="utf-8")
    for operation in OPERATIONS:
        assert f"`cairn {operation.name.replace('.', ' ')}`" in text
    for setting in SETTINGS:
        assert f"| `{setting.name}` |" in text
    for kind, known in registry.BUILT_INS.items():
        for name in known:
            assert f"| {kind} | `{name}` |" in text


def test_make_lists_what_the_readme_names() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "ARCHITECTURE.md",
        "LOG.md",
        "docs/reference.md",
        "docs/new-format.md",
        "docs/serving.md",
        "docs/models.md",
        "docs/answers.md",
    ],
)
def test_nothing_points_nowhere(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{name} points to {target}"


def test_the_architecture_names_what_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:adapters|flows|surfaces|operations|tests)/[\w/]+(?:\.py)?/?)`", text):
        roots = (ROOT / "src" / "cairn", ROOT)
        if "KIND" not in path:
            assert any((root / path).exists() for root in roots), path
