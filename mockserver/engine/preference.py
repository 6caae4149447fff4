"""The header ``Prefer`` (RFC 7240), by which callers select a documented response.

``code=404`` selects a status, ``example=name`` a named example, and ``dynamic=true`` a value
generated from the schema. ``delay=1500`` delays the response by that many milliseconds. Other
preferences are ignored, as the RFC requires.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

from mockserver.engine.errors import PreferenceRefused

HEADER = b"prefer"
MAX_DELAY_MS = 60_000

_PREFERENCE = re.compile(
    r'\s*(?P<name>[\w!#$%&\'*+.^`|~-]+)\s*(?:=\s*(?P<value>"(?:[^"\\]|\\.)*"|[^",;]*))?(?:;[^,]*)?'
)
_ESCAPED = re.compile(r"\\(.)")
_SWITCH = {"true": True, "": True, "false": False}


class Preference(Struct, frozen=True):
    """The preferences of a request."""

    code: int | None = None
    example: str | None = None
    dynamic: bool = False
    delay_ms: int = 0

    @property
    def wants_sample(self) -> bool:
        """Whether a documented response replaces that of the handler."""
        return self.code is not None or self.example is not None or self.dynamic

    @property
    def applied(self) -> str:
        """The value of ``Preference-Applied``."""
        parts = [
            f"code={self.code}" if self.code is not None else "",
            f'example="{self.example}"' if self.example is not None else "",
            "dynamic=true" if self.dynamic else "",
            f"delay={self.delay_ms}" if self.delay_ms else "",
        ]
        return ", ".join(filter(None, parts))


def read(headers: Iterable[tuple[bytes, bytes]]) -> Preference:
    """Return the preferences of all ``Prefer`` headers.

    Raises PreferenceRefused for invalid values.
    """
    given = _parse(", ".join(value.decode("latin-1") for name, value in headers if name == HEADER))
    return Preference(
        code=_number(given, "code", 100, 599),
        example=given.get("example"),
        dynamic=_switch(given, "dynamic"),
        delay_ms=_number(given, "delay", 0, MAX_DELAY_MS) or 0,
    )


def _parse(text: str) -> dict[str, str]:
    """Return preferences by lower-case name. The first of repeated ones counts (RFC 7240, 2)."""
    preferences: dict[str, str] = {}
    position = 0
    while match := _PREFERENCE.match(text, position):
        value = (match["value"] or "").strip()
        if value.startswith('"'):
            value = _ESCAPED.sub(r"\1", value[1:-1])
        preferences.setdefault(match["name"].lower(), value)
        comma = text.find(",", match.end())
        if comma < 0:
            break
        position = comma + 1
    return preferences


def _number(given: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1
    if not least <= number <= most:
        raise PreferenceRefused(f"{name} must be a whole number from {least} to {most:,}.")
    return number


def _switch(given: Mapping[str, str], name: str) -> bool:
    text = given.get(name, "false").lower()
    if text not in _SWITCH:
        raise PreferenceRefused(f"{name} must be true or false.")
    return _SWITCH[text]
