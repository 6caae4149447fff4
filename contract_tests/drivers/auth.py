"""Who is let in: every operation without a key, with keys that are none, and with a key in the wrong place."""

from __future__ import annotations

import json
from dataclasses import replace

from contract_tests.context import Run
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Request
from contract_tests.openapi import examples
from contract_tests.openapi.contract import JSON, Operation
from contract_tests.openapi.security import Credential

WRONG_KEYS = (
    "not-a-key",
    "sk_test",
    "SK_TEST_default",
    "Bearer sk",
    "null",
    "sk_live_00000000000000000000000000000000",
)
"""Keys that no deployment knows. One that is well-formed for production must not be let in either."""


def drive(run: Run) -> None:
    """Every operation, unauthenticated; and the key that is known, under its name in small letters and misspelt."""
    credential = run.contract.credential
    if credential is None:
        run.skip("keys", "the contract declares no key")
        return
    unauthenticated = run.unauthenticated()
    _try_known_key(run, unauthenticated, credential)
    for operation in run.operations():
        if not operation.secured:
            continue
        try:
            _try_operation(run, unauthenticated, operation, credential)
        except Withheld as error:
            run.coverage.explain(operation.id, "keys", str(error))


def _try_known_key(run: Run, unauthenticated: Client, credential: Credential) -> None:
    key = run.keyring.key(run.account().key or "")
    path = next((each.path for each in run.operations(reads=True) if not each.path_names), None)
    if path is None:
        return
    header = credential.header
    unauthenticated.raw(Request("GET", path, headers={header.lower(): credential.value(key)}))
    if run.is_public(key) or run.takes_any_key:
        return  # the mock takes any test key, and may be tested as a deployment
    # Nearly the key, and may be said again by who refuses it.
    run.keyring.hide("misspelt key", key[:-1])
    for wrong in (key + "x", key[:-1]):
        unauthenticated.raw(Request("GET", path, headers={header: credential.value(wrong)}))


def _try_operation(
    run: Run, unauthenticated: Client, operation: Operation, credential: Credential
) -> None:
    request = _request(run, operation)
    unauthenticated.raw(request)
    for key in () if run.takes_any_key else WRONG_KEYS:
        unauthenticated.raw(_with(request, credential.header, credential.value(key)))
    unauthenticated.raw(_with(request, credential.header, ""))
    # What is wrong with the request is not looked at before the key is.
    if operation.body is not None:
        unauthenticated.raw(replace(request, headers={"Content-Type": JSON}, body=b"{"))
    elif any(parameter.node["in"] == "query" for parameter in operation.parameters):
        query = [("limit", "none"), ("days", "none")]
        unauthenticated.raw(replace(request, query=query))


def _request(run: Run, operation: Operation) -> Request:
    path = operation.path
    for name in operation.path_names:
        path = path.replace(f"{{{name}}}", examples.NOBODYS_ID)
    if operation.body is None:
        return Request(operation.method, path)
    body = json.dumps(examples.example(run.contract, operation)).encode()
    return Request(operation.method, path, headers={"Content-Type": JSON}, body=body)


def _with(request: Request, header: str, value: str) -> Request:
    return replace(request, query=list(request.query), headers={**request.headers, header: value})
