"""The flags of ``contract-tests run``: how each is written, what it takes, and what it is for.

Other commands take some of them: ``add(parser, "spec", "baseline")`` and ``read(arguments)``.
"""

from __future__ import annotations

import argparse
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract_tests import settings
from contract_tests.errors import UsageError
from contract_tests.findings.severity import FAIL_ON
from contract_tests.settings import Settings
from contract_tests.shard import Shard

_VARIABLE = re.compile(r"(?!sk_|pk_|rk_|whsec_)[A-Za-z_][A-Za-z0-9_]{0,63}")
MAX_WORKERS = 64


@dataclass(frozen=True)
class Flag:
    """A flag of one setting."""

    help: str
    metavar: str = ""
    parse: Callable[[str], Any] | None = None
    """Raises ValueError with what it must be; None for a switch."""
    is_list: bool = False
    """May be repeated, and each may hold several with commas."""
    is_secret: bool = False
    """May have been given a key by mistake: what it was given is not said again."""


def _whole(low: int, high: int, what: str) -> Callable[[str], int]:
    def parse(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
        if not low <= number <= high:
            raise ValueError(what)
        return number

    return parse


def _variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(
            "the name of an environment variable that holds the key (never the key itself)"
        )
    return text


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise ValueError("a name, or several with commas between them")
    return words


def _files(text: str) -> tuple[Path, ...]:
    return (Path(text),)


def _reports(text: str) -> tuple[str, ...]:
    words = _words(text)
    if not set(words) <= set(settings.REPORTS):
        raise ValueError("of " + ", ".join(settings.REPORTS))
    return words


def _level(text: str) -> str:
    if text not in FAIL_ON:
        raise ValueError("one of " + ", ".join(FAIL_ON))
    return text


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("a line of text")
    return text.strip()


def _authorities(text: str) -> Path:
    try:
        ssl.create_default_context(cafile=text)
    except (OSError, ValueError):
        raise ValueError("a file with certificates (PEM)") from None
    return Path(text)


FLAGS: dict[str, Flag] = {
    "spec": Flag("the contract to validate against (the packaged spec/openapi.yaml)", "FILE", Path),
    "mock": Flag(
        "the deployment is the mock: everything is allowed, no key is needed; implies --strict"
    ),
    "allow_writes": Flag(
        "also send what can be put back: settings, cards that the kit added, sessions"
    ),
    "allow_irreversible": Flag(
        "also send what cannot be put back: deposits, plan changes, verification messages"
    ),
    "api_key_env": Flag(
        f"environment variable that holds the API key ({settings.API_KEY_ENV})",
        "NAME",
        _variable,
        is_secret=True,
    ),
    "other_key_env": Flag(
        "environment variable with another account's key, to prove that neither sees the other",
        "NAME",
        _variable,
        is_secret=True,
    ),
    "organization_id": Flag(
        "an organization that the key belongs to, and the other key does not",
        "UUID",
        settings.organization,
    ),
    "config": Flag(
        "file with settings, instead of contract-tests.toml in the working directory", "FILE", Path
    ),
    "env": Flag("the environment of that file", "NAME", _line),
    "only": Flag(
        "only these operations: operationIds, tags or groups", "NAME,...", _words, is_list=True
    ),
    "skip": Flag("not these operations", "NAME,...", _words, is_list=True),
    "phases": Flag("only these phases", "NAME,...", _words, is_list=True),
    "shard": Flag(
        "one part of the work, such as 1/4; 'contract-tests merge' unites the reports of all parts",
        "N/COUNT",
        Shard.parse,
    ),
    "last_failed": Flag("only what failed in the last run of this folder (.contract-tests)"),
    "seed": Flag(
        "what is generated comes from it (1): the same seed, the same requests",
        "N",
        _whole(0, 2**53, "a whole number from 0"),
    ),
    "max_examples": Flag(
        "generated requests for each operation and phase (20)",
        "N",
        _whole(1, 100_000, "a whole number from 1 to 100000"),
    ),
    "rate_limit": Flag(
        "requests a second at most, such as 5/s or 300/m (no limit)", "RATE", settings.rate
    ),
    "max_time": Flag(
        "end after so long, such as 90s or 10m; what was not tried is no failure",
        "TIME",
        settings.seconds,
    ),
    "budget": Flag(
        "send at most so many requests, the most telling first; another seed tries others",
        "N",
        _whole(1, 10_000_000, "a whole number from 1"),
    ),
    "timeout": Flag("how long a response may take (30s)", "TIME", settings.seconds),
    "workers": Flag(
        "requests at the same time where order does not matter (1)",
        "N",
        _whole(1, MAX_WORKERS, f"a whole number from 1 to {MAX_WORKERS}"),
    ),
    "ca_bundle": Flag(
        "authorities to trust for TLS instead of the usual ones", "FILE", _authorities
    ),
    "headers": Flag(
        "header of every request, or of the API's security scheme: 'Name: value' or "
        "'Name: env:VARIABLE'; may be repeated",
        "HEADER",
        settings.headers,
        is_list=True,
        is_secret=True,
    ),
    "auth": Flag(
        "basic authentication of the API, or in front of it; the password is in the variable",
        "USER:env:VARIABLE",
        settings.basic_auth,
        is_secret=True,
    ),
    "proxy": Flag(
        "HTTP proxy (HTTPS_PROXY, HTTP_PROXY and NO_PROXY; none for this machine)",
        "URL",
        settings.proxy_url,
        is_secret=True,
    ),
    "client_cert": Flag(
        "client certificate to show, and its key if that is in another file",
        "FILE[:KEYFILE]",
        settings.client_cert,
    ),
    "fail_fast": Flag("end with the first failure"),
    "hooks": Flag(
        "Python file whose functions pay, read codes, use credits, advance a test clock",
        "FILE",
        Path,
    ),
    "catalogue": Flag(
        "file with what the deployment sells, such as the catalogue.yaml of the mock's fixtures",
        "FILE",
        Path,
    ),
    "listen": Flag(
        "receive callbacks here, such as 127.0.0.1:9000 (with writes)",
        "HOST:PORT",
        settings.address,
    ),
    "public_url": Flag(
        "where the deployment reaches that address, if elsewhere", "URL", settings.callback_url
    ),
    "journal": Flag(
        "where created and changed things are noted, for 'cleanup' (contract-tests.journal)",
        "FILE",
        Path,
    ),
    "strict": Flag(
        "what differs from observed or assumed parts of the contract, and unknown fields, fail too"
    ),
    "settle": Flag(
        "how long to wait before a contradictory view is read again (2s; 0 to judge at once)",
        "TIME",
        settings.seconds_or_none,
    ),
    "fail_on": Flag(
        "the least findings that fail the run: "
        + ", ".join(FAIL_ON)
        + " (major); see 'contract-tests explain'",
        "LEVEL",
        _level,
    ),
    "baseline": Flag("known failures, each with owner, reason and expiry date", "FILE", Path),
    "write_baseline": Flag(
        "write the failures of this run to a new baseline, accepted for 30 days", "FILE", Path
    ),
    "baseline_owner": Flag("who takes care of them", "WHO", _line),
    "baseline_reason": Flag("why they are accepted", "WHY", _line),
    "overlay": Flag(
        "an overlay of the contract with known differences; may be repeated",
        "FILE",
        _files,
        is_list=True,
    ),
    "learn": Flag(
        "accept what this run finds: write it to an overlay, or add it to one", "FILE", Path
    ),
    "learn_critical": Flag("also accept critical findings, whose amounts keep their difference"),
    "owner": Flag("who accepts the findings of --learn", "WHO", _line),
    "reason": Flag("why they are accepted", "WHY", _line),
    "reports": Flag(
        "reports to write: " + ",".join(settings.REPORTS), "NAME,...", _reports, is_list=True
    ),
    "report_dir": Flag("where to write them (contract-reports)", "FOLDER", Path),
    "quiet": Flag("no progress; say only what failed, and the verdict"),
}
"""By the setting."""

_SPELLING = {"rate_limit": "per_second"}
"""Settings that have another name than their flag."""
_SINGULAR = {"reports": "report", "headers": "header"}
"""Flags that can be repeated."""


@dataclass(frozen=True)
class Given:
    """Values that a file gives to flags, by setting, each as on the command line."""

    values: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """File, line and name of each."""


NETWORK = ("headers", "auth", "proxy", "client_cert", "ca_bundle", "timeout")
"""The flags of the way to a deployment."""


def flag_name(name: str) -> str:
    return "--" + _SINGULAR.get(name, name).replace("_", "-")


def add(parser: argparse._ActionsContainer, *names: str) -> None:
    """Add these flags to a parser."""
    for name in names:
        flag = FLAGS[name]
        if flag.parse is None:
            parser.add_argument(flag_name(name), dest=name, action="store_true", help=flag.help)
        else:
            action = "append" if flag.is_list else "store"
            parser.add_argument(
                flag_name(name), dest=name, action=action, metavar=flag.metavar, help=flag.help
            )


def read(arguments: argparse.Namespace, url: str, given: Given | None = None) -> Settings:
    """Return the settings. Raise UsageError with a line for each wrong flag.

    Values that a file gives are taken for flags that the command line does not have.
    """
    given = given or Given()
    values: dict[str, Any] = {"url": url, "spec": settings.packaged_spec()}
    problems = []
    try:
        values["url"] = settings.base_url(url)
    except UsageError as error:
        problems.append(str(error))
    for name, flag in FLAGS.items():
        value, place = getattr(arguments, name, None), flag_name(name)
        if value is None or value is False:
            value, place = given.values.get(name), given.places.get(name, "")
        if value is None or value is False:
            continue
        try:
            values[_SPELLING.get(name, name)] = _value(flag, value)
        except ValueError as error:
            was = "" if flag.is_secret else f", not '{value[-1] if flag.is_list else value}'"
            problems.append(f"{place} must be {error}{was}")
    problems += _together(values)
    if problems:
        raise UsageError("\n".join(problems))
    return Settings(**values)


def _value(flag: Flag, given: Any) -> Any:
    if flag.parse is None:
        return given
    if flag.is_list:
        return tuple(dict.fromkeys(word for text in given for word in flag.parse(text)))
    return flag.parse(given)


def _together(values: dict[str, Any]) -> list[str]:
    """Return what is wrong with the combination of flags."""
    found = []
    if values.get("public_url") and not values.get("listen"):
        found.append("--public-url needs --listen: it is where the deployment reaches that address")
    target = values.get("write_baseline")
    if target is not None:
        missing = [
            flag_name(name)
            for name in ("baseline_owner", "baseline_reason")
            if not values.get(name)
        ]
        if missing:
            found.append(
                f"--write-baseline needs {' and '.join(missing)}: a baseline must have an owner"
            )
        if target.exists():
            found.append(
                f"--write-baseline {target}: is there already, and has owners; name a new file"
            )
    return found + _of_learning(values)


def _of_learning(values: dict[str, Any]) -> list[str]:
    target = values.get("learn")
    if target is None:
        return []
    missing = [flag_name(name) for name in ("owner", "reason") if not values.get(name)]
    found = []
    if missing:
        found.append(f"--learn needs {' and '.join(missing)}: somebody must accept the findings")
    if target.is_dir() or not target.parent.is_dir():
        found.append(f"--learn {target}: must be a file in a folder that exists")
    return found
