"""JSONPath in the targets of overlays."""

from __future__ import annotations

import pytest

from contract_tests.overlay.json_path import Location, parse, path_of, quoted, select

DOCUMENT = {
    "paths": {"/a b": {"get": {"tags": ["x", "y"]}, "put": {"tags": ["x"]}}},
    "parameters": [{"name": "limit", "in": "query"}, {"name": "it's", "in": "query"}],
    "200": {"x-mark": True},
}


def found(path: str) -> list[Location]:
    return select(DOCUMENT, parse(path))


@pytest.mark.parametrize(
    ("path", "locations"),
    [
        ("$", [()]),
        ("$.paths['/a b'].get", [("paths", "/a b", "get")]),
        ('$.paths["/a b"].get.tags[1]', [("paths", "/a b", "get", "tags", 1)]),
        ("$.parameters[-1]", [("parameters", 1)]),
        ("$['200'].x-mark", [("200", "x-mark")]),
        ("$.paths.*.*.tags[0]", [("paths", "/a b", m, "tags", 0) for m in ("get", "put")]),
        ("$.paths[*].get.tags[?@ == 'y']", [("paths", "/a b", "get", "tags", 1)]),
        ("$.parameters[?(@.name=='limit')].in", [("parameters", 0, "in")]),
        (r"$.parameters[?@.name == 'it\'s']", [("parameters", 1)]),
        ("$[?@.x-mark == true]", [("200",)]),
        ("$.nothing.here", []),
        ("$.parameters[7]", []),
    ],
)
def test_a_path_selects_nodes(path: str, locations: list[Location]) -> None:
    """Names, indexes, wildcards and filters for equality select what RFC 9535 says."""
    assert found(path) == locations


@pytest.mark.parametrize("path", ["", "paths", "$..get", "$.a[1:2]", "$.a[?@.b > 1]", "$.a[", "$ "])
def test_another_path_is_an_error(path: str) -> None:
    """What is not supported is refused, and never ignored."""
    with pytest.raises(ValueError, match=r"begins with|is not supported"):
        parse(path)


@pytest.mark.parametrize("keys", [("a b", "~x/y"), ("200", "it's", "back\\slash"), ("list", "0")])
def test_the_path_of_a_pointer_selects_its_node(keys: tuple[str, ...]) -> None:
    """Every key of a JSON pointer can be written in a path."""
    pointer = "#" + "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
    node: object = "leaf"
    for key in reversed(keys):
        node = [node] if key == "0" else {key: node}
    assert select(node, parse(path_of(pointer))) == [
        tuple(0 if key == "0" else key for key in keys)
    ]


def test_a_quoted_text_is_a_literal() -> None:
    """Quotes and backslashes in a literal are escaped."""
    text = "it's a \\"
    assert select([text], parse(f"$[?@ == {quoted(text)}]")) == [(0,)]
