"""The settings of a command, checked: every flag, variable and default in one place."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from contract_tests.errors import UsageError
from contract_tests.findings.severity import FailOn
from contract_tests.shard import Shard
from contract_tests.text import printable

API_KEY_ENV = "BILLING_API_KEY"
REPORTS = ("junit", "html", "json", "sarif", "har")
_HOST = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9][.]?|[0-9A-Fa-f:.]+(%[\w.-]+)?")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_SECRET_NAME = re.compile(r"auth|cookie|credential|key|passw|secret|token", re.IGNORECASE)
_OF_THE_KIT = frozenset(
    {
        *("connection", "content-encoding", "content-length", "content-type", "expect", "host"),
        *("keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
"""Headers that follow from the request itself."""


@dataclass(frozen=True)
class Header:
    """A header that every request carries."""

    name: str
    value: str
    variable: str = ""
    """The environment variable with the value, if the value is not given."""


@dataclass(frozen=True)
class BasicAuth:
    """The user of basic authentication, and the environment variable with the password."""

    user: str
    variable: str


@dataclass(frozen=True)
class OperationSettings:
    """What the settings file says of one operation."""

    skip_checks: Mapping[str, str] = field(default_factory=dict)
    """Why findings are accepted, by the name of their check or by their kind."""
    expected_statuses: tuple[int, ...] = ()
    """Statuses that are accepted beside the documented ones."""
    skip: str = ""
    """Why the operation is not tested; empty if it is."""
    place: str = ""
    """The file and line."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run."""

    url: str
    spec: Path
    mock: bool = False
    """The deployment is the mock: everything may be done, and ``/_mock`` may be used."""
    allow_writes: bool = False
    allow_irreversible: bool = False
    api_key_env: str = API_KEY_ENV
    other_key_env: str | None = None
    organization_id: str | None = None
    per_second: float | None = None
    budget: int | None = None
    """The most requests that are sent."""
    max_time: float | None = None
    seed: int = 1
    workers: int = 1
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    timeout: float = 30.0
    ca_bundle: Path | None = None
    headers: tuple[Header, ...] = ()
    auth: BasicAuth | None = None
    proxy: str | None = None
    """The URL of a proxy. None for that of the usual environment variables."""
    client_cert: tuple[Path, Path | None] | None = None
    """The files of the certificate and of its key."""
    strict: bool = False
    settle: float = 2.0
    """Seconds after which a view that contradicts another is read again; 0: judge at once."""
    fail_on: FailOn = "major"
    """The least findings that fail the run."""
    baseline: Path | None = None
    write_baseline: Path | None = None
    """Where the present failures are written to, as known ones."""
    baseline_owner: str = ""
    baseline_reason: str = ""
    overlay: tuple[Path, ...] = ()
    """Overlays of the contract: known differences of the deployment."""
    learn: Path | None = None
    """Where the causes of the findings are written to, as an overlay."""
    learn_critical: bool = False
    owner: str = ""
    reason: str = ""
    journal: Path = Path("contract-tests.journal")
    reports: tuple[str, ...] = ()
    report_dir: Path = Path("contract-reports")
    max_examples: int = 10
    """Generated requests for each operation and phase."""
    fail_fast: bool = False
    """End with the first failure."""
    phases: tuple[str, ...] = ()
    """Drivers to run; empty for all."""
    shard: Shard | None = None
    """The part of the work that this run does."""
    last_failed: bool = False
    """Do only what failed in the last run."""
    quiet: bool = False
    """Say only what failed, and the verdict."""
    hooks: Path | None = None
    """A Python file of hooks: what can be done to the deployment beyond its API."""
    hook_commands: Mapping[str, str] = field(default_factory=dict)
    """Command lines that are hooks, by name."""
    listen: str | None = None
    """``HOST:PORT`` where callbacks are received."""
    public_url: str | None = None
    """Where the deployment reaches that address, if elsewhere."""
    config: Path | None = None
    env: str | None = None
    """The environment of the settings file."""
    source: str = ""
    """The settings file that was read, and its environment."""
    operations: Mapping[str, OperationSettings] = field(default_factory=dict)
    """Settings of single operations, by operationId."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def is_strict(self) -> bool:
        return self.strict or self.mock

    @property
    def policy(self) -> FailOn:
        """The least findings that fail the run, ``strict`` included."""
        return "drift" if self.is_strict else self.fail_on

    @property
    def may_write(self) -> bool:
        return self.mock or self.allow_writes or self.allow_irreversible

    @property
    def may_do_anything(self) -> bool:
        return self.mock or self.allow_irreversible


def base_url(text: str) -> str:
    """Return a base URL as it is used. Raise UsageError."""
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
        is_fine = (
            parts.port != 0
            and bool(_HOST.fullmatch(host))
            and _PATH.fullmatch(parts.path) is not None
        )
    except ValueError:
        is_fine, host, parts = False, "", urlsplit("")
    # What may hold a secret is not said again.
    if "@" in parts.netloc:
        raise UsageError(
            "the URL must not hold a user or a password; keys come from the environment"
        )
    if parts.query or parts.fragment:
        raise UsageError("the URL must end with the path: no '?' and no '#'")
    if parts.scheme not in ("http", "https") or not is_fine:
        shown = printable(text[:100])
        raise UsageError(
            f"'{shown}' is no URL of a deployment; give one such as https://staging.example.com"
        )
    # As requests writes it when it sends, so that the one is recognised in the other.
    netloc = f"[{host}]" if ":" in host else host.lower()
    return (
        f"{parts.scheme}://{netloc}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
    )


def rate(text: str) -> float:
    """Parse requests a second from ``5``, ``5/s`` or ``300/m``. Raise ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/(s|m|h))?", text.strip())
    per_second = float(found[1]) / {"s": 1, "m": 60, "h": 3600}[found[2] or "s"] if found else 0
    if per_second <= 0:
        raise ValueError("a rate such as 5/s or 300/m")
    return per_second


def seconds_or_none(text: str) -> float:
    """Parse a duration, or ``0``. Raise ValueError."""
    return 0.0 if text.strip() == "0" else seconds(text)


def seconds(text: str) -> float:
    """Parse a duration from ``90``, ``90s``, ``10m`` or ``1h``. Raise ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text.strip())
    value = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"] if found else 0
    if value <= 0:
        raise ValueError("a time such as 90s, 10m or 1h")
    return value


def address(text: str) -> str:
    """Parse ``HOST:PORT``. Raise ValueError."""
    host, colon, port = text.strip().rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port) < 65_536
    if not colon or not is_port or not _HOST.fullmatch(host.strip("[]")):
        raise ValueError("HOST:PORT, such as 127.0.0.1:9000 (port 0 for any)")
    return f"{host}:{int(port)}"


def callback_url(text: str) -> str:
    """Parse the URL at which the deployment reaches the receiver. Raise ValueError."""
    try:
        return base_url(text)
    except UsageError:
        raise ValueError("a URL without '?' and '#', such as https://kit.example.com") from None


def organization(text: str) -> str:
    """Parse an organization's id. Raise ValueError."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("a UUID") from None


def headers(text: str) -> tuple[Header, ...]:
    """Parse ``Name: value`` or ``Name: env:VARIABLE``. Raise ValueError."""
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon or not _TOKEN.fullmatch(name) or not value.isprintable() or not value.isascii():
        raise ValueError("'Name: value' or 'Name: env:VARIABLE'")
    if name.lower() in _OF_THE_KIT:
        raise ValueError(f"another header than {name}, which follows from the request")
    if value.startswith("env:"):
        return (Header(name, "", _variable(value.removeprefix("env:"))),)
    if _SECRET_NAME.search(name):
        raise ValueError(f"'{name}: env:VARIABLE', as its value is a secret")
    return (Header(name, value),)


def basic_auth(text: str) -> BasicAuth:
    """Parse ``user:env:VARIABLE``. Raise ValueError."""
    user, separator, variable = text.partition(":env:")
    if not separator or not user.isprintable() or not user.isascii() or ":" in user:
        raise ValueError("user:env:VARIABLE; the password comes from the environment")
    return BasicAuth(user, _variable(variable))


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ValueError("env: with the name of an environment variable")
    return name


def proxy_url(text: str, *, with_password: bool = False) -> str:
    """Parse the URL of an HTTP proxy. Raise ValueError."""
    try:
        parts = urlsplit(text)
        is_fine = (
            parts.scheme == "http"
            and bool(_HOST.fullmatch(parts.hostname or ""))
            and parts.port != 0
            and parts.path in ("", "/")
            and not (parts.query or parts.fragment)
        )
    except ValueError:
        is_fine = False
    if not is_fine:
        raise ValueError("the URL of an HTTP proxy such as http://proxy.example.com:3128")
    if "@" in parts.netloc and not with_password:
        raise ValueError("a URL without user and password; HTTPS_PROXY may hold them")
    return text.rstrip("/")


def client_cert(text: str) -> tuple[Path, Path | None]:
    """Parse ``FILE`` or ``FILE:KEYFILE``. Raise ValueError."""
    name, _, key = ("", "", "") if Path(text).is_file() else text.rpartition(":")
    found = (Path(name), Path(key)) if name else (Path(text), None)
    try:
        # The password keeps OpenSSL from asking for one.
        ssl.create_default_context().load_cert_chain(found[0], found[1], password="-")  # noqa: S106
    except (OSError, ValueError):
        raise ValueError("a certificate and its key, without a password (PEM)") from None
    return found


def key_from(environment: Mapping[str, str], name: str) -> str:
    """Return a key from the environment. Raise UsageError."""
    key = environment.get(name, "").strip()
    if not key:
        raise UsageError(
            f"no API key: set the environment variable {name}, or name another with --api-key-env "
            "(the mock needs none: --mock)"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"the value of {name} is no API key: it holds characters that no header can carry"
        )
    return key


def packaged_spec() -> Path:
    """Return the contract's file: of the checkout, or the copy in the wheel."""
    here = Path(__file__).resolve().parent
    packaged = here / "_data" / "spec" / "openapi.yaml"
    return packaged if packaged.exists() else here.parent / "spec" / "openapi.yaml"
