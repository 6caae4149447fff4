"""The stream of recorded requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from mockserver.engine.feed import BATCH, MAX_WATCHED, MAX_WATCHERS, Feed, Watcher
from tests.conftest import API, NOON, ServerFactory, running_server
from tests.workbench.streams import PATH, events, requests_of, stream

NEW = {"X-API-Key": "sk_test_new"}


@pytest.fixture
def mock(make_server: ServerFactory) -> Iterator[httpx.Client]:
    """A client of a frozen server of its own."""
    with make_server(now=NOON).client(None) as client:
        yield client


def test_requests_come_as_they_are_served(mock: httpx.Client) -> None:
    """An entry names method, path, status, account and duration."""
    with stream(mock) as found:
        assert next(found).name == "hello"
        mock.get(f"{API}/balance", params={"a": "1"}, headers=NEW)
        (entry,) = requests_of(found, 1)
    assert entry.pop("duration_ms") > 0
    assert entry.pop("account_id").startswith("acct_")
    assert entry == {
        "number": 1,
        "at": "2026-03-18T12:00:00.000Z",
        "operation_id": "get_balance",
        "method": "GET",
        "path": f"{API}/balance",
        "query": "a=1",
        "status": 200,
        "reason": None,
        "fault": None,
        "warnings": ["Unknown query parameter 'a'."],
    }


def test_an_error_has_its_sentence(mock: httpx.Client) -> None:
    """Each 4xx says why, and names the faults and warnings that belong to it."""
    with stream(mock) as found:
        mock.post(f"{API}/deposit", json={"amount_cents": 1, "amount_cent": 5}, headers=NEW)
        mock.post("/_mock/faults", json={"status": 503, "name": "down"})
        mock.get(f"{API}/balance", headers=NEW)
        mock.options(
            f"{API}/balance",
            headers={"Origin": "http://a.test", "Access-Control-Request-Method": "(("},
        )
        refused, failed, preflight = requests_of(found, 3)
    assert refused["reason"].startswith("body.amount_cents: Input should be greater")
    assert refused["warnings"] == ["Unknown field 'amount_cent': did you mean 'amount_cents'?"]
    assert (failed["status"], failed["fault"]) == (503, "down")
    assert preflight["method"] == "OPTIONS"
    assert preflight["reason"].startswith("The preflight is refused")


def test_a_new_stream_begins_with_what_is_recorded(mock: httpx.Client) -> None:
    """With history=false it does not."""
    mock.get(f"{API}/balance", headers=NEW)
    with stream(mock) as found:
        assert [entry["number"] for entry in requests_of(found, 1)] == [1]
    with stream(mock, params={"history": "false"}) as found:
        mock.get(f"{API}/balance", headers=NEW)
        assert [entry["number"] for entry in requests_of(found, 1)] == [2]


def test_a_stream_is_resumed_after_its_last_event(mock: httpx.Client) -> None:
    """Nothing is sent twice, and nothing is left out."""
    with stream(mock) as found:
        mock.get(f"{API}/balance", headers=NEW)
        last = next(event for event in found if event.name == "requests").id
    for _ in range(3):
        mock.get(f"{API}/balance", headers=NEW)
    with stream(mock, headers={"Last-Event-ID": str(last)}) as found:
        assert next(found).data["resumed"] is True
        assert [entry["number"] for entry in requests_of(found, 3)] == [2, 3, 4]


def test_a_resumed_stream_reports_what_it_missed(make_server: ServerFactory) -> None:
    """Requests that are no longer recorded are counted."""
    with make_server(now=NOON, keep_requests=2).client(None) as mock:
        with stream(mock) as found:
            mock.get(f"{API}/balance", headers=NEW)
            last = next(event for event in found if event.name == "requests").id
        for _ in range(5):
            mock.get(f"{API}/balance", headers=NEW)
        with stream(mock, headers={"Last-Event-ID": str(last)}) as found:
            assert next(found).data["missed"] == 3
            assert [entry["number"] for entry in requests_of(found, 2)] == [5, 6]


def test_deleted_requests_are_not_missed(mock: httpx.Client) -> None:
    """The number up to which all were deleted is named."""
    with stream(mock) as found:
        mock.get(f"{API}/balance", headers=NEW)
        last = next(event for event in found if event.name == "requests").id
    for _ in range(3):
        mock.get(f"{API}/balance", headers=NEW)
    mock.delete("/_mock/requests", params={"status": 404})
    mock.delete("/_mock/requests")
    mock.get(f"{API}/balance", headers=NEW)
    with stream(mock, headers={"Last-Event-ID": str(last)}) as found:
        hello = next(found).data
        assert (hello["resumed"], hello["missed"], hello["cleared"]) == (True, 0, 4)
        assert [entry["number"] for entry in requests_of(found, 1)] == [5]


def test_a_number_beyond_the_last_begins_anew(mock: httpx.Client) -> None:
    """No request of this run has it."""
    mock.get(f"{API}/balance", headers=NEW)
    with stream(mock) as found:
        run = next(found).data["run"]
    with stream(mock, headers={"Last-Event-ID": f"{run}-999999"}) as found:
        hello = next(found).data
        assert (hello["resumed"], hello["missed"]) == (False, 0)
        assert len(requests_of(found, 1)) == 1


@pytest.mark.parametrize("last", ["", "x", "0-1", "-", "5f3-" + "9" * 60, "\u00e9-1"])
def test_an_unknown_event_id_begins_anew(mock: httpx.Client, last: str) -> None:
    """It may be of another run of the server."""
    mock.get(f"{API}/balance", headers=NEW)
    with stream(mock, headers={"Last-Event-ID": last.encode("latin-1")}) as found:
        hello = next(found).data
        assert (hello["resumed"], hello["missed"]) == (False, 0)
        assert len(requests_of(found, 1)) == 1


def test_changes_by_the_control_api_are_announced(mock: httpx.Client) -> None:
    """Reading is no change, nor is what was refused; a payment on a page is one."""
    with stream(mock) as found:
        next(found)
        mock.get("/_mock/clock")
        mock.post("/_mock/clock/advance", json={"days": -1})
        mock.post("/_mock/clock/advance", json={"days": 1})
        assert next(found) == ("changed", ["advance_clock"], None)
        mock.post("/checkout/cs_test_none", data={})
        assert next(found) == ("changed", ["page"], None)


def test_secrets_are_hidden(mock: httpx.Client) -> None:
    """Keys in a path or a query, and card numbers in a message."""
    key = "sk_test_" + "Zq7" * 9
    with stream(mock) as found:
        mock.get(f"{API}/{key}", params={"key": key, "card": "4242424242424242"})
        (entry,) = requests_of(found, 1)
    assert key not in str(entry)
    assert "4242424242424242" not in str(entry)


def test_one_request_is_shown_with_its_bodies(mock: httpx.Client) -> None:
    """The stream has no bodies; the number leads to them."""
    mock.post(f"{API}/deposit", json={"amount_cents": 1}, headers=NEW)
    assert mock.get("/_mock/requests/1").json()["request_body"] == {"amount_cents": 1}
    missing = mock.get("/_mock/requests/2")
    assert missing.status_code == 404
    assert missing.json() == {
        "detail": "Request 2 is not recorded. Only the latest 1,000 are kept."
    }


@pytest.mark.slow
def test_no_request_is_lost(mock: httpx.Client) -> None:
    """3,000 requests, far more than are kept, arrive in order."""
    with stream(mock) as found, httpx.Client(base_url=mock.base_url, headers=NEW) as other:
        next(found)
        for _ in range(1_500):
            other.get(f"{API}/balance")
            mock.get(f"{API}/balance")
        numbers = [entry["number"] for entry in requests_of(found, 3_000)]
    assert numbers == [*range(1, 3_001)]


def test_streams_are_bounded(mock: httpx.Client) -> None:
    """One too many is refused, and the end of one makes room."""
    with ExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            stack.enter_context(stream(mock))
        refused = mock.get(PATH)
        assert (refused.status_code, refused.json()["detail"][:10]) == (409, "20 streams")
    for _ in range(50):  # the server notices a closed connection a moment later
        with mock.stream("GET", PATH) as response:
            if response.status_code == 200:
                assert next(events(response)).name == "hello"
                return
        time.sleep(0.1)
    pytest.fail("no stream is free")


def test_the_server_stops_while_a_stream_is_open() -> None:
    """A stream ends with the server, at once."""
    with ExitStack() as stack:
        with running_server(now=NOON) as server:
            client = stack.enter_context(server.client(None))
            response = stack.enter_context(client.stream("GET", PATH))
            next(response.iter_raw())
            began = time.monotonic()
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.test"}],
)
def test_pages_of_other_origins_get_no_stream(mock: httpx.Client, headers: dict[str, str]) -> None:
    """The guard of the control API comes first."""
    assert mock.get(PATH, headers=headers).status_code == 403


def test_a_token_opens_the_stream(make_server: ServerFactory) -> None:
    """As for the control API."""
    with make_server(now=NOON, control_token="open-sesame").client(None) as mock:
        assert mock.get(PATH).status_code == 403
        with stream(mock, headers={"X-Control-Token": "open-sesame"}) as found:
            assert next(found).name == "hello"


def test_a_slow_reader_loses_the_oldest_events() -> None:
    """The loss is counted."""
    watcher = Watcher()
    for _ in range(MAX_WATCHED // BATCH + 3):
        watcher.put(b"batch", BATCH)
    assert watcher.take_dropped() == 3 * BATCH
    assert watcher.take_dropped() == 0


def test_a_feed_without_watchers_keeps_nothing() -> None:
    """When the last watcher goes, its events go."""

    async def watched() -> Feed[int]:
        feed: Feed[int] = Feed()
        watcher = feed.watch(lambda events: b"%d" % len(events))
        feed.publish(1)
        feed.unwatch(watcher)
        feed.announce("clock")
        return feed

    # In a thread, because Playwright may have a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        feed = pool.submit(lambda: asyncio.run(watched())).result()
    assert (feed.watchers, feed._pending, feed._changes) == ([], [], {})


@pytest.mark.parametrize("query", ["history=null", "history=", "history=false&history=false"])
def test_history_is_one_boolean(mock: httpx.Client, query: str) -> None:
    """Anything else is a 422."""
    assert mock.get(f"{PATH}?{query}").status_code == 422


def test_an_event_id_has_at_most_64_characters(mock: httpx.Client) -> None:
    """A longer one is a 422."""
    assert mock.get(PATH, headers={"Last-Event-ID": "0" * 65}).status_code == 422


@pytest.mark.slow
def test_other_parameters_may_have_any_characters(mock: httpx.Client) -> None:
    """They are ignored."""
    query = "%F3%92%81%BE=%C2%95&%2B%00=%C2%B5"
    with mock.stream("GET", f"{PATH}?{query}") as response:
        assert response.status_code == 200
