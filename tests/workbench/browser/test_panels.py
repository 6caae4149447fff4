"""Each panel does what it says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import API
from tests.workbench.browser.conftest import NEW, Workbench, clipboard

pytestmark = pytest.mark.slow


def test_a_request_appears_with_why_it_failed(workbench: Workbench) -> None:
    """Method, path, status, account, reason and warnings, without a reload."""
    page = workbench.open().page
    workbench.mock.post(f"{API}/deposit", json={"amount_cents": 1, "amount_cent": 2}, headers=NEW)
    row = page.locator(".log tbody tr").first
    row.get_by_text("POST").wait_for()
    text = row.inner_text()
    for part in (f"{API}/deposit", "422", "sk_test_new", "body.amount_cents: Input should be"):
        assert part in text
    assert "Warning: Unknown field 'amount_cent'" in text


def test_a_fault_is_named_at_the_request_that_it_struck(workbench: Workbench) -> None:
    """So is a preflight that was refused."""
    page = workbench.open().page
    workbench.mock.post("/_mock/faults", json={"status": 503, "next": 1, "name": "down"})
    workbench.mock.get(f"{API}/balance", headers=NEW)
    page.get_by_text("Fault: down").wait_for()
    bad = {"Origin": "http://shop.test", "Access-Control-Request-Method": "(("}
    workbench.mock.options(f"{API}/balance", headers=bad)
    page.get_by_text("A browser's preflight was refused.").wait_for()
    page.get_by_label("Show").select_option("faults")
    assert page.locator(".log tbody tr").count() == 1


HIDE = """(isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_hidden_page_has_no_stream(workbench: Workbench) -> None:
    """A browser opens six connections to one origin. The page resumes when it is visible again."""
    page = workbench.open().page
    assert len(workbench.server.world.feed.watchers) == 1
    page.evaluate(HIDE, True)
    page.locator("#connection[data-state=paused]").wait_for()
    for _ in range(50):
        if not workbench.server.world.feed.watchers:
            break
        page.wait_for_timeout(100)
    assert workbench.server.world.feed.watchers == []
    workbench.mock.get(f"{API}/invoices", headers=NEW)
    page.evaluate(HIDE, False)
    page.get_by_text(f"{API}/invoices").wait_for()
    assert page.locator(".log tbody tr").count() == 3
    page.evaluate(HIDE, True)
    page.locator("#connection[data-state=paused]").wait_for()
    workbench.mock.delete("/_mock/requests")
    page.evaluate(HIDE, False)
    page.get_by_text("No request yet.").wait_for()


def test_requests_are_filtered_by_words_and_by_account(workbench: Workbench) -> None:
    """All words have to match."""
    page = workbench.open().page
    workbench.mock.get(f"{API}/invoices", headers=NEW)
    page.get_by_text(f"{API}/invoices").wait_for()
    page.get_by_label("Filter").fill("balance subscriber")
    assert page.locator(".log tbody tr").count() == 1
    page.get_by_label("Filter").fill("")
    page.locator("#scope").select_option(label="sk_test_new")
    page.wait_for_function("document.querySelectorAll('.log tbody tr').length === 2")


def test_a_request_is_copied_as_a_command_that_works(workbench: Workbench) -> None:
    """The curl command has the key, and gets the same status."""
    page = workbench.open().page
    workbench.mock.post(f"{API}/deposit", json={"amount_cents": 5000}, headers=NEW)
    page.get_by_role("button", name=f"POST {API}/deposit").click()
    page.get_by_role("button", name="Copy as curl").click()
    command = clipboard(page)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert "HTTP/1.1 200" in done.stdout
    assert "sk_test_new" in command


def test_a_request_is_copied_as_a_line_of_pytest(workbench: Workbench) -> None:
    """The line runs; the Playwright step names the same request."""
    page = workbench.open().page
    workbench.mock.post(f"{API}/deposit", json={"amount_cents": 1}, headers=NEW)
    page.get_by_role("button", name=f"POST {API}/deposit").click()
    page.get_by_role("button", name="Copy as Playwright").click()
    assert "expect(response.status()).toBe(422)" in clipboard(page)
    page.get_by_role("button", name="Copy as pytest").click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t.startsWith('assert'))")
    exec(clipboard(page), {"httpx": httpx})


def copied(page: Any, language: str, request: dict[str, Any]) -> str:
    """Return how the page copies a recorded request."""
    entry = {"query": "", "request_body": None, "status": 200, **request}
    script = """async ([language, entry]) => {
      const snippets = await import("/_mock/workbench/snippets.js");
      return snippets[language](entry, "sk_test_new");
    }"""
    return str(page.evaluate(script, [language, entry]))


def test_a_copied_command_sends_what_was_sent(workbench: Workbench) -> None:
    """No file is read for a body that begins with @, and brackets in a URL are no patterns."""
    page = workbench.open().page
    for method, path, query, body in (
        ("POST", "/deposit", "a[]={1,2}", "@/etc/hostname"),
        ("GET", "/balance", "b={1,2}", None),
        ("HEAD", "/balance", "c[0]=1", None),
    ):
        request = {"method": method, "path": API + path, "query": query, "request_body": body}
        command = copied(page, "curl", request)
        subprocess.run(["sh", "-c", command], capture_output=True, check=True, timeout=20)
        sent = workbench.mock.get("/_mock/requests").json()["requests"][0]
        assert (sent["method"], sent["query"], sent["request_body"]) == (method, query, body)


def test_a_request_without_a_response_is_copied_as_such(workbench: Workbench) -> None:
    """The copied code expects a failed connection, and passes."""
    page = workbench.open().page
    workbench.mock.post("/_mock/faults", json={"connection": "reset"})
    request = {"method": "GET", "path": f"{API}/balance", "status": None}
    code = copied(page, "pytest", request)
    assert code.startswith("with pytest.raises(httpx.TransportError):")
    exec(code, {"httpx": httpx, "pytest": pytest})
    assert copied(page, "playwright", request).endswith(".rejects.toThrow();")


def test_a_request_is_sent_again(workbench: Workbench) -> None:
    """With the same key and body."""
    page = workbench.open().page
    workbench.mock.post(f"{API}/deposit", json={"amount_cents": 5000}, headers=NEW)
    page.get_by_role("button", name=f"POST {API}/deposit").click()
    page.get_by_role("button", name="Send again").click()
    page.get_by_text("Sent again: 200.").wait_for()
    found = workbench.mock.get("/_mock/requests").json()["requests"]
    assert [request["request_body"] for request in found[:2]] == [{"amount_cents": 5000}] * 2
    assert found[0]["account_id"] == found[1]["account_id"]


def test_an_account_is_opened_named_forked_and_reset(workbench: Workbench, tmp_path: Path) -> None:
    """All by its panel; the state is saved as a file and loaded again."""
    page = workbench.open("accounts", "sk_test_new").page
    page.get_by_role("button", name="Copy key").click()
    assert clipboard(page) == "sk_test_new"
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save state").click()
    saving.value.save_as(tmp_path / "state.json")
    page.get_by_label("Name", exact=True).fill("My tests")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("button", name="My tests").wait_for()
    page.get_by_label("Fork under another key").fill("sk_test_forked0001")
    page.get_by_role("button", name="Fork").click()
    page.get_by_text("The fork has the same state.").wait_for()
    fork = workbench.mock.get("/_mock/state", headers={"X-API-Key": "sk_test_forked0001"}).json()
    state = json.loads((tmp_path / "state.json").read_text())
    assert fork["ledger"] == state["ledger"]
    charge = {"type": "light", "requests": 100}
    page.locator("#scope").select_option(label="My tests (sk_test_new)")
    page.get_by_role("heading", name="My tests").wait_for()
    workbench.mock.post("/_mock/usage", json=charge, headers=NEW)
    page.get_by_label("State file").set_input_files(tmp_path / "state.json")
    page.get_by_text("The account has the new state.").wait_for()
    assert workbench.mock.get("/_mock/state", headers=NEW).json()["ledger"] == state["ledger"]
    workbench.mock.post("/_mock/usage", json=charge, headers=NEW)
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("The account is as new.").wait_for()
    entries = workbench.mock.get("/_mock/state", headers=NEW).json()["ledger"]["entries"]
    assert [entry["type"] for entry in entries] == ["bonus"]


def test_an_edited_state_shows_its_errors(workbench: Workbench) -> None:
    """A state that does not add up is refused with the reasons, and a good one is taken."""
    page = workbench.open("accounts", "sk_test_new").page
    page.get_by_role("button", name="Edit state").click()
    area = page.get_by_label("State as JSON")
    state = json.loads(area.input_value())
    wrong = json.loads(area.input_value())
    wrong["ledger"]["entries"][0]["balance_after_microcents"] = 1
    area.fill(json.dumps(wrong))
    page.get_by_role("button", name="Replace state").click()
    page.locator(".problems li").first.wait_for()
    assert "balance_after is 1" in page.locator(".problems").inner_text()
    workbench.mock.put("/_mock/label", json={"label": "Named"}, headers=NEW)
    page.locator(".accounts").get_by_text("Named").wait_for()
    assert "balance_after is 1" in page.locator(".problems").inner_text()
    area.fill("{")
    page.get_by_role("button", name="Replace state").click()
    page.get_by_text("This is no JSON").wait_for()
    state["profile"]["name"] = "Ada"
    area.fill(json.dumps(state))
    page.get_by_role("button", name="Replace state").click()
    page.get_by_text("The account has the new state.").wait_for()
    assert workbench.mock.get("/_mock/state", headers=NEW).json()["profile"]["name"] == "Ada"


def test_an_account_leads_to_its_pages(workbench: Workbench) -> None:
    """A checkout that is begun here is linked here."""
    page = workbench.open("accounts", "sk_test_new").page
    page.get_by_role("button", name="New $50 deposit").click()
    link = page.get_by_role("link", name="$50.00").first
    link.wait_for()
    response = workbench.mock.get(link.get_attribute("href"))
    assert response.status_code == 200
    assert "$50.00" in response.text


def test_a_persona_and_a_new_account_are_opened(workbench: Workbench) -> None:
    """Both are selected then."""
    page = workbench.open("accounts").page
    page.get_by_role("button", name="past_due").click()
    page.get_by_role("heading", name="sk_test_past_due").wait_for()
    page.get_by_label("Key", exact=True).fill("sk_test_brandnew1")
    page.get_by_role("button", name="Open a new account").click()
    page.get_by_role("heading", name="sk_test_br***").wait_for()


def test_the_clock_moves_to_the_next_renewal(workbench: Workbench) -> None:
    """What became due is listed, and the header shows the time."""
    page = workbench.open("clock").page
    page.get_by_role("button", name="+1 day").click()
    page.locator("#now").get_by_text("2026-03-19 12:00:00").wait_for()
    page.get_by_role("button", name="+1 month").click()
    page.locator("#now").get_by_text("2026-04-19 12:00:00").wait_for()
    page.locator(".became").get_by_text("Renewal of the starter plan").wait_for()
    page.get_by_role("button", name="Until the next renewal").click()
    page.locator("#now").get_by_text("2026-05-02 12:00:00").wait_for()


DELAY = """() => {
  const fetched = window.fetch;
  let calls = 0;
  window.fetch = async (url, options) => {
    const response = await fetched(url, options);
    const isOdd = String(url).includes("/due") && calls++ % 2 === 1;
    if (isOdd) await new Promise((done) => setTimeout(done, 700));
    return response;
  };
}"""


def test_a_slow_response_replaces_no_newer_one(workbench: Workbench) -> None:
    """The clock moves to the next renewal even if the list of due work arrives late."""
    page = workbench.open("clock").page
    page.get_by_role("button", name="Until the next renewal").wait_for()
    page.evaluate(DELAY)
    page.get_by_role("button", name="+1 day").click()
    page.locator("#now").get_by_text("2026-03-19 12:00:00").wait_for()
    workbench.mock.post("/_mock/clock/advance", json={"days": 31}).raise_for_status()
    page.get_by_role("button", name="Until the next renewal").click()
    page.locator("#now").get_by_text("2026-05-02 12:00:00").wait_for()


def test_a_fault_is_switched_on_and_off(workbench: Workbench) -> None:
    """For one account; the slider changes it, and the count shows what it struck."""
    page = workbench.open("faults", "sk_test_new").page
    page.get_by_label("Status").select_option("429")
    page.get_by_role("switch", name="Errors").check()
    page.locator("table").get_by_text("status 429").wait_for()
    assert workbench.mock.get(f"{API}/balance", headers=NEW).status_code == 429
    other = {"X-API-Key": "sk_test_subscriber"}
    assert workbench.mock.get(f"{API}/balance", headers=other).status_code == 200
    page.get_by_role("switch", name="Errors").uncheck()
    page.get_by_text("No fault is on.").wait_for()
    assert workbench.mock.get(f"{API}/balance", headers=NEW).status_code == 200


def test_an_account_without_a_key_changes_no_other(workbench: Workbench) -> None:
    """A fault and an endpoint for an organization would concern all accounts, so none is made."""
    personas = workbench.mock.get("/_mock/personas").json()["personas"]
    owner = next(persona for persona in personas if persona["slug"] == "org_owner")
    headers = {"X-API-Key": owner["key"], "X-Organization-Id": owner["member_of"]}
    workbench.mock.get(f"{API}/credit-transactions", headers=headers).raise_for_status()
    page = workbench.open("faults", owner["member_of"]).page
    page.get_by_role("switch", name="Latency").click()
    page.locator(".notice.bad").get_by_text("This account has no key").wait_for()
    page.goto(f"{workbench.server.url}/_mock/#webhooks")
    page.get_by_label("URL").fill("http://127.0.0.1:9/none")
    page.get_by_role("button", name="Register").click()
    page.wait_for_function("document.querySelectorAll('.notice.bad').length >= 2")
    assert workbench.mock.get("/_mock/faults").json()["faults"] == []
    assert workbench.mock.get("/_mock/webhook-endpoints").json()["endpoints"] == []


def test_a_set_of_faults_is_a_switch(workbench: Workbench) -> None:
    """Its rules are listed with what each has struck."""
    page = workbench.open("faults").page
    page.get_by_role("switch", name="The rate limit is used up").check()
    page.locator("table").get_by_text("of rate-limited").wait_for()
    assert workbench.mock.get(f"{API}/balance", headers=NEW).status_code == 429
    workbench.mock.post(f"{API}/portal", headers=NEW)
    page.locator("table").get_by_text("2 of 2").wait_for()
    page.get_by_role("switch", name="The rate limit is used up").uncheck()
    page.get_by_text("No fault is on.").wait_for()


def test_a_code_is_copied_from_the_outbox(workbench: Workbench) -> None:
    """The mail appears when it is sent."""
    page = workbench.open("outbox", "sk_test_new").page
    page.get_by_text("0 messages").wait_for()
    body = {"action": "pay", "method": "email"}
    workbench.mock.post(f"{API}/verify/initiate", json=body, headers=NEW)
    page.get_by_role("button", name="Copy code").click()
    messages = workbench.mock.get("/_mock/outbox", headers=NEW).json()["messages"]
    assert clipboard(page) == messages[0]["code"]


def test_a_webhook_is_sent_checked_and_replayed(workbench: Workbench) -> None:
    """The signature is computed on the page, from the secret and the body."""
    page = workbench.open("webhooks", "sk_test_new").page
    page.get_by_label("URL").fill("http://127.0.0.1:9/none")
    page.get_by_role("button", name="Register").click()
    page.get_by_text("we_000001").wait_for()
    page.get_by_role("combobox", name="Event").select_option("promo_code.redeemed")
    page.get_by_label("Data").fill('{"code": "GR\u00dcSSE \u2713"}')
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="promo_code.redeemed").click()
    page.get_by_role("button", name="Check signature").click()
    page.get_by_text("is the HMAC of this body").wait_for()
    page.get_by_role("button", name="Replay").click()
    page.get_by_text("Replayed as whd_000002.").wait_for()


def test_the_books_show_what_does_not_add_up(workbench: Workbench) -> None:
    """A check mark for each invariant, the sentence where one is broken, and a plot."""
    account = workbench.server.world.state.tenant("sk_test_subscriber").account
    page = workbench.open("books", "sk_test_subscriber").page
    page.get_by_role("heading", name="Everything adds up").wait_for()
    assert page.locator(".checks .good").count() == 13
    label = page.get_by_role("img").get_attribute("aria-label")
    assert label.startswith("Balance from 2026-01-02 to 2026-03-18")
    assert page.get_by_role("region", name="Usage by day").locator("tbody tr").count() > 10
    account.wallet.default_id = "00000000-0000-4000-8000-000000000000"
    workbench.mock.post("/_mock/clock/advance", json={"seconds": 1})
    page.get_by_role("heading", name="Violations: 1").wait_for()
    assert "There must be a default card" in page.locator(".checks").inner_text()


def test_two_browsers_see_each_others_changes(workbench: Workbench) -> None:
    """A switch, a name and the clock, without a reload."""
    one, other = workbench.open("faults").page, workbench.open("faults").page
    one.get_by_role("switch", name="Latency").check()
    other.locator("table").get_by_text("latency 500").wait_for()
    assert other.get_by_role("switch", name="Latency").is_checked()
    workbench.mock.put("/_mock/label", json={"label": "Shared"}, headers=NEW)
    for page in (one, other):
        page.locator("#scope option", has_text="Shared (sk_test_new)").wait_for(state="attached")
    one.goto(f"{workbench.server.url}/_mock/#clock")
    one.get_by_role("button", name="+1 day").click()
    other.locator("#now").get_by_text("2026-03-19").wait_for()
