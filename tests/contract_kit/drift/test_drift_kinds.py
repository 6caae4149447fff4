"""``contract-tests drift``: kinds of differences, each with what would have to change."""

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
from tests.contract_kit.faulty import API, Answer, Upstream

pytestmark = pytest.mark.slow  # many whole runs of the kit


@pytest.fixture(scope="module")
def plain() -> Iterator[Upstream]:
    """The mock as it is."""
    with mock() as running:
        yield running


# --------------------------------------------------------------------------------------------------- other differences


def one(folder: Path, plain: Upstream, fault: Violation, *operations: str) -> Json:
    """The one difference that a fault makes."""
    with mock(fault) as staging:
        return only(compare(folder, plain.url, staging.url, "--only", ",".join(operations))[1])


def test_what_all_places_do_differently_is_changed_in_the_component(
    tmp_path: Path, plain: Upstream
) -> None:
    """Each place is told, and the one line that makes them all right."""

    def offset_for_z(answer: Answer) -> None:
        answer.body = re.sub(rb'(\d\d:\d\d\.\d{3})Z"', rb'\1+00:00"', answer.body)

    operations = (
        "list_credit_transactions",
        "list_recent_activity",
        "list_audit_log",
        "get_usage_realtime",
    )
    with mock(offset_for_z) as staging:
        said, document = compare(tmp_path, plain.url, staging.url, "--only", ",".join(operations))
    assert {
        difference["operation"]: difference["spec"]["pointer"]
        for difference in document["differences"]
    } == {
        "list_credit_transactions": "#/components/schemas/Timestamp/pattern",
        "list_recent_activity": "#/components/schemas/Timestamp/pattern",
        "list_audit_log": "#/components/schemas/Timestamp/pattern",
        "get_usage_realtime": "#/components/schemas/UsageRealtime/properties/as_of/pattern",
    }
    assert said.out.count("#/components/schemas/Timestamp/pattern") == 1
    assert "4 differences in 2 places of the contract" in said.verdict


def test_a_header_that_is_nowhere_is_changed_in_the_component(
    tmp_path: Path, plain: Upstream
) -> None:
    """The same for headers."""

    def without_limit(answer: Answer) -> None:
        answer.headers = [
            header for header in answer.headers if header[0].lower() != b"x-ratelimit-limit"
        ]

    with mock(without_limit) as staging:
        _, document = compare(
            tmp_path, plain.url, staging.url, "--only", "get_balance,get_subscription"
        )
    assert {difference["spec"]["pointer"] for difference in document["differences"]} == {
        "#/components/headers/X-RateLimit-Limit/required"
    }


def test_an_optional_header_that_never_comes(tmp_path: Path, plain: Upstream) -> None:
    """All accounts of the mock have it. Not so the warning, which some have and others have not."""

    def without_balance(answer: Answer) -> None:
        answer.headers = [
            header for header in answer.headers if header[0].lower() != b"x-alterlab-balance"
        ]

    found = one(tmp_path, plain, without_balance, "get_balance")
    assert (found["pointer"], found["keyword"]) == (
        "/response/200/headers/x-alterlab-balance",
        "presence",
    )
    assert found["departs"] == "neither"


def test_a_new_header_of_the_family(tmp_path: Path, plain: Upstream) -> None:
    """Other headers are the business of proxies; those that are named like the contract's are not."""

    def with_more(answer: Answer) -> None:
        if answer.is_of("GET", "/balance"):
            answer.headers += [
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
    """Times with and without a fraction both fit the pattern, and a client may mind."""

    def without_fraction(answer: Answer) -> None:
        answer.body = re.sub(rb'(\d\d:\d\d)\.\d{3}Z"', rb'\1Z"', answer.body)

    found = one(tmp_path, plain, without_fraction, "get_usage_realtime")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body/as_of", "form")
    assert found["mock"] == "string (time with a fraction in Z)"
    assert found["staging"] == "string (time without a fraction in Z)"


def test_a_bound_that_is_wider(tmp_path: Path, plain: Upstream) -> None:
    """The parameter and its keyword are named, whichever value showed it."""

    def takes_more(answer: Answer) -> None:
        if answer.path == f"{API}/invoices" and b"less_than_equal" in answer.body:
            answer.status, answer.body = 200, b'{"invoices": [], "total": 0, "has_more": false}'

    found = one(tmp_path, plain, takes_more, "list_invoices")
    assert (found["pointer"], found["keyword"]) == ("/request/query/limit", "maximum")
    assert (found["mock"], found["staging"]) == ("returns 422", "returns 200")
    assert found["suggestion"].startswith("change `maximum`: the real API accepts limit=101")
    assert (
        "$ref" in SPEC[found["spec"]["line"] - 1]
    )  # the operation's own line: other lists share the parameter


def test_a_bound_that_is_tighter(tmp_path: Path, plain: Upstream) -> None:
    """A valid value is refused."""

    def takes_less(answer: Answer) -> None:
        if answer.is_of("GET", "/usage-chart") and len(json.loads(answer.body)["data"]) > 90:
            answer.status = 422
            problem = {"loc": ["query", "days"], "msg": "too many", "type": "less_than_equal"}
            answer.body = json.dumps({"detail": [problem]}).encode()

    found = one(tmp_path, plain, takes_less, "get_usage_chart")
    assert (found["pointer"], found["keyword"]) == ("/request/query/days", "maximum")
    assert found["suggestion"] == "change `maximum`: the real API refuses days=365"
    assert "maximum: 365" in SPEC[found["spec"]["line"] - 1]


def test_other_words_in_a_refusal(tmp_path: Path, plain: Upstream) -> None:
    """Places and types of a 422 are for programs, and depend on nothing but the request."""

    def other_type(answer: Answer) -> None:
        if answer.status == 422:
            answer.body = answer.body.replace(b'"less_than_equal"', b'"too_large"')

    found = one(tmp_path, plain, other_type, "list_audit_log")
    assert (found["pointer"], found["keyword"]) == ("/response/422/body/detail/*/type", "problem")
    assert (found["mock"], found["staging"]) == ('"less_than_equal"', '"too_large"')
    assert found["spec"]["pointer"] == "#/components/schemas/ValidationProblem/properties/type"


def test_strangers_who_are_let_in_or_refused_otherwise(tmp_path: Path, plain: Upstream) -> None:
    """Whoever has no key is nobody's account, so it can be compared."""

    def forbidden(answer: Answer) -> None:
        if answer.status == 401:
            answer.status = 403

    found = one(tmp_path, plain, forbidden, "get_balance")
    assert (
        found["suggestion"] == "add 403: the real API returns 403 for a request without a valid key"
    )


def test_a_page_of_html_is_one_difference(tmp_path: Path, plain: Upstream) -> None:
    """Its media type says it all."""

    def html(answer: Answer) -> None:
        if answer.is_of("GET", "/subscription"):
            answer.headers = [(b"content-type", b"text/html") if header[0] == b"content-type" else header
                              for header in answer.headers]  # fmt: skip
            answer.body = b"<html>"

    found = one(tmp_path, plain, html, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/headers/content-type", "content")


def test_half_a_surrogate_pair(tmp_path: Path, plain: Upstream) -> None:
    """JSON can write it, and hardly anybody can read it."""

    def half(answer: Answer) -> None:
        edit(answer, "GET", "/subscription", lambda body: body.update(status="\ud800"))

    found = one(tmp_path, plain, half, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body/status", "enum")


def test_no_json_is_one_difference(tmp_path: Path, plain: Upstream) -> None:
    """Bytes that say they are JSON."""

    def broken(answer: Answer) -> None:
        if answer.is_of("GET", "/subscription"):
            answer.body = b'{"id": '

    found = one(tmp_path, plain, broken, "get_subscription")
    assert (found["pointer"], found["keyword"]) == ("/response/200/body", "json")


def test_a_server_without_head_and_one_that_is_busy(tmp_path: Path, plain: Upstream) -> None:
    """HEAD is not in the contract; what a server cannot answer just now is not compared, and said."""

    def poor(answer: Answer) -> None:
        if answer.method == "HEAD":
            answer.status, answer.body = 405, b""
        elif answer.method == "GET" and answer.status == 403:
            answer.status, answer.body = 503, b"busy"

    with mock(poor) as staging:
        said, document = compare(tmp_path, plain.url, staging.url, "--only", "get_cost_projection")
    assert spots(document) == []
    assert document["not_compared"] == {"staging: 503": 1}
    assert "1 request: staging: 503" in said.out


def test_a_crash_is_told(tmp_path: Path, plain: Upstream) -> None:
    """500 is no business of the contract, but no mock does it."""

    def crash(answer: Answer) -> None:
        if answer.path == f"{API}/audit-log" and answer.status == 422:
            answer.status, answer.body = 500, b"oops"

    found = one(tmp_path, plain, crash, "list_audit_log")
    assert found["suggestion"] == "nothing: the real API fails on limit=0"
