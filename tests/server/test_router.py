"""The router finds what serves a path: concrete paths before templated ones."""

from __future__ import annotations

import pytest

from mockserver.server.router import Router

ROUTER = Router(
    [
        ("get", "/", "root"),
        ("get", "/a", "list"),
        ("post", "/a", "create"),
        ("get", "/a/{id}", "read"),
        ("get", "/a/mine", "mine"),
        ("post", "/a/{id}/archive", "archive"),
        ("get", "/a/mine/{part}", "part"),
        ("get", "/files/{name}.{ending}", "file"),
        ("get", "/files/{name}", "plain file"),
        ("get", "/{x}/{y}/{z}", "anything"),
    ]
)


@pytest.mark.parametrize(
    ("path", "target", "values"),
    [
        ("/", "root", ()),
        ("/a", "list", ()),
        ("/a/mine", "mine", ()),
        ("/a/7", "read", ("7",)),
        ("/a/mine/7", "part", ("7",)),
        (
            "/files/a.b.c",
            "file",
            (
                "a",
                "b.c",
            ),
        ),
        ("/files/a", "plain file", ("a",)),
        (
            "/b/c/d",
            "anything",
            (
                "b",
                "c",
                "d",
            ),
        ),
        ("/a/line\nbreak", "read", ("line\nbreak",)),
    ],
)
def test_a_path_leads_to_its_target(path: str, target: str, values: tuple[str, ...]) -> None:
    """The values of the parameters come in the order of the path."""
    match = ROUTER.match(path)
    assert (match.targets["GET"], match.values) == (target, values)


@pytest.mark.parametrize("path", ["", "/b", "/a/", "/a//archive", "/a/7/8/9", "//", "a"])
def test_an_unknown_path_leads_nowhere(path: str) -> None:
    """An empty segment is no parameter."""
    assert not ROUTER.match(path).targets


def test_a_path_has_all_its_methods() -> None:
    """They make the header ``Allow``."""
    assert list(ROUTER.match("/a").targets) == ["GET", "POST"]


def test_a_path_of_two_templates_goes_back() -> None:
    """The first branch has no end for this path, so the other is taken."""
    assert ROUTER.match("/a/mine/archive").targets == {"GET": "part"}
    assert ROUTER.match("/a/7/archive").targets == {"POST": "archive"}
