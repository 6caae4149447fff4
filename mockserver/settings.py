"""Settings: every flag, environment variable and default in one place."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.clock import BEGINNING_OF_TIME, END_OF_TIME
from mockserver.limits import Limits
from mockserver.loopback import Network
from mockserver.openapi import parsed_cache

ENVIRONMENT_PREFIX = "MOCKSERVER_"
DEFAULT_CONTROL_PREFIX = "/_mock"
_SERVER_URL = re.compile(
    r"https?://(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?/?"
)
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,4}")
_HOST = re.compile(r"(?!-)[a-z0-9._-]{1,253}|[0-9a-f:.]{2,45}")
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingsError(Exception):
    """A setting that cannot be used. The message names it and the expected value."""


class Settings(Struct, frozen=True):
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
    control_prefix: str = DEFAULT_CONTROL_PREFIX
    faults: tuple[str, ...] = ()
    public_url: str | None = None
    trust_proxy: tuple[Network, ...] = ()
    allow_webhook_host: tuple[str, ...] = ()
    keep_requests: int = 1_000
    max_accounts: int = 10_000
    stateless: bool = False
    items: int = 5
    handlers: Path | None = None
    check_references: bool = False
    state: Path | None = None
    quiet: bool = False
    stop_with_stdin: bool = False
    log_level: str = "warning"
    limits: Limits = Limits()
    allow_remote_refs: bool = False
    cache: Path | None = None
    """The folder of parsed documents; None keeps none."""

    @property
    def pages_prefix(self) -> str:
        """The beginning of the paths of all pages: empty, unless the control API has moved."""
        return "" if self.control_prefix == DEFAULT_CONTROL_PREFIX else self.control_prefix


class DocsSettings(Struct, frozen=True):
    """The settings of the reference pages."""

    spec: Path
    formats: tuple[str, ...]
    out: Path = Path("docs")
    provenance: Literal["documented", "all"] = "all"
    examples: Literal["realistic", "placeholder"] = "realistic"
    check: bool = False


class _Setting(Struct, frozen=True):
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


def _items(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
    if not 0 <= count <= 1_000:
        raise ValueError("a whole number from 0 to 1000")
    return count


def _accounts(text: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= 7 else 0
    if not 1 <= count <= 1_000_000:
        raise ValueError("a whole number from 1 to 1,000,000")
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


def server_url(text: str) -> str:
    """Return the URL of a server without a slash at the end. Raise ValueError."""
    if not _SERVER_URL.fullmatch(text):
        raise ValueError("an http or https URL without a path, such as https://mock.example.com")
    try:
        if urlsplit(text).port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("a URL whose port is from 1 to 65535") from None
    return text.rstrip("/")


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError("IP addresses or networks, such as 10.0.0.7,172.16.0.0/12") from None


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text) or {".", ".."} & set(text.split("/")):
        raise ValueError("a path such as /_mock-control, without a slash at the end")
    return text


def _text(text: str) -> str:
    if not text:
        raise ValueError("not empty")
    return text


def _file(text: str) -> Path:
    if not text or "\0" in text or Path(text).is_dir():
        raise ValueError("the name of a file")
    return Path(text)


def document(text: str) -> Path:
    """Return the path of an OpenAPI document. Raise ValueError."""
    if text.startswith(("http://", "https://")):
        raise ValueError("the name of a file (download the document first)")
    if not text or "\0" in text:
        raise ValueError("the name of a file")
    return Path(text)


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
    _Setting("spec", document, "the contract to serve (the packaged spec/openapi.yaml)", "FILE"),
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
        "control_prefix",
        _prefix,
        "path of the control API (/_mock); any other also moves /docs and /openapi.json below it",
        "PATH",
    ),
    _Setting(
        "faults", _names, "fault sets of fixtures/faults/ to apply: flaky,slow-3g", "NAME,..."
    ),
    _Setting(
        "public_url",
        server_url,
        "address of this server for its callers, for all URLs in responses and pages",
        "URL",
    ),
    _Setting(
        "trust_proxy",
        _networks,
        "take X-Forwarded-Host and -Proto from these proxies, besides those on this machine",
        "ADDRESS,...",
    ),
    _Setting(
        "allow_webhook_host",
        _hosts,
        "send webhooks to this host, too; for several, repeat it or use commas",
        "NAME",
        repeats=True,
    ),
    _Setting("keep_requests", _count, "number of requests to record (1000); 0 records none", "N"),
    _Setting("quiet", _switch, "do not list requests on the terminal"),
    _Setting(
        "stop_with_stdin",
        _switch,
        "stop when standard input is closed, and so with the program that started the mock",
    ),
    _Setting(
        "max_accounts",
        _accounts,
        "accounts to keep beside the personas (10000); the least recently used one is evicted",
        "N",
    ),
    _Setting(
        "items",
        _items,
        "items that a collection of another document has at first (5), beside its examples",
        "N",
    ),
    _Setting(
        "handlers",
        _file,
        "Python functions, named by operationId, that serve operations of another document",
        "FILE",
    ),
    _Setting(
        "check_references",
        _switch,
        "refuse ids of other resources in a body that do not exist, in another document",
    ),
    _Setting("stateless", _switch, "serve another document from its examples and schemas alone"),
    _Setting(
        "state",
        _file,
        "load the state of the mock from this file, and save it there when the mock stops",
        "FILE",
    ),
    _Setting(
        "log_level",
        _level,
        "debug, info, warning (default) or error; debug lists pages and /_mock, too",
        "LEVEL",
    ),
    _Setting(
        "allow_remote_refs",
        _switch,
        "follow references of the contract to http and https URLs",
    ),
    _Setting(
        "cache",
        _cache,
        "folder that keeps parsed documents (one in the user's cache folder); off keeps none",
        "FOLDER",
    ),
)


def _seconds(text: str) -> float:
    seconds = float(text) if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) else 0.0
    if not 0 < seconds <= 86_400:
        raise ValueError("a number of seconds, more than 0 and at most 86400")
    return seconds


def _size(text: str) -> int:
    size = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    if not 1 <= size <= 1_000_000_000:
        raise ValueError("a whole number from 1 to 1,000,000,000")
    return size


LIMITS = (
    _Setting("max_connections", _size, "open connections (10000); further ones are closed", "N"),
    _Setting("max_target_bytes", _size, "size of path and query (16384), else 414", "N"),
    _Setting("max_headers", _size, "headers of a request (200), else 431", "N"),
    _Setting("max_head_bytes", _size, "size of a request without its body (65536), else 431", "N"),
    _Setting(
        "max_body_bytes",
        _size,
        "size of a body, where the operation has no limit of its own (32000000), else 413",
        "N",
    ),
    _Setting(
        "max_dropped_bytes",
        _size,
        "how much is dropped of what a refused client still sends (64000000)",
        "N",
    ),
    _Setting("head_timeout", _seconds, "time for a request without its body (30), else 408", "S"),
    _Setting("body_timeout", _seconds, "time between two parts of a body (30), else 408", "S"),
    _Setting("keep_alive_timeout", _seconds, "time between two requests (75)", "S"),
    _Setting("write_timeout", _seconds, "time in which a client reads nothing (60)", "S"),
    _Setting("shutdown_timeout", _seconds, "time for requests to end when it stops (2)", "S"),
)
"""The settings of ``Limits``, by the names of its fields."""


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(" or ".join(words))
        return text

    return parse


DOCS_SETTINGS = (
    _Setting("spec", document, "the contract to document (the packaged spec/openapi.yaml)", "FILE"),
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

RESOURCES_SETTINGS = (
    _Setting("spec", document, "the OpenAPI document (the packaged spec/openapi.yaml)", "FILE"),
)

CHECK_SETTINGS = (
    _Setting(
        "value_seconds",
        _seconds,
        "time in which check looks for responses that no value satisfies (3)",
        "S",
    ),
)


def add_flags(parser: argparse._ActionsContainer, table: Sequence[_Setting] = SETTINGS) -> None:
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
    limits = Limits(**_read(LIMITS, flags, environment))
    defaults = {
        "spec": spec,
        "fixtures": fixtures,
        "limits": limits,
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


def read_spec(flags: Mapping[str, Any], environment: Mapping[str, str], *, spec: Path) -> Path:
    """Return the document of the resources command, in the same order. Raises SettingsError."""
    chosen: Path = {"spec": spec, **_read(RESOURCES_SETTINGS, flags, environment)}["spec"]
    return chosen


def read_value_seconds(flags: Mapping[str, Any], environment: Mapping[str, str]) -> float:
    """Return how long the check command looks for values. Raises SettingsError."""
    seconds: float = _read(CHECK_SETTINGS, flags, environment).get("value_seconds", 3.0)
    return seconds


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
