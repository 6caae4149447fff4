"""On a mock, the page speaks of that mock: its address, a key that works, links that lead there."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Open
from tests.conftest import RunningServer
from tests.docs.browser.test_comfort import is_remembered
from tests.docs.browser.test_try_it import open_form, send
from tests.docs.contract_reference import OPERATIONS
from tests.docs.html_page import made
from tests.docs.specs import spec

pytestmark = pytest.mark.slow
_CLIPBOARD = ["clipboard-read", "clipboard-write"]


def copied(page: Any, figure: Any) -> str:
    """Press the copy button of a sample, and return what it copied."""
    figure.locator(".copy").dispatch_event("click")
    page.wait_for_function("document.querySelector('.copy.done')")
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def run(command: str) -> tuple[int, Any]:
    """Run a copied command in a shell, and return the status and the body of the response."""
    output = subprocess.run(
        ["bash", "-c", command + " -s -w '\n%{http_code}'"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout
    body, _, status = output.rpartition("\n")
    return int(status), json.loads(body)


def choose(page: Any, **choices: str) -> None:
    """Open the settings and choose a server or a key."""
    page.locator("#settings").evaluate("(panel) => { panel.open = true; }")
    if "server" in choices:
        page.select_option("#server", label=choices["server"])
    if "key" in choices:
        page.fill("#key", choices["key"])
        page.locator("#key").blur()
    page.locator("#settings").evaluate("(panel) => { panel.open = false; }")


def test_a_copied_command_works_on_the_mock(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """It has the address of the mock and a test key."""
    seen = open_page(served, permissions=_CLIPBOARD)
    figure = seen.page.locator("#operation-get_balance figure.curl")
    command = copied(seen.page, figure)
    assert shlex.split(command)[3] == f"{mock.url}/api/v1/billing/balance"
    status, body = run(command)
    assert status == 200
    assert body["balance_display"].startswith("$")
    seen.must_be_quiet()


def test_every_sample_of_every_language_names_the_mock(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """Production is in no code block, whether it is a sample, an example or part of a guide."""
    page = open_page(served).page
    blocks: list[str] = page.evaluate(
        "[...document.querySelectorAll('main pre')].map((block) => block.textContent)"
    )
    assert sum(mock.url in block for block in blocks) >= 3 * len(OPERATIONS)
    assert not [block for block in blocks if "api.alterlab.io" in block or ":8080" in block]
    assert not [block for block in blocks if "YOUR_API_KEY" in block or "$API_KEY" in block]


def test_a_key_is_typed_once(open_page: Open, served: str) -> None:
    """It is in all samples and forms, as a literal of each language, and leaves nothing behind."""
    page = open_page(served).page
    choose(page, key='sk_test_"quoted$`')
    curl = page.locator("#operation-get_balance figure.curl pre").text_content()
    assert curl.endswith(r'''-H "X-API-Key: sk_test_\"quoted\$\`"''')
    python = page.locator("#operation-get_balance figure.python pre").text_content()
    assert r'"X-API-Key": "sk_test_\"quoted$`"' in python
    assert "os" not in python.split("response")[0].split()
    form = open_form(page, "get_balance")
    assert form.locator(".key").input_value() == 'sk_test_"quoted$`'
    form.locator(".key").fill("sk_test_new")
    form.locator(".key").blur()
    assert page.input_value("#key") == "sk_test_new"
    choose(page, key="")
    assert "$API_KEY" in page.locator("#operation-get_balance figure.curl pre").text_content()


def test_the_server_is_remembered_and_has_no_key_of_the_mock(open_page: Open, served: str) -> None:
    """A key that is typed for another server is forgotten with the page."""
    seen = open_page(served)
    page = seen.page
    choose(page, server="Production")

    def sample() -> str:
        text: str = page.locator("#operation-get_balance figure.curl pre").text_content()
        return text

    assert "https://api.alterlab.io/api/v1" in sample()
    assert "sk_test_default" not in sample()
    choose(page, key="sk_live_secret")
    assert "sk_live_secret" in sample()
    assert is_remembered(page, lambda: "https://api.alterlab.io/" in sample())
    assert "sk_live_secret" not in sample()
    choose(page, server="This mock")
    assert "sk_test_default" in sample()


def test_live_keys_are_never_stored(open_page: Open, served: str) -> None:
    """Storage has the choices and the key of the mock. The URL has none of them."""
    page = open_page(served).page
    choose(page, key="sk_test_mine", server="This mock")
    kept = page.evaluate("[{...localStorage}, {...sessionStorage}]")
    assert kept == [{"reference-server": "own"}, {"reference-key": "sk_test_mine"}]
    choose(page, key="sk_live_oops")
    form = open_form(page, "get_balance")
    assert send(form)[0] == 401
    kept = page.evaluate("[{...localStorage}, {...sessionStorage}]")
    assert kept == [{"reference-server": "own"}, {}]
    assert "sk_" not in page.url


def test_a_file_has_a_switch_of_servers_too(open_page: Open, on_disk: str) -> None:
    """Its key is kept nowhere."""
    seen = open_page(on_disk)
    page = seen.page
    choose(page, server="A server on this machine, for tests", key="sk_test_x")
    sample = page.locator("#operation-get_balance figure.curl pre").text_content()
    assert "http://127.0.0.1:8080/api" in sample
    assert "X-API-Key: sk_test_x" in sample
    assert page.evaluate("sessionStorage.length") == 0
    assert "sk_test_x" not in page.evaluate("JSON.stringify({...localStorage})")
    seen.must_be_quiet()


def test_a_reader_gets_from_the_start_to_a_paid_deposit(
    open_page: Open, mock: RunningServer
) -> None:
    """The way leads over the reference, a form, a link and the checkout page to the balance."""
    seen = open_page(mock.url + "/")
    page = seen.page
    page.locator("a[href$='/docs/reference']").first.click()
    page.wait_for_url("**/docs/reference*")
    if len(page.context.pages) > 1:
        page = page.context.pages[-1]
    page.locator("#story a", has_text="Create a deposit").click()
    choose(page, key="sk_test_path_of_a_reader")
    before = send(open_form(page, "get_balance"))[1]["balance_microcents"]
    form = open_form(page, "create_deposit")
    status, session = send(form)
    assert status == 200
    link = form.locator(".body a")
    assert link.get_attribute("href") == session["url"]
    with page.context.expect_page() as opened:
        link.click()
    checkout = opened.value
    checkout.set_default_timeout(10_000)
    with checkout.expect_navigation():
        checkout.get_by_test_id("pay").click()
    after = send(page.locator("#operation-get_balance .try"))[1]["balance_microcents"]
    assert after - before == session["amount_cents"] * 1_000_000
    assert {url.split("/")[2] for url in seen.requests} == {mock.url.split("/")[2]}


def test_what_was_sent_can_be_copied_as_a_command(
    open_page: Open, served: str, mock: RunningServer
) -> None:
    """It sends the same request again, whatever was typed."""
    page = open_page(served, permissions=_CLIPBOARD).page
    choose(page, key="sk_test_copy")
    form = open_form(page, "validate_promo_code")
    body = '{"code": "it\'s $HOME `x` \\"!"}'
    form.locator("textarea").fill(body)
    shown = send(form)
    form.locator("button", has_text="Copy as curl").click()
    form.locator("button", has_text="Copied").wait_for()
    command = page.evaluate("navigator.clipboard.readText()")
    assert shlex.split(command)[-1] == body
    assert f"{mock.url}/api/v1/billing/promo/validate" in command
    assert run(command) == shown


def test_earlier_responses_of_a_form_are_kept(open_page: Open, served: str) -> None:
    """At most five, newest first, until the page is closed."""
    page = open_page(served).page
    form = open_form(page, "list_credit_transactions")
    box = form.locator("label", has_text="limit (query)").locator("input")
    for limit in range(1, 9):
        box.fill(str(limit))
        form.locator("form button[type=submit]").click()
        page.wait_for_function(
            "(limit) => document.querySelector('#operation-list_credit_transactions .try .body')"
            "?.textContent.includes('\"total\"') && !document.querySelector("
            "'#operation-list_credit_transactions .try form button[type=submit]').disabled",
            arg=limit,
        )
    titles = form.locator(".history summary:visible").all_inner_texts()
    own = [title for title in titles if title.startswith("GET ")]
    assert [title.partition("limit=")[2][0] for title in own] == ["7", "6", "5", "4", "3"]
    assert "transactions" not in page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}])"
    )


def test_marks_are_behind_a_switch(open_page: Open, served: str) -> None:
    """They are off for readers, and the choice is remembered."""
    page = open_page(served).page
    marks = page.locator("main .m")
    assert marks.count() > 100
    assert page.locator("main .m:visible").count() == 0
    page.locator("#settings summary").click()
    page.check("#marks")
    assert page.locator("main .m:visible").count() > 100
    assert is_remembered(page, lambda: page.locator("main .m:visible").count() > 100)
    plain = open_page(served, java_script_enabled=False).page
    assert plain.locator("main .m:visible").count() == 0


def test_a_reader_sees_where_a_form_sends(open_page: Open, served: str) -> None:
    """A form sends to this mock, whatever server the samples name, and its button says so."""
    page = open_page(served).page
    form = page.locator("#operation-get_balance .try")
    form.locator("summary").click()
    assert form.locator("button[type=submit]").inner_text() == "Send to this mock"


def test_short_schemas_of_fields_are_unfolded(open_page: Open, served: str) -> None:
    """Readers see the fields of the items of a list without a click, also without scripts."""
    page = open_page(served, java_script_enabled=False).page
    folded = page.locator(".o details.in:not([open])")
    assert folded.count() == 0
    assert page.locator(".o details.in .v:visible").count() > 50


def test_errors_are_tabs_beside_the_response(open_page: Open, served: str) -> None:
    """One body is shown. Without scripts all of them are."""
    page = open_page(served).page
    bodies = page.locator("#operation-create_deposit .rs")
    assert bodies.locator("figure:visible").count() == 1
    bodies.locator("button", has_text="Error 400").click()
    assert '"detail"' in bodies.locator("figure:visible pre").inner_text()
    plain = open_page(served, java_script_enabled=False).page
    assert plain.locator("#operation-create_deposit .rs figure:visible").count() >= 3


def test_the_title_is_that_of_the_linked_operation(open_page: Open, served: str) -> None:
    """A link to a field has the title of its operation too."""
    page = open_page(f"{served}#operation-create_deposit").page
    assert page.title().startswith("Create a deposit · ")
    page = open_page(f"{served}/change_plan").page
    assert page.title().startswith("Change Plan · ")
    top = "document.getElementById('operation-change_plan').getBoundingClientRect().top"
    page.wait_for_timeout(200)
    assert 0 <= page.evaluate(top) < 200


def test_a_document_with_a_base_path_is_tried_below_it(open_page: Open, tmp_path: Path) -> None:
    """The form sends to the path under which the mock serves the operation."""
    place = tmp_path / "page.html"
    servers = [{"url": "https://api.example.com/v2"}]
    place.write_text(made(spec({"/pets": {"get": {}}}, servers=servers), live=True))
    page = open_page(place.as_uri()).page
    request = json.loads(page.locator(".try").get_attribute("data-request"))
    assert request["path"] == "/v2/pets"
