"""How bad a finding is, and what its rule rests on.

Severity is independent of provenance. A contradiction within the deployment's own responses needs
no contract, so a critical one fails a run whatever the provenance of the contract's parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "major", "minor"]
"""``critical``: money does not add up, another account's data, a lost or doubled write, a crash.
``major``: a documented shape, status, type or field is broken. ``minor``: manners."""

SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor")

FailOn = Literal["critical", "major", "minor", "difference", "drift"]
"""The least findings that fail a run.

``critical``: critical ones that rest on the deployment's own responses or on documented parts.
``major``: also major ones about documented parts. ``minor``: also minor ones about documented
parts. ``difference``: all but drift. ``drift``: all."""
FAIL_ON: tuple[FailOn, ...] = ("critical", "major", "minor", "difference", "drift")

Basis = Literal["contract", "deployment"]
"""``deployment``: two responses of the deployment contradict each other, or one contradicts itself.
``contract``: a response contradicts the contract, or our own reading of it."""


@dataclass(frozen=True)
class Nature:
    """The severity of a rule and its basis."""

    severity: Severity
    basis: Basis = "contract"


CONTRADICTION = Nature("critical", "deployment")
"""The deployment contradicts itself about money, data or a write."""
QUESTION = Nature("critical", "contract")
"""It would be critical if the rule was right; the rule is in the contract, or ours."""
MAJOR = Nature("major")
MINOR = Nature("minor")

RACE = "race_"
"""The rules of requests sent at once begin with this: they show lost and doubled writes."""

_BY_KIND: dict[str, Nature] = {
    "audit": MAJOR,
    "auth": MAJOR,
    "content_type": MAJOR,
    "display": CONTRADICTION,
    "headers": MINOR,
    "invalid_accepted": MAJOR,
    "malformed_body": MAJOR,
    "method": MINOR,
    "money": CONTRADICTION,
    "no_response": MAJOR,
    "not_the_api": MINOR,
    "order": MINOR,
    "pagination": CONTRADICTION,
    "response_header": MINOR,
    "response_schema": MAJOR,
    "secret": QUESTION,
    "server_error": QUESTION,
    "stack_trace": MAJOR,
    "state": MAJOR,
    "story": MAJOR,
    "tenant": CONTRADICTION,
    "time": MAJOR,
    "undocumented_status": MAJOR,
    "unknown_field": MINOR,
    "unknown_path": MINOR,
    "usage": CONTRADICTION,
    "valid_refused": MAJOR,
    "wrong_refusal": MINOR,
}

_BY_RULE: dict[tuple[str, str], Nature] = {
    # Lax parsers are usual and harm nobody.
    ("invalid_accepted", "type"): MINOR,
    ("invalid_accepted", "json"): MINOR,
    ("invalid_accepted", "media_type"): MINOR,
    ("invalid_accepted", "size"): MINOR,
    ("invalid_accepted", "unknown_field"): MINOR,
    ("pagination", "echo"): MINOR,
    ("pagination", "short_page"): MINOR,
    ("method", "5xx"): QUESTION,
    ("unknown_path", "5xx"): QUESTION,
}


def nature_of(kind: str, keyword: str, where: str) -> Nature:
    """Return the nature of a kind of finding whose rule states none."""
    if _is_of_an_error(where) and kind in ("response_schema", "content_type", "malformed_body"):
        return MINOR
    if kind == "story" and keyword.startswith(RACE):
        return CONTRADICTION
    return _BY_RULE.get((kind, keyword)) or _BY_KIND.get(kind, MAJOR)


def _is_of_an_error(where: str) -> bool:
    """Return whether a place is in a response with an error status: ``/response/422/body``."""
    parts = where.split("/")
    return len(parts) > 2 and parts[1] == "response" and parts[2][:1] in ("4", "5")
