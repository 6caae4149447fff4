"""What is left out of recordings, and why: above all what varies from run to run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Unstable:
    """A part of a body or of a header's value that can change while the behaviour does not."""

    name: str
    reason: str
    pattern: re.Pattern[str]
    stable: Callable[[re.Match[str]], str]
    """What stands in the recording instead."""


def _sorted_methods(match: re.Match[str]) -> str:
    return match[1] + ", ".join(sorted(match[2].split(", ")))


UNSTABLE = (
    Unstable(
        "duration_ms of webhook attempts",
        "measured in real time",
        re.compile(r'("duration_ms": ?)(\d+)'),
        lambda match: f"{match[1]}0",
    ),
    Unstable(
        "order of methods in Allow and in the sentence of a 405",
        "pages take them from a set of strings, whose order changes with Python's hash seed",
        re.compile(r"(^|Allowed: )((?:[A-Z]{3,7}, )+[A-Z]{3,7})(?=$|\.)"),
        _sorted_methods,
    ),
    Unstable(
        "hashes in Content-Security-Policy",
        "they follow from the text of a style or script, which may be reworded",
        re.compile(r"'sha256-[A-Za-z0-9+/=]+'"),
        lambda _: "'sha256-...'",
    ),
)

FILE_HEADERS = ("etag", "last-modified")

_OUTSIDE = (
    ("Date", "the time of the recording"),
    ("ETag and Last-Modified of Swagger UI's files", "the time at which pip unpacked them"),
    ("ports", "chosen by chance; 127.0.0.1:00000 is the mock, 127.0.0.1:11111 the receiver"),
)


def stable(text: str) -> str:
    """Return a text with every part that varies replaced."""
    for part in UNSTABLE:
        text = part.pattern.sub(part.stable, text)
    return text


def reasons() -> list[str]:
    """Return what is left out, each with its reason."""
    return [
        *(f"{name}: {reason}" for name, reason in _OUTSIDE),
        *(f"{part.name}: {part.reason}" for part in UNSTABLE),
    ]
