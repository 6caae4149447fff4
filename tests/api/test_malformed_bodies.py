"""A body that is not the JSON object which an operation takes is refused with 422."""

from __future__ import annotations

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Account
from tests.api.operations import (
    WITH_BODY,
    body_schema,
    each_with_body,
)
from tests.api.refusals import assert_refused, post

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


NOT_JSON: dict[str, bytes] = {
    "an opened brace": b"{",
    "a missing value": b'{"a":}',
    "a comma too many": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "an open string": b'{"a":"b',
    "half a word": b"nul",
    "two documents": b'{"a":1}{"a":2}',
    "a comment": b'{"a":1} // b',
    "a form": b"amount_cents=5000",
    "xml": b"<?xml version='1.0'?><a/>",
    "a leading zero": b'{"a":01}',
    "a hexadecimal number": b'{"a":0x10}',
    "a raw line break in a string": b'{"a":"\n"}',
    "a raw NUL in a string": b'{"a":"\x00"}',
    "NUL bytes": b"\x00\x00\x00\x00",
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "minus Infinity": b'{"a":-Infinity}',
    "a number beyond all floats": b'{"a":1e400}',
    "an integer of 5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
    "a byte that is no UTF-8": b'{"a":"\xff"}',
    "Latin-1": b'{"a":"caf\xe9"}',
    "an overlong sequence": b'{"a":"\xc0\x80"}',
    "a surrogate as UTF-8": b'{"a":"\xed\xa0\x80"}',
    "half a character": b'{"a":"\xe2\x82"}',
    "UTF-16": '{"a":"b"}'.encode("utf-16"),
    "UTF-32": '{"a":"b"}'.encode("utf-32"),
    "a lone high surrogate": b'{"a":"\\ud800"}',
    "a lone low surrogate": b'{"a":"\\udc00"}',
    "surrogates the wrong way round": b'{"a":"\\udc00\\ud800"}',
    "a lone surrogate as a name": b'{"\\ud800":1}',
    "100,000 brackets": b"[" * 100_000,
    "100,000 braces": b'{"a":' * 100_000,
}
NOT_OBJECTS: dict[str, bytes] = {
    "null": b"null",
    "a list": b"[]",
    "a list of objects": b'[{"a":1}]',
    "a string": b'"a"',
    "a number": b"1",
    "a boolean": b"true",
    "a string of a control character": b'"\\u0000"',
}


@each_with_body
def test_a_body_that_is_not_json_is_422(newcomer: Account, operation: Operation) -> None:
    """The error has one problem, located in the body."""
    for what, content in NOT_JSON.items():
        [problem] = assert_refused(post(newcomer, operation, content), 422)
        assert (problem["loc"][0], problem["type"]) == ("body", "json_invalid"), what


@each_with_body
def test_json_that_is_not_an_object_is_422(newcomer: Account, operation: Operation) -> None:
    """The error has one problem, located in the body."""
    for what, content in NOT_OBJECTS.items():
        [problem] = assert_refused(post(newcomer, operation, content), 422)
        assert problem["loc"] == ["body"], what


@each_with_body
def test_an_empty_body_is_a_missing_one(newcomer: Account, operation: Operation) -> None:
    """It is refused with 422 if a body is required, and ignored otherwise."""
    for content in (b"", b" ", b"\r\n\t "):
        response = post(newcomer, operation, content)
        if operation.request_body and operation.request_body.get("required"):
            assert assert_refused(response, 422) == [
                {"loc": ["body"], "msg": "Field required", "type": "missing"}
            ]
        else:
            assert response.status_code == 200


@each_with_body
@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"]
)
def test_deep_nesting_is_422(
    newcomer: Account, operation: Operation, opening: bytes, closing: bytes
) -> None:
    """A deeply nested value does not have the type of a property."""
    name = next(iter(body_schema(operation)["properties"])).encode()
    for depth in (50, 100, 200, 250, 300, 500, 1_000, 1_020, 1_030, 5_000):
        nested = opening * depth + b"1" + closing * depth
        assert_refused(post(newcomer, operation, b'{"' + name + b'":' + nested + b"}"), 422)


@pytest.mark.parametrize(
    "operation",
    [operation for operation in WITH_BODY if body_schema(operation).get("required")],
    ids=lambda operation: operation.operation_id,
)
def test_deep_nesting_around_the_body_is_422(newcomer: Account, operation: Operation) -> None:
    """Nested objects do not have the required properties."""
    for depth in (50, 250, 1_000, 5_000):
        assert_refused(post(newcomer, operation, b'{"x":' * depth + b"{}" + b"}" * depth), 422)
