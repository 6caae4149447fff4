"""Settings: every flag, environment variable and default in one place."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from mockserver import setting_values as parse
from mockserver.limits import Limits
from mockserver.loopback import Network
from mockserver.openapi import parsed_cache

ENVIRONMENT_PREFIX = "MOCKSERVER_"
DEFAULT_CONTROL_PREFIX = "/_mock"


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
    locale: str | None = None
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
    guides: Path | None = None
    """The folder of guides that become pages; None for none."""
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


SETTINGS = (
    _Setting(
        "host",
        parse.not_empty,
        "address to listen on (127.0.0.1); other than loopback, /_mock requires a token",
    ),
    _Setting("port", parse.port, "port to listen on (8080); 0 picks a free one"),
    _Setting(
        "now",
        parse.moment,
        "freeze the clock at this time; it moves only when it is set or advanced",
        "TIME",
    ),
    _Setting(
        "seed",
        parse.seed,
        "seed of ids, codes and histories (1): same seed, clock and requests, same bytes",
    ),
    _Setting(
        "spec", parse.document, "the contract to serve (the packaged spec/openapi.yaml)", "FILE"
    ),
    _Setting(
        "fixtures",
        Path,
        "folder with catalogue.yaml, personas/ and faults/ (the packaged one)",
        "FOLDER",
    ),
    _Setting(
        "watch",
        parse.switch,
        "reload contract and fixtures when they are saved; accounts are kept",
    ),
    _Setting(
        "locale",
        parse.locale,
        "locale of Faker for invented people, such as de_DE (names of many countries)",
        "LOCALE",
    ),
    _Setting(
        "enforce_rate_limits",
        parse.switch,
        "send a 429 beyond the limit of the account's tier, for every key",
    ),
    _Setting(
        "control_token", parse.not_empty, "token that /_mock requires in X-Control-Token", "TOKEN"
    ),
    _Setting(
        "control_prefix",
        parse.prefix,
        "path of the control API (/_mock); any other also moves /docs and /openapi.json below it",
        "PATH",
    ),
    _Setting(
        "faults", parse.names, "fault sets of fixtures/faults/ to apply: flaky,slow-3g", "NAME,..."
    ),
    _Setting(
        "public_url",
        parse.server_url,
        "address of this server for its callers, for all URLs in responses and pages",
        "URL",
    ),
    _Setting(
        "trust_proxy",
        parse.networks,
        "take X-Forwarded-Host and -Proto from these proxies, besides those on this machine",
        "ADDRESS,...",
    ),
    _Setting(
        "allow_webhook_host",
        parse.hosts,
        "send webhooks to this host, too; for several, repeat it or use commas",
        "NAME",
        repeats=True,
    ),
    _Setting(
        "keep_requests",
        parse.whole_number(0, 1_000_000),
        "number of requests to record (1000); 0 records none",
        "N",
    ),
    _Setting("quiet", parse.switch, "do not list requests on the terminal"),
    _Setting(
        "stop_with_stdin",
        parse.switch,
        "stop when standard input is closed, and so with the program that started the mock",
    ),
    _Setting(
        "max_accounts",
        parse.whole_number(1, 1_000_000),
        "accounts to keep beside the personas (10000); the least recently used one is evicted",
        "N",
    ),
    _Setting(
        "items",
        parse.whole_number(0, 1_000),
        "items that a collection of another document has at first (5), beside its examples",
        "N",
    ),
    _Setting(
        "handlers",
        parse.file,
        "Python functions, named by operationId, that serve operations of another document",
        "FILE",
    ),
    _Setting(
        "check_references",
        parse.switch,
        "refuse ids of other resources in a body that do not exist, in another document",
    ),
    _Setting(
        "stateless", parse.switch, "serve another document from its examples and schemas alone"
    ),
    _Setting(
        "state",
        parse.file,
        "load the state of the mock from this file, and save it there when the mock stops",
        "FILE",
    ),
    _Setting(
        "log_level",
        parse.level,
        "debug, info, warning (default) or error; debug lists pages and /_mock, too",
        "LEVEL",
    ),
    _Setting(
        "allow_remote_refs",
        parse.switch,
        "follow references of the contract to http and https URLs",
    ),
    _Setting(
        "cache",
        parse.cache,
        "folder that keeps parsed documents (one in the user's cache folder); off keeps none",
        "FOLDER",
    ),
)


_SIZE = parse.whole_number(1, 1_000_000_000)

LIMITS = (
    _Setting("max_connections", _SIZE, "open connections (10000); further ones are closed", "N"),
    _Setting("max_target_bytes", _SIZE, "size of path and query (16384), else 414", "N"),
    _Setting("max_headers", _SIZE, "headers of a request (200), else 431", "N"),
    _Setting("max_head_bytes", _SIZE, "size of a request without its body (65536), else 431", "N"),
    _Setting(
        "max_body_bytes",
        _SIZE,
        "size of a body, where the operation has no limit of its own (32000000), else 413",
        "N",
    ),
    _Setting(
        "max_dropped_bytes",
        _SIZE,
        "how much is dropped of what a refused client still sends (64000000)",
        "N",
    ),
    _Setting(
        "head_timeout", parse.seconds, "time for a request without its body (30), else 408", "S"
    ),
    _Setting("body_timeout", parse.seconds, "time between two parts of a body (30), else 408", "S"),
    _Setting("keep_alive_timeout", parse.seconds, "time between two requests (75)", "S"),
    _Setting("write_timeout", parse.seconds, "time in which a client reads nothing (60)", "S"),
    _Setting("shutdown_timeout", parse.seconds, "time for requests to end when it stops (2)", "S"),
)
"""The settings of ``Limits``, by the names of its fields."""


DOCS_SETTINGS = (
    _Setting(
        "spec", parse.document, "the contract to document (the packaged spec/openapi.yaml)", "FILE"
    ),
    _Setting("out", Path, "folder for the pages (docs)", "FOLDER"),
    _Setting("format", parse.not_empty, "markdown or html (both)"),
    _Setting(
        "provenance",
        parse.one_of("documented", "all"),
        "documented generates the published page; all (default) shows more",
    ),
    _Setting(
        "examples",
        parse.one_of("realistic", "placeholder"),
        "realistic (default), or placeholder as on the published page",
    ),
    _Setting(
        "guides",
        Path,
        "folder of Markdown guides that become pages beside the reference (none)",
        "FOLDER",
    ),
    _Setting(
        "check",
        parse.switch,
        "write nothing; if the pages are out of date, show the difference and exit 1",
    ),
)

RESOURCES_SETTINGS = (
    _Setting(
        "spec", parse.document, "the OpenAPI document (the packaged spec/openapi.yaml)", "FILE"
    ),
)

CHECK_SETTINGS = (
    _Setting(
        "value_seconds",
        parse.seconds,
        "time in which check looks for impossible responses, and for broken examples (3)",
        "S",
    ),
)


def add_flags(parser: argparse._ActionsContainer, table: Sequence[_Setting] = SETTINGS) -> None:
    """Add one flag for each setting to a parser."""
    for setting in table:
        help = f"{setting.help} [{setting.variable}]"
        if setting.parse is parse.switch:
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
