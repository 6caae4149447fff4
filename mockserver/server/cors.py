"""CORS: web pages of any origin may use the served API."""

from collections.abc import Iterator

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from mockserver.openapi.contract import Contract

_PREFLIGHT_SECONDS = 86_400
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OWN_HEADERS = ("X-Mock-Source", "Preference-Applied", "X-Mock-Fault", "X-Mock-Warning")
"""Response headers of the mock itself."""


def with_cors(app: ASGIApp, contract: Contract) -> ASGIApp:
    """Return an app that responds to preflights and exposes responses, without cookies."""
    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=_METHODS,
        allow_headers=list(dict.fromkeys(_request_headers(contract))),
        expose_headers=list(dict.fromkeys([*_response_headers(contract), *_OWN_HEADERS])),
        max_age=_PREFLIGHT_SECONDS,
    )


def _request_headers(contract: Contract) -> Iterator[str]:
    """Yield the headers that pages may send: credentials, bodies, preferences, parameters."""
    for scheme in contract.security_schemes.values():
        if scheme.get("type") != "apiKey":
            yield "Authorization"
        elif scheme.get("in") == "header":
            yield scheme["name"]
    yield from ("Content-Type", "Prefer")
    yield from sorted(
        {
            parameter["name"]
            for operation in contract.operations.values()
            for parameter in operation.parameters
            if parameter["in"] == "header"
        }
    )


def _response_headers(contract: Contract) -> Iterator[str]:
    """Yield the documented response headers."""
    for operation in contract.operations.values():
        for response in operation.node["responses"].values():
            yield from contract.follow(response).get("headers", {})
