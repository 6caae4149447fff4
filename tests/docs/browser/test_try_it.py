"""The forms of the page that the mock serves: they send requests to the mock, and show what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.docs.model import Reference
from tests.conftest import RunningServer
from tests.docs.browser.conftest import Open, contract_reference

pytestmark = pytest.mark.slow


def opened(page: Any, operation_id: str) -> Any:
    """The form of an operation, unfolded."""
    holder = page.locator(f"#operation-{operation_id} .try")
    holder.locator("summary").first.click()
    holder.locator("form").wait_for()
    return holder


def answer(holder: Any) -> tuple[int, Any]:
    """Send a form; the status and the body that are shown."""
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
    form = opened(seen.page, "get_balance")
    assert form.locator(".key").input_value() == "sk_test_default"
    status, body = answer(form)
    with mock.client("sk_test_default") as client:
        assert (status, body) == (200, client.get("/api/v1/billing/balance").json())
    form.locator(".key").fill("sk_test_new")
    form.locator(".key").blur()
    assert answer(form)[1]["balance_display"] == "$1.00"
    other = opened(seen.page, "list_credit_transactions")
    assert other.locator(".key").input_value() == "sk_test_new"
    assert answer(other)[0] == 200
    form.locator("output summary").click()
    assert "x-ratelimit-remaining" in form.locator("output details").inner_text().lower()
    seen.must_be_quiet()
    assert {url for url in seen.requests if not url.startswith((mock.url, "data:"))} == set()


def test_bodies_and_parts_of_paths_can_be_edited(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """A deposit of another amount; a card that is not there."""
    seen = open_page(served)
    form = opened(seen.page, "create_deposit")
    body = json.loads(form.locator("textarea").input_value())
    form.locator("textarea").fill(json.dumps({**body, "amount_cents": 12300}))
    status, shown = answer(form)
    assert (status, shown["amount_cents"]) == (200, 12300)
    assert shown["url"].startswith(mock.url)
    form = opened(seen.page, "remove_payment_method")
    form.locator("label", has_text="payment_method_id").locator("input").fill("pm_not/there?")
    status, shown = answer(form)
    assert status in (404, 422)
    assert "detail" in shown
    # A browser notes in its console that a request was refused; nothing else may be there.
    assert all("status of 4" in complaint for complaint in seen.complaints), seen.complaints
    assert (seen.ran, seen.violations) == ([], [])


def test_every_operation_can_be_tried(open_page: Open, served: str) -> None:
    """All 29 forms send what the sample says; what is refused is refused for the account, not for the form."""
    seen = open_page(served)
    reference: Reference = contract_reference()
    statuses = {}
    for operation in reference.operations:
        assert operation.operation_id is not None
        statuses[operation.operation_id], _ = answer(opened(seen.page, operation.operation_id))
    assert len(statuses) == 29
    assert set(statuses.values()) <= {200, 400, 402, 404, 409, 429}, statuses
    assert sum(status == 200 for status in statuses.values()) >= 20, statuses
    assert seen.violations == []


def test_the_policy_lets_the_page_speak_to_nobody_else(open_page: Open, served: str) -> None:
    """A request to another host is stopped by the browser."""
    seen = open_page(served)
    refused = seen.page.evaluate("fetch('https://example.invalid/').then(() => false, () => true)")
    assert refused
    assert len(seen.violations) == 1
