"""The forms of the page that the mock serves: they send requests to the mock, and show what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import RunningServer
from tests.docs.browser.conftest import Open
from tests.docs.contract_reference import OPERATIONS

pytestmark = pytest.mark.slow


def open_form(page: Any, operation_id: str) -> Any:
    """The form of an operation, unfolded."""
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


def test_a_request_is_sent_to_the_mock_and_its_answer_shown(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """With the key of the healthy account, or another one, which all forms then have."""
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


def test_bodies_and_parts_of_paths_can_be_edited(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """A deposit of another amount; a card that is not there."""
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
    # A browser notes in its console that a request was refused; nothing else may be there.
    assert all("status of 4" in complaint for complaint in seen.complaints), seen.complaints
    assert (seen.ran, seen.violations) == ([], [])


def test_every_operation_can_be_tried(open_page: Open, served: str) -> None:
    """All 29 forms send what the sample says; what is refused is refused for the account, not for the form."""
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


def test_the_policy_lets_the_page_speak_to_nobody_else(open_page: Open, served: str) -> None:
    """A request to another host is stopped by the browser."""
    seen = open_page(served)
    refused = seen.page.evaluate("fetch('https://example.invalid/').then(() => false, () => true)")
    assert refused
    assert len(seen.violations) == 1
