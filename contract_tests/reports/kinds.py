"""The kinds of findings and their titles."""

from __future__ import annotations

ALWAYS_JUDGED: dict[str, str] = {
    "server_error": "The deployment fails with a server error (5xx)",
    "no_response": "There is no complete response",
    "undocumented_status": "The contract does not document the status",
    "content_type": "The response is not of a documented media type",
    "malformed_body": "The response body is not JSON",
    "response_schema": "The response body does not match its schema",
    "unknown_field": "The response has a field that the contract does not declare",
    "response_header": "A response header is not as documented",
    "auth": "Authentication does not accept or refuse keys as documented",
    "valid_refused": "A valid request is refused",
    "invalid_accepted": "An invalid request is accepted",
    "wrong_refusal": "An invalid request is refused in an undocumented way",
    "state": "The response contradicts earlier requests",
}
"""Kinds that every exchange of every operation is judged for."""

_OTHERS: dict[str, str] = {
    "audit": "The audit log lacks a change, or has one that was not made",
    "display": "A display string does not match its amount",
    "headers": "A header contradicts the body or the account",
    "method": "An undeclared method is not refused as it should be",
    "money": "Amounts do not add up",
    "not_the_api": "Something in front of the API responds in its place",
    "order": "A list is not in the documented order",
    "pagination": "The pages of a list are inconsistent",
    "secret": "The response discloses a secret",
    "story": "A sequence of requests does not have the expected result",
    "tenant": "One account reads or changes the data of another",
    "time": "A time is impossible",
    "unknown_path": "An undeclared path is not refused as it should be",
    "usage": "Views of the usage contradict one another",
}


def title(kind: str) -> str:
    """Return the title of a kind."""
    return ALWAYS_JUDGED.get(kind) or _OTHERS.get(kind) or kind.replace("_", " ").capitalize()
