"""Text for people: nothing that a terminal would obey, nothing longer than one can read."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text whose control characters are to be seen and not to be obeyed."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)


def shortened(text: str, limit: int) -> str:
    """Text in one line, cut in the middle, as both of its ends may tell something."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 40]} ... {text[-35:]}"
