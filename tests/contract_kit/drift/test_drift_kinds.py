"""``contract-tests drift``: kinds of differences, and the change that they require."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract_kit.drifting import (
    SPEC,
    Json,
    Violation,
    compare,
    edit,
    mock,
    only,
    spots,
)
from tests.contract_kit.faulty import API, Response, Upstream

pytestmark = pytest.mark.slow  # many whole runs of the kit


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """Run the unchanged mock."""
    with mock() as running:
        yield running


# -------------------------------------------------------------------------------- other differences


def one(folder: Path, plain: Upstream, fault: Violation, *operations: str) -> Json:
    """Return the only difference that a fault causes."""
    with mock(fault) as staging:
        return only(compare(folder, plain.url, staging.url, "--only", ",".join(operations))[1])


def test_a_difference_in_all_places_is_changed_in_the_component(
    tmp_path: Path, plain: Upstream
) -> None:
    """Every place is reported, with the one line to change."""

    def offset_for_z(response: Response) -> None:
        response.body = re.sub(rb'(\d\d:\d\d\.\d{3})Z"', rb'\1+00:00"', response.body)

    operations = (
        "list_credit_transactions",
        "list_recent_activity",
        "list_audit_log",
        "get_usage_realtime",
    )
    with mock(offset_for_z) as staging:
        result, document = compare(tmp_path, plain.url, staging.url, "--only", ",".join(operations))
    changed = {each["operation"]: each["spec"]["pointer"] for each in document["differences"]}
    assert changed == dict.fromkeys(operations, "#/components/schemas/Timestamp/pattern")
    assert result.out.count("#/components/schemas/Timestamp/pattern") == 1
    assert "4 differences in 1 place of the contract" in result.verdict


def test_a_header_missing_everywhere_is_changed_in_the_component(
    tmp_path: Path, plain: Upstream
) -> None:
    """Shared headers are treated like shared schemas."""

    def without_limit(response: Response) -> None:
        response.headers = [
            header for header in response.headers if header[0].lower() != b"x-ratelimit-limit"
        ]

    with mock(without_limit) as staging:
        _, document = compare(
            tmp_path, plain.url, staging.url, "--only", "get_balance,get_subscription"
        )
    assert {difference["spec"]["pointer"] for difference in document["differences"]} == {
        "#/components/headers/X-RateLimit-Limit/required"
    }


def test_an_optional_header_that_never_comes(tmp_path: Path, plain: Upstream) -> None:
    """It differs if all accounts of the mock have it, but not if only some do."""

    def without_balance(response: Response) -> None:
        response.headers = [
            header for header in response.headers if header[0].lower() != b"x-alterlab-balance"
        ]

    found = one(tmp_path, plain, without_balance, "get_balance")
    assert (found["pointer"], found["keyword"]) == (
        "/response/200/headers/x-alterlab-balance",
        "presence",
    )
    assert found["departs"] == "neither"


def test_a_new_header_of_the_family(tmp_path: Path, plain: Upstream) -> None:
    """A new header is a difference only if it has a prefix of the contract's headers."""

    def with_more(response: Response) -> None:
        if response.is_of("GET", "/balance"):
            response.headers += [
                (b"X-AlterLab-Region", b"eu"),
                (b"Via", b"1.1 proxy"),
                (b"X-Request-Id", b"1"),
            ]

    found = one(tmp_path, plain, with_more, "get_balance")
    assert (found["pointer"], found["keyword"]) == (
        "/response/200/headers/x-alterlab-region",
        "unknown_field",
    )


def test_a_form_that_the_contract_allows_but_the_mock_never_writes(
    tmp_path: Path, plain: Upstream
) -> None:
    """Times with and without a fraction match the pattern, but clients may differ."""

    def without_fraction(response: Response) -> None:
        response.body = re.sub(rb'(\d\d:\d\d)\.\d{3}Z"', rb'\1Z"', response.body)

    found = one(tmp_path, plain, without_fraction, "get_usage_realtime")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body/as_of", "form")
    assert found["mock"] == "string (time with a fraction in Z)"
    assert found["staging"] == "string (time without a fraction in Z)"


def test_a_bound_that_is_wider(tmp_path: Path, plain: Upstream) -> None:
    """The parameter and its keyword are named."""

    def takes_more(response: Response) -> None:
        if response.path == f"{API}/invoices" and b"less_than_equal" in response.body:
            response.status, response.body = 200, b'{"invoices": [], "total": 0, "has_more": false}'

    found = one(tmp_path, plain, takes_more, "list_invoices")
    assert (found["pointer"], found["keyword"]) == ("/request/query/limit", "maximum")
    assert (found["mock"], found["staging"]) == ("returns 422", "returns 200")
    assert found["suggestion"].startswith("change `maximum`: the real API accepts limit=101")
    assert (
        "$ref" in SPEC[found["spec"]["line"] - 1]
    )  # the operation's own line: other lists share the parameter


def test_a_bound_that_is_tighter(tmp_path: Path, plain: Upstream) -> None:
    """A valid value is refused."""

    def takes_less(response: Response) -> None:
        if response.is_of("GET", "/usage-chart") and len(json.loads(response.body)["data"]) > 90:
            response.status = 422
            problem = {"loc": ["query", "days"], "msg": "too many", "type": "less_than_equal"}
            response.body = json.dumps({"detail": [problem]}).encode()

    found = one(tmp_path, plain, takes_less, "get_usage_chart")
    assert (found["pointer"], found["keyword"]) == ("/request/query/days", "maximum")
    assert found["suggestion"] == "change `maximum`: the real API refuses days=365"
    assert "maximum: 365" in SPEC[found["spec"]["line"] - 1]


def test_other_problems_in_a_refusal(tmp_path: Path, plain: Upstream) -> None:
    """Places and types of a 422 depend on the request alone."""

    def other_type(response: Response) -> None:
        if response.status == 422:
            response.body = response.body.replace(b'"less_than_equal"', b'"too_large"')

    found = one(tmp_path, plain, other_type, "list_audit_log")
    assert (found["pointer"], found["keyword"]) == ("/response/422/body/detail/*/type", "problem")
    assert (found["mock"], found["staging"]) == ('"less_than_equal"', '"too_large"')
    assert found["spec"]["pointer"] == "#/components/schemas/ValidationProblem/properties/type"


def test_unauthenticated_requests_are_compared(tmp_path: Path, plain: Upstream) -> None:
    """They do not depend on an account."""

    def forbidden(response: Response) -> None:
        if response.status == 401:
            response.status = 403

    found = one(tmp_path, plain, forbidden, "get_balance")
    assert (
        found["suggestion"] == "add 403: the real API returns 403 for a request without a valid key"
    )


def test_a_page_of_html_is_one_difference(tmp_path: Path, plain: Upstream) -> None:
    """Only its media type is reported."""

    def html(response: Response) -> None:
        if response.is_of("GET", "/subscription"):
            others = [header for header in response.headers if header[0] != b"content-type"]
            response.headers = [*others, (b"content-type", b"text/html")]
            response.body = b"<html>"

    found = one(tmp_path, plain, html, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/headers/content-type", "content")


def test_half_a_surrogate_pair(tmp_path: Path, plain: Upstream) -> None:
    """It is valid JSON, but not valid Unicode."""

    def half(response: Response) -> None:
        edit(response, "GET", "/subscription", lambda body: body.update(status="\ud800"))

    found = one(tmp_path, plain, half, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body/status", "enum")


def test_an_invalid_body_is_one_difference(tmp_path: Path, plain: Upstream) -> None:
    """The body is declared as JSON, but is not."""

    def broken(response: Response) -> None:
        if response.is_of("GET", "/subscription"):
            response.body = b'{"id": '

    found = one(tmp_path, plain, broken, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body", "json")


def test_a_server_without_head_and_one_that_is_busy(tmp_path: Path, plain: Upstream) -> None:
    """HEAD is not in the contract, and a busy server is not compared."""

    def poor(response: Response) -> None:
        if response.method == "HEAD":
            response.status, response.body = 405, b""
        elif response.method == "GET" and response.status == 403:
            response.status, response.body = 503, b"busy"

    with mock(poor) as staging:
        result, document = compare(
            tmp_path, plain.url, staging.url, "--only", "get_cost_projection"
        )
    assert spots(document) == []
    assert document["not_compared"] == {"staging: 503": 1}
    assert "1 request: staging: 503" in result.out


def test_a_crash_is_reported(tmp_path: Path, plain: Upstream) -> None:
    """The contract has no 500, and the mock never returns it."""

    def crash(response: Response) -> None:
        if response.path == f"{API}/audit-log" and response.status == 422:
            response.status, response.body = 500, b"oops"

    found = one(tmp_path, plain, crash, "list_audit_log")
    assert found["suggestion"] == "nothing: the real API fails on limit=0"
