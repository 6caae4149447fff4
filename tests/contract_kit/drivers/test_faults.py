"""Faults that one request or one story shows: the driver that sends it finds them."""

from __future__ import annotations

import pytest

from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import played
from tests.mutants.faults import FAULTS
from tests.mutants.server import faulty_app

Kind = tuple[str, str]
"""Kind and keyword of a finding."""

CRASH = ("server_error", "5xx")


def found(mutant: str, phase: str, *operations: str) -> set[Kind]:
    """Return what a phase finds on the mock with a fault."""
    with faulty_app(FAULTS[mutant]) as broken, faulty.upstream(broken) as running:
        run = played(running.url, phase, mock=True, only=operations)
    assert run.broken == []
    return {(finding.kind, finding.keyword) for finding in run.verdicts}


@pytest.mark.parametrize(
    ("mutant", "operation", "expected"),
    [
        ("nul-in-a-card-id-crashes", "remove_payment_method", CRASH),
        ("nul-in-an-action-crashes", "initiate_verification", CRASH),
        ("emoji-in-a-consent-crashes", "update_auto_recharge", CRASH),
        ("huge-offset-crashes", "list_audit_log", CRASH),
        ("deposit-loses-its-fraction", "create_deposit", ("invalid_accepted", "type")),
        ("recharge-switched-by-a-word", "update_auto_recharge", ("invalid_accepted", "type")),
        (
            "webhook-without-a-scheme-completed",
            "update_usage_alerts",
            ("invalid_accepted", "pattern"),
        ),
        ("only-the-first-problem-named", "update_auto_recharge", ("wrong_refusal", "loc")),
        ("unknown-card-shows-a-stack-trace", "remove_payment_method", ("stack_trace", "shown")),
        ("limit-reset-is-the-seconds-left", "get_balance", ("headers", "reset")),
    ],
)
def test_values_at_the_edge_are_probed(mutant: str, operation: str, expected: Kind) -> None:
    """Huge numbers, fractions, words, NUL, emoji and bodies with many faults are sent."""
    assert expected in found(mutant, "boundaries", operation)


def test_a_key_beyond_ascii_is_tried() -> None:
    """A key with a letter beyond ASCII is refused like any other wrong key."""
    assert CRASH in found("key-with-umlaut-crashes", "keys", "list_audit_log")


def test_a_browser_gets_json_too() -> None:
    """A response does not become a web page because Accept asks for HTML."""
    assert ("content_type", "content") in found("page-for-browsers", "protocol", "get_balance")


@pytest.mark.parametrize(
    ("mutant", "expected"),
    [
        ("anybodys-card-can-pay-recharges", ("state", "status")),
        ("card-removed-from-all-accounts", ("state", "lost")),
        ("setup-intent-of-another-account", ("tenant", "isolation")),
    ],
)
def test_two_accounts_share_nothing(mutant: str, expected: Kind) -> None:
    """Neither cards nor setup intents of one account reach the other."""
    cards = ("list_payment_methods", "add_payment_method", "remove_payment_method")
    others = ("set_default_payment_method", "update_auto_recharge", "create_setup_intent")
    assert expected in found(mutant, "tenants", *cards, *others)
