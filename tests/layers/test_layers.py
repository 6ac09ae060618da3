"""The house rules of imports, also for imports inside functions."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
VOCABULARY = [
    *("errors", "access", "types", "chat", "results", "records", "people", "audit", "trace"),
    *("protocols", "settings", "registry"),
]
"""In the order in which each may import those before it."""

OUTSIDE = {
    "chat/provider.py": {"pydantic_ai"},
    "clients/": {"httpx"},
    "embedders/minilm.py": {"huggingface_hub", "numpy", "onnxruntime", "tokenizers"},
    "embedders/minilm_graph.py": {"numpy"},
    "exports/docx.py": {"docx"},
    "exports/fonts.py": {"reportlab"},
    "exports/pdf.py": {"reportlab"},
    "indexes/": {"faiss", "numpy", "tantivy", "threadpoolctl"},
    "journal/": {"numpy", "sqlalchemy"},
    "measures/": {"ir_measures"},
    "passwords/argon2.py": {"argon2"},
    "parsers/calamine.py": {"python_calamine"},
    "parsers/compound.py": {"olefile"},
    "parsers/data_yaml.py": {"yaml"},
    "parsers/grammars.py": {
        "tree_sitter",
        "tree_sitter_bash",
        "tree_sitter_c",
        "tree_sitter_c_sharp",
        "tree_sitter_cpp",
        "tree_sitter_go",
        "tree_sitter_java",
        "tree_sitter_javascript",
        "tree_sitter_php",
        "tree_sitter_python",
        "tree_sitter_ruby",
        "tree_sitter_rust",
        "tree_sitter_typescript",
    },
    "parsers/html.py": {"lxml", "trafilatura"},
    "parsers/rst": {"docutils"},
    "parsers/msg.py": {"olefile"},
    "parsers/xml.py": {"lxml"},
    "parsers/zipped.py": {"lxml"},
    "parsers/markdown.py": {"markdown_it"},
    "parsers/pdf.py": {"liteparse"},
    "parsers/pdf_inside.py": {"pypdfium2"},
    "parsers/pdfium.py": {"pypdfium2"},
    "parsers/text.py": {"charset_normalizer"},
    "providers/": {"httpx", "joserfc"},
    "renderers/pdfium.py": {"numpy", "pypdfium2"},
    "entailments/onnx.py": {"numpy"},
    "onnx/": {"huggingface_hub", "numpy", "onnxruntime", "tokenizers"},
    "rerankers/cross_encoder.py": {"numpy"},
    "sinks/": {"opentelemetry"},
    "sources/": {"pathspec"},
    "splitters/": {"semchunk"},
}
"""What each adapter stands for in the outside world; an entry that is not used fails as well."""


SHOWN = {
    "cli": {"rich"},
    "http": {"prometheus_client", "pydantic", "starlette", "uvicorn"},
    "api": {"fastapi", "pydantic", "starlette"},
    "mcp": {"mcp", "mcp_types", "pydantic", "starlette"},
    "web": {"jinja2", "markupsafe", "pydantic", "starlette"},
}
"""What each surface is made with."""


PATHS = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "cairn").rglob("*.py"))
}
"""By module."""


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(PATHS[module].read_text(encoding="utf-8"))


def modules() -> Iterator[tuple[str, ast.Module]]:
    for module in PATHS:
        yield module, parsed(module)


def imports(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Yield every imported module and whether the import stands inside a function."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((_target(node.module or "", alias.name), id(node) in inside) for alias in node.names)


def _target(module: str, name: str) -> str:
    path = SOURCE.joinpath(*module.split("."), name)
    return f"{module}.{name}" if path.with_suffix(".py").exists() or path.is_dir() else module


def layer(module: str) -> str:
    """Return the part of the house a module belongs to."""
    parts = module.split(".")
    if len(parts) == 1:
        return "root"
    if parts[1] in ("adapters", "flows", "surfaces"):
        return parts[1]
    if parts[1] == "__main__":
        return "surfaces"
    if parts[1] in ("grants", "session", "processes", "remote"):
        return "app"
    return "vocabulary" if parts[1] in VOCABULARY else parts[1]


MAY = {
    "vocabulary": {"vocabulary"},
    "adapters": {"vocabulary", "adapters"},
    "flows": {"vocabulary", "flows"},
    "app": {"root", "vocabulary", "flows", "app"},
    "operations": {"root", "vocabulary", "flows", "app", "operations"},
    "surfaces": {"vocabulary", "app", "operations", "surfaces"},
    "root": {"vocabulary", "app", "operations"},
}


@pytest.mark.parametrize("module", PATHS)
def test_imports(module: str) -> None:
    for target, inside in imports(parsed(module)):
        own = target.split(".")[0] == "cairn"
        if own:
            assert not inside, f"{module} imports {target} inside a function; only the registry is dynamic"
            _check_own(module, target)
        elif target.split(".")[0] not in sys.stdlib_module_names:
            _check_outside(module, target.split(".")[0])


def _check_own(module: str, target: str) -> None:
    here, there = layer(module), layer(target)
    assert there in MAY[here], f"{module} ({here}) may not import {target} ({there})"
    if here == there == "vocabulary":
        mine, theirs = (VOCABULARY.index(name.split(".")[1]) for name in (module, target))
        within = module.split(".")[1] == target.split(".")[1]
        assert theirs < mine or within, f"{module} stands before {target} in the vocabulary"
    if here == there and here in ("adapters", "flows", "surfaces") and len(module.split(".")) > 2:
        mine, theirs = module.split(".")[2], target.split(".")[2]
        assert mine == theirs or theirs in ("governance", "http", "onnx"), (
            f"{module} may not import its sibling {target}"
        )


def _check_outside(module: str, package: str) -> None:
    here = layer(module)
    if here == "adapters":
        path = "/".join(module.split(".")[2:]) + ".py"
        allowed = {name for place, names in OUTSIDE.items() if path.startswith(place) for name in names}
        assert package in allowed | {"numpy"}, f"{module} imports {package}: not what it stands for"
    elif here == "surfaces":
        surface = module.split(".")[2]
        assert package in SHOWN.get(surface, set()), f"{module} imports {package}"
    elif module == "cairn.trace":
        assert package == "opentelemetry"
    else:
        assert package == "numpy", f"{module} imports {package}: only adapters know the outside world"


def test_every_outside_library_named_here_is_used() -> None:
    used: dict[str, set[str]] = {place: set() for place in OUTSIDE}
    for module, tree in modules():
        path = "/".join(module.split(".")[2:]) + ".py"
        for place in OUTSIDE:
            if layer(module) == "adapters" and path.startswith(place):
                used[place] |= {target.split(".")[0] for target, _ in imports(tree)}
    for place, names in OUTSIDE.items():
        assert names <= used[place], f"{place} no longer needs {names - used[place]}"


def test_only_the_registry_imports_dynamically() -> None:
    for module, tree in modules():
        if module != "cairn.registry":
            for node in ast.walk(tree):
                called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
                assert called not in ("__import__", "import_module", "importlib.import_module"), module


def test_no_drawer() -> None:
    for module in PATHS:
        assert module.rpartition(".")[2] not in ("utils", "helpers", "common", "manager", "misc"), module


def test_files_and_functions_stay_short() -> None:
    for module, tree in modules():
        lines = PATHS[module].read_text(encoding="utf-8").count("\n")
        assert lines <= 400, f"{module} has {lines} lines"
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= 50, f"{module}: {node.name} has {length} lines"


def test_everything_public_says_what_it_is() -> None:
    for module, tree in modules():
        if any(isinstance(node, ast.stmt) for node in tree.body):
            assert ast.get_docstring(tree), f"{module} does not say what it is"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                documented = ast.get_docstring(node) or node.name.startswith("_") or node.decorator_list
                assert documented, f"{module}.{node.name} has no docstring"
