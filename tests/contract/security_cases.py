"""The smallest pairs of documents for each kind of change of security."""

from __future__ import annotations

from typing import Any

from tests.contract.documents import Json, document, operation

Case = tuple[Json, Json]


def both(first: Json, second: Json, there: str, back: str) -> dict[str, Case]:
    """Return the cases of a change and of its opposite."""
    return {there: (first, second), back: (second, first)}


def _secured(schemes: list[Json] | None, *, everywhere: bool = False) -> Json:
    defined = {
        "a": {"type": "http", "scheme": "bearer"},
        "b": {"type": "oauth2", "flows": {"clientCredentials": _FLOW}},
    }
    components = {"securitySchemes": defined}
    fields = {} if schemes is None else {"security": schemes}
    if everywhere:
        return document(operation(), components=components, **fields)
    return document(operation(**fields), components=components)


_FLOW: Json = {"tokenUrl": "https://a.test/token", "scopes": {"r": "Read.", "w": "Write."}}


def _scheme(scheme: Json | None) -> Json:
    schemes = {} if scheme is None else {"s": scheme}
    return document(operation(), components={"securitySchemes": schemes})


def _oauth(**fields: Any) -> Json:
    flow = {**_FLOW, "authorizationUrl": "https://a.test/authorize", **fields}
    return _scheme({"type": "oauth2", "flows": {"authorizationCode": flow}})


SECURITY_CASES: dict[str, Case] = {
    **both(
        _secured([{"a": []}]),
        _secured([{"a": []}, {"b": []}]),
        "api-security-added",
        "api-security-removed",
    ),
    **both(
        _secured([{"b": ["r"]}]),
        _secured([{"b": ["r", "w"]}]),
        "api-security-scope-added",
        "api-security-scope-removed",
    ),
    **both(
        _secured([{"a": []}], everywhere=True),
        _secured([{"a": []}, {"b": []}], everywhere=True),
        "api-global-security-added",
        "api-global-security-removed",
    ),
    **both(
        _secured([{"b": ["r"]}], everywhere=True),
        _secured([{"b": ["r", "w"]}], everywhere=True),
        "api-global-security-scope-added",
        "api-global-security-scope-removed",
    ),
    **both(
        _scheme(None),
        _scheme({"type": "http", "scheme": "basic"}),
        "api-security-component-added",
        "api-security-component-removed",
    ),
    "api-security-component-type-changed": (
        _scheme({"type": "http", "scheme": "basic"}),
        _scheme({"type": "mutualTLS"}),
    ),
    "api-security-component-oauth-url-changed": (
        _oauth(),
        _oauth(authorizationUrl="https://b.test/authorize"),
    ),
    "api-security-component-oauth-token-url-changed": (
        _oauth(),
        _oauth(tokenUrl="https://b.test/token"),
    ),
    **both(
        _oauth(),
        _oauth(scopes={**_FLOW["scopes"], "x": "Delete."}),
        "api-security-component-oauth-scope-added",
        "api-security-component-oauth-scope-removed",
    ),
    "api-security-component-oauth-scope-changed": (
        _oauth(),
        _oauth(scopes={"r": "Read all.", "w": "Write."}),
    ),
}
"""The old and the new document, by the id of the check."""
