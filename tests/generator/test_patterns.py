"""Strings generated from regular expressions match them."""

from __future__ import annotations

from random import Random

import pytest

from mockserver.generator.patterns import Pattern, matches
from mockserver.generator.regex import UNBOUNDED, UnsupportedPattern

WITHOUT_LOOKAROUNDS = [
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


@pytest.mark.parametrize("expression", WITHOUT_LOOKAROUNDS)
def test_generated_strings_match(expression: str) -> None:
    """An expression without lookarounds matches at the first attempt."""
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
def test_length_bounds_are_respected(expression: str, least: int, most: int) -> None:
    """The length is distributed over the parts of the expression."""
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
def test_lookarounds_match_often_enough(expression: str) -> None:
    """A few attempts are enough for expressions with lookarounds."""
    pattern, random = Pattern(expression), Random(1)
    assert sum(matches(expression, pattern.draw(random, 0, 20)) for _ in range(100)) >= 2


@pytest.mark.parametrize(
    "expression",
    ["(", "a)", "[a", "*a", r"a\u{zz}", r"\p{Nonsense}", "(?i:a)", "a\\", r"\x4", "(?<n"],
)
def test_unsupported_expressions_are_rejected(expression: str) -> None:
    """Only UnsupportedPattern is raised."""
    with pytest.raises(UnsupportedPattern):
        Pattern(expression)
