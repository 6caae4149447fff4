"""YAML is read by the core schema of YAML 1.2, JSON as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import packaged
from mockserver.openapi.lines import line_at, lines_at
from mockserver.openapi.parser import MAX_KEYS, ParseError, parse


@pytest.mark.parametrize("is_json", [True, False])
def test_the_keys_of_an_object_are_bounded(is_json: bool) -> None:
    """A document of 100,000 paths is refused at once, with the line of the first one too many."""
    pairs = [f'"/{number}": 1' for number in range(MAX_KEYS + 1)]
    begin, between, end = ("{", ",\n", "}") if is_json else ("", "\n", "")
    parse((begin + between.join(pairs[1:]) + end).encode())
    with pytest.raises(ParseError, match="more than 20,000 keys") as error:
        parse((begin + between.join(pairs) + end).encode())
    assert error.value.line == MAX_KEYS + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, word) for word in ("NO", "no", "on", "Off", "yes", "Y", "n", "nULL", "tRUE")),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z"),
        ("1.5", 1.5),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        (".", "."),
        ("-", None),
        ("+", "+"),
        ("1.2.3", "1.2.3"),
        ("12345678901234567890123", 12345678901234567890123.0),
        ("=", "="),
        ('"true"', "true"),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int 12", 12),
    ],
)
def test_a_plain_scalar_has_the_type_of_the_core_schema(text: str, expected: Any) -> None:
    """What only YAML 1.1 resolves is text: booleans, dates, sexagesimals, grouped digits."""
    if text == "-":
        expected = [None]
    value = parse(f"value: {text}\n".encode() if text != "-" else b"value:\n- \n")["value"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize("text", [".inf", "-.Inf", ".NaN", "1e999", "9" * 400, "0x" + "F" * 400])
def test_a_number_that_json_cannot_write_is_refused(text: str) -> None:
    """Infinity is no value of JSON, so no document that is served can have it."""
    with pytest.raises(ParseError, match="is not a number of JSON"):
        parse(f"value: {text}\n".encode())


def test_keys_are_text() -> None:
    """OpenAPI allows scalar keys only, and JSON has no others."""
    assert parse(b"200: a\ntrue: b\nnull: c\n1.50: d\nno: e\n") == {
        "200": "a",
        "true": "b",
        "null": "c",
        "1.50": "d",
        "no": "e",
    }


def test_an_alias_is_the_value_of_its_anchor() -> None:
    """Objects, lists and scalars can have anchors, which may be used again."""
    text = b"a: &a {b: [1, &c two]}\nd: *a\ne: [*c, *c]\n&f g: *a\n"
    value = {"b": [1, "two"]}
    assert parse(text) == {"a": value, "d": value, "e": ["two", "two"], "g": value}


def test_a_long_text_counts_as_several_values() -> None:
    """Aliases of one long text are bounded too."""
    text = "a: &a " + "x" * 100_000 + "\nb: [" + ", ".join(["*a"] * 200) + "]\n"
    with pytest.raises(ParseError, match="aliases for more than"):
        parse(text.encode())


@pytest.mark.parametrize(
    ("data", "is_json", "expected"),
    [
        (b'{"a": [1, 2.0, null, "\\ud83d\\ude00"]}', False, {"a": [1, 2.0, None, "\U0001f600"]}),
        (b'\xef\xbb\xbf{"a":\t1}', False, {"a": 1}),
        (b"\xef\xbb\xbfa: 1", False, {"a": 1}),
        (b"{a: 1, b: no}", False, {"a": 1, "b": "no"}),
        (b'["a"]', True, ["a"]),
    ],
)
def test_text_that_begins_with_a_brace_is_json_or_yaml(
    data: bytes, is_json: bool, expected: Any
) -> None:
    """A byte order mark may precede both."""
    assert parse(data, is_json=is_json) == expected


def test_a_json_file_is_not_read_as_yaml() -> None:
    """Its name says that it is JSON, so the message is about JSON."""
    with pytest.raises(ParseError, match="is not JSON") as caught:
        parse(b'{"a": 1,\n b: 2}', is_json=True)
    assert caught.value.line == 2


def _pointers(node: Any, pointer: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    children = (
        list(node.items())
        if isinstance(node, dict)
        else list(enumerate(node))
        if isinstance(node, list)
        else []
    )
    below = [place for key, child in children for place in _pointers(child, (*pointer, key))]
    return [pointer, *below]


@pytest.mark.parametrize("as_json", [False, True])
def test_each_part_has_its_line(as_json: bool) -> None:
    """All parts of a small document are found, in YAML and in JSON."""
    text = Path(packaged.fixtures() / "personas" / "default.yaml").read_bytes()
    document = parse(text)
    if as_json:
        text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    lines = text.decode().splitlines()
    for pointer in _pointers(document)[1:]:
        line, found = line_at(text, pointer)
        assert found == len(pointer)
        if isinstance(pointer[-1], str):
            assert pointer[-1] in lines[line - 1]


def test_a_part_that_does_not_exist_has_the_line_of_its_parent() -> None:
    """The second number is how many parts of the pointer exist."""
    text = b"a:\n  b:\n    - c\n    - d: 1\nb: 2\n"
    assert line_at(text, ["a", "b", 1, "d"]) == (4, 4)
    assert line_at(text, ["a", "b", 7]) == (2, 2)
    assert line_at(text, ["a", "c"]) == (1, 1)
    assert line_at(text, ["b", "c"]) == (5, 1)
    assert line_at(text, ["x"]) == (1, 0)


def test_many_lines_are_found_in_one_pass() -> None:
    """Each is that of a single search."""
    text = b'{"a": [1,\n {"b":\n 2}, [\n3]],\n"c": {"d":4}}'
    pointers: list[list[str | int]] = [
        [],
        ["a"],
        ["a", 0],
        ["a", 1, "b"],
        ["a", 2, 0],
        ["c", "d"],
        ["c", "x"],
    ]
    assert lines_at(text, pointers) == [line_at(text, pointer)[0] for pointer in pointers]
