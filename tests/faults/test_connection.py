"""Connection faults, observed on a socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from http.client import HTTPResponse, IncompleteRead
from typing import Any

import httpx
import pytest

from mockserver import app, packaged
from mockserver.openapi.contract import Operation
from mockserver.settings import Settings
from tests.api.account import Account
from tests.api.operations import body_example, each_operation, path_of
from tests.api.raw import request
from tests.conftest import API, NOON, RunningServer
from tests.faults.rules import fault, last_request, listed

KEY = b"X-API-Key: sk_test_default"
CARD = {"payment_method_id": "pm_card_mastercard"}
JSON_TYPE = b"Content-Type: application/json"


def connected(server: RunningServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def read(server: RunningServer, data: bytes) -> HTTPResponse:
    """Read the head of a response and leave its body unread."""
    connection = connected(server)
    connection.sendall(data)
    response = HTTPResponse(connection, method=data.partition(b" ")[0].decode())
    connection.close()  # the response keeps it open until it is read
    response.begin()
    return response


def assert_reset(server: RunningServer, data: bytes) -> None:
    """Check that the connection ends with RST before the first byte."""
    with connected(server) as connection:
        connection.sendall(data)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


@each_operation
def test_a_connection_is_reset_before_anything_is_done(
    account: Account, frozen_server: RunningServer, operation: Operation
) -> None:
    """The client gets RST, and the exported state is unchanged."""
    fault(account, operations=[operation.operation_id], connection="reset", next=1)
    before = account.client.get("/_mock/state").content
    body = httpx.Request("POST", "http://mock", json=body_example(operation)).content
    headers = (KEY, JSON_TYPE) if body_example(operation) else (KEY,)
    sent = body if body_example(operation) else b""
    data = request(
        operation.method.upper(), path_of(operation).encode(), headers=headers, body=sent
    )
    assert_reset(frozen_server, data)
    assert account.client.get("/_mock/state").content == before
    shown = last_request(account)
    assert (shown["operation_id"], shown["fault"]) == (operation.operation_id, "connection-reset")
    assert (shown["status"], shown["response_body"]) == (None, None)
    assert set(shown["request_body"] or {}) == set(body_example(operation) or {})


def test_a_request_with_a_lost_response_was_carried_out(
    account: Account, frozen_server: RunningServer
) -> None:
    """The card was added, and the list of requests has the lost response."""
    fault(account, operations=["add_payment_method"], connection="answer_lost", next=1)
    body = httpx.Request("POST", "http://mock", json=CARD).content
    data = request("POST", f"{API}/payment-methods".encode(), headers=(KEY, JSON_TYPE), body=body)
    assert_reset(frozen_server, data)
    shown = last_request(account)
    assert (shown["status"], shown["fault"]) == (200, "answer-lost")
    assert "pm_card_mastercard" in str(shown["response_body"])
    assert "pm_card_mastercard" in str(account.get("payment-methods"))
    account.check_books()


def test_a_request_with_a_truncated_response_was_carried_out(
    account: Account, frozen_server: RunningServer
) -> None:
    """The whole length is declared, half of the body is sent, and the connection closes."""
    whole = account.call("GET", "payment-methods").content
    fault(
        account,
        name="half",
        operations=["list_payment_methods"],
        connection="truncated_body",
        next=1,
    )
    response = read(
        frozen_server, request("GET", f"{API}/payment-methods".encode(), headers=(KEY,))
    )
    assert (response.status, response.headers["X-Mock-Fault"]) == (200, "half")
    assert int(response.headers["Content-Length"]) == len(whole)
    with pytest.raises(IncompleteRead) as caught:
        response.read()
    assert caught.value.partial == whole[: len(whole) // 2]
    assert last_request(account)["fault"] == "half"
    fault(account, operations=["add_payment_method"], connection="truncated_body", next=1)
    with pytest.raises(httpx.RemoteProtocolError):
        account.call("POST", "payment-methods", json=CARD)
    assert "pm_card_mastercard" in str(account.get("payment-methods"))


def test_a_refusal_is_truncated_too(account: Account, frozen_server: RunningServer) -> None:
    """Every response of the operation is truncated."""
    fault(account, connection="truncated_body", operations=["create_deposit"])
    data = request(
        "POST", f"{API}/deposit".encode(), headers=(KEY, JSON_TYPE), body=b'{"amount_cents": 1}'
    )
    response = read(frozen_server, data)
    assert response.status == 422
    with pytest.raises(IncompleteRead):
        response.read()


def test_a_head_request_can_be_hit(account: Account, frozen_server: RunningServer) -> None:
    """There is no body to truncate: the head is complete, and the connection closes."""
    fault(account, connection="truncated_body", next=1)
    response = read(frozen_server, request("HEAD", f"{API}/balance".encode(), headers=(KEY,)))
    assert (response.status, response.headers["X-Mock-Fault"]) == (200, "truncated-body")
    fault(account, connection="reset", next=1)
    assert_reset(frozen_server, request("HEAD", f"{API}/balance".encode(), headers=(KEY,)))


def test_a_page_of_another_origin_sees_a_truncated_response(
    account: Account, frozen_server: RunningServer
) -> None:
    """The CORS headers are sent."""
    fault(account, connection="truncated_body", next=1)
    data = request(
        "GET", f"{API}/balance".encode(), headers=(KEY, b"Origin: http://localhost:3000")
    )
    response = read(frozen_server, data)
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"
    with pytest.raises(IncompleteRead):
        response.read()


@pytest.mark.parametrize("connection", ["reset", "answer_lost"])
def test_a_pipelined_request_is_lost_too(
    account: Account, frozen_server: RunningServer, connection: str
) -> None:
    """The second request gets no response and is not carried out."""
    fault(account, connection=connection, next=1)
    once = request("GET", f"{API}/balance".encode(), headers=(KEY,))
    assert_reset(frozen_server, once + once)
    assert account.call("GET", "balance").status_code == 200
    params = {"account": account.state()["id"]}
    assert account.client.get("/_mock/requests", params=params).json()["total"] == 2


def test_a_client_that_disconnects_in_its_body_is_not_an_error(
    account: Account, frozen_server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is counted, recorded or logged, and the server goes on."""
    head = request(
        "POST", f"{API}/deposit".encode(), headers=(KEY, JSON_TYPE, b"Content-Length: 100")
    )
    for rule in ({"status": 503}, {"connection": "reset"}, {"connection": "answer_lost"}):
        account.client.delete("/_mock/faults")
        fault(account, operations=["create_deposit"], **rule)
        with connected(frozen_server) as connection:
            connection.sendall(head + b"{")
        account.get("balance")
        assert [rule["seen"] for rule in listed(account)] == [0]
    assert last_request(account)["operation_id"] == "get_balance"
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_breaking_connections_logs_nothing(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """uvicorn is notified before it misses the response."""
    for connection in ("reset", "answer_lost", "truncated_body"):
        fault(account, connection=connection, next=1)
        with pytest.raises(httpx.TransportError):
            account.call("GET", "balance")
        assert account.call("GET", "balance").status_code == 200
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_server_without_connection_access_reports_it() -> None:
    """The response is a 500 that says what to do, and nothing is carried out."""
    built = app.build(Settings(packaged.spec(), packaged.fixtures(), now=NOON))

    async def responses() -> list[Any]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=built.app),
            base_url="http://127.0.0.1",
            headers={"X-API-Key": "sk_test_new"},
        ) as client:
            before = (await client.get("/_mock/state")).json()
            found: list[Any] = []
            for connection in ("reset", "answer_lost", "truncated_body"):
                await client.post("/_mock/faults", json={"connection": connection, "next": 1})
                found.append(await client.post(f"{API}/payment-methods", json=CARD))
            assert (await client.get("/_mock/state")).json() == before
            return found

    for response in asyncio.run(responses()):
        assert response.status_code == 500
        assert "Start the mock with 'mockserver serve'" in response.json()["detail"]
