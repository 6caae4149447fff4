"""Authentication: every operation without a key, with wrong keys and with a broken request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from contract_tests.context import Run
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange, Request
from contract_tests.openapi import examples
from contract_tests.openapi.contract import JSON, Operation
from contract_tests.openapi.security import Credential, writer

WRONG_KEYS = (
    "not-a-key",
    "sk_test",
    "SK_TEST_default",
    "Bearer sk",
    "null",
    "sk_live_00000000000000000000000000000000",
    "sk_test_cl\u00e9",
)
"""Keys that no deployment knows: among them one that is well-formed for production, and one with a
letter beyond ASCII."""

KNOWN_KEY = "the known key"
"""A piece of work beside the operations."""


def drive(run: Run) -> None:
    """Call every operation unauthenticated, and send the known key in lower case and misspelt."""
    credential = run.contract.credential
    if credential is None:
        run.skip("keys", "the contract declares no key")
        return
    unauthenticated = run.unauthenticated()
    if run.portion.of("keys", [KNOWN_KEY]):
        _try_known_key(run, unauthenticated, credential)
    groups = (
        _tried(run, unauthenticated, operation, credential)
        for operation in run.pieces("keys")
        if operation.secured
    )
    for _ in run.interleaved(groups):
        pass


def _tried(
    run: Run, unauthenticated: Client, operation: Operation, credential: Credential
) -> Iterator[Exchange]:
    """Yield the exchanges of one operation."""
    try:
        yield from _try_operation(run, unauthenticated, operation, credential)
    except Withheld as error:
        run.coverage.explain(operation.id, "keys", str(error))


def _try_known_key(run: Run, unauthenticated: Client, credential: Credential) -> None:
    account = run.account().key or ""
    operation = next((each for each in run.operations(reads=True) if not each.path_names), None)
    if operation is None:
        return
    path, header = operation.path, credential.header
    if operation.carriers and operation.carriers[0].name.lower() != header.lower():
        return  # it is another scheme than the one whose header is known
    if len(operation.carriers) > 1:
        return  # one header is not enough, or not the only way
    key = run.keyring.key(account, next(iter(operation.carriers), None))
    value = writer(operation.carriers, credential)
    known = value(key)
    run.keyring.also(account, known.removeprefix(credential.prefix))
    unauthenticated.raw(Request("GET", path, headers={header.lower(): known}))
    if run.is_public(key) or run.takes_any_key:
        return  # the mock accepts any test key, and may be tested as a deployment
    # A deployment may quote the wrong key, which is nearly the right one.
    run.keyring.hide("misspelt key", key[:-1])
    run.keyring.hide("key in the other case", key.swapcase())
    for wrong in dict.fromkeys((key + "x", key[:-1], key.swapcase())):
        unauthenticated.raw(Request("GET", path, headers={header: value(wrong)}))


def _try_operation(
    run: Run, unauthenticated: Client, operation: Operation, credential: Credential
) -> Iterator[Exchange]:
    request = _request(run, operation)
    yield unauthenticated.raw(request)
    value = writer(operation.carriers, credential)
    for key in () if run.takes_any_key else WRONG_KEYS:
        yield unauthenticated.raw(_with(request, credential.header, value(key)))
    yield unauthenticated.raw(_with(request, credential.header, ""))
    # The key is checked before the request.
    if operation.body is not None:
        yield unauthenticated.raw(replace(request, headers={"Content-Type": JSON}, body=b"{"))
    elif any(parameter.node["in"] == "query" for parameter in operation.parameters):
        query = [("limit", "none"), ("days", "none")]
        yield unauthenticated.raw(replace(request, query=query))


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
