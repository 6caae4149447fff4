"""``contract-tests replay`` repeats the findings of a run, and judges other traffic fairly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract_tests.findings.result import Result
from contract_tests.recording.replay import replay
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT, example
from tests.contract_kit.program import kit
from tests.contract_kit.recorded import URL, Browser, glance, record, record_all, verdicts, visit

API = "/api/v1/billing"
ANY = Settings(url="", spec=packaged_spec())


@pytest.fixture(scope="module")
def upstream() -> Iterator[faulty.Upstream]:
    """Run a mock with a fault that every test chooses."""
    with faulty.mock("crash") as running:
        yield running


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    return Browser(tmp_path / "browser.har")


def skipped(result: Result) -> dict[str, str]:
    return {skipped.why: skipped.what for skipped in result.skipped}


# ----------------------------------------------------------------------------------- files of a run


@pytest.mark.parametrize("fault", ["", *faulty.FAULTS])
def test_the_file_of_a_run_gives_the_verdicts_of_the_run(
    fault: str, upstream: faulty.Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The findings of judges and drivers have the same keys, grades and witnesses."""
    upstream.app.fault = faulty.FAULTS.get(fault, lambda _: None)
    run = record(upstream.url, tmp_path / "run.har", visit, monkeypatch)
    again = replay(tmp_path / "run.har", CONTRACT, ANY)
    assert verdicts(again.findings) == verdicts(run.findings)
    judged = [finding for finding in run.findings if "kit" in finding.witnesses]
    assert bool(judged) == bool(fault)
    assert (again.exchanges, again.settings.seed, again.settings.is_strict) == (
        run.exchanges,
        5,
        True,
    )
    assert again.coverage.totals() == run.coverage.totals()
    (story,) = [finding for finding in again.findings if finding.kind == "story"]
    assert story.exchange is not None
    assert story.exchange.path == f"{API}/auto-recharge"
    assert [step.method for step in story.steps] == ["PUT"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "phases"),
    [("", ()), ("nothing_is_stored", ("reads", "stories", "keys", "protocol", "tenants"))],
)
def test_the_file_of_a_whole_run_gives_its_verdicts(
    fault: str, phases: tuple[str, ...], tmp_path: Path
) -> None:
    """All phases run on the correct mock; on a faulty one those that do not shrink."""
    with faulty.mock(fault) as mock:
        run = record_all(mock.url, tmp_path / "run.har", *phases)
    again = replay(tmp_path / "run.har", CONTRACT, ANY)
    assert verdicts(again.findings) == verdicts(run.findings)
    assert run.exchanges == again.exchanges > 1_000
    assert bool(run.findings) == bool(fault)


def test_a_run_may_be_replayed_as_foreign_traffic(
    upstream: faulty.Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without our custom fields the judge has the same findings."""
    upstream.app.fault = faulty.FAULTS["nothing_is_stored"]
    run = record(upstream.url, tmp_path / "run.har", visit, monkeypatch)
    log = json.loads((tmp_path / "run.har").read_text())["log"]
    bare = [
        {name: value for name, value in entry.items() if name[0] != "_"} for entry in log["entries"]
    ]
    (tmp_path / "bare.har").write_text(json.dumps({"log": {"entries": bare[::-1]}}))
    again = replay(tmp_path / "bare.har", CONTRACT, ANY)
    judged = [finding for finding in run.findings if "kit" in finding.witnesses]
    assert verdicts(again.findings) == verdicts(judged) != set()
    assert again.settings.url == upstream.url


def test_entries_added_to_the_file_of_a_run_are_not_judged(
    upstream: faulty.Upstream, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted, and change no finding."""
    upstream.app.fault = faulty.FAULTS["text_for_number"]
    path = tmp_path / "run.har"
    run = record(upstream.url, path, visit, monkeypatch)
    browser.sends("GET", "/app.js", base="https://cdn.example.com", body=b"x")
    browser.sends("DELETE", f"{API}/balance", base=upstream.url)
    har = json.loads(path.read_text())
    har["log"]["entries"] = [browser.entries[0], *har["log"]["entries"], browser.entries[1]]
    path.write_text(json.dumps(har))
    again = replay(path, CONTRACT, ANY)
    assert verdicts(again.findings) == verdicts(run.findings)
    assert skipped(again) == {
        "for another host": "1 exchange",
        "that the run did not send": "1 exchange",
    }


def test_the_command_reports_like_a_run(
    upstream: faulty.Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 1 for a faulty deployment and 0 for a correct one."""
    path = tmp_path / "run.har"
    upstream.app.fault = faulty.FAULTS["text_for_number"]
    record(upstream.url, path, visit, monkeypatch)
    outcome = kit("replay", path, "--report", "json,junit", "--report-dir", tmp_path / "out")
    assert outcome.code == 1
    assert outcome.out.startswith(f"{upstream.url}, replayed from run.har, strict\n")
    assert "/response/200/body/balance_microcents" in outcome.out
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["counts"]["failure"] == len(report["findings"]) > 1
    assert (tmp_path / "out" / "junit.xml").exists()
    upstream.app.fault = lambda _: None
    record(upstream.url, path, glance, monkeypatch)
    assert kit("replay", path).code == 0


def test_known_failures_fail_no_replay(
    upstream: faulty.Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baseline of a run is valid for its file."""
    upstream.app.fault = faulty.FAULTS["crash"]
    record(upstream.url, tmp_path / "run.har", glance, monkeypatch)
    assert kit("replay", tmp_path / "run.har").code == 1
    entry = {
        "operation": "get_usage_alerts",
        "kind": "server_error",
        "where": "/response/status",
        "keyword": "5xx",
    }
    entry |= {"owner": "us", "reason": "BILL-1", "expires": "2999-01-01"}
    (tmp_path / "known.yaml").write_text(json.dumps([entry]))
    assert kit("replay", tmp_path / "run.har", "--baseline", tmp_path / "known.yaml").code == 0


# ------------------------------------------------------------------------------- files of a browser


def test_a_browsers_traffic_is_judged(browser: Browser) -> None:
    """Violations are found, and documented behaviour is not reported."""
    browser.gets("get_subscription")
    browser.gets("get_balance", {**example("get_balance"), "tier": 5})
    result = browser.judged()
    assert {
        (finding.operation, finding.where)
        for finding in result.findings
        if finding.kind == "response_schema"
    } == {("get_balance", "/response/200/body/tier")}
    assert (result.exchanges, result.settings.url, result.settings.is_strict) == (2, URL, False)


def test_credentials_are_replaced_everywhere(browser: Browser, tmp_path: Path) -> None:
    """So are they in bodies before the first request with the key."""
    key, token = "planted-secret-key-1", "planted.jwt.token"
    broken = {**example("get_balance"), "tier": f"{key} {token}", "x": 1}
    browser.sends("GET", f"{API}/balance", body=json.dumps(broken).encode(), key=None)
    browser.sends("GET", f"{API}/balance?key={key}", body=json.dumps(broken).encode(), key=key)
    bearer = [("authorization", f"Bearer {token}"), ("cookie", f"session={token}")]
    browser.sends("GET", f"{API}/balance", body=b"{", key=None, more=bearer)
    folder = tmp_path / "out"
    outcome = kit(
        "replay", browser.saved(), "--report", "json,html,junit,sarif", "--report-dir", folder
    )
    assert outcome.code == 1
    texts = [outcome.out, outcome.err, *(path.read_text() for path in folder.iterdir())]
    assert len(texts) == 6
    for text in texts:
        assert key not in text
        assert token not in text


def test_other_traffic_is_skipped_and_counted(browser: Browser) -> None:
    """Other hosts, other paths, sockets, blobs, caches and broken entries are not judged."""
    browser.gets("get_balance")
    browser.sends("GET", "/fonts.css", base="https://cdn.example.com")
    browser.sends("POST", f"{API}/balance", base="https://metrics.example.net")
    browser.sends("GET", "/index.html", body=b"<html>")
    browser.sends("GET", f"{API}/not-in-the-contract", body=b"{}")
    browser.sends("GET", "/live", status=101)
    browser.sends("GET", "")["request"]["url"] = "blob:https://staging.example.com/1"
    browser.gets("get_balance")
    browser.entries[-1]["_fromCache"] = "memory"
    del browser.sends("GET", f"{API}/balance")["startedDateTime"]
    result = browser.judged(URL)
    assert result.findings == []
    assert result.exchanges == 1
    assert skipped(result) == {
        "for another host": "2 exchanges",
        "for a path that the contract does not declare": "2 exchanges",
        "WebSocket": "1 exchange",
        "not HTTP (blob)": "1 exchange",
        "served by the browser (cache, service worker)": "1 exchange",
        "incomplete: no startedDateTime": "1 exchange",
    }


def test_preflights_and_revalidations_are_no_violations(browser: Browser) -> None:
    """Browsers send OPTIONS and If-None-Match on their own."""
    browser.sends("OPTIONS", f"{API}/balance", status=204, key=None)
    browser.sends("GET", f"{API}/balance", status=304, more=[("if-none-match", '"1"')])
    browser.gets("get_balance")
    assert browser.found() == []
    browser.sends("GET", f"{API}/balance", status=304)
    assert browser.found() == [("get_balance", "undocumented_status", "304")]


def test_bodies_that_the_browser_did_not_keep_are_not_judged(browser: Browser) -> None:
    """Status and headers are judged; a write with an unknown body is not validated."""
    browser.gets("get_balance")
    del browser.entries[-1]["response"]["content"]["text"]
    browser.gets("update_usage_alerts")
    del browser.entries[-1]["request"]["postData"]
    browser.gets("get_subscription", status=401, key=None)
    del browser.entries[-1]["response"]["content"]["text"]
    browser.sends("GET", f"{API}/not/there")
    result = browser.judged()
    assert [finding.key for finding in result.findings] == []
    assert any(
        skipped.what == "3 exchanges" and "body" in skipped.why for skipped in result.skipped
    )
    header_list = browser.entries[0]["response"]["headers"]
    header_list[:] = [header for header in header_list if header["name"] != "X-RateLimit-Limit"]
    assert ("get_balance", "response_header", "required") in browser.found()


def test_a_failed_request_is_no_violation(browser: Browser) -> None:
    """Status 0 is no response of the deployment, and the request may have been executed."""
    browser.gets("get_auto_recharge")
    browser.sends("PUT", f"{API}/auto-recharge", status=0, sent=b'{"enabled": false}')
    browser.sends("GET", f"{API}/balance", status=0)
    amount = {"recharge_amount_cents": 7700, "recharge_amount_display": "$77.00"}
    browser.gets("get_auto_recharge", {**example("get_auto_recharge"), **amount})
    assert browser.found() == []


def test_entries_are_judged_in_the_order_in_which_they_ended(browser: Browser) -> None:
    """Browsers list entries by their start: a slow write comes before a fast read."""
    before = example("get_usage_alerts")
    after = example("update_usage_alerts")
    browser.gets("get_usage_alerts", before, at=0)
    browser.gets("update_usage_alerts", after, at=1, seconds=10)
    browser.gets("get_usage_alerts", before, at=2)
    browser.gets("get_usage_alerts", after, at=12)
    assert browser.found() == []
    browser.gets("get_usage_alerts", {**before, "updated_at": "2020-01-01T00:00:00Z"}, at=13)
    assert {finding[:2] for finding in browser.found()} == {("get_usage_alerts", "state")}


@pytest.mark.parametrize(
    ("requests", "is_found"),
    [
        ([("key-number-1", 401)], False),
        ([("key-number-1", 200), ("key-number-2", 401)], False),
        ([("key-number-1", 200), ("key-number-1", 401)], True),
        ([(None, 401)], False),
        ([("key-number-1", 200), (None, 200)], True),
        ([(None, 200), (None, 200)], False),
    ],
)
def test_authentication_is_judged_as_far_as_it_is_known(
    browser: Browser, requests: list[tuple[str | None, int]], is_found: bool
) -> None:
    """A 401 is a violation for a key that was accepted before."""
    for key, status in requests:
        browser.gets("get_balance", status=status, key=key)
    assert (("get_balance", "auth") in {finding[:2] for finding in browser.found()}) == is_found


def test_a_session_cookie_authenticates(browser: Browser) -> None:
    """The judge cannot know other credentials, so it reports no missing key."""
    browser.gets("get_balance", key="key-number-1")
    browser.gets("get_balance", key=None, more=[("cookie", "session=1")])
    browser.gets("get_balance", key=None, more=[("authorization", "Bearer abcdefghijkl")])
    browser.gets(
        "get_balance", key=None, status=401, more=[("authorization", "Bearer abcdefghijkl")]
    )
    assert browser.found() == []


BEARER = [("authorization", "Bearer pk_live_abcdefghijkl")]
PAID = {"balance_microcents": 9_999_000_000, "balance_display": "$99.99"}
BALANCE = (("X-AlterLab-Balance", "$99.99"),)


@pytest.mark.parametrize(
    "between",
    [
        {
            "method": "POST",
            "path": "/v1/confirm",
            "base": "https://api.stripe.com",
            "key": None,
            "more": BEARER,
        },
        {"method": "POST", "path": "/api/v1/scrape"},
        {"method": "POST", "path": "/checkout/cs_1/pay", "key": None},
    ],
    ids=["paid at Stripe", "another API of the deployment", "a page of the deployment"],
)
def test_changes_by_others_cause_no_contradiction(browser: Browser, between: Any) -> None:
    """A balance may move after a payment elsewhere, but not without a reason."""
    paid = {**example("get_balance"), **PAID}
    browser.gets("get_balance")
    browser.sends(**between)
    browser.gets("get_balance", paid)
    assert ("get_balance", "state", "unchanged") not in browser.found()
    del browser.entries[1]
    assert ("get_balance", "state", "unchanged") in browser.found()


def test_a_hosted_page_may_be_paid_at_any_time(browser: Browser) -> None:
    """The payment need not be in the file."""
    paid = {**example("get_balance"), **PAID}
    browser.gets("get_balance")
    browser.gets("create_deposit")
    browser.gets("get_balance")
    browser.gets("get_balance", paid)
    assert ("get_balance", "state", "unchanged") not in browser.found()


# ---------------------------------------------------------------------------------------- which URL


def test_the_base_url_may_have_a_path(browser: Browser) -> None:
    """A gateway may serve the API under a prefix."""
    browser.gets("get_balance", base=f"{URL}/gateway")
    browser.sends("GET", "/gateway/other", base=URL)
    result = browser.judged()
    assert (result.settings.url, result.exchanges) == (f"{URL}/gateway", 1)


def test_a_base_url_may_be_spelled_in_another_way(browser: Browser) -> None:
    """Default ports and capitals in the host do not matter; path segments are complete."""
    browser.gets("get_balance")
    browser.sends("GET", f"{API}/balance", base=f"{URL}:8443")
    browser.sends("GET", f"/gate{API}/balance")
    assert browser.judged("https://STAGING.example.com:443/").exchanges == 1


def test_of_several_deployments_one_must_be_named(browser: Browser) -> None:
    """A file with several deployments needs ``--base-url``."""
    browser.gets("get_balance")
    browser.gets("get_balance")
    browser.gets("get_subscription", base="http://127.0.0.1:8080")
    outcome = kit("replay", browser.saved())
    assert outcome.code == 2
    assert (
        f"{URL} (2 entries), http://127.0.0.1:8080 (1 entries); choose one with --base-url"
        in outcome.error_line
    )
    assert browser.judged("http://127.0.0.1:8080").exchanges == 1
    assert kit("replay", browser.saved(), "--base-url", URL).code == 0


@pytest.mark.parametrize("flags", [(), ("--base-url", URL)])
def test_a_file_without_the_api_is_refused_with_its_hosts(
    browser: Browser, flags: tuple[str, ...]
) -> None:
    """The exit code is 2, as nothing was judged."""
    for number in range(7):
        browser.sends("GET", "/", base=f"https://{number}.example.net")
    outcome = kit("replay", browser.saved(), *flags)
    assert outcome.code == 2
    assert "has no request to the API" in outcome.error_line
    assert "0.example.net (1)" in outcome.error_line
    assert "and 2 more" in outcome.error_line


@pytest.mark.parametrize(
    "text", ["", "{", '{"log": {"entries": [', "[]", '{"log": {"entries": []}}', "no json"]
)
def test_what_cannot_be_replayed_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    """The exit code is 2, the message names the file, and there is no traceback."""
    path = tmp_path / "some.har"
    path.write_text(text)
    outcome = kit("replay", path)
    assert outcome.code == 2
    assert outcome.error_line.startswith(f"{path}: ")


def test_the_report_of_a_replay_is_not_another_har(browser: Browser) -> None:
    """``--report har`` is refused, as the traffic is already in a file."""
    browser.gets("get_balance")
    outcome = kit("replay", browser.saved(), "--report", "har")
    assert outcome.code == 2
    assert "--report har" in outcome.error_line


def test_nothing_is_sent(browser: Browser) -> None:
    """A replay needs no network and no deployment."""
    browser.gets("get_balance", base="http://127.0.0.1:9")
    assert browser.judged().exchanges == 1
