"""Rules of responses that repeat what their request contained."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.findings.severity import CONTRADICTION, MAJOR
from contract_tests.judge.violation import Response, Violation


def deposit_echoes_the_amount(response: Response) -> Iterator[Violation]:
    """Check that a deposit's session is for the amount of the request."""
    sent = response.exchange.sent
    if response.body["amount_cents"] != sent["amount_cents"]:
        expected, got = str(sent["amount_cents"]), str(response.body["amount_cents"])
        yield Violation("money", "/amount_cents", "echo", expected, got, "documented")


def url_contains_the_session(response: Response) -> Iterator[Violation]:
    if response.body["session_id"] not in response.body["url"]:
        yield Violation(
            "state",
            "/url",
            "session",
            f"a URL with {response.body['session_id']}",
            response.body["url"],
        )


def challenge_echoes_the_request(response: Response) -> Iterator[Violation]:
    """Check that a challenge repeats action and method, and masks its destination."""
    sent = response.exchange.sent
    for name, default in (("action", None), ("method", "email")):
        expected = sent.get(name, default)
        if response.body[name] != expected:
            yield Violation(
                "state", f"/{name}", "echo", str(expected), str(response.body[name]), "documented"
            )
    masked = response.body["masked_destination"]
    is_masked = (
        masked.startswith("***-**") and len(masked) == 8
        if response.body["method"] == "sms"
        else masked[1:5] == "***@"
    )
    if not is_masked:
        yield Violation(
            "secret",
            "/masked_destination",
            "mask",
            "j***@example.com or ***-**42",
            masked,
            nature=MAJOR,
        )


def settings_echo_the_request(response: Response) -> Iterator[Violation]:
    """Check that a PUT stores the fields of its request and resets the others to their defaults."""
    sent = response.exchange.sent
    properties = response.operation.body.node["properties"] if response.operation.body else {}
    for name, schema in properties.items():
        expected = sent.get(name, schema.get("default"))
        if name in response.body and response.body[name] != expected:
            reason = "as sent" if name in sent else "the default"
            yield Violation(
                "state",
                f"/{name}",
                "echo",
                f"{expected!r}, {reason}",
                repr(response.body[name]),
                "documented",
                CONTRADICTION if name in sent else MAJOR,
            )


def card_echoes_the_request(response: Response) -> Iterator[Violation]:
    sent = response.exchange.sent["payment_method_id"]
    if response.body["stripe_payment_method_id"] != sent:
        got = response.body["stripe_payment_method_id"]
        where = "/stripe_payment_method_id"
        yield Violation("state", where, "echo", sent, got, nature=CONTRADICTION)
