"""Another media type is refused with 415, and a body of more than a megabyte with 413."""

from __future__ import annotations

import json

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Account
from tests.api.operations import (
    body_example,
    each_with_body,
    path_of,
)
from tests.api.raw import KEY, request, send
from tests.api.refusals import JSON_HEADERS, assert_refused, post
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


OTHER_MEDIA_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/octet-stream",
    "application/jsonp",
    "json",
    "*/*",
    ";",
    "application/json, text/plain",
]


@each_with_body
def test_another_media_type_is_415(newcomer: Account, operation: Operation) -> None:
    """It is refused even if the body is valid JSON."""
    content = json.dumps(body_example(operation)).encode()
    for media_type in OTHER_MEDIA_TYPES:
        response = post(newcomer, operation, content, **{"Content-Type": media_type})
        assert isinstance(assert_refused(response, 415), str), media_type


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;",
    ],
)
def test_the_media_type_may_have_parameters(newcomer: Account, media_type: str) -> None:
    """Upper case and a charset are accepted."""
    response = newcomer.call(
        "POST", "promo/validate", content=b'{"code":"BONUS5"}', headers={"Content-Type": media_type}
    )
    assert response.status_code == 200


@each_with_body
def test_a_body_of_more_than_a_megabyte_is_413(newcomer: Account, operation: Operation) -> None:
    """A body with a large Content-Length is refused, valid JSON or not."""
    for content in (b'{"x":"' + b"x" * 1_100_000 + b'"}', b"\xff" * 1_100_000):
        assert isinstance(assert_refused(post(newcomer, operation, content), 413), str)


@each_with_body
def test_a_chunked_body_of_more_than_a_megabyte_is_413(
    newcomer: Account, operation: Operation
) -> None:
    """The size is checked even if the length is not declared."""
    response = newcomer.client.request(
        operation.method,
        path_of(operation),
        content=(b" " * 100_000 for _ in range(12)),
        headers=JSON_HEADERS,
    )
    assert_refused(response, 413)


def test_a_large_body_is_not_waited_for(frozen_server: RunningServer) -> None:
    """A large Content-Length is refused before the body is sent."""
    head = request("POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: 9999999999"])
    assert_refused(send(frozen_server, head), 413)


def test_a_body_up_to_a_megabyte_is_read(newcomer: Account) -> None:
    """It is read with and without a declared length."""
    content = b'{"code":"BONUS5","x":"' + b"x" * 990_000 + b'"}'
    for given in (content, iter([content[:1_000], content[1_000:]])):
        response = newcomer.call("POST", "promo/validate", content=given, headers=JSON_HEADERS)
        assert response.status_code == 200


def test_an_unexpected_large_body_does_no_harm(newcomer: Account) -> None:
    """An operation without a body ignores it."""
    response = newcomer.call("GET", "balance", content=b"x" * 1_100_000, headers=JSON_HEADERS)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "header",
    [b"Content-Length: 1000", b"Transfer-Encoding: chunked"],
    ids=["shorter than announced", "without the last chunk"],
)
def test_a_truncated_body_is_refused(frozen_server: RunningServer, header: bytes) -> None:
    """Even if the received part is valid JSON, nothing is done."""
    body = b'{"amount_cents":5000}'
    if header.startswith(b"Transfer"):
        body = b"%x\r\n%b\r\n" % (len(body), body)
    head = request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Type: application/json", header],
        body=body,
    )
    response = send(frozen_server, head, then_hang_up=True)
    assert response is None or 400 <= response.status < 500
