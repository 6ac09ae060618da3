"""The documentation cannot lie: everything is in the reference, and nothing points nowhere."""

import re
from pathlib import Path

import pytest
from bench import reference

from cairn import registry
from cairn.operations import OPERATIONS
from cairn.settings import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
