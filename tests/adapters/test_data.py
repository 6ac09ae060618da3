"""JSON, JSON lines, YAML and TOML: records that read well, numbers as written, bombs that do not go off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from cairn.adapters.parsers import data
from cairn.errors import ParseFailed
from cairn.types import Document, Locator

PARSER = data.load("")


def parse(folder: Path, name: str, content: str | bytes) -> Document:
    path = folder / "blob"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    document = PARSER.parse(path, name)
    for element in document.elements:
        assert element.text.strip() and element.anchors[-1].end == len(element.text)
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.kind != "table" or len(element.anchors) == len(element.text.split("\n"))
    return document


def place(document: Document, words: str) -> Locator:
    """Return where these words stand."""
    for element in document.elements:
        at = element.text.find(words)
        if at >= 0:
            return next(a.locator for a in element.anchors if a.start <= at < a.end)
    raise AssertionError(words)


def texts(document: Document) -> list[str]:
    return [element.text for element in document.elements]


def reason(folder: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(folder, name, content)
    return str(caught.value)


STAFF = [
    {"name": "Ada", "role": "engineer", "address": {"city": "London"}},
    {"name": "Bob", "role": "clerk", "address": {"city": "Paris"}},
    {"name": "Cid", "role": None, "address": {"city": "Rome"}},
]


def test_like_records_are_a_table(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.json", json.dumps({"title": "The staff list", "staff": STAFF}))
    assert document.title == "The staff list"
    assert [element.kind for element in document.elements] == ["paragraph", "heading", "table"]
    table = document.elements[-1]
    assert table.text.split("\n") == [
        "name | role | address > city",
        "Ada | engineer | London",
        "Bob | clerk | Paris",
        "Cid |  | Rome",
    ]
    assert table.header == 1
    assert place(document, "Bob") == Locator(path="$.staff[1]", heading=("staff",))


def test_a_record_is_a_paragraph_and_each_line_has_its_place(tmp_path: Path) -> None:
    staff = [{"name": "Ada", "skills": ["pumps", "valves"]}, {"id": 7, "note": "x", "boss": {"name": "Eve"}}]
    document = parse(tmp_path, "a.json", json.dumps({"staff": staff}))
    assert texts(document)[1:] == ["name: Ada;\nskills: pumps, valves", "id: 7;\nnote: x;\nboss > name: Eve"]
    assert place(document, "boss > name: Eve").path == "$.staff[1].boss.name"


def test_records_by_name_are_a_table(tmp_path: Path) -> None:
    people = {name: {"age": str(age), "town": "Ulm"} for name, age in (("ada", 3), ("bob", 4), ("cid", 5))}
    document = parse(tmp_path, "a.json", json.dumps(people))
    assert texts(document)[0].startswith(" | age | town\nada | 3 | Ulm\n")


def test_rows_are_a_table(tmp_path: Path) -> None:
    rows = [["", "2019", "2018"], ["Sales", "1,496.5", "1,202.9"], ["Cost", "44.1", ""]]
    document = parse(tmp_path, "a.json", json.dumps({"table": rows}))
    assert document.elements[-1].text == " | 2019 | 2018\nSales | 1,496.5 | 1,202.9\nCost | 44.1"
    assert document.elements[-1].header == 1


def test_numbers_stand_as_written_and_no_member_is_lost(tmp_path: Path) -> None:
    source = '{"a": 1.50, "b": 1E400, "c": true, "d": null, "a": -0.0, "e": %s}' % ("7" * 5000)
    document = parse(tmp_path, "a.json", source)
    assert texts(document)[0] == "a: 1.50;\nb: 1E400;\nc: true;\na: -0.0"
    assert "7" * 5000 in texts(document)[1]


def test_long_text_stands_by_itself(tmp_path: Path) -> None:
    story = "The pump was serviced by the two people who had built it. " * 8
    document = parse(tmp_path, "a.json", json.dumps({"id": "x1", "story": f"{story}\n\nIt ran."}))
    assert texts(document) == ["id: x1", f"story: {story.strip()}", "It ran."]
    assert document.language == "en"
    assert place(document, "It ran").path == "$.story"


def test_odd_names_and_control_characters(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.json", '{"it\'s odd": {"a\\ud800b": "x\\u0000y\\ud800"}}')
    assert texts(document) == ["it's odd > ab: xy"]
    assert place(document, "xy").path == r"$['it\'s odd'].ab"


def test_long_coordinates_are_left_out_and_told(tmp_path: Path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[i, i] for i in range(50)]]}
    point = {"type": "Point", "coordinates": [9.99, 48.4]}
    features = [{"type": "Feature", "properties": {"name": "Ulm"}, "geometry": g} for g in (shape, point)]
    document = parse(tmp_path, "a.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    assert "9.99, 48.4" in " ".join(texts(document))
    assert document.unread == ("100 coordinates of lines and areas",)


def test_json_with_comments(tmp_path: Path) -> None:
    source = '// settings\n{"url": "http://x//y", /* old */ "b": [1, 2,],}\n'
    assert texts(parse(tmp_path, "a.json", source)) == ["url: http://x//y;\nb: 1, 2"]


def test_metadata(tmp_path: Path) -> None:
    about = {"author": "Ann Lee", "created": "2024-05-06T07:08:09Z", "updated": "soon", "tags": ["a", "b"]}
    document = parse(tmp_path, "a.json", json.dumps({"name": "Pump care", "metadata": about}))
    assert document.title == "Pump care"
    assert document.metadata == {"author": "Ann Lee", "created": "2024-05-06T07:08:09Z", "tags": "a, b"}


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_json_lines(name: str, tmp_path: Path) -> None:
    document = parse(tmp_path, name, '{"a": "one", "b": 1}\n\n{"a": "two", "b": 2}\n{bad\n')
    assert texts(document) == ["a | b\none | 1\ntwo | 2"]
    assert place(document, "two") == Locator(path="$[1]", lines=(3, 3))
    assert document.unread == ("line 4: Expecting property name enclosed in double quotes",)


def test_yaml_tells_lines(tmp_path: Path) -> None:
    source = yaml.safe_dump({"server": {"host": "pump.example", "port": 8080}, "notes": "first\nsecond\n"})
    document = parse(tmp_path, "a.yaml", f"# top\n{source}")
    line = next(at for at, text in enumerate(source.split("\n"), 2) if "port" in text)
    assert place(document, "port: 8080") == Locator(path="$.server.port", lines=(line, line))


def test_yaml_documents_aliases_merges_and_tags(tmp_path: Path) -> None:
    source = (
        "base: &base {size: 0x10, on: yes}\nb:\n  <<: *base\n  on: no\n"
        "---\nc: !Ref Pump\nd: !!python/name:os.system x\n"
    )
    document = parse(tmp_path, "a.yml", source)
    joined = "\n".join(texts(document))
    assert "base > size: 0x10" in joined and "b > on: no" in joined and "b > size: 0x10" in joined
    assert "c: Pump" in joined and "d: x" in joined
    assert place(document, "c: Pump") == Locator(path="$[1].c", lines=(6, 6))


def test_yaml_that_breaks_off_keeps_its_first_documents(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.yaml", "a: b\n---\nc: [1,\n")
    assert texts(document) == ["a: b"]
    assert len(document.unread) == 1


def test_toml(tmp_path: Path) -> None:
    source = 'title = "Pumps"\nratio = 1.50\nwhen = 1979-05-27T07:32:00Z\n[server]\nports = [8000, 8001]\n'
    document = parse(tmp_path, "a.toml", source)
    assert texts(document) == [
        "title: Pumps;\nratio: 1.50;\nwhen: 1979-05-27 07:32:00+00:00;\nserver > ports: 8000, 8001"
    ]


LAUGH = "a0: &a0 [lol, lol, lol]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 12)
)
DEEP = "it is nested too deeply"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "[" * 100_000 + "]" * 100_000, DEEP),
        ("a.json", '{"a":' * 100_000 + "1" + "}" * 100_000, DEEP),
        ("a.jsonl", "[" * 100_000, DEEP),
        ("a.yaml", "[" * 100_000 + "]" * 100_000, DEEP),
        ("a.yaml", "- " * 100_000 + "x", DEEP),
        ("a.toml", "a = " + "[" * 100_000 + "]" * 100_000, DEEP),
        ("a.toml", ".".join("a" * 30_000) + " = 1", DEEP),
        ("a.yaml", LAUGH, "its aliases unfold to more than a file may hold"),
        ("a.yaml", "a: &a\n  b: *a\n", "it is damaged: nothing is called a that an alias refers to"),
        ("a.json", '{"a": [1, {"b": "c', "it is damaged: Unterminated string starting at in line 1"),
        ("a.toml", "a = \n", "it is damaged: Invalid value (at line 1, column 5)"),
        ("a.yaml", "a: [1,\n", "it is damaged: did not find expected node content in line 2"),
        ("a.json", "", "empty file"),
        ("a.json", " \n", "no text in it"),
        ("a.json", '{"a": [], "b": null}', "no text in it"),
        ("a.json", b"\x00\x01\x02\xff" * 400, "not text but binary data"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, content: str | bytes, said: str, tmp_path: Path) -> None:
    assert reason(tmp_path, name, content) == said


def test_deep_but_not_too_deep(tmp_path: Path) -> None:
    document = parse(tmp_path, "a.json", '{"a":' * 800 + '"x"' + "}" * 800)
    assert document.elements[-1].text.endswith("x")
    assert len(document.elements[-1].anchors[0].locator.path) < 500
