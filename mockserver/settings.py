"""Settings: every flag, environment variable and default in one place."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from mockserver.clock import BEGINNING_OF_TIME, END_OF_TIME
from mockserver.openapi import parsed_cache

ENVIRONMENT_PREFIX = "MOCKSERVER_"
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A setting that cannot be used. The message names it and the expected value."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server."""

    spec: Path
    fixtures: Path
    host: str = "127.0.0.1"
    port: int = 8080
    now: datetime | None = None
    seed: int = 1
    watch: bool = False
    enforce_rate_limits: bool = False
    control_token: str | None = None
    faults: tuple[str, ...] = ()
    allow_webhook_host: tuple[str, ...] = ()
    keep_requests: int = 1_000
    log_level: str = "warning"
    cache: Path | None = None
    """The folder of parsed documents; None keeps none."""


@dataclass(frozen=True, slots=True)
class DocsSettings:
    """The settings of the reference pages."""

    spec: Path
    formats: tuple[str, ...]
    out: Path = Path("docs")
    provenance: Literal["documented", "all"] = "all"
    examples: Literal["realistic", "placeholder"] = "realistic"
    check: bool = False


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting, with the flag ``--name`` and the variable ``MOCKSERVER_NAME``."""

    name: str
    parse: Callable[[str], Any]
    help: str
    metavar: str | None = None
    repeats: bool = False
    """Whether the flag can be repeated, which is the same as commas."""

    @property
    def flag(self) -> str:
        """The name of the flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The name of the environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else -1
    if not 0 <= port <= 65_535:
        raise ValueError("a port from 0 to 65535 (0 picks a free one)")
    return port


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("a whole number") from None


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else -1
    if not 0 <= count <= 1_000_000:
        raise ValueError("a whole number from 0 to 1,000,000")
    return count


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time in ISO 8601, such as 2026-03-01T12:00:00Z") from None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if not BEGINNING_OF_TIME <= moment <= END_OF_TIME:
        raise ValueError(f"a time between {BEGINNING_OF_TIME:%Y} and {END_OF_TIME:%Y}")
    return moment


def _switch(text: str) -> bool:
    if text.lower() not in ("1", "true", "yes", "0", "false", "no", ""):
        raise ValueError("true or false")
    return text.lower() in ("1", "true", "yes")


def _level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError("one of " + ", ".join(LOG_LEVELS))
    return text


def _cache(text: str) -> Path | None:
    return None if text == "off" else Path(_text(text))


def _hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if not names or not all(_HOST.fullmatch(name) for name in names):
        raise ValueError(
            "a host name or an IP address, without scheme and port, such as hooks.test"
        )
    return names


def _text(text: str) -> str:
    if not text:
        raise ValueError("not empty")
    return text


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError("names separated by commas")
    return tuple(dict.fromkeys(names))


SETTINGS = (
    _Setting(
        "host",
        _text,
        "address to listen on (127.0.0.1); other than loopback, /_mock requires a token",
    ),
    _Setting("port", _port, "port to listen on (8080); 0 picks a free one"),
    _Setting(
        "now",
        _moment,
        "freeze the clock at this time; it moves only when it is set or advanced",
        "TIME",
    ),
    _Setting(
        "seed",
        _seed,
        "seed of ids, codes and histories (1): same seed, clock and requests, same bytes",
    ),
    _Setting("spec", Path, "the contract to serve (the packaged spec/openapi.yaml)", "FILE"),
    _Setting(
        "fixtures",
        Path,
        "folder with catalogue.yaml, personas/ and faults/ (the packaged one)",
        "FOLDER",
    ),
    _Setting(
        "watch",
        _switch,
        "reload contract and fixtures when they are saved; accounts are kept",
    ),
    _Setting(
        "enforce_rate_limits",
        _switch,
        "send a 429 beyond the limit of the account's tier, for every key",
    ),
    _Setting("control_token", _text, "token that /_mock requires in X-Control-Token", "TOKEN"),
    _Setting(
        "faults", _names, "fault sets of fixtures/faults/ to apply: flaky,slow-3g", "NAME,..."
    ),
    _Setting(
        "allow_webhook_host",
        _hosts,
        "send webhooks to this host, too; for several, repeat it or use commas",
        "NAME",
        repeats=True,
    ),
    _Setting("keep_requests", _count, "number of requests to record (1000); 0 records none", "N"),
    _Setting(
        "log_level",
        _level,
        "debug, info, warning (default) or error; debug logs every request",
        "LEVEL",
    ),
    _Setting(
        "cache",
        _cache,
        "folder that keeps parsed documents (one in the user's cache folder); off keeps none",
        "FOLDER",
    ),
)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


DOCS_SETTINGS = (
    _Setting("spec", Path, "the contract to document (the packaged spec/openapi.yaml)", "FILE"),
    _Setting("out", Path, "folder for the pages (docs)", "FOLDER"),
    _Setting("format", _text, "markdown or html (both)"),
    _Setting(
        "provenance",
        _one_of("documented", "all"),
        "documented generates the published page; all (default) shows more",
    ),
    _Setting(
        "examples",
        _one_of("realistic", "placeholder"),
        "realistic (default), or placeholder as on the published page",
    ),
    _Setting(
        "check",
        _switch,
        "write nothing; if the pages are out of date, show the difference and exit 1",
    ),
)


def add_flags(parser: argparse.ArgumentParser, table: Sequence[_Setting] = SETTINGS) -> None:
    """Add one flag for each setting to a parser."""
    for setting in table:
        help = f"{setting.help} [{setting.variable}]"
        if setting.parse is _switch:
            parser.add_argument(
                setting.flag, dest=setting.name, action="store_const", const="true", help=help
            )
        else:
            metavar = setting.metavar or setting.name.upper()
            action = "append" if setting.repeats else "store"
            parser.add_argument(
                setting.flag, dest=setting.name, metavar=metavar, help=help, action=action
            )


def read(
    flags: Mapping[str, Any], environment: Mapping[str, str], *, spec: Path, fixtures: Path
) -> Settings:
    """Return the settings of the flags, the environment and the defaults, in this order.

    Raises SettingsError.
    """
    defaults = {
        "spec": spec,
        "fixtures": fixtures,
        "cache": parsed_cache.default_folder(environment),
    }
    return Settings(**{**defaults, **_read(SETTINGS, flags, environment)})


def read_docs(
    flags: Mapping[str, Any], environment: Mapping[str, str], *, spec: Path, formats: Sequence[str]
) -> DocsSettings:
    """Return the settings of the docs command, in the same order. Raises SettingsError."""
    values = {"spec": spec, **_read(DOCS_SETTINGS, flags, environment)}
    format = values.pop("format", None)
    if format is not None and format not in formats:
        raise SettingsError(f"--format must be {' or '.join(formats)}, not '{format}'")
    return DocsSettings(formats=tuple(formats) if format is None else (format,), **values)


def _read(
    table: Sequence[_Setting], flags: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for setting in table:
        for source, given in (
            (setting.flag, flags.get(setting.name)),
            (setting.variable, environment.get(setting.variable)),
        ):
            if given is None:
                continue
            text = ",".join(given) if isinstance(given, list) else given
            try:
                values[setting.name] = setting.parse(text)
            except ValueError as error:
                shown = "" if setting.name == "control_token" else f", not '{text}'"
                raise SettingsError(f"{source} must be {error}{shown}") from None
            break
    return values
