"""HAR files: those of the kit are complete, and those of other tools are read correctly."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.recording.har import (
    Har,
    HarWriter,
    Unusable,
    entry_of,
    exchange_of,
    findings_of,
    numbers_of,
)
from contract_tests.settings import Settings

URL = "https://staging.example.com"
SETTINGS = Settings(url=URL, spec=Path("openapi.yaml"), seed=7, strict=True)
EXCHANGE = Exchange(
    number=3,
    method="PUT",
    url=f"{URL}/api/v1/billing/usage-alerts?dry=1&dry=",
    path="/api/v1/billing/usage-alerts",
    request_headers=(("X-API-Key", "[api-key]"), ("Content-Type", "application/json")),
    request_body=b'{"enabled": true}',
    status=200,
    response_headers=(
        ("Content-Type", "application/json"),
        ("Set-Cookie", "[secret]"),
        ("set-cookie", "[secret]"),
    ),
    response_body='{"message": "grün"}'.encode(),
    started=datetime(2026, 3, 18, 12, 0, 0, 123457, UTC),
    seconds=0.1234567,
    account="api-key",
    source="stories",
)
FINDING = Finding(
    "get_balance",
    "state",
    "/response/body/tier",
    "rule",
    "assumed",
    "this",
    "that",
    "#/paths",
    EXCHANGE,
)

headers = st.lists(st.tuples(st.text("abc-", min_size=1), st.text()), max_size=4).map(tuple)
exchanges = st.builds(
    Exchange,
    number=st.integers(1),
    method=st.sampled_from(["GET", "POST", "QUERY"]),
    url=st.text("abc/?&=%", max_size=9).map(lambda rest: f"{URL}/{rest}"),
    path=st.text(),
    request_headers=headers,
    request_body=st.binary(),
    status=st.sampled_from([0, 200, 204, 299, 404, 599]),
    response_headers=headers,
    response_body=st.binary(),
    started=st.datetimes(timezones=st.just(UTC)),
    seconds=st.floats(0, 1e6),
    account=st.text(),
    error=st.text(),
    source=st.text(),
)


def written(path: Path, *taken: Exchange, findings: tuple[Finding, ...] = ()) -> Any:
    """Return a file of ours, parsed as JSON."""
    writer = HarWriter(path, SETTINGS)
    for entry in taken:
        writer(entry)
    writer.close(findings)
    return json.loads(path.read_text())


ENTRY: Any = {
    "startedDateTime": "2026-03-18T13:00:00.123+01:00",
    "time": 250.5,
    "request": {
        "method": "GET",
        "url": f"{URL}/api/v1/billing/balance",
        "httpVersion": "http/2.0",
        "headers": [
            {"name": ":authority", "value": "staging.example.com"},
            {"name": "x-api-key", "value": "k1"},
        ],
        "queryString": [],
        "cookies": [],
        "headersSize": -1,
        "bodySize": 0,
    },
    "response": {
        "status": 200,
        "statusText": "",
        "headers": [{"name": "content-type", "value": "application/json"}],
        "cookies": [],
        "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    },
    "cache": {},
    "timings": {
        "blocked": 1,
        "dns": -1,
        "connect": -1,
        "send": 0,
        "wait": 200,
        "receive": 49.5,
        "ssl": -1,
    },
}


def entry(**changes: Any) -> Any:
    """Return an entry as a browser exports it; ``request`` and ``response`` are merged."""
    made = dict(ENTRY)
    for name, value in changes.items():
        known = made.get(name)
        made[name] = {**known, **value} if isinstance(known, dict) and value else value
    return {name: value for name, value in made.items() if value is not None}


# --------------------------------------------------------------------------------------------- ours


@given(exchange=exchanges)
def test_a_written_exchange_is_read_unchanged(exchange: Exchange) -> None:
    """An exchange survives being an entry of JSON, byte for byte."""
    assert exchange_of(json.loads(json.dumps(entry_of(exchange)))) == exchange


@pytest.mark.parametrize("of_request", [True, False])
def test_a_body_that_was_not_kept_stays_unknown(of_request: bool) -> None:
    """A body that the proxy did not keep is not an empty body."""
    known = {"request_body_known": not of_request, "response_body_known": of_request}
    bare = replace(EXCHANGE, request_body=b"", response_body=b"", **known)  # type: ignore[arg-type]
    assert exchange_of(json.loads(json.dumps(entry_of(bare)))) == bare


def test_a_file_of_ours_is_har_1_2(tmp_path: Path) -> None:
    """All required fields are present, and custom fields begin with an underscore."""
    log = written(tmp_path / "traffic.har", EXCHANGE)["log"]
    assert log["version"] == "1.2"
    assert set(log["creator"]) == {"name", "version"}
    (made,) = log["entries"]
    required = {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert required <= set(made)
    assert all(name.startswith("_") for name in set(made) - required)
    both = {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
    assert set(made["request"]) == both | {"method", "url", "queryString", "postData"}
    assert set(made["response"]) == both | {"status", "statusText", "content", "redirectURL"}
    assert set(made["timings"]) == {"send", "wait", "receive"}
    assert sum(made["timings"].values()) == made["time"]
    assert made["startedDateTime"] == "2026-03-18T12:00:00.123457+00:00"
    assert made["request"]["queryString"] == [
        {"name": "dry", "value": "1"},
        {"name": "dry", "value": ""},
    ]
    assert made["request"]["postData"]["text"] == '{"enabled": true}'
    assert made["response"]["content"] == {
        "size": 20,
        "mimeType": "application/json",
        "text": '{"message": "grün"}',
    }


def test_bodies_that_are_no_text_are_base64(tmp_path: Path) -> None:
    """Binary bodies name their encoding, as the format requires."""
    (made,) = written(tmp_path / "a.har", replace(EXCHANGE, response_body=b"\xff\x00"))["log"][
        "entries"
    ]
    assert made["response"]["content"]["encoding"] == "base64"
    assert base64.b64decode(made["response"]["content"]["text"]) == b"\xff\x00"


def test_a_file_contains_the_settings_and_the_findings_of_drivers(tmp_path: Path) -> None:
    """Findings of the judge are left out; the others refer to exchanges by number."""
    theirs = replace(
        FINDING, witnesses=("kit", "schemathesis"), steps=(replace(EXCHANGE, number=1),), times=4
    )
    path = tmp_path / "a.har"
    about = written(path, EXCHANGE, findings=(FINDING, theirs))["log"]["_contractTests"]
    assert (about["baseUrl"], about["seed"], about["strict"], about["mock"]) == (
        URL,
        7,
        True,
        False,
    )
    (told,) = about["findings"]
    assert (told["exchange"], told["steps"], told["witnesses"]) == (3, [1], ["schemathesis"])
    assert numbers_of(about) == {1, 3}
    (read,) = findings_of(about, {3: EXCHANGE})
    assert read == replace(theirs, witnesses=("schemathesis",), steps=())


def test_malformed_findings_are_refused() -> None:
    """An edited file leads to an error message, not to a traceback."""
    with pytest.raises(UsageError, match="_contractTests"):
        list(findings_of({"findings": [{"operation": "get_balance"}]}, {}))


def test_a_file_has_another_name_until_it_is_complete(tmp_path: Path) -> None:
    """A killed run leaves the entries so far in the file with the suffix ``.part``."""
    path = tmp_path / "folder" / "traffic.har"
    writer = HarWriter(path, SETTINGS)
    writer(EXCHANGE)
    writer(EXCHANGE)
    part = path.with_name("traffic.har.part")
    assert not path.exists()
    assert len(part.read_text().splitlines()) == 3
    with pytest.raises(UsageError, match=r"after 2 entries; the run was ended before"):
        list(Har(part).entries())
    writer.close(())
    assert path.exists()
    assert not part.exists()


def test_an_unwritable_folder_is_reported_before_the_run(tmp_path: Path) -> None:
    """The error comes before any request is sent."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        HarWriter(tmp_path / "file" / "traffic.har", SETTINGS)


def test_a_full_disk_ends_the_file_and_not_the_run() -> None:
    """A failed write is reported when the file is closed."""
    path = Path("/dev/full")
    if not path.exists():
        pytest.skip("there is no /dev/full here")
    writer = HarWriter(path.with_name("shm") / "contract-tests-full.har", SETTINGS)
    writer._file.close()
    writer._file = path.open("w")
    writer(EXCHANGE)
    writer(EXCHANGE)
    with pytest.raises(UsageError, match="No space left"):
        writer.close(())
    Path("/dev/shm/contract-tests-full.har.part").unlink()


# ----------------------------------------------------------------------------------- other people's


def test_an_entry_of_a_browser_is_an_exchange() -> None:
    """Times are in UTC; pseudo-headers are dropped; the account is unknown."""
    read = exchange_of(entry())
    assert read.started == datetime(2026, 3, 18, 12, 0, 0, 123000, UTC)
    assert read.ended - read.started == timedelta(milliseconds=250.5)
    assert read.request_headers == (("x-api-key", "k1"),)
    assert (read.path, read.account, read.number, read.error) == (
        "/api/v1/billing/balance",
        "",
        0,
        "",
    )
    assert (read.response_body, read.response_body_known, read.request_body_known) == (
        b"{}",
        True,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"_webSocketMessages": []}, "WebSocket"),
        (
            {"request": {"url": "wss://staging.example.com/live"}, "response": {"status": 101}},
            "WebSocket",
        ),
        ({"response": {"status": 101}}, "WebSocket"),
        ({"request": {"url": "data:image/png;base64,AAAA"}}, "not HTTP (data)"),
        ({"request": {"url": "blob:https://staging.example.com/1"}}, "not HTTP (blob)"),
        ({"request": {"url": "chrome-extension://abc/x.js"}}, "not HTTP (chrome-extension)"),
        ({"_fromCache": "disk"}, "served by the browser (cache, service worker)"),
        (
            {"response": {"_fetchedViaServiceWorker": True}},
            "served by the browser (cache, service worker)",
        ),
        ({"startedDateTime": None}, "incomplete: no startedDateTime"),
        ({"response": None}, "incomplete: no response"),
        ({"startedDateTime": "yesterday"}, "incomplete: a field has an invalid value"),
        ({"response": {"headers": [1]}}, "incomplete: a field has an invalid value"),
        ({"request": {"url": "http://[broken"}}, "incomplete: a field has an invalid value"),
        ({"request": {"url": "http://host:99999/"}}, "incomplete: a field has an invalid value"),
        ({"time": 1e300}, "incomplete: a field has an invalid value"),
        (
            {"time": float("nan"), "_seconds": float("nan")},
            "incomplete: a field has an invalid value",
        ),
    ],
)
def test_an_entry_that_is_no_exchange_is_refused_with_a_reason(changes: Any, reason: str) -> None:
    """The reason is the text by which the report counts such entries."""
    with pytest.raises(Unusable) as refused:
        exchange_of(entry(**changes))
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "broken", [None, 1, "text", [], {}, {"request": []}, {"request": 1, "response": 2}]
)
def test_any_json_may_replace_an_entry(broken: Any) -> None:
    """It is refused as unusable, and never causes another error."""
    with pytest.raises(Unusable, match="incomplete"):
        exchange_of(broken)


@pytest.mark.parametrize(
    ("response", "body", "is_known"),
    [
        ({"content": {"size": 3, "text": "eyJ9", "encoding": "base64"}}, b'{"}', True),
        ({"content": {"size": 9, "text": "!", "encoding": "base64"}}, b"", False),
        ({"content": {"size": 5000, "mimeType": "application/json"}}, b"", False),
        ({"content": {"size": -1}}, b"", False),
        ({"content": {}}, b"", False),
        ({"content": {"size": 0}}, b"", True),
        (
            {"content": {"size": 0}, "headers": [{"name": "Content-Length", "value": "20"}]},
            b"",
            False,
        ),
        ({"content": {"size": 0}, "status": 0}, b"", True),
        ({"content": {"size": -1}, "status": 204}, b"", True),
        ({"content": {"size": 50, "text": '{"a": [1, 2'}}, b'{"a": [1, 2', False),
        ({"content": {"size": 50, "text": "{}"}}, b"{}", True),
        ({"content": {"size": 3, "text": "ä€"}}, "ä€".encode(), True),
    ],
)
def test_a_body_is_known_or_not(response: Any, body: bytes, is_known: bool) -> None:
    """A body that the browser omitted or truncated is neither empty nor broken."""
    read = exchange_of(entry(response=response))
    assert (read.response_body, read.response_body_known) == (body, is_known)


JSON_TYPE = [{"name": "Content-Type", "value": "application/json"}]


@pytest.mark.parametrize(
    ("request_fields", "body", "is_known"),
    [
        ({"postData": {"text": "{}", "mimeType": "application/json"}}, b"{}", True),
        (
            {"postData": {"text": "", "mimeType": "application/json"}, "headers": JSON_TYPE},
            b"",
            True,
        ),
        (
            {"postData": {"params": [{"name": "a b", "value": "1"}, {"name": "c"}]}},
            b"a+b=1&c=",
            True,
        ),
        ({"postData": {"text": "/w==", "encoding": "base64"}}, b"\xff", True),
        ({"bodySize": 17, "headers": JSON_TYPE}, b"", False),
        ({"bodySize": -1, "headers": JSON_TYPE}, b"", False),
        ({"bodySize": -1}, b"", True),
        ({"bodySize": 0, "headers": JSON_TYPE}, b"", True),
        ({"headers": [{"name": "content-length", "value": "9"}]}, b"", False),
        (
            {"postData": {"text": "{"}, "headers": [{"name": "content-length", "value": "9"}]},
            b"{",
            False,
        ),
    ],
)
def test_a_request_body_is_known_or_not(request_fields: Any, body: bytes, is_known: bool) -> None:
    """A body that the browser did not keep is not a missing body."""
    read = exchange_of(entry(request={"method": "POST", **request_fields}))
    assert (read.request_body, read.request_body_known) == (body, is_known)


def test_a_request_that_the_browser_blocked_is_no_violation() -> None:
    """Status 0 without an error does not show that the deployment was reached."""
    read = exchange_of(
        entry(
            response={"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT"}, _error="net::ERR_FAILED"
        )
    )
    assert (read.status, read.error) == (0, "")


def test_a_url_loses_its_password_and_its_fragment() -> None:
    """Neither is part of a request."""
    read = exchange_of(entry(request={"url": "https://me:planted@staging.example.com/a?b=c@d#e"}))
    assert (read.url, read.path) == (f"{URL}/a?b=c@d", "/a")


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=-7)), UTC])
def test_times_are_in_utc(zone: timezone) -> None:
    """Days are those of the server, not of the recording browser."""
    text = datetime(2026, 3, 18, 23, 30, tzinfo=zone).isoformat()
    read = exchange_of(entry(startedDateTime=text))
    assert read.started.tzinfo is UTC
    assert read.started == datetime(2026, 3, 18, 23, 30, tzinfo=zone)
