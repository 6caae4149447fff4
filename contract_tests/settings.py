"""The settings of a command, checked: every flag, variable and default in one place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from contract_tests.errors import UsageError
from contract_tests.findings.severity import FailOn
from contract_tests.text import printable

API_KEY_ENV = "BILLING_API_KEY"
REPORTS = ("junit", "html", "json", "sarif", "har")
_HOST = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9][.]?|[0-9A-Fa-f:.]+(%[\w.-]+)?")
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


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
    max_time: float | None = None
    seed: int = 1
    workers: int = 1
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    timeout: float = 30.0
    ca_bundle: Path | None = None
    strict: bool = False
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
    max_examples: int = 20
    """Generated requests for each operation and phase."""
    fail_fast: bool = False
    """End with the first failure."""
    phases: tuple[str, ...] = ()
    """Drivers to run; empty for all."""
    quiet: bool = False
    """Say only what failed, and the verdict."""
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


def seconds(text: str) -> float:
    """Parse a duration from ``90``, ``90s``, ``10m`` or ``1h``. Raise ValueError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", text.strip())
    value = float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"] if found else 0
    if value <= 0:
        raise ValueError("a time such as 90s, 10m or 1h")
    return value


def organization(text: str) -> str:
    """Parse an organization's id. Raise ValueError."""
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("a UUID") from None


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
