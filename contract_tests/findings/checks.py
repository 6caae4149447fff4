"""The checks of the kit: kinds of findings under the names by which people look for them."""

from __future__ import annotations

from contract_tests.findings.finding import Finding

CHECKS: dict[str, frozenset[str]] = {
    "responses": frozenset(
        {"no_response", "server_error", "undocumented_status", "content_type", "malformed_body"}
    ),
    "schema": frozenset({"response_schema", "unknown_field"}),
    "headers": frozenset({"response_header", "headers"}),
    "requests": frozenset(
        {"invalid_accepted", "valid_refused", "wrong_refusal", "negative_data", "positive_data"}
    ),
    "keys": frozenset({"auth", "secret"}),
    "methods": frozenset({"method", "unknown_path"}),
    "tenants": frozenset({"tenant"}),
    "state": frozenset({"state", "audit", "story"}),
    "money": frozenset({"money", "display"}),
    "usage": frozenset({"usage"}),
    "lists": frozenset({"pagination", "order"}),
    "times": frozenset({"time"}),
    "others": frozenset(),
}
"""``others`` is for what no other check knows: kinds that only Schemathesis has."""


def check_of(finding: Finding) -> str:
    """Return the check that a finding belongs to."""
    return next((name for name, kinds in CHECKS.items() if finding.kind in kinds), "others")
