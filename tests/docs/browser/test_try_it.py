"""The forms of the served page send requests to the mock and show the responses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RunningServer
from tests.docs.browser.conftest import Open
from tests.docs.contract_reference import OPERATIONS

pytestmark = pytest.mark.slow


def open_form(page: Any, operation_id: str) -> Any:
    """Open the form of an operation."""
    holder = page.locator(f"#operation-{operation_id} .try")
    holder.locator("summary").first.click()
    holder.locator("form").wait_for()
    return holder


def send(holder: Any) -> tuple[int, Any]:
    """Send a form, and return the status and body that it shows."""
    holder.locator("output").evaluate("(one) => one.replaceChildren()")
    holder.locator("button", has_text="Send").click()
    holder.locator(".status").wait_for()
    text = holder.locator(".body").inner_text()
    return int(holder.locator(".status").inner_text().split()[0]), json.loads(text)


def test_a_form_sends_a_request_and_shows_the_response(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """A key that is entered in one form is used in all of them."""
    seen = open_page(served)
    form = open_form(seen.page, "get_balance")
    assert form.locator(".key").input_value() == "sk_test_default"
    status, body = send(form)
    with mock.client("sk_test_default") as client:
        assert (status, body) == (200, client.get("/api/v1/billing/balance").json())
    form.locator(".key").fill("sk_test_new")
    form.locator(".key").blur()
    assert send(form)[1]["balance_display"] == "$1.00"
    other = open_form(seen.page, "list_credit_transactions")
    assert other.locator(".key").input_value() == "sk_test_new"
    assert send(other)[0] == 200
    form.locator("output summary").click()
    assert "x-ratelimit-remaining" in form.locator("output details").inner_text().lower()
    seen.must_be_quiet()
    assert {url for url in seen.requests if not url.startswith((mock.url, "data:"))} == set()


def test_bodies_and_path_parameters_can_be_edited(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """A deposit has another amount, and an unknown card is reported."""
    seen = open_page(served)
    form = open_form(seen.page, "create_deposit")
    body = json.loads(form.locator("textarea").input_value())
    form.locator("textarea").fill(json.dumps({**body, "amount_cents": 12300}))
    status, shown = send(form)
    assert (status, shown["amount_cents"]) == (200, 12300)
    assert shown["url"].startswith(mock.url)
    form = open_form(seen.page, "remove_payment_method")
    form.locator("label", has_text="payment_method_id").locator("input").fill("pm_not/there?")
    status, shown = send(form)
    assert status in (404, 422)
    assert "detail" in shown
    # Browsers log refused requests in the console. Nothing else may be there.
    assert all("status of 4" in complaint for complaint in seen.complaints), seen.complaints
    assert (seen.ran, seen.violations) == ([], [])


def test_every_operation_can_be_tried(open_page: Open, served: str) -> None:
    """All forms send the request of the sample and get a documented status."""
    seen = open_page(served)
    statuses = {}
    for operation in OPERATIONS:
        assert operation.operation_id is not None
        status, _ = send(open_form(seen.page, operation.operation_id))
        assert str(status) in {documented.status for documented in operation.responses}
        statuses[operation.operation_id] = status
    assert set(statuses.values()) <= {200, 400, 402, 404, 409, 429}, statuses
    assert sum(status == 200 for status in statuses.values()) >= 2 / 3 * len(OPERATIONS), statuses
    assert seen.violations == []


def test_the_policy_blocks_requests_to_other_hosts(open_page: Open, served: str) -> None:
    """The browser stops a request to another host."""
    seen = open_page(served)
    refused = seen.page.evaluate("fetch('https://example.invalid/').then(() => false, () => true)")
    assert refused
    assert len(seen.violations) == 1
