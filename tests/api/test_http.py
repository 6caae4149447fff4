"""HTTP around the operations: unknown paths, wrong methods, CORS, rate limits, keys, and faults of the mock itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mockserver import app
from mockserver.api.operations import HANDLERS
from mockserver.contract import Operation
from tests.api.account import CREDIT, DOLLAR, Account, Door, assert_envelope
from tests.api.operations import (
    CONTRACT,
    OPERATIONS,
    PATHS,
    READS,
    body_example,
    each_operation,
    path_of,
)
from tests.api.raw import request, send
from tests.conftest import API, NOON, RunningServer, running_server

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
EXPOSED = {*LIMITS, "Retry-After", "X-AlterLab-Balance", "X-AlterLab-Balance-Warning"}
EXPOSED |= {"X-Mock-Source", "X-Mock-Fault", "Preference-Applied"}
SENT = "X-API-Key, X-Organization-Id, Content-Type"
SHOP = {"Origin": "http://localhost:3000"}
LIVE_KEY = "_".join(["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"])
NEXT_MINUTE = int(NOON.timestamp()) + 60

each_path = pytest.mark.parametrize("path", PATHS)


def url_of(path: str) -> str:
    """A path of the contract with something in the place of its parameters."""
    return path.replace("{payment_method_id}", "pm_card_visa")


def methods_of(path: str) -> set[str]:
    """The methods that the contract has there; whoever may GET may HEAD."""
    documented = {operation.method.upper() for operation in OPERATIONS if operation.path == path}
    return documented | ({"HEAD"} if "GET" in documented else set())


def limits_of(answer: httpx.Response) -> tuple[int, int, int]:
    """Limit, remaining and reset, which every response has."""
    limit, remaining, reset = (int(answer.headers[name]) for name in LIMITS)
    return limit, remaining, reset


# ------------------------------------------------------------------------------------------- paths and methods


@each_path
def test_a_wrong_method_is_405_and_says_the_right_ones(newcomer: Account, path: str) -> None:
    """`Allow` has exactly the methods of the path, on every path of the contract."""
    allowed = methods_of(path)
    before = newcomer.state()
    for method in METHODS:
        if method in allowed:
            continue
        answer = newcomer.client.request(method, url_of(path))
        assert answer.status_code == 405, method
        assert {each.strip() for each in answer.headers["allow"].split(",")} == allowed
        assert answer.headers["content-type"] == "application/json"
        limits_of(answer)
        if method != "HEAD":
            assert_envelope(answer)
            assert "sk_test_new" not in answer.text
    assert newcomer.state() == before


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["", "/nothing", "/balance/nothing", "/payment-methods/pm_card_visa/nothing"]
)
def test_an_unknown_path_is_404(newcomer: Account, method: str, path: str) -> None:
    """In the same envelope, for any method, with or without a key."""
    for headers in ({}, {"X-API-Key": ""}):
        answer = newcomer.client.request(method, f"{API}{path}", headers=headers)
        assert answer.status_code == 404
        assert_envelope(answer)
        limits_of(answer)


@pytest.mark.parametrize("path", ["/nothing", "/robots.txt", "/api", "/_mock/nothing", "/_mock"])
def test_other_paths_of_the_server_are_404_too(newcomer: Account, path: str) -> None:
    """The envelope is not the API's alone."""
    answer = newcomer.client.get(path)
    assert answer.status_code == 404
    assert_envelope(answer)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/_mock/clock", {"GET", "HEAD", "PUT"}),
        ("/docs", {"GET", "HEAD"}),
        ("/checkout/cs_test_1", {"GET", "HEAD"}),
        ("/checkout/cs_test_1/pay", {"GET", "HEAD", "POST"}),
    ],
)
def test_a_wrong_method_elsewhere_says_the_right_ones_too(
    newcomer: Account, path: str, allowed: set[str]
) -> None:
    """`Allow` is right for pages and for the control API."""
    answer = newcomer.client.delete(path)
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["allow"].split(",")} == allowed
    assert_envelope(answer)


@pytest.mark.parametrize("operation", READS, ids=lambda each: each.operation_id)
def test_head_is_a_get_without_a_body(newcomer: Account, operation: Operation) -> None:
    """The same status and headers, and it costs the same."""
    path = path_of(operation)
    got, headed = newcomer.client.get(path), newcomer.client.head(path)
    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    assert limits_of(headed)[1] == limits_of(got)[1] - 1
    different = {"x-ratelimit-remaining"}
    assert {**headed.headers, **dict.fromkeys(different)} == {
        **got.headers,
        **dict.fromkeys(different),
    }


@each_operation
def test_answers_are_not_cached(newcomer: Account, operation: Operation) -> None:
    """They hold money and codes."""
    answer = newcomer.client.request(
        operation.method, path_of(operation), json=body_example(operation)
    )
    assert answer.headers["cache-control"] == "no-store"


# -------------------------------------------------------------------------------------------------------- CORS


@each_path
def test_a_browser_may_ask_for_every_operation(enter: Door, path: str) -> None:
    """The preflight allows the method and our headers to any origin, without cookies, and is remembered."""
    for method in methods_of(path) - {"HEAD"}:
        asked = {
            **SHOP,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": SENT,
        }
        answer = enter.anybody.options(url_of(path), headers=asked)
        assert answer.status_code in (200, 204)
        assert answer.headers["access-control-allow-origin"] == "*"
        assert method in [
            each.strip() for each in answer.headers["access-control-allow-methods"].split(",")
        ]
        allowed = {
            each.strip().lower()
            for each in answer.headers["access-control-allow-headers"].split(",")
        }
        assert {each.strip().lower() for each in SENT.split(",")} <= allowed
        assert int(answer.headers["access-control-max-age"]) >= 600
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"),
    [
        ("GET", "balance", {}, 200),
        ("GET", "balance", {"headers": {"Cookie": "a=b"}}, 200),
        ("GET", "balance", {"headers": {"X-API-Key": ""}}, 401),
        ("GET", "nothing", {}, 404),
        ("PATCH", "balance", {}, 405),
        ("POST", "deposit", {"json": {"amount_cents": 1}}, 422),
        ("POST", "deposit", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "payment-methods", {"json": {"payment_method_id": "pm_card_chargeDeclined"}}, 402),
    ],
)
def test_a_page_may_read_every_answer(
    newcomer: Account, method: str, path: str, request_: dict[str, Any], status: int
) -> None:
    """Errors too, with all our headers, and never with credentials."""
    headers = {**SHOP, **request_.get("headers", {})}
    answer = newcomer.call(method, path, **{**request_, "headers": headers})
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] in ("*", SHOP["Origin"])
    exposed = {
        each.strip().lower() for each in answer.headers["access-control-expose-headers"].split(",")
    }
    assert exposed == {each.lower() for each in EXPOSED}
    assert "access-control-allow-credentials" not in answer.headers


def test_the_control_api_is_closed_to_other_pages(newcomer: Account) -> None:
    """What a test may do, a web page may not."""
    answer = newcomer.client.get("/_mock/state", headers=SHOP)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


# -------------------------------------------------------------------------------------------------- rate limits


@each_operation
def test_every_answer_says_where_the_caller_stands(newcomer: Account, operation: Operation) -> None:
    """A read costs one token and a write two; the minute is the clock's."""
    limit, remaining, reset = limits_of(newcomer.call("GET", "usage-realtime"))
    assert (limit, remaining, reset) == (30, 29, NEXT_MINUTE)
    answer = newcomer.client.request(
        operation.method, path_of(operation), json=body_example(operation)
    )
    cost = 1 if operation.method == "get" else 2
    assert limits_of(answer)[1:] == (remaining - cost, reset)


def test_without_a_key_nothing_is_counted(enter: Door) -> None:
    """The free tier, untouched, on every 401."""
    for _ in range(3):
        assert limits_of(enter.anybody.get(f"{API}/balance")) == (30, 30, NEXT_MINUTE)


@pytest.mark.parametrize(
    ("deposit_cents", "limit"), [(0, 30), (1_000, 60), (5_000, 100), (20_000, 300), (50_000, 500)]
)
def test_the_limit_follows_the_tier(newcomer: Account, deposit_cents: int, limit: int) -> None:
    """As the balance grows, so does the allowance."""
    if deposit_cents:
        newcomer.deposit(deposit_cents)
    assert limits_of(newcomer.call("GET", "balance"))[0] == limit


def test_limits_are_told_but_not_enforced(newcomer: Account) -> None:
    """Unless the server is told to, or the persona is made for it; what remains is never below nothing."""
    answers = [newcomer.call("GET", "balance") for _ in range(35)]
    assert {each.status_code for each in answers} == {200}
    assert [limits_of(each)[1] for each in answers] == [*range(29, -1, -1), 0, 0, 0, 0, 0]


def test_the_limited_persona_has_five_requests_a_minute(enter: Door) -> None:
    """Always enforced; the sixth is 429, and so is a write when one token is left."""
    limited = enter("rate_limited")
    for left in (4, 3, 2, 1):
        assert limits_of(limited.call("GET", "balance"))[:2] == (5, left)
    assert limited.call("POST", "portal").status_code == 429
    assert limited.call("GET", "balance").status_code == 200
    assert limited.call("GET", "balance").status_code == 429
    assert enter("default").call("GET", "balance").status_code == 200


@pytest.fixture(scope="module")
def enforcing_server() -> Iterator[RunningServer]:
    """A server that enforces the limits of every key."""
    with running_server(now=NOON, enforce_rate_limits=True) as running:
        yield running


def test_enforced_limits_end_with_the_minute(enforcing_server: RunningServer) -> None:
    """429 with `Retry-After` until the clock's next minute; then the allowance is whole again. Keys are apart."""
    with (
        enforcing_server.client("sk_test_new") as client,
        enforcing_server.client("sk_test_org_member") as other,
    ):
        account = Account(client)
        client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
        answers = [account.call("POST", "setup-intent") for _ in range(15)]
        assert {each.status_code for each in answers} == {200}
        assert [limits_of(each)[1] for each in answers] == list(range(28, -1, -2))
        before = account.state()
        for seconds, step in ((60, 0), (40, 20), (1, 39)):
            account.wait(seconds=step)
            for method, path in (
                ("GET", "balance"),
                ("POST", "setup-intent"),
                ("DELETE", "auto-recharge"),
            ):
                answer = account.call(method, path)
                assert answer.status_code == 429
                assert_envelope(answer)
                assert limits_of(answer) == (30, 0, NEXT_MINUTE)
                assert answer.headers["retry-after"] == str(seconds)
        assert account.state() == before
        assert other.get(f"{API}/balance").status_code == 200
        account.wait(seconds=1)
        answer = account.call("GET", "balance")
        assert answer.status_code == 200
        assert limits_of(answer) == (30, 29, NEXT_MINUTE + 60)
        assert "retry-after" not in answer.headers


def test_a_refusal_costs_nothing(enforcing_server: RunningServer) -> None:
    """A write that is refused leaves the last token for a read; the next tier's allowance holds at once."""
    with enforcing_server.client("sk_test_new") as client:
        account = Account(client)
        client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
        session = account.post("deposit", {"amount_cents": 10_000})
        for _ in range(27):
            account.get("balance")
        assert account.call("POST", "setup-intent").status_code == 429
        assert account.call("GET", "balance").status_code == 200
        assert account.call("GET", "balance").status_code == 429
        account.pay(session["session_id"]).raise_for_status()
        assert limits_of(account.call("GET", "balance")) == (100, 69, NEXT_MINUTE)


# ------------------------------------------------------------------------------------------------------ balance


@pytest.mark.parametrize(
    ("left", "display", "warning"),
    [
        (DOLLAR, "$1.00", None),
        (DOLLAR // 2, "$0.50", None),
        (DOLLAR // 2 - CREDIT, "$0.49", "low"),
        (DOLLAR // 10, "$0.10", "low"),
        (DOLLAR // 10 - CREDIT, "$0.09", "critical"),
        (CREDIT, "$0.0002", "critical"),
        (0, "$0.00", "exhausted"),
    ],
)
def test_every_answer_tells_the_balance(
    newcomer: Account, left: int, display: str, warning: str | None
) -> None:
    """And warns below $0.50, below $0.10 and at nothing."""
    newcomer.leave(left)
    for answer in (
        newcomer.call("GET", "invoices"),
        newcomer.call("POST", "deposit", json={"amount_cents": 1}),
    ):
        assert answer.headers["X-AlterLab-Balance"] == display
        assert answer.headers.get("X-AlterLab-Balance-Warning") == warning


def test_the_balance_in_the_header_is_that_after_the_request(newcomer: Account) -> None:
    """A plan's credits are in it at once."""
    newcomer.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    answer = newcomer.call("POST", "change-plan", json={"price_id": "price_starter_monthly"})
    assert (
        answer.headers["X-AlterLab-Balance"]
        == newcomer.get("balance")["balance_display"]
        == "$31.00"
    )


def test_without_an_account_no_balance_is_told(enter: Door) -> None:
    """Neither on a 401 nor on a 404."""
    for path in ("balance", "nothing"):
        assert "X-AlterLab-Balance" not in enter.anybody.get(f"{API}/{path}").headers


# --------------------------------------------------------------------------------------------------------- keys


@each_operation
def test_without_a_key_nothing_else_is_looked_at(enter: Door, operation: Operation) -> None:
    """401 before a wrong parameter, body or media type is noticed."""
    answer = enter.anybody.request(
        operation.method,
        f"{path_of(operation)}?limit=x",
        content=b"{",
        headers={"Content-Type": "text/plain", "X-Organization-Id": "x"},
    )
    assert answer.status_code == 401
    assert_envelope(answer)
    assert "X-API-Key" in answer.json()["detail"]


@pytest.mark.parametrize("key", [LIVE_KEY, f"{LIVE_KEY} x", LIVE_KEY[:8]])
def test_a_live_key_is_refused_and_leaves_no_trace(
    enter: Door, still_server: RunningServer, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    """401 in words of its own; the key is in no answer, no log, no account and no recorded request."""
    with caplog.at_level(logging.DEBUG):
        answers = [
            enter.anybody.request(
                each.method, path_of(each), json=body_example(each), headers={"X-API-Key": key}
            )
            for each in OPERATIONS
        ]
    invalid = enter.anybody.get(f"{API}/balance", headers={"X-API-Key": "x"}).json()["detail"]
    for answer in answers:
        assert answer.status_code == 401
        assert_envelope(answer)
        assert "live" in answer.json()["detail"]
        assert answer.json()["detail"] != invalid
        assert LIVE_KEY not in answer.text + str(answer.headers)
    assert LIVE_KEY not in caplog.text
    recorded = enter.anybody.get("/_mock/requests")
    assert recorded.json()["total"] > len(answers)
    assert LIVE_KEY not in recorded.text
    assert list(still_server.world.tenants()) == []


# ------------------------------------------------------------------------------------------- faults of the mock


Handler = Callable[[Any], Any]


class Faulty:
    """A server whose operations do what a test says; those that it says nothing of work."""

    account: Door

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}

    def handler(self, name: str) -> Handler:
        def handle(call: Any) -> Any:
            return self.handlers.get(name, HANDLERS[name])(call)

        return handle


@pytest.fixture(scope="module")
def faulty_server() -> Iterator[Faulty]:
    faulty = Faulty()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "HANDLERS", {name: faulty.handler(name) for name in HANDLERS})
        with running_server(now=NOON) as running:
            faulty.account = Door(running)
            yield faulty
            faulty.account.close()


@pytest.fixture
def faulty(faulty_server: Faulty) -> Faulty:
    """That server, without any fault yet."""
    faulty_server.handlers = {}
    return faulty_server


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tier": "gold"}, "/tier"),
        ({"balance_microcents": 1.5}, "/balance_microcents"),
        ({"balance_display": None}, "/balance_display"),
        ({"auto_recharge": {"enabled": True}}, "/auto_recharge"),
        ({"more_than_documented": 1}, "more_than_documented"),
    ],
)
def test_an_answer_that_breaks_the_contract_is_never_sent(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, change: dict[str, Any], pointer: str
) -> None:
    """It is a 500 that names the place by its JSON pointer, logged loudly."""
    working: Handler = HANDLERS["get_balance"]
    faulty.handlers["get_balance"] = lambda call: {**working(call), **change}
    account = faulty.account("new")
    answer = account.call("GET", "balance", headers=SHOP)
    assert answer.status_code == 500
    assert_envelope(answer)
    assert "get_balance" in answer.json()["detail"]
    assert pointer in answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    limits_of(answer)
    assert account.call("GET", "invoices").status_code == 200
    [record] = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert pointer in record.getMessage()


def test_a_pointer_leads_into_a_list(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    """Down to the field of the entry that is wrong."""

    working: Handler = HANDLERS["list_payment_methods"]

    def broken(call: Any) -> Any:
        answer = working(call)
        answer["payment_methods"][0]["card_exp_month"] = 13
        return answer

    faulty.handlers["list_payment_methods"] = broken
    answer = faulty.account("default").call("GET", "payment-methods")
    assert answer.status_code == 500
    assert "/payment_methods/0/card_exp_month" in answer.json()["detail"]
    assert "/payment_methods/0/card_exp_month" in caplog.text


def test_every_entry_of_a_page_is_checked(faulty: Faulty, caplog: pytest.LogCaptureFixture) -> None:
    """One wrong entry among many is found, wherever it stands and however often the page was good."""
    account = faulty.account("default")
    size = account.get("credit-transactions", limit=100)["total"]
    assert size > 50

    def broken(call: Any) -> Any:
        entries = call.context.account.ledger.entries
        entries[-50] = replace(entries[-50], reference_type="wrong")
        return HANDLERS["list_credit_transactions"](call)

    faulty.handlers["list_credit_transactions"] = broken
    answer = account.call("GET", "credit-transactions", params={"limit": 100})
    assert answer.status_code == 500
    assert "/transactions/49/reference_type" in answer.json()["detail"]
    assert "/transactions/49/reference_type" in caplog.text
    account.client.post("/_mock/reset").raise_for_status()


def test_a_status_that_is_not_documented_is_never_sent(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    """A refusal that the contract does not know of this operation is a fault of the mock."""

    def not_found(call: Any) -> Any:
        call.params = {"payment_method_id": "pm_none"}
        return HANDLERS["remove_payment_method"](call)

    faulty.handlers["get_balance"] = not_found
    answer = faulty.account("new").call("GET", "balance")
    assert answer.status_code == 500
    assert_envelope(answer)
    assert "404" in answer.json()["detail"]
    assert "404" in caplog.text


@pytest.mark.parametrize(
    "error",
    [RuntimeError("boom"), KeyError("boom"), RecursionError("boom"), AssertionError("boom")],
    ids=repr,
)
def test_an_unexpected_error_is_a_500_without_its_inside(
    faulty: Faulty, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The log has the traceback, the answer has the envelope; the server goes on."""

    def fail(_: Any) -> Any:
        raise error

    faulty.handlers["create_deposit"] = fail
    account = faulty.account("new")
    before = account.state()
    answer = account.call("POST", "deposit", json={"amount_cents": 5_000}, headers=SHOP)
    assert answer.status_code == 500
    assert_envelope(answer)
    for word in ("boom", type(error).__name__, "Traceback", ".py"):
        assert word not in answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    limits_of(answer)
    assert account.state() == before
    assert "boom" in caplog.text
    assert any(record.exc_info for record in caplog.records)


# ------------------------------------------------------------------------------------------------- addresses


def test_urls_in_answers_are_where_the_caller_is(account: Account) -> None:
    """By the host that was asked, so that they work through a tunnel or another name."""
    for host in ("localhost:8080", "mock.test", "[::1]:9000"):
        session = account.call(
            "POST", "deposit", json={"amount_cents": 5_000}, headers={"Host": host}
        ).json()
        assert session["url"] == f"http://{host}/checkout/{session['session_id']}"
        [invoice] = account.call(
            "GET", "invoices", params={"limit": 1}, headers={"Host": host}
        ).json()["invoices"]
        assert invoice["hosted_invoice_url"] == f"http://{host}/invoices/{invoice['id']}"


def test_a_host_of_nonsense_is_in_no_url(still_server: RunningServer) -> None:
    """Then it is the server's own address."""
    for host in (b'"><script>', b"a b", b"a/b", b"user@evil.example", b""):
        answer = send(still_server, request("POST", f"{API}/portal".encode(), host=host))
        assert answer is not None
        if answer.status == 200:
            assert answer.json()["url"].startswith(still_server.url)


def test_the_contract_is_the_one_that_is_served() -> None:
    """These tests walk the packaged contract, with every path in it."""
    assert len(PATHS) == len(CONTRACT.document["paths"]) == len({each.path for each in OPERATIONS})
