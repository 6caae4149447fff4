"""Patterns of documents: regular expressions of ECMA-262, as far as validators know them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

from mockserver.openapi.problems import Problems
from mockserver.openapi.schemas import DRAFT_4

_TRANSLATIONS = (
    (r"(\\[wdsWDS])-(?!\])", r"\1\\-"),
    (r"\\A", "^"),
    (r"\\[zZ]", "$"),
    (r"\(\?P<", "(?<"),
    (r"\\([\"'#@%&~`:;,<>=! _])", r"\1"),
    (r"^/(.*)/[a-z]*$", r"\1"),
)
"""Forms that validators do not know or that other languages use, and what they mean."""


@lru_cache(maxsize=1_024)
def is_usable(expression: str) -> bool:
    """Return whether validators know a pattern."""
    try:
        DRAFT_4.validator({"pattern": expression, "patternProperties": {expression: {}}})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def translated(expression: str) -> str | None:
    """Return a pattern of the same meaning that validators know; None without one."""
    original = expression
    for form, replacement in _TRANSLATIONS:
        expression = re.sub(form, replacement, expression)
        if expression != original and is_usable(expression):
            return expression
    return None


def repair(pointer: Sequence[str | int], schema: dict[str, Any], problems: Problems) -> None:
    """Translate or remove the pattern of a schema, with a warning."""
    expression = schema["pattern"]
    translation = translated(expression)
    if translation is None:
        del schema["pattern"]
        end = "it is left out"
    else:
        schema["pattern"] = translation
        end = f"'{translation}' is used"
    problems.warn(pointer, f"'{expression}' is no pattern that validators know; {end}")
