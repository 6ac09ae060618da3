"""The symbols of source code, as its syntax tree shows them: functions, methods, classes and their comments.

Knows all grammars at once, for what they call a thing seldom means another thing elsewhere. Places
are rows, counted from 0. Reads a tree in one pass without recursion, each node once.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.lightmarkup import names

Node = Any
"""A node of a syntax tree."""

_OPEN = names(
    """class_definition class_declaration abstract_class_declaration interface_declaration enum_declaration
    record_declaration annotation_type_declaration struct_declaration namespace_declaration internal_module
    module class singleton_class class_specifier struct_specifier union_specifier enum_specifier
    namespace_definition impl_item trait_item mod_item struct_item enum_item union_item trait_declaration
    type_declaration type_definition"""
)
_CLOSED = names(
    """function_definition function_declaration generator_function_declaration method_definition
    method_declaration constructor_declaration compact_constructor_declaration destructor_declaration
    operator_declaration conversion_operator_declaration indexer_declaration property_declaration method
    singleton_method function_item macro_definition function_signature type_alias_declaration
    type_spec"""
)
_WITH_BODY = names(
    """class_specifier struct_specifier union_specifier enum_specifier type_definition
    namespace_definition module"""
)
_LONG_ONLY = frozenset({"property_declaration", "type_spec"})
_ASSIGNED = names(
    """lexical_declaration variable_declaration public_field_definition field_definition assignment_expression
    pair"""
)
_VALUES = names("arrow_function function_expression generator_function class")
_WRAPPERS = names(
    """decorated_definition export_statement template_declaration
    ambient_declaration expression_statement"""
)
_MARKS = names(
    """decorator attribute_item attribute_list annotation marker_annotation template_parameter_list
    requires_clause"""
)
_COMMENTS = names("comment line_comment block_comment doc_comment")
_BODIES = ("body", "accessors")
_MOST_COMMENTS = 1000
_LONG = 150
"""Rows from which a function's own functions are told apart."""
_ANNOTATIONS = re.compile(r"(?:@[\w.]+(?:\([^()]*\))?\s*|#?\[[^\[\]]*\]\s*)+(?=\w)")
_TAIL = re.compile(r"(?:=>|[\s:;{=(])+$")


class Symbol(NamedTuple):
    """A function, method or class."""

    first: int
    """With its decorators."""
    last: int
    head: tuple[int, int]
    """The rows of its signature."""
    signature: str
    """As written, without its body."""
    name: str
    """Its signature as far as its name: ``def start``."""
    comment: tuple[int, int] | None
    """The rows of the comment right above it, or of its docstring."""
    is_inside: bool
    """Whether that comment stands within it."""


def symbols(root: Node, source: bytes) -> Iterator[Symbol]:
    """Yield the symbols below ``root`` in order, an outer one before those within."""
    scout = _Scout(source)
    cursor = root.walk()
    more = cursor.goto_first_child()
    while more:
        symbol, is_open = scout.see(cursor.node)
        if symbol is not None:
            yield symbol
        if is_open and cursor.goto_first_child():
            continue
        more = cursor.goto_next_sibling()
        while not more and cursor.goto_parent() and cursor.depth:
            more = cursor.goto_next_sibling()


def opening(root: Node, source: bytes) -> tuple[int, int] | None:
    """Return the rows of the docstring or the comment that a file begins with."""
    rows = None
    for child in itertools.islice(root.named_children, _MOST_COMMENTS):
        if child.type in _COMMENTS:
            if source.startswith(b"#!", child.start_byte):
                continue
            first, last = _rows(child)
            if rows is not None and rows[1] + 1 != first:
                break
            rows = (rows[0] if rows is not None else first, last)
        elif child.type not in ("php_tag", "hash_bang_line"):
            said = docstring(child)
            return rows if said is None else said
    return rows


def docstring(first: Node) -> tuple[int, int] | None:
    """Return the rows of a string that stands as a statement of its own."""
    if first.type not in ("expression_statement", "string"):
        return None
    inner = (
        first.named_children[0] if first.type == "expression_statement" and first.named_children else first
    )
    return _rows(inner) if inner.type == "string" else None


class _Scout:
    """Sees the nodes one after another and remembers the comment and the marks right above."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._comment: tuple[int, int] | None = None
        self._start: int | None = None
        self._used = -1

    def see(self, node: Node) -> tuple[Symbol | None, bool]:
        """Return the symbol a node is, if it is one, and whether to look inside."""
        kind, (first, last) = node.type, _rows(node)
        if kind in _COMMENTS:
            begin = node.start_byte
            if not self._source[begin - min(node.start_point[1], begin) : begin].strip():
                self._see_comment(first, last)
            return None, False
        if kind in _MARKS or kind in _WRAPPERS:
            self._start = first if self._start is None else self._start
            return None, kind in _WRAPPERS
        if not node.is_named:
            return None, False
        symbol = self._symbol(node, first, last) if _is_symbol(node) else None
        self._start = None
        if symbol is None and last > first:
            return None, True
        self._comment = None
        return symbol, last > first and (kind in _OPEN or last - first > _LONG)

    def _see_comment(self, first: int, last: int) -> None:
        above = self._comment
        begins = above[0] if above is not None and above[1] + 1 == first else first
        self._comment = (begins, last) if first > self._used else None
        self._used = max(self._used, last)
        self._start = None

    def _symbol(self, node: Node, first: int, last: int) -> Symbol | None:
        start = self._start if self._start is not None else first
        if start <= self._used and not (self._comment is not None and self._comment[1] < start):
            return None
        self._used = max(self._used, start)
        inside = _inner_docstring(node)
        above = self._comment if self._comment is not None and self._comment[1] + 1 == start else None
        signature, name = _signature(node, self._source)
        if not signature:
            return None
        comment = inside if inside is not None else above
        head = (first, max(first, min(_head(node)[1], first + 20)))
        return Symbol(start, last, head, signature, name, comment, inside is not None)


def _is_symbol(node: Node) -> bool:
    kind = node.type
    if kind in _ASSIGNED:
        value = _value(node)
        return value is not None and value.type in _VALUES and value.end_point[0] > value.start_point[0]
    if kind == "type_declaration":
        return bool(
            node.named_child_count == 1 and node.named_children[0].start_point[0] == node.start_point[0]
        )
    if kind in _LONG_ONLY and node.start_point[0] == node.end_point[0]:
        return False
    if kind in _WITH_BODY:
        inner = node.child_by_field_name("type") if kind == "type_definition" else node
        return inner is not None and _body(inner) is not None
    return kind in _OPEN or kind in _CLOSED


def _rows(node: Node) -> tuple[int, int]:
    """Return a node's first and last row, the line end that some comments hold left out."""
    first, (last, column) = node.start_point[0], node.end_point
    return first, last - (column == 0 and last > first)


def _value(node: Node) -> Node | None:
    """Return what an assignment or a declaration of one variable assigns."""
    if node.type in ("lexical_declaration", "variable_declaration"):
        node = node.named_children[0] if node.named_child_count else node
    value = node.child_by_field_name("value")
    return value if value is not None else node.child_by_field_name("right")


def _body(node: Node) -> Node | None:
    return next((body for field in _BODIES if (body := node.child_by_field_name(field)) is not None), None)


def _head(node: Node) -> tuple[int, int]:
    """Return the byte and the row at which what stands before a symbol's body ends."""
    outer = node
    if node.type in ("lexical_declaration", "variable_declaration"):
        node = node.named_children[0]
    if outer.type in _ASSIGNED and (value := _value(node)) is not None:
        node = value
    elif node.type == "type_definition" and (inner := node.child_by_field_name("type")) is not None:
        node = inner
    body, end = _body(node), None
    if body is None:
        return outer.end_byte, outer.start_point[0]
    for child in itertools.islice(node.children, 40):
        if child.type in _COMMENTS or child.start_byte >= body.start_byte:
            break
        end = child
    return (end.end_byte, end.end_point[0]) if end is not None else (body.start_byte, body.start_point[0])


def _inner_docstring(node: Node) -> tuple[int, int] | None:
    body = _body(node) if node.type in ("function_definition", "class_definition") else None
    return docstring(body.named_children[0]) if body is not None and body.named_child_count else None


def _named(node: Node) -> Node | None:
    """Return the node of a symbol's name; of C, the innermost declarator."""
    for field in ("name", "left", "key", "property"):
        if (name := node.child_by_field_name(field)) is not None:
            return name
    found = None
    for _ in range(20):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type == "reference_declarator" and node.named_child_count:
            inner = node.named_children[0]
        if inner is None:
            break
        found = node = inner
    return found


def _signature(node: Node, source: bytes) -> tuple[str, str]:
    """Return a symbol as written up to its body, and up to the end of its name."""
    begin, (end, _) = node.start_byte, _head(node)
    if end == node.end_byte:
        line = source[begin : min(end, begin + 400)].split(b"\n", 1)[0]
        end = begin + len(line.split(b"{", 1)[0])
    signature = _tidied(source[begin : min(end, begin + 2000)])
    if node.type in ("lexical_declaration", "variable_declaration", "type_declaration"):
        node = node.named_children[0]
    name = _named(node)
    if name is None:
        return signature[:300], signature[:120]
    if name.start_byte >= end:
        named = f"{signature} {_tidied(source[name.start_byte : name.end_byte])}"
        return named[:300], named[:120]
    return signature[:300], _tidied(source[begin : min(name.end_byte, begin + 2000)])[:120]


def _tidied(piece: bytes) -> str:
    text = _ANNOTATIONS.sub("", tidy.flat(piece.decode("utf-8", "replace")), count=1)
    return _TAIL.sub("", text)
