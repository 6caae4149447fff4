"""The values of settings, read from text. Each function raises ValueError with what it expects."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from mockserver import locales
from mockserver.clock import BEGINNING_OF_TIME, END_OF_TIME
from mockserver.loopback import Network

_SERVER_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?/?"
)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,4}")
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
LOG_LEVELS = ("debug", "info", "warning", "error")


def port(text: str) -> int:
    """Return a port; 0 is a free one."""
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65_535:
        raise ValueError("a port from 0 to 65535 (0 picks a free one)")
    return port


def seed(text: str) -> int:
    """Return a seed."""
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number") from None


def moment(text: str) -> datetime:
    """Return a moment; without a zone, it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time in ISO 8601, such as 2026-03-01T12:00:00Z") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if not BEGINNING_OF_TIME <= moment <= END_OF_TIME:
        raise ValueError(f"a time between {BEGINNING_OF_TIME:%Y} and {END_OF_TIME:%Y}")
    return moment


def switch(text: str) -> bool:
    """Return whether something is switched on."""
    if text.lower() not in ("1", "true", "yes", "0", "false", "no", ""):
        raise ValueError("true or false")
    return text.lower() in ("1", "true", "yes")


def level(text: str) -> str:
    """Return a level of the log."""
    if text not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text


def cache(text: str) -> Path | None:
    """Return the folder of parsed documents; None if it is off."""
    return None if text == "off" else Path(not_empty(text))


def hosts(text: str) -> tuple[str, ...]:
    """Return host names or IP addresses."""
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names or not all(_HOST.fullmatch(name) for name in names):
        raise ValueError(
            "a host name or an IP address, without scheme and port, such as hooks.test"
        )
    return names


def server_url(text: str) -> str:
    """Return the URL of a server without a slash at the end."""
    if not _SERVER_URL.fullmatch(text):
        raise ValueError("an http or https URL without a path, such as https://mock.example.com")
    try:
        if urlsplit(text).port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("a URL whose port is from 1 to 65535") from None
    return text.rstrip("/")


def networks(text: str) -> tuple[Network, ...]:
    """Return addresses or networks of proxies."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("IP addresses or networks, such as 10.0.0.7,172.16.0.0/12") from None


def prefix(text: str) -> str:
    """Return the path of the control API."""
    if not _PREFIX.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise ValueError("a path such as /_mock-control, without a slash at the end")
    return text


def not_empty(text: str) -> str:
    """Return a text that is not empty."""
    if not text:
        raise ValueError("not empty")
    return text


def file(text: str) -> Path:
    """Return the path of a file."""
    if not text or "\0" in text or Path(text).is_dir():
        raise ValueError("the name of a file")
    return Path(text)


def document(text: str) -> Path:
    """Return the path of an OpenAPI document."""
    if text.startswith(("http://", "https://")):
        raise ValueError("the name of a file (download the document first)")
    if not text or "\0" in text:
        raise ValueError("the name of a file")
    return Path(text)


def names(text: str) -> tuple[str, ...]:
    """Return names, each once."""
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError("names separated by commas")
    return tuple(dict.fromkeys(names))


def locale(text: str) -> str:
    """Return a locale of Faker."""
    found = locales.locale_of(text)
    if found is None:
        raise ValueError(f"a locale of Faker, such as de_DE{locales.nearest_to(text)}")
    return found


def seconds(text: str) -> float:
    """Return a number of seconds."""
    seconds = float(text) if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) else 0.0
    if not 0 < seconds <= 86_400:
        raise ValueError("a number of seconds, more than 0 and at most 86400")
    return seconds


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the reader of whole numbers within bounds."""
    shown = f"{most:,}" if most >= 10_000 else str(most)

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        number = int(text) if is_number else -1
        if not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {shown}")
        return number

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """Return the reader of one of some words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse
