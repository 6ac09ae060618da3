"""Every surface offers every operation, with every parameter; none offers more."""

import argparse
import inspect
import json
import subprocess
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import cairn
from cairn.app import App
from cairn.operations import OPERATIONS, Operation, Say
from cairn.surfaces.api import site
from cairn.surfaces.cli import files
from cairn.surfaces.cli.main import build


def commands() -> dict[str, set[str]]:
    """Return the options and arguments of every command."""
    found: dict[str, set[str]] = {}

    def walk(parser: argparse.ArgumentParser, name: str) -> None:
        below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        for key, command in below[0].choices.items() if below else ():
            walk(command, f"{name}.{key}" if name else key)
        if not below:
            found[name] = {action.dest for action in parser._actions} - {"help"}

    walk(build(), "")
    return found


def test_the_command_line_is_the_operations() -> None:
    expected = {
        operation.name: {*list(inspect.signature(operation.run).parameters)[1:], "as_", "json_"}
        for operation in OPERATIONS
    }
    for name in files.COMMANDS:
        expected[name] |= {"format", "output"}
    assert commands() == expected


def test_the_http_api_is_the_operations(tmp_path: Path) -> None:
    described = site.build(App(home=tmp_path)).openapi()
    for operation in OPERATIONS:
        path = f"/{operation.name.replace('.', '/')}"
        assert (path in described["paths"]) is operation.opens, path
        if operation.opens:
            body = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
            shape = described["components"]["schemas"][body["$ref"].rpartition("/")[2]]
            said = set(list(inspect.signature(operation.run).parameters)[1:])
            assert shape.get("properties", {}).keys() == said, path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_is_documented_and_typed(operation: Operation) -> None:
    assert inspect.iscoroutinefunction(operation.run) and operation.run.__doc__
    hints = get_type_hints(operation.run, include_extras=True)
    for name in list(inspect.signature(operation.run).parameters)[1:]:
        assert any(isinstance(extra, Say) for extra in get_args(hints[name])), name
    result = hints["return"]
    assert is_dataclass(result) or is_dataclass(get_args(result)[0])


def test_the_library_offers_the_common_operations() -> None:
    for operation in OPERATIONS:
        if operation.name in ("ingest", "search", "ask", "report", "document", "status", "forget"):
            assert getattr(cairn, operation.name) is operation.run


def test_help_is_quick_to_say_because_it_loads_no_engine() -> None:
    program = "import sys, json, cairn.surfaces.cli.main; print(json.dumps(sorted(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {
        "faiss",
        "tantivy",
        "onnxruntime",
        "sqlalchemy",
        "trafilatura",
        "liteparse",
        "rich",
        "anthropic",
        "argon2",
        "fastapi",
        "httpx",
        "openai",
        "prometheus_client",
        "pydantic",
        "pydantic_ai",
        "starlette",
    }
    assert not heavy & set(json.loads(loaded.stdout))
