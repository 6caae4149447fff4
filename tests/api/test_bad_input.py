"""Whatever is sent: the documented envelope, never a 5xx, never a trace of the inside, and the account unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.contract import Operation
from mockserver.schemas import Schema, resolve
from tests.api.account import Account, assert_detail, assert_envelope
from tests.api.operations import (
    CONTRACT,
    OPERATIONS,
    WITH_BODY,
    body_example,
    body_schema,
    each_operation,
    each_with_body,
    path_of,
)
from tests.api.raw import KEY, Answer, request, send
from tests.conftest import API, RunningServer

JSON_HEADERS = {"Content-Type": "application/json"}

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
NO_OBJECTS: dict[str, bytes] = {
    "null": b"null",
    "a list": b"[]",
    "a list of objects": b'[{"a":1}]',
    "a string": b'"a"',
    "a number": b"1",
    "a boolean": b"true",
    "a string of a control character": b'"\\u0000"',
}
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
WRONG_VALUES: dict[str, list[bytes]] = {
    "integer": [
        b'"5000"',
        b"5000.0",
        b"5000.5",
        b"5e3",
        b"-0.0",
        b"true",
        b"false",
        b"[]",
        b"{}",
        b"[5000]",
        b"9223372036854775808",
        b"-9223372036854775809",
        b"18446744073709551616",
        b"1" + b"0" * 40,
        b"-1" + b"0" * 40,
    ],
    "string": [b"5000", b"5.5", b"true", b"[]", b"{}", b'["a"]', b"9223372036854775808", b"1e300"],
    "boolean": [
        b"0",
        b"1",
        b'"true"',
        b'"false"',
        b'""',
        b"1.0",
        b"[]",
        b"{}",
        b"9223372036854775808",
    ],
}


@pytest.fixture(autouse=True)
def unchanged(newcomer: Account) -> Iterator[None]:
    """The account is the same after every test of this module; one that changes it on purpose resets it."""
    before = newcomer.state()
    yield
    assert newcomer.state() == before


def post(account: Account, operation: Operation, content: bytes, **headers: str) -> httpx.Response:
    return account.client.request(
        operation.method, path_of(operation), content=content, headers={**JSON_HEADERS, **headers}
    )


def assert_refused(answer: httpx.Response | Answer | None, *statuses: int) -> Any:
    """The ``detail`` of a refusal with one of these statuses."""
    assert answer is not None
    status = answer.status if isinstance(answer, Answer) else answer.status_code
    assert status in statuses, answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert_detail(answer.json())
    return answer.json()["detail"]


def forget(account: Account) -> None:
    """Begin anew, after what was accepted."""
    account.client.post("/_mock/reset").raise_for_status()


# ------------------------------------------------------------------------------------------------------ bodies


@each_with_body
def test_what_is_not_json_is_422(newcomer: Account, operation: Operation) -> None:
    """One problem, of the body, that says so."""
    for what, content in NOT_JSON.items():
        [problem] = assert_refused(post(newcomer, operation, content), 422)
        assert (problem["loc"][0], problem["type"]) == ("body", "json_invalid"), what


@each_with_body
def test_json_that_is_no_object_is_422(newcomer: Account, operation: Operation) -> None:
    """It is JSON, but nothing that the operation takes."""
    for what, content in NO_OBJECTS.items():
        [problem] = assert_refused(post(newcomer, operation, content), 422)
        assert problem["loc"] == ["body"], what


@each_with_body
def test_an_empty_body_is_a_missing_one(newcomer: Account, operation: Operation) -> None:
    """422 where a body is required; where it is not, it is no body."""
    for content in (b"", b" ", b"\r\n\t "):
        answer = post(newcomer, operation, content)
        if operation.request_body and operation.request_body.get("required"):
            assert assert_refused(answer, 422) == [
                {"loc": ["body"], "msg": "Field required", "type": "missing"}
            ]
        else:
            assert answer.status_code == 200


@each_with_body
@pytest.mark.parametrize(
    ("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"]
)
def test_deep_nesting_is_422(
    newcomer: Account, operation: Operation, opening: bytes, closing: bytes
) -> None:
    """However deep, whole and well-formed: where a value of the operation should stand, it does not fit."""
    name = next(iter(body_schema(operation)["properties"])).encode()
    for depth in (50, 100, 200, 250, 300, 500, 1_000, 1_020, 1_030, 5_000):
        nested = opening * depth + b"1" + closing * depth
        assert_refused(post(newcomer, operation, b'{"' + name + b'":' + nested + b"}"), 422)


@pytest.mark.parametrize(
    "operation",
    [each for each in WITH_BODY if body_schema(each).get("required")],
    ids=lambda each: each.operation_id,
)
def test_deep_nesting_around_the_body_is_422(newcomer: Account, operation: Operation) -> None:
    """An object in an object in an object has nothing that the operation needs."""
    for depth in (50, 250, 1_000, 5_000):
        assert_refused(post(newcomer, operation, b'{"x":' * depth + b"{}" + b"}" * depth), 422)


PROPERTIES = [
    pytest.param(
        operation, name, resolve(schema, CONTRACT.schemas), id=f"{operation.operation_id}-{name}"
    )
    for operation in WITH_BODY
    for name, schema in body_schema(operation)["properties"].items()
]


def _is_nullable(parameters: Any) -> bool:
    return bool(parameters.values[2].get("nullable"))


def body_with(operation: Operation, name: str, value: bytes) -> bytes:
    """The contract's example of a body, with one value as raw JSON."""
    others = {
        each: given for each, given in (body_example(operation) or {}).items() if each != name
    }
    pairs = [
        json.dumps(each).encode() + b":" + json.dumps(given).encode()
        for each, given in others.items()
    ]
    return b"{" + b",".join([*pairs, json.dumps(name).encode() + b":" + value]) + b"}"


@pytest.mark.parametrize(("operation", "name", "schema"), PROPERTIES)
def test_a_value_of_another_type_is_422(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Text for integers, floats, booleans, integers past 64 bits: named with the place, and nothing is converted."""
    values = [*WRONG_VALUES[schema["type"]], *([] if schema.get("nullable") else [b"null"])]
    for value in values:
        problems = assert_refused(post(newcomer, operation, body_with(operation, name, value)), 422)
        assert ["body", name] in [problem["loc"] for problem in problems], value
        assert all(problem["loc"] == ["body", name] for problem in problems), value


@pytest.mark.parametrize(
    ("operation", "name"),
    [pytest.param(*each.values[:2], id=each.id) for each in PROPERTIES if _is_nullable(each)],
)
def test_null_is_a_value_where_the_contract_says_so(
    newcomer: Account, operation: Operation, name: str
) -> None:
    """Then it is as good as nothing; the test above refuses it everywhere else."""
    given = post(newcomer, operation, body_with(operation, name, b"null"))
    forget(newcomer)
    left_out = {each: value for each, value in body_example(operation).items() if each != name}
    assert given.content == post(newcomer, operation, json.dumps(left_out).encode()).content
    assert given.status_code != 422
    forget(newcomer)


@pytest.mark.parametrize(("operation", "name", "schema"), PROPERTIES)
def test_of_a_name_twice_the_last_counts(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """As in FastAPI: a wrong value is not looked at when a right one follows, and counts when it comes last."""
    right = json.dumps((body_example(operation) or {}).get(name, schema.get("default"))).encode()
    if right == b"null":
        right = {"string": b'"email"', "integer": b"5000", "boolean": b"false"}[schema["type"]]
    wrong, key = WRONG_VALUES[schema["type"]][0], json.dumps(name).encode()
    assert_refused(
        post(newcomer, operation, body_with(operation, name, right + b"," + key + b":" + wrong)),
        422,
    )
    once = post(newcomer, operation, body_with(operation, name, right)).status_code
    forget(newcomer)
    assert (
        post(
            newcomer, operation, body_with(operation, name, wrong + b"," + key + b":" + right)
        ).status_code
        == once
    )
    forget(newcomer)


@each_with_body
def test_unknown_properties_are_ignored(newcomer: Account, operation: Operation) -> None:
    """As FastAPI does."""
    plain = json.dumps(body_example(operation)).encode()
    without = post(newcomer, operation, plain)
    forget(newcomer)
    for more in (
        b'"no_such":1',
        b'"":null',
        b'"__proto__":{"enabled":true}',
        b'"x":' + b"[" * 1_000 + b"]" * 1_000,
    ):
        answer = post(newcomer, operation, plain[:-1] + b"," + more + b"}")
        assert (answer.status_code, answer.content) == (without.status_code, without.content)
        forget(newcomer)
    assert without.status_code != 422


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        ("promo/validate", "code", 200),
        ("deposit", "promo_code", 400),
        ("checkout", "price_id", 400),
    ],
)
def test_odd_characters_are_just_text(newcomer: Account, path: str, name: str, status: int) -> None:
    """Control characters, direction marks and emoji are looked up like any other text."""
    bodies: dict[str, dict[str, Any]] = {
        "promo/validate": {},
        "deposit": {"amount_cents": 5_000},
        "checkout": {"success_url": "https://a.example", "cancel_url": "https://a.example"},
    }
    for text in (
        "\u0000",
        "\u0007",
        "\u001b[31m",
        "\u202e",
        "\ufffe",
        "\U0001f4b3",
        "e\u0301" * 20,
    ):
        answer = newcomer.call("POST", path, json={**bodies[path], name: text})
        assert answer.status_code == status, answer.text


# ------------------------------------------------------------------------------------- media types and sizes


@each_with_body
def test_another_media_type_is_415(newcomer: Account, operation: Operation) -> None:
    """Even if the body is good JSON."""
    content = json.dumps(body_example(operation)).encode()
    for media_type in OTHER_MEDIA_TYPES:
        answer = post(newcomer, operation, content, **{"Content-Type": media_type})
        assert isinstance(assert_refused(answer, 415), str), media_type


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;",
    ],
)
def test_json_may_be_called_what_json_is_called(newcomer: Account, media_type: str) -> None:
    """In capitals, and with a character set."""
    answer = newcomer.call(
        "POST", "promo/validate", content=b'{"code":"BONUS5"}', headers={"Content-Type": media_type}
    )
    assert answer.status_code == 200


@each_with_body
def test_a_body_of_more_than_a_megabyte_is_413(newcomer: Account, operation: Operation) -> None:
    """Good JSON or not, with its length said beforehand."""
    for content in (b'{"x":"' + b"x" * 1_100_000 + b'"}', b"\xff" * 1_100_000):
        assert isinstance(assert_refused(post(newcomer, operation, content), 413), str)


@each_with_body
def test_a_chunked_body_of_more_than_a_megabyte_is_413(
    newcomer: Account, operation: Operation
) -> None:
    """Its length is not said, and found out."""
    answer = newcomer.client.request(
        operation.method,
        path_of(operation),
        content=(b" " * 100_000 for _ in range(12)),
        headers=JSON_HEADERS,
    )
    assert_refused(answer, 413)


def test_a_large_body_is_not_waited_for(still_server: RunningServer) -> None:
    """Whoever announces gigabytes is refused before sending any of them."""
    head = request("POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: 9999999999"])
    assert_refused(send(still_server, head), 413)


def test_a_body_up_to_a_megabyte_is_read(newcomer: Account) -> None:
    """With and without its length said."""
    content = b'{"code":"BONUS5","x":"' + b"x" * 990_000 + b'"}'
    for given in (content, iter([content[:1_000], content[1_000:]])):
        answer = newcomer.call("POST", "promo/validate", content=given, headers=JSON_HEADERS)
        assert answer.status_code == 200


def test_a_large_body_that_nobody_asked_for_does_no_harm(newcomer: Account) -> None:
    """An operation without a body does not look at one."""
    answer = newcomer.call("GET", "balance", content=b"x" * 1_100_000, headers=JSON_HEADERS)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "said",
    [b"Content-Length: 1000", b"Transfer-Encoding: chunked"],
    ids=["shorter than announced", "without the last chunk"],
)
def test_a_body_that_breaks_off_is_no_request(still_server: RunningServer, said: bytes) -> None:
    """What came of it may even be good JSON: it was not the whole, and nothing is done."""
    body = b'{"amount_cents":5000}'
    if said.startswith(b"Transfer"):
        body = b"%x\r\n%b\r\n" % (len(body), body)
    head = request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Type: application/json", said],
        body=body,
    )
    answer = send(still_server, head, then_hang_up=True)
    assert answer is None or 400 <= answer.status < 500


# --------------------------------------------------------------------------------------------- query and headers


@each_operation
def test_unknown_query_parameters_are_ignored(newcomer: Account, operation: Operation) -> None:
    """As FastAPI does: the answer has the status that it has without them."""
    path, body = path_of(operation), body_example(operation)
    plain = newcomer.client.request(operation.method, path, json=body)
    forget(newcomer)
    for query in (
        "no_such=1",
        "no_such",
        "limit[]=1&__proto__=x",
        "%00=%ff",
        "&&&=&",
        "x=" + "y" * 50_000,
    ):
        asked = newcomer.client.request(operation.method, f"{path}?{query}", json=body)
        assert asked.status_code == plain.status_code, query
        forget(newcomer)


QUERY_INTEGERS = [
    pytest.param(
        operation, each["name"], each["schema"], id=f"{operation.operation_id}-{each['name']}"
    )
    for operation in OPERATIONS
    for each in operation.parameters
    if each["in"] == "query" and each["schema"].get("type") == "integer"
]
NO_INTEGERS = [
    "",
    "%20",
    "x",
    "1.5",
    "1e1",
    "0x10",
    "true",
    "null",
    "NaN",
    "1_0",
    "%D9%A1",
    "%00",
    "%ff",
    "1%00",
    "-",
]


@pytest.mark.parametrize(("operation", "name", "schema"), QUERY_INTEGERS)
def test_what_is_no_integer_is_422(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Neither floats, booleans, hexadecimals nor digits of other scripts; nor what is out of bounds."""
    beyond = [
        str(schema["minimum"] - 1),
        *([str(schema["maximum"] + 1)] if "maximum" in schema else []),
    ]
    for value in [*NO_INTEGERS, *beyond, "-" + "9" * 30, "9" * 500]:
        answer = newcomer.client.get(f"{operation.path}?{name}={value}")
        [problem] = assert_refused(answer, 422)
        assert problem["loc"] == ["query", name], value


@pytest.mark.parametrize(("operation", "name", "schema"), QUERY_INTEGERS)
def test_an_integer_past_64_bits_is_refused_or_beyond_the_end(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Where there is an upper bound it is 422; where there is none it may be that, or an empty page."""
    for value in (2**63 - 1, 2**63, 2**64, 10**30, 10**300):
        answer = newcomer.client.get(f"{operation.path}?{name}={value}")
        if answer.status_code == 200:
            assert "maximum" not in schema
            assert answer.json()["has_more"] is False
        else:
            assert_refused(answer, 422)


def test_of_a_query_parameter_twice_the_last_counts(newcomer: Account) -> None:
    """As in FastAPI."""
    newcomer.use("light", 1)
    newcomer.use("light", 1)
    path = f"{API}/credit-transactions"
    assert len(newcomer.client.get(f"{path}?limit=1&limit=2").json()["transactions"]) == 2
    assert newcomer.client.get(f"{path}?limit=x&limit=2").status_code == 200
    assert_refused(newcomer.client.get(f"{path}?limit=2&limit=x"), 422)
    forget(newcomer)


@pytest.mark.parametrize(
    "headers",
    [
        [KEY, b"X-API-Key: sk_test_other"],
        [KEY, KEY],
        [b"X-API-Key: ", KEY],
        [KEY, b"X-Organization-Id: a", b"X-Organization-Id: b"],
        [KEY, b"Host: evil.example"],
        [KEY, b"Content-Type: application/json", b"Content-Type: text/plain"],
        [KEY, b"Accept: text/html", b"Accept: application/json"],
        [KEY, b"X-Forwarded-For: \xff\xfe"],
        [KEY, *[b"X-Extra-%d: x" % number for number in range(90)]],
        [KEY, b"Cookie: " + b"a=b; " * 5_000],
    ],
    ids=[
        "two keys",
        "the same key twice",
        "an empty key first",
        "two organizations",
        "two hosts",
        "two media types",
        "two accepts",
        "bytes",
        "many",
        "large",
    ],
)
@pytest.mark.parametrize("path", ["balance", "usage-chart", "invoices"])
def test_repeated_and_odd_headers_do_no_harm(
    still_server: RunningServer, path: str, headers: list[bytes]
) -> None:
    """One answer: as if the header had come once, or a refusal."""
    answer = send(still_server, request("GET", f"{API}/{path}".encode(), headers=headers))
    assert answer is not None
    if answer.status != 200:
        assert 400 <= answer.status < 500
        if answer.headers["content-type"] == "application/json":
            assert_detail(answer.json())


def test_of_two_keys_the_first_counts(still_server: RunningServer) -> None:
    """As Starlette reads headers: the newcomer's dollar, not the other's."""
    for keys, balance in (
        ([KEY, b"X-API-Key: sk_test_exhausted"], "$1.00"),
        ([b"X-API-Key: sk_test_exhausted", KEY], "$0.00"),
    ):
        answer = send(still_server, request("GET", f"{API}/balance".encode(), headers=keys))
        assert answer is not None
        assert answer.json()["balance_display"] == balance


NO_KEYS = [
    b"",
    b" ",
    b"sk_test_",
    b"sk_test",
    b"SK_TEST_new",
    b"sk-test-new",
    b"Bearer sk_test_new",
    b"null",
    b"undefined",
    b"0",
    b"sk_test_new\xff",
    "sk_test_é".encode(),
    b"sk_test_\x80",
    b"sk_test_a\tb",
    b"sk_test_" + b"x" * 193,
    b"sk_test_" + b"x" * 60_000,
    b"x" * 60_000,
]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "balance"), ("POST", "deposit"), ("DELETE", "auto-recharge")]
)
def test_what_is_no_key_is_401(still_server: RunningServer, method: str, path: str) -> None:
    """The text says what to send, and does not repeat what was sent."""
    accounts = len(list(still_server.world.tenants()))
    body = b'{"amount_cents":5000}' if method == "POST" else b""
    for key in NO_KEYS:
        head = request(method, f"{API}/{path}".encode(), headers=[b"X-API-Key: " + key], body=body)
        detail = assert_refused(send(still_server, head), 401)
        assert "sk_test_default" in detail
        assert len(key) < 10 or key.decode("latin-1") not in detail
    assert len(list(still_server.world.tenants())) == accounts


@pytest.mark.parametrize(
    "key",
    [
        b"sk_test_0",
        b"sk_test_" + b"x" * 192,
        b"sk_test_a b",
        b"sk_test_'; DROP TABLE",
        b"sk_test_<b>",
        b"  sk_test_new  ",
    ],
)
def test_every_other_test_key_works(still_server: RunningServer, key: bytes) -> None:
    """It is an account, isolated from all others."""
    answer = send(
        still_server, request("GET", f"{API}/balance".encode(), headers=[b"X-API-Key: " + key])
    )
    assert answer is not None
    assert answer.status == 200


# ------------------------------------------------------------------------------------------------------ paths

ODD_SEGMENTS: dict[str, bytes] = {
    "NUL": b"%00",
    "a line break": b"%0d%0a",
    "a header": b"%0d%0aX-Injected:%201",
    "an escape": b"%1b",
    "no UTF-8": b"%ff",
    "a surrogate": b"%ed%a0%80",
    "an emoji": b"%F0%9F%92%B3",
    "dots": b"..",
    "encoded dots": b"%2e%2e",
    "a slash": b"%2F",
    "slashes and dots": b"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a backslash": b"%5c",
    "a percent sign": b"%25",
    "half an encoding": b"%",
    "no hexadecimal": b"%zz",
    "encoded twice": b"%2500",
    "a semicolon": b"a;b=c",
    "braces": b"%7Bpayment_method_id%7D",
    "a tag": b"%3Cscript%3E",
    "a quote": b"'%20OR%201=1",
    "a space": b"%20",
    "256 characters": b"a" * 256,
    "60,000 characters": b"a" * 60_000,
    "100 kB": b"a" * 100_000,
    "100 kB encoded": b"%41" * 33_334,
}


@pytest.mark.parametrize(
    ("method", "template"),
    [
        ("DELETE", "payment-methods/{}"),
        ("POST", "payment-methods/{}/default"),
        ("GET", "{}"),
        ("GET", "balance/{}"),
        ("PUT", "{}/auto-recharge"),
    ],
)
def test_an_odd_path_is_refused(still_server: RunningServer, method: str, template: str) -> None:
    """There is no such card or no such path; one that is too long may be 422 or, to the parser, 414 or 431."""
    for what, segment in ODD_SEGMENTS.items():
        path = f"{API}/".encode() + template.encode().replace(b"{}", segment)
        answer = send(still_server, request(method, path))
        assert answer is not None, what
        assert answer.headers["x-injected"] is None
        if len(segment) > 50_000 and answer.headers["content-type"] != "application/json":
            assert answer.status in (400, 414, 431), what
        else:
            assert_refused(answer, 404, 405, 422)
            assert len(answer.content) < 2_000


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1/billing",
        "/api/v1/billing/",
        "/api/v1/billing//balance",
        "//api/v1/billing/balance",
        "/api/v1/billing/balance/",
        "/api/v1/billing/./balance",
        "/API/V1/BILLING/balance",
        "/api/v1/billing/Balance",
        "/api/v2/billing/balance",
    ],
)
def test_a_path_that_nearly_fits_is_404(still_server: RunningServer, path: str) -> None:
    """Nothing is redirected, and no letter is taken for another."""
    assert_refused(send(still_server, request("GET", path.encode())), 404)


def test_a_long_query_does_no_harm(still_server: RunningServer) -> None:
    """100 kB behind the question mark: an answer or a refusal."""
    answer = send(still_server, request("GET", f"{API}/balance?x=".encode() + b"y" * 100_000))
    assert answer is not None
    assert answer.status in (200, 400, 414, 431)


# --------------------------------------------------------------------------------------------- no HTTP any more

MALFORMED: dict[str, bytes] = {
    "words": b"hello there\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "an unknown method": request("FETCH", f"{API}/balance".encode()),
    "a method in small letters": request("get", f"{API}/balance".encode()),
    "bytes in the path": request("GET", f"{API}/".encode() + b"b\xffl"),
    "a NUL in the path": request("GET", f"{API}/".encode() + b"\x00"),
    "bytes in the query": request("GET", f"{API}/balance?".encode() + b"\xff"),
    "a NUL in a header": request("GET", f"{API}/balance".encode(), headers=[KEY, b"X-A: \x00"]),
    "a header without a name": request("GET", f"{API}/balance".encode(), headers=[KEY, b": x"]),
    "a folded header": request("GET", f"{API}/balance".encode(), headers=[KEY, b"X-A: b", b" c"]),
    "no host": b"GET /api/v1/billing/balance HTTP/1.1\r\n\r\n",
    "a host of nonsense": request("GET", f"{API}/balance".encode(), host=b'"<>\\^'),
    "an unknown version": b"GET /api/v1/billing/balance HTTP/9.9\r\nHost: a\r\n\r\n",
    "a negative length": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: -1"]
    ),
    "a length of words": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: ten"]
    ),
    "a length past 64 bits": request(
        "POST", f"{API}/deposit".encode(), headers=[KEY, b"Content-Length: " + b"9" * 30]
    ),
    "two lengths": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Length: 2", b"Content-Length: 21"],
        body=b"{}",
    ),
    "a length and chunks": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        body=b"0\r\n\r\n",
    ),
    "a chunk of no size": request(
        "POST",
        f"{API}/deposit".encode(),
        headers=[KEY, b"Transfer-Encoding: chunked"],
        body=b"zz\r\n{}\r\n",
    ),
    "a star": request("OPTIONS", b"*"),
    "a proxy's request": request("GET", b"http://evil.example/api/v1/billing/balance"),
    "a tunnel": request("CONNECT", b"evil.example:443"),
    "a websocket": request(
        "GET",
        f"{API}/balance".encode(),
        headers=[
            KEY,
            b"Connection: Upgrade",
            b"Upgrade: websocket",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ],
    ),
    "half a request": f"GET {API}/balance HT".encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_hardly_http_does_not_hurt_the_server(
    newcomer: Account, still_server: RunningServer, data: bytes
) -> None:
    """It is refused, answered, or hung up on; never a 5xx, and the next caller is served."""
    answer = send(still_server, data, then_hang_up=True)
    assert answer is None or answer.status < 500
    assert newcomer.call("GET", "balance").status_code == 200


def test_two_requests_on_one_connection_are_two(still_server: RunningServer) -> None:
    """A body that was not read to its end is not taken for the next request."""
    smuggled = request("POST", f"{API}/setup-intent".encode())
    answer = send(
        still_server, request("GET", f"{API}/balance".encode(), body=smuggled), then_hang_up=True
    )
    assert answer is not None
    assert answer.status == 200


@each_operation
def test_errors_show_nothing_of_the_inside(newcomer: Account, operation: Operation) -> None:
    """Neither a file, nor a line, nor a class of the mock."""
    path = path_of(operation)
    for answer in (
        newcomer.client.request(operation.method, path, headers={"X-API-Key": "x"}),
        newcomer.client.request(
            operation.method, f"{path}?limit=x&days=x&page=x", content=b"{", headers=JSON_HEADERS
        ),
        newcomer.client.request("PATCH", path),
    ):
        if answer.status_code != 200:
            assert_envelope(answer)
            for word in (
                "Traceback",
                ".py",
                "mockserver",
                "orjson",
                "jsonschema",
                "connexion",
                "starlette",
            ):
                assert word not in answer.text
    forget(newcomer)
