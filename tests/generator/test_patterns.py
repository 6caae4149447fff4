"""Strings made from regular expressions, as the validator reads them."""

from __future__ import annotations

from random import Random

import pytest

from mockserver.generator.patterns import Pattern, matches
from mockserver.generator.regex import UNBOUNDED, UnsupportedPattern

CERTAIN = [
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    r"^-?\$\d{1,3}(,\d{3})*\.(\d{2}|\d{4})$",
    r"^(?:[01]\d|2[0-3]):[0-5]\d$",
    r"^https?://",
    r"needle",
    r"^a|b$",
    r"^(['\"])[^'\"]+\1$",
    r"^\u00e9\x41\u{1F600}\t\cA$",
    r"^[^a-zA-Z0-9\s]{4}$",
    r"^[\w.-]+@[\w-]+\.[a-z]{2,}$",
    r"^[\]a]?b$",
    r"^\D\W\S.{2}$",
    r"^(a+b*?c{2,}d??)+$",
    r"^[a-]{3}[-a]{3}[\d\-x]{3}$",
    r"^\p{Lu}\p{Script=Cyrillic}\p{N}\P{L}$",
    r"^\/\{\}\[\]\(\)\*\+\?\.\^\$\|\\$",
    "",
    r"^$",
]


@pytest.mark.parametrize("expression", CERTAIN)
def test_what_is_made_matches(expression: str) -> None:
    """At the first try, where nothing looks ahead or behind."""
    pattern, random = Pattern(expression), Random(1)
    for _ in range(100):
        text = pattern.draw(random, 0, UNBOUNDED)
        assert matches(expression, text), text


@pytest.mark.parametrize(
    ("expression", "least", "most"),
    [
        (r"^(abc|d)+$", 30, 31),
        (r"^[a-z]+(-[a-z]+)*$", 50, 50),
        (r"x", 17, 17),
        (r"^.*$", 5_000, 5_000),
        (r"^(a{2}|b{7})c*$", 7, 7),
        (r"^\d{3,}$", 0, 3),
        (r"^(\w+\s){2,}\w+$", 40, 44),
    ],
)
def test_a_length_is_kept(expression: str, least: int, most: int) -> None:
    """The parts share out what there is to fill."""
    pattern, random = Pattern(expression), Random(1)
    for _ in range(50):
        text = pattern.draw(random, least, most)
        assert least <= len(text) <= most
        assert matches(expression, text)


@pytest.mark.parametrize(
    "expression",
    [
        r"^(?=.*\d)(?=.*[A-Z]).{8,}$",
        r"^(?!foo)[a-z]{3}$",
        r"^[a-z]+(?=\d)\w{4}$",
        r"^(?<!x)a\b.\Bb?$",
        r"(?<=a)b",
    ],
)
def test_what_looks_around_matches_mostly(expression: str) -> None:
    """So that a few tries are enough."""
    pattern, random = Pattern(expression), Random(1)
    assert sum(matches(expression, pattern.draw(random, 0, 20)) for _ in range(100)) >= 2


@pytest.mark.parametrize(
    "expression",
    ["(", "a)", "[a", "*a", r"a\u{zz}", r"\p{Nonsense}", "(?i:a)", "a\\", r"\x4", "(?<n"],
)
def test_what_cannot_be_read_is_said_to_be_so(expression: str) -> None:
    """With the expression in the message; nothing else is raised."""
    with pytest.raises(UnsupportedPattern):
        Pattern(expression)
