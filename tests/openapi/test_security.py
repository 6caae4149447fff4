"""Security requirements: which requests carry the credentials that a document asks for."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.openapi.security import OPEN, Security, compile_security, undefined_schemes

SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "Basic"},
    "digest": {"type": "http", "scheme": "digest"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Token"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example.com"},
    "mutual": {"type": "mutualTLS"},
    "elsewhere": {"type": "apiKey", "in": "body", "name": "token"},
    "nothing": {},
}
SECRET = b"s3cret"
BASIC = b"Basic dXNlcjpwYXNz"  # user:pass

Headers = dict[bytes, bytes]
Case = tuple[str, Headers, bytes, str | None]


def authorization(value: bytes) -> Headers:
    return {b"authorization": value}


def credentials(
    requirements: list[dict[str, Any]], headers: Headers, query: bytes = b""
) -> str | None:
    """Return what a request is known by; None if it is refused."""
    return compile_security(requirements, SCHEMES).credentials(headers, query)


CASES: list[Case] = [
    ("bearer", authorization(b"Bearer s3cret"), b"", "s3cret"),
    ("bearer", authorization(b"bearer  s3cret "), b"", "s3cret"),
    ("bearer", authorization(b"BEARER s3cret"), b"", "s3cret"),
    ("bearer", authorization(b"Bearer a b"), b"", "a b"),
    ("bearer", {}, b"", None),
    ("bearer", authorization(b""), b"", None),
    ("bearer", authorization(b"Bearer"), b"", None),
    ("bearer", authorization(b"Bearer "), b"", None),
    ("bearer", authorization(b"s3cret"), b"", None),
    ("bearer", authorization(b"Bearers3cret"), b"", None),
    ("bearer", authorization(BASIC), b"", None),
    ("bearer", authorization(b"Bearer \xff"), b"", "\xff"),
    ("basic", authorization(BASIC), b"", "dXNlcjpwYXNz"),
    ("basic", authorization(b"basic OnBhc3M="), b"", "OnBhc3M="),  # an empty user name
    ("basic", authorization(b"Basic dXNlcg=="), b"", None),  # no colon
    ("basic", authorization(b"Basic dXNlcjpwYXN"), b"", None),  # cut
    ("basic", authorization(b"Basic user:pass"), b"", None),
    ("basic", authorization(b"Basic \xff\xff"), b"", None),
    ("basic", authorization(b"Basic"), b"", None),
    ("basic", authorization(b"Bearer dXNlcjpwYXNz"), b"", None),
    ("digest", authorization(b'Digest username="a"'), b"", 'username="a"'),
    ("digest", authorization(BASIC), b"", None),
    ("header", {b"x-token": SECRET}, b"", "s3cret"),
    ("header", {b"x-token": b"  "}, b"", None),
    ("header", {b"x-token": b""}, b"", None),
    ("header", {}, b"X-Token=s3cret", None),
    ("query", {}, b"api%20key=s3cret", "s3cret"),
    ("query", {}, b"a=1&api+key=s3cret&b=2", "s3cret"),
    ("query", {}, b"api+key=first&api+key=last", "last"),
    ("query", {}, b"api+key=", None),
    ("query", {}, b"api+key", None),
    ("query", {}, b"", None),
    ("query", {}, b"%ff%00&&==", None),
    ("query", {b"api key": SECRET}, b"", None),
    ("cookie", {b"cookie": b"session=s3cret"}, b"", "s3cret"),
    ("cookie", {b"cookie": b"a=1; session=s3cret; b=2"}, b"", "s3cret"),
    ("cookie", {b"cookie": b'session="s3cret"'}, b"", "s3cret"),
    ("cookie", {b"cookie": b"session="}, b"", None),
    ("cookie", {b"cookie": b"sessions=s3cret"}, b"", None),
    ("cookie", {b"cookie": b"a[1]=1; session=s3cret"}, b"", "s3cret"),
    ("cookie", {b"cookie": b'{"a": 1}; session=s3cret'}, b"", "s3cret"),
    ("cookie", {b"cookie": b"\xff;;=;session"}, b"", None),
    ("cookie", {}, b"", None),
    ("oauth", authorization(b"Bearer s3cret"), b"", "s3cret"),
    ("oauth", authorization(BASIC), b"", None),
    ("openid", authorization(b"Bearer s3cret"), b"", "s3cret"),
    ("openid", {}, b"", None),
    ("mutual", authorization(b"Bearer s3cret"), b"", ""),
    ("mutual", {}, b"", ""),
    ("elsewhere", {b"token": SECRET}, b"token=s3cret", ""),
    ("nothing", authorization(b"Bearer s3cret"), b"", ""),
    ("undefined", {}, b"", ""),
]


@pytest.mark.parametrize(("scheme", "headers", "query", "expected"), CASES)
def test_one_scheme(scheme: str, headers: Headers, query: bytes, expected: str | None) -> None:
    """Any value of the right form is accepted; an undefined scheme is satisfied."""
    assert credentials([{scheme: []}], headers, query) == expected


BOTH = {b"authorization": b"Bearer b", b"x-token": b"h"}
BEARER, TOKEN = authorization(b"Bearer b"), {b"x-token": b"h"}
TOGETHER: list[dict[str, Any]] = [{"bearer": [], "header": []}]
EITHER: list[dict[str, Any]] = [{"bearer": []}, {"header": []}]
OPTIONAL: list[dict[str, Any]] = [{}, {"bearer": []}]
COMBINED: list[tuple[str, list[dict[str, Any]], Headers, str | None]] = [
    ("no requirement", [], {}, ""),
    ("no requirement, credentials", [], BEARER, ""),
    ("an empty requirement", [{}], {}, ""),
    ("both of two", TOGETHER, BOTH, "b\nh"),
    ("both of two, one sent", TOGETHER, BEARER, None),
    ("both of two, the other sent", TOGETHER, TOKEN, None),
    ("one of two, the first sent", EITHER, BEARER, "b"),
    ("one of two, the second sent", EITHER, TOKEN, "h"),
    ("one of two, both sent", EITHER, BOTH, "b"),
    ("one of two, none sent", EITHER, {}, None),
    ("one of two, the first malformed", EITHER, {**TOKEN, b"authorization": b"Basic x"}, "h"),
    ("optional, sent", OPTIONAL, BEARER, "b"),
    ("optional, not sent", OPTIONAL, {}, ""),
    ("optional, malformed", OPTIONAL, authorization(b"Bearer"), ""),
    ("optional, listed last", [*reversed(OPTIONAL)], BEARER, "b"),
    ("two of which one is undefined", [{"bearer": [], "undefined": []}], BEARER, "b"),
    ("two of which one is undefined, none sent", [{"bearer": [], "undefined": []}], {}, None),
    ("an undefined one or another", [{"undefined": []}, {"bearer": []}], BEARER, "b"),
    ("an undefined one or another, none sent", [{"undefined": []}, {"bearer": []}], {}, ""),
]


@pytest.mark.parametrize(
    ("what", "requirements", "headers", "expected"), COMBINED, ids=[row[0] for row in COMBINED]
)
def test_combined_schemes(
    what: str,  # noqa: ARG001 (the id of the test)
    requirements: list[dict[str, Any]],
    headers: Headers,
    expected: str | None,
) -> None:
    """Schemes of one requirement go together; requirements are alternatives."""
    assert credentials(requirements, headers) == expected


@pytest.mark.parametrize(
    ("requirements", "is_used", "is_required"),
    [
        ([], False, False),
        ([{}], False, False),
        ([{"bearer": []}], True, True),
        ([{"bearer": []}, {}], True, False),
        ([{"undefined": []}], True, True),
    ],
)
def test_whether_credentials_are_used_and_required(
    requirements: list[dict[str, Any]], is_used: bool, is_required: bool
) -> None:
    """``{}`` makes them optional."""
    security = compile_security(requirements, SCHEMES)
    assert (security.is_used, security.is_required) == (is_used, is_required)


def test_optional_requirements_accept_a_request_without_credentials() -> None:
    """And still read those that are sent."""
    security = compile_security(EITHER, SCHEMES).optional
    assert security.credentials({}, b"") == ""
    assert security.credentials(TOKEN, b"") == "h"
    assert OPEN.optional.credentials({}, b"") == ""


@pytest.mark.parametrize(
    ("schemes", "challenge"),
    [
        (["bearer"], "Bearer"),
        (["basic"], 'Basic realm="mock"'),
        (["digest"], "Digest"),
        (["oauth"], "Bearer"),
        (["openid"], "Bearer"),
        (["header"], None),
        (["query", "bearer"], "Bearer"),
        (["basic", "bearer"], 'Basic realm="mock", Bearer'),
        (["bearer", "oauth"], "Bearer"),
        (["nothing", "undefined", "mutual"], None),
        ([], None),
    ],
)
def test_the_challenge_names_each_scheme_that_has_one(
    schemes: list[str], challenge: str | None
) -> None:
    """RFC 9110 wants ``WWW-Authenticate`` with a 401; API keys have no such scheme."""
    security = compile_security([{name: []} for name in schemes], SCHEMES)
    assert security.challenge == challenge


def test_a_security_is_a_value() -> None:
    """Equal without requirements, so that the open one can be shared."""
    assert Security() == OPEN


def test_undefined_schemes_are_found() -> None:
    """Each once; a scheme in a form that OpenAPI does not have counts as undefined."""
    requirements: list[dict[str, Any]] = [
        {"undefined": [], "bearer": []},
        {"nothing": []},
        {"mutual": []},
        {},
    ]
    requirements += [{"elsewhere": []}, {"undefined": []}]
    assert undefined_schemes(requirements, SCHEMES) == ["undefined", "nothing", "elsewhere"]
