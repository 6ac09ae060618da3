"""Source code: symbols with their comments and their lines, in every language; hostile code stays cheap."""

import re
import time
from pathlib import Path

import pytest

from cairn.adapters.parsers import code
from cairn.errors import ParseFailed
from cairn.types import Document, Element

PYTHON = '''"""Pumps: how they are started.

They move water.
"""

import os

LIMIT = 3


class Pump(Machine):
    """A pump."""

    speed = 1

    @property
    def state(self) -> str:
        """Say how it is.

        Never empty.
        """
        return "on"

    # Starts it,
    # slowly.
    def start(self, speed: int = 3) -> None:
        self.speed = speed


async def main() -> None:
    await run()


main()
'''
JAVASCRIPT = """/** Everything about pumps. */
import { x } from "y";

/** A pump. */
export default class Pump extends Machine {
  start(speed) {
    this.speed = speed;
  }
}

// Adds two numbers.
export const add = (a, b) => {
  return a + b;
};
"""
TYPESCRIPT = """export interface Speed {
  value: number;
}

@Component()
export class Pump {
  stop = (): void => {
    this.speed = 0;
  };
}
"""
JAVA = """package org.example;

/**
 * A pump, see {@link Valve}.
 */
@Entity
public class Pump {
    // Starts it.
    @Override
    public void run() {
        go();
    }
}
"""
GO = """// Package pump moves water.
package pump

// Start starts it.
func (p *Pump) Start(speed int) error {
	return nil
}
"""
RUST = """/// A pump.
#[derive(Debug)]
pub struct Pump {
    speed: u32,
}

impl Display for Pump {
    /// Writes it.
    fn fmt(&self) -> Result {
        ok()
    }
}
"""
C = """#include <stdio.h>

/* A pump. */
typedef struct {
    int speed;
} Pump;

/** Starts it. */
static int
start(Pump *p)
{
    return 0;
}
"""
CPP = """namespace plant {
/// A pump.
template <typename T>
class Pump : public Machine<T> {
public:
    // Starts it.
    void start() { }
};
}
"""
CSHARP = """namespace Plant
{
    /// <summary>A pump.</summary>
    [Serializable]
    public class Pump
    {
        /// <summary>Starts it.</summary>
        public int Start(int speed)
        {
            return speed;
        }
    }
}
"""
RUBY = """module Plant
  # A pump.
  class Pump < Machine
    # Starts it.
    def start(speed)
      @speed = speed
    end
  end
end
"""
PHP = """<?php
/** A pump. */
final class Pump
{
    /** Starts it. */
    public function start(int $speed): void
    {
        go();
    }
}
"""
SHELL = """#!/usr/bin/env bash
# Starts the pump.

set -e

# Says a line.
say() {
  echo "$1"
}
"""
TSX = """// Shows a pump.
export function Pump(props: Props) {
  return <div className="pump">{props.name}</div>;
}
"""


def parse(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    document = code.load("").parse(path, name)
    for item in document.elements:
        check(item)
    return document


def check(item: Element) -> None:
    """Anchors cover the text without gap or overlap; nothing in it is untidy."""
    assert item.text.strip() and item.anchors[0].start == 0 and item.anchors[-1].end == len(item.text)
    assert all(one.end == two.start for one, two in zip(item.anchors, item.anchors[1:], strict=False))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0\xad]", item.text)
    assert (item.level > 0) == (item.kind == "heading")


def outline(document: Document) -> list[tuple[int, str]]:
    return [(item.level, item.text) for item in document.elements if item.kind == "heading"]


def under(document: Document, *heading: str) -> list[tuple[str, str]]:
    return [
        (item.kind, item.text) for item in document.elements if item.anchors[0].locator.heading == heading
    ]


def test_python(tmp_path: Path) -> None:
    document = parse(tmp_path, "plant/pump.py", PYTHON)
    assert document.title == "pump.py"
    assert document.metadata["description"] == "Pumps: how they are started."
    assert outline(document) == [
        (1, "class Pump(Machine)"),
        (2, "def state(self) -> str"),
        (2, "def start(self, speed: int = 3) -> None"),
        (1, "async def main() -> None"),
    ]
    assert under(document)[:3] == [
        ("paragraph", "Pumps: how they are started."),
        ("paragraph", "They move water."),
        ("code", "import os\n\nLIMIT = 3"),
    ]
    assert under(document, "class Pump", "def start") == [
        ("paragraph", "Starts it, slowly."),
        ("code", "    def start(self, speed: int = 3) -> None:\n        self.speed = speed"),
    ]
    texts = [text for _, text in under(document, "class Pump", "def state")]
    assert texts[:2] == ["Say how it is.", "Never empty."] and texts[2].startswith("    @property\n")
    assert document.elements[-1].text == "main()" and document.elements[-1].anchors[0].locator.heading == ()


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    for content in (PYTHON, PYTHON.replace("\n", "\r\n"), PYTHON.replace("\n", "\r")):
        document = parse(tmp_path, "pump.py", content)
        written = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for item in document.elements:
            for start, end, locator, _ in item.anchors:
                assert locator.lines is not None and locator.chars is not None
                there = "\n".join(written[locator.lines[0] - 1 : locator.lines[1]])
                assert all(word in there for word in re.findall(r"\w+", item.text[start:end]))
                assert content[slice(*locator.chars)].split()[0] in there


@pytest.mark.parametrize(
    ("name", "source", "expected", "said"),
    [
        (
            "a.js",
            JAVASCRIPT,
            [(1, "class Pump extends Machine"), (2, "start(speed)"), (1, "const add = (a, b)")],
            3,
        ),
        ("a.ts", TYPESCRIPT, [(1, "interface Speed"), (1, "class Pump"), (2, "stop = (): void")], 0),
        ("a.tsx", TSX, [(1, "function Pump(props: Props)")], 1),
        ("A.java", JAVA, [(1, "public class Pump"), (2, "public void run()")], 2),
        ("a.go", GO, [(1, "func (p *Pump) Start(speed int) error")], 2),
        (
            "a.rs",
            RUST,
            [(1, "pub struct Pump"), (1, "impl Display for Pump"), (2, "fn fmt(&self) -> Result")],
            2,
        ),
        ("a.c", C, [(1, "typedef struct Pump"), (1, "static int start(Pump *p)")], 2),
        ("a.h", CPP, [(1, "namespace plant"), (2, "class Pump : public Machine<T>"), (3, "void start()")], 2),
        (
            "A.cs",
            CSHARP,
            [(1, "namespace Plant"), (2, "public class Pump"), (3, "public int Start(int speed)")],
            2,
        ),
        ("a.rb", RUBY, [(1, "module Plant"), (2, "class Pump < Machine"), (3, "def start(speed)")], 2),
        ("a.php", PHP, [(1, "final class Pump"), (2, "public function start(int $speed): void")], 2),
        ("run", SHELL, [(1, "say()")], 2),
    ],
)
def test_other_languages(
    name: str, source: str, expected: list[tuple[int, str]], said: int, tmp_path: Path
) -> None:
    document = parse(tmp_path, name, source)
    assert outline(document) == expected
    prose = [item.text for item in document.elements if item.kind == "paragraph"]
    assert len(prose) == said
    assert not any(re.search(r"[/*#<>{}]", text) for text in prose)
    kept = "".join(item.text for item in document.elements)
    assert all(
        word in kept for word in re.findall(r"\w+", source) if word not in ("link", "end", "php", "summary")
    )


def test_a_comment_belongs_to_what_it_stands_above(tmp_path: Path) -> None:
    document = parse(
        tmp_path, "a.py", "x = 1  # not this\ndef one(): pass\n\n# Nor this.\n\ndef two(): pass\n"
    )
    assert not [item for item in document.elements if item.kind == "paragraph"]


def test_a_long_function_is_opened(tmp_path: Path) -> None:
    lines = "".join(f"    x = {at}\n" for at in range(200))
    document = parse(tmp_path, "a.py", f"def long():\n{lines}    def inner():\n        pass\n")
    assert outline(document) == [(1, "def long()"), (2, "def inner()")]


def test_syntax_errors_cost_no_text(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.py", "def one(:\n    pass\n\n]]] ???\n\ndef two():\n    return 'kept'\n")
    kept = "".join(item.text for item in document.elements)
    assert "???" in kept and "def one(:" in kept and (1, "def two()") in outline(document)


def test_languages_without_a_grammar_come_in_blocks(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.sql", "-- Pumps\nCREATE TABLE pump (id int);\n\n\nSELECT *\nFROM pump;\n")
    assert [(item.kind, item.text) for item in document.elements] == [
        ("code", "-- Pumps\nCREATE TABLE pump (id int);"),
        ("code", "SELECT *\nFROM pump;"),
    ]
    assert document.elements[1].anchors[0].locator.lines == (5, 6)


def test_titles(tmp_path: Path) -> None:
    assert parse(tmp_path, "src/plant/__init__.py", "x = 1").title == "plant/__init__.py"
    assert parse(tmp_path, "src\\plant\\valve.py", "x = 1").title == "valve.py"
    assert parse(tmp_path, "", "x = 1").title == "untitled"


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x00\x01\x02\xff\xfe" * 400])
def test_what_holds_no_text_fails_with_a_reason(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed, match=r"empty file|no text in it|not text but binary data"):
        parse(tmp_path, "a.py", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.js", "function a(b){return b+1};var x=[1,2,{a:3}];" * 20_000),
        ("a.js", "function a(){\n" * 20_000),
        ("a.js", "class A {\n static B = " * 3_000),
        ("a.py", "(" * 200_000 + "a"),
        ("a.py", "".join(f"{' ' * at}class A{at}:\n" for at in range(1_000))),
        ("a.java", "a<" * 100_000),
        ("a.py", "# a\n" * 50_000),
        ("a.php", "<?php " * 30_000),
    ],
)
def test_hostile_code_stays_cheap(name: str, content: str, tmp_path: Path) -> None:
    began = time.process_time()
    document = parse(tmp_path, name, content)
    assert time.process_time() - began < 20
    assert max(len(item.anchors[0].locator.heading) for item in document.elements) <= 12


def test_one_endless_line_has_a_place_for_each_part(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.js", "var x = [" + "1234567, " * 2_000 + "];")
    (item,) = document.elements
    assert len(item.anchors) > 5
    assert [a.locator.chars for a in item.anchors][:2] == [(0, 2000), (2000, 4000)]
    assert all(a.locator.lines == (1, 1) for a in item.anchors)
