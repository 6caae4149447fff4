"""CONTRIBUTING names files that exist, and each of its how-tos is one page."""

from __future__ import annotations

import pytest

from tests.guides.markdown import CONTRIBUTING, ROOT, Document, code

HOW_TOS = (
    "Add an operation",
    "Add a header to every response",
    "Add a rule to the kit",
    "Add a mutant",
    "Add a fault",
)


def test_every_path_exists() -> None:
    """A file that moves is moved here, too."""
    paths = [
        word
        for word in code(CONTRIBUTING.prose)
        if "/" in word and " " not in word and "://" not in word and not word.startswith(("/", "#"))
    ]
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("title", HOW_TOS)
def test_a_how_to_is_one_page(title: str) -> None:
    """At most 30 lines."""
    assert Document(CONTRIBUTING.path, title).text.strip().count("\n") < 30
