"""The kinds of findings, each in words."""

from __future__ import annotations

ALWAYS_JUDGED: dict[str, str] = {
    "server_error": "The deployment breaks down (5xx)",
    "no_answer": "No whole answer comes",
    "undocumented_status": "A status that the contract does not document",
    "content_type": "The answer is not of the documented media type",
    "malformed_body": "The answer's body is not JSON",
    "response_schema": "The answer's body does not fit its schema",
    "unknown_field": "The answer holds a field that the contract does not name",
    "response_header": "A header of the answer is not as documented",
    "auth": "Keys are not let in or refused as they should be",
    "valid_refused": "A valid request is refused",
    "invalid_accepted": "An invalid request is accepted",
    "wrong_refusal": "An invalid request is refused in another way than documented",
    "state": "The answer contradicts what was done or read before",
}
"""Looked for in every exchange of every operation."""

_OTHERS: dict[str, str] = {
    "audit": "A change is missing in the audit log, or there is one that nobody made",
    "display": "A display string does not equal its number",
    "headers": "A header contradicts the body or the account",
    "method": "A method that the path does not have is not refused as it should be",
    "money": "The books do not add up",
    "order": "A list is in another order than documented",
    "pagination": "The pages of a list do not fit together",
    "secret": "The answer gives away a secret",
    "story": "A sequence that must work does not",
    "tenant": "One account sees or changes what belongs to another",
    "time": "A time is not possible",
    "unknown_path": "A path that does not exist is not refused as it should be",
    "usage": "Views of the usage contradict each other",
}


def title(kind: str) -> str:
    """A kind in a few words."""
    return ALWAYS_JUDGED.get(kind) or _OTHERS.get(kind) or kind.replace("_", " ").capitalize()
