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

ENVIRONMENT_PREFIX = "MOCKSERVER_"
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A setting that cannot be used: which, and what it should be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server is to run."""

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


@dataclass(frozen=True, slots=True)
class DocsSettings:
    """How reference pages are to be made."""

    spec: Path
    formats: tuple[str, ...]
    out: Path = Path("docs")
    provenance: Literal["documented", "all"] = "all"
    examples: Literal["realistic", "placeholder"] = "realistic"
    check: bool = False


@dataclass(frozen=True, slots=True)
class _Setting:
    """One setting: its flag is ``--name``, its variable ``MOCKSERVER_NAME``."""

    name: str
    parse: Callable[[str], Any]
    help: str
    metavar: str | None = None
    repeats: bool = False
    """Whether it can be given several times, which is the same as once with commas."""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
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
        raise ValueError("names with commas between")
    return tuple(dict.fromkeys(names))


SETTINGS = (
    _Setting(
        "host",
        _text,
        "address to listen on (127.0.0.1); anything but loopback closes /_mock without a token",
    ),
    _Setting("port", _port, "port to listen on (8080); 0 picks a free one"),
    _Setting(
        "now", _moment, "let the clock stand still at this time; it moves only when told to", "TIME"
    ),
    _Setting(
        "seed",
        _seed,
        "ids, codes and histories come from it (1): same seed, clock and requests, same bytes",
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
        "serve contract and fixtures anew when they are saved; accounts stay as they are",
    ),
    _Setting(
        "enforce_rate_limits",
        _switch,
        "answer 429 beyond the limit of the account's tier, for every key",
    ),
    _Setting("control_token", _text, "what X-Control-Token must carry for /_mock", "TOKEN"),
    _Setting(
        "faults", _names, "sets of fixtures/faults/ to switch on, such as flaky,slow-3g", "NAME,..."
    ),
    _Setting(
        "allow_webhook_host",
        _hosts,
        "send webhooks to this host too, and not only to this machine; several: repeat it, or use commas",
        "NAME",
        repeats=True,
    ),
    _Setting(
        "keep_requests", _count, "how many requests /_mock/requests keeps (1000); 0 keeps none", "N"
    ),
    _Setting(
        "log_level",
        _level,
        "debug, info, warning (default) or error; debug lists every request",
        "LEVEL",
    ),
)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


DOCS_SETTINGS = (
    _Setting("spec", Path, "the contract to show (the packaged spec/openapi.yaml)", "FILE"),
    _Setting("out", Path, "folder for the pages (docs)", "FOLDER"),
    _Setting("format", _text, "markdown or html; without it, both"),
    _Setting(
        "provenance",
        _one_of("documented", "all"),
        "documented makes the published page; all (default) shows more",
    ),
    _Setting(
        "examples",
        _one_of("realistic", "placeholder"),
        "realistic (default) ones, or the published page's",
    ),
    _Setting(
        "check",
        _switch,
        "write nothing; exit 1 and show what would change if the pages are not fresh",
    ),
)


def add_flags(parser: argparse.ArgumentParser, table: Sequence[_Setting] = SETTINGS) -> None:
    """Give a parser one flag for each setting."""
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
    """The settings that flags say, else the environment, else the defaults. Raises SettingsError."""
    return Settings(**{"spec": spec, "fixtures": fixtures, **_read(SETTINGS, flags, environment)})


def read_docs(
    flags: Mapping[str, Any], environment: Mapping[str, str], *, spec: Path, formats: Sequence[str]
) -> DocsSettings:
    """The settings of the docs command, found in the same way. Raises SettingsError."""
    values = {"spec": spec, **_read(DOCS_SETTINGS, flags, environment)}
    wanted = values.pop("format", None)
    if wanted is not None and wanted not in formats:
        raise SettingsError(f"--format must be {' or '.join(formats)}, not '{wanted}'")
    return DocsSettings(formats=tuple(formats) if wanted is None else (wanted,), **values)


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
