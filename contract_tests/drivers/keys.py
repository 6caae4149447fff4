"""Who is let in: every operation without a key, with keys that are none, and with a key in the wrong place."""

from __future__ import annotations

import json

from contract_tests.context import Run
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Caller
from contract_tests.http.exchange import Request
from contract_tests.http.redaction import KEY_HEADER
from contract_tests.openapi import examples
from contract_tests.openapi.contract import JSON, Operation

WRONG_KEYS = (
    "not-a-key",
    "sk_test",
    "SK_TEST_default",
    "Bearer sk",
    "null",
    "sk_live_00000000000000000000000000000000",
)
"""Keys that no deployment knows. One that is well-formed for production must not be let in either."""

_TEST_KEY = "sk_test_"


def drive(run: Run) -> None:
    """Every operation, as a stranger; and the key that is known, under its name in small letters and misspelt."""
    stranger = run.stranger()
    caller = run.account()
    key = run.keyring.key(caller.key or "")
    path = next(
        each.path
        for each in run.contract.operations.values()
        if each.is_read and not each.path_names
    )
    stranger.raw(Request("GET", path, headers={KEY_HEADER.lower(): key}))
    if not key.startswith(
        _TEST_KEY
    ):  # the mock takes any test key, and may be tested as a deployment
        run.keyring.hide(
            "misspelt key", key[:-1]
        )  # which is nearly the key, and may be said again by who refuses it
        stranger.raw(Request("GET", path, headers={KEY_HEADER: key + "x"}))
        stranger.raw(Request("GET", path, headers={KEY_HEADER: key[:-1]}))
    for operation in run.operations():
        try:
            _try_operation(run, stranger, operation)
        except Withheld as error:
            run.coverage.explain(operation.id, "keys", str(error))


def _try_operation(run: Run, stranger: Caller, operation: Operation) -> None:
    request = _request(run, operation)
    stranger.raw(_with(request, {}))
    for key in WRONG_KEYS:
        stranger.raw(_with(request, {KEY_HEADER: key}))
    stranger.raw(_with(request, {KEY_HEADER: ""}))
    # What is wrong with the request is not looked at before the key is.
    if operation.body is not None:
        stranger.raw(
            Request(operation.method, request.path, headers={"Content-Type": JSON}, body=b"{")
        )
    elif any(each.node["in"] == "query" for each in operation.parameters):
        stranger.raw(
            Request(operation.method, request.path, query=[("limit", "none"), ("days", "none")])
        )


def _request(run: Run, operation: Operation) -> Request:
    path = operation.path
    for name in operation.path_names:
        path = path.replace(f"{{{name}}}", "00000000-0000-4000-8000-000000000000")
    if operation.body is None:
        return Request(operation.method, path)
    body = json.dumps(examples.example(run.contract, operation)).encode()
    return Request(operation.method, path, headers={"Content-Type": JSON}, body=body)


def _with(request: Request, headers: dict[str, str]) -> Request:
    return Request(
        request.method,
        request.path,
        list(request.query),
        {**request.headers, **headers},
        request.body,
    )
