"""Prose of the Markdown reports, wrapped at 100 characters."""

from __future__ import annotations

import textwrap


def wrapped(text: str) -> str:
    """Return a paragraph or a list item with lines of at most 100 characters."""
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(
        text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
