"""Text for people: nothing that a terminal or a CI server obeys, and no more than one can read."""

from __future__ import annotations

import re

_COMMAND = re.compile(r"(?<=#)#(?=\w*\[)|(?<=\A:):")
"""The second character of commands to CI servers: ``##[error]``, ``##vso[``, ``::error::``."""


def printable(text: str) -> str:
    """Return the text in one line, with control characters and commands to CI servers escaped.

    Every name and value that a deployment chooses goes through this function before it is printed
    or written into a report as a text.
    """
    start = text[: len(text) - len(text.lstrip())]
    rest = _COMMAND.sub(lambda found: _escaped(found[0]), text[len(start) :])
    return "".join(char if char.isprintable() else _escaped(char) for char in start + rest)


def shortened(text: str, limit: int) -> str:
    """Return the text in one line, without its middle if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 40]} ... {text[-35:]}"


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
