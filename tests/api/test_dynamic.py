"""``Prefer: dynamic`` returns what the API could say: valid, and coherent in itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from mockserver.billing.api import made_up
from mockserver.openapi.contract import Operation
from tests.api.operations import CONTRACT, OPERATIONS, body_example, each_operation, path_of
from tests.conftest import API, RunningServer, ServerFactory
from tests.contract_kit.exchanges import JudgeHarness

DYNAMIC = {"Prefer": "dynamic=true"}
SEEDS = [
    *range(2),
    *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 30)),
]
QUERIES = ("", "?limit=7", "?limit=100&offset=3", "?a=1", "?days=20&per_page=3&page=2", "?limit=x")


def dynamic(client: httpx.Client, operation: Operation, query: str, sent: Any) -> httpx.Response:
    body = {} if sent is None else {"json": sent}
    path = f"{path_of(operation)}{query}"
    response = client.request(operation.method, path, headers=DYNAMIC, **body)
    assert response.status_code == operation.success, response.text
    return response


def judged(client: httpx.Client, query: str) -> list[str]:
    """Let the kit judge a dynamic response of every operation, and return what it found.

    Reads are those of one account. A write does not change it, so each has an account of its own.
    """
    reads, writes = JudgeHarness(), JudgeHarness()
    for operation in OPERATIONS:
        sent = body_example(operation)
        is_read = operation.method == "get"
        response = dynamic(client, operation, query, sent)
        is_used = response.json() != dynamic(client, operation, query, None).json()
        (reads if is_read else writes).send(
            operation.method.upper(),
            path_of(operation),
            status=response.status_code,
            body=response.content,
            sent=orjson.dumps(sent) if sent is not None and is_used else b"",
            query=_known(operation, query),
            headers=tuple(response.headers.items()),
            account="key" if is_read else operation.operation_id,
        )
    return [
        f"{finding.key}: {finding.expected} {finding.got}"
        for finding in (*reads.found, *writes.found)
        if (finding.kind, finding.keyword) not in _OF_REQUESTS
    ]


def _known(operation: Operation, query: str) -> str:
    """Return the part of a query that the operation declares; the rest is ignored."""
    names = {parameter["name"] for parameter in operation.parameters}
    given = [part for part in query[1:].split("&") if part.split("=")[0] in names]
    return f"?{'&'.join(given)}" if given and "x" not in query else ""


_OF_REQUESTS = {("headers", "tier"), ("invalid_accepted", "required"), ("tenant", "isolation")}
"""Findings on the request: it has no valid body and no key, and so no account of its own."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_dynamic_response_is_coherent(make_server: ServerFactory, seed: int) -> None:
    """With any seed and query, the kit's judge finds nothing wrong with any response."""
    with make_server(seed=seed).client(None) as client:
        for query in QUERIES:
            assert judged(client, query) == [], query


@each_operation
def test_no_response_is_made_of_the_schema(
    make_server: ServerFactory, operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every operation has a made-up response from a handler, whatever the request lacks."""
    outcomes: Counter[bool] = Counter()
    original = made_up.MadeUp.response

    def response(self: Any, *arguments: Any) -> Any:
        found = original(self, *arguments)
        outcomes[found is not None] += 1
        return found

    monkeypatch.setattr(made_up.MadeUp, "response", response)
    with make_server().client(None) as client:
        for query in QUERIES:
            dynamic(client, operation, query, None)
    assert outcomes == {True: len(QUERIES)}


def test_views_of_one_query_agree(server: RunningServer) -> None:
    """Without a query, or with the same one, all views show the same account."""
    with server.client(None) as client:
        for query in ("", "?a=2"):
            get = {
                name: client.get(f"{API}/{name}{query}", headers=DYNAMIC).json()
                for name in ("balance", "credit-transactions", "subscription", "payment-methods")
            }
            newest = get["credit-transactions"]["transactions"][0]
            assert newest["balance_after_display"] == get["balance"]["balance_display"]


@pytest.mark.parametrize("seed", SEEDS)
def test_pages_and_filters_are_of_one_account(make_server: ServerFactory, seed: int) -> None:
    """The pages of a list join to the whole list, and a filter selects from it."""
    lists = [op for op in OPERATIONS if op.method == "get" and _names(op) & {"offset", "page"}]
    with make_server(seed=seed).client(f"sk_test_{seed}") as client:
        for operation in lists:
            whole = _entries(client, operation, {"limit": 100, "per_page": 100})
            pages = [
                entry
                for page in range(3)
                for entry in _entries(
                    client,
                    operation,
                    {"limit": 5, "offset": 5 * page, "per_page": 5, "page": page + 1},
                )
            ]
            assert pages == whole[:15], operation.operation_id
            if "reference_type" in _names(operation):
                found = _entries(client, operation, {"limit": 100, "reference_type": "deposit"})
                assert found
                assert [entry for entry in found if entry in whole] == [
                    entry for entry in whole if entry["reference_type"] == "deposit"
                ]


def _names(operation: Operation) -> set[str]:
    return {parameter["name"] for parameter in operation.parameters}


def _entries(client: httpx.Client, operation: Operation, query: dict[str, Any]) -> list[Any]:
    known = {name: value for name, value in query.items() if name in _names(operation)}
    shown = dynamic(client, operation, f"?{httpx.QueryParams(known)}", None).json()
    (entries,) = [value for value in shown.values() if isinstance(value, list)]
    return entries


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("now", ["1990-02-28T00:00:00Z", "2026-01-02T03:04:05Z"])
def test_nothing_is_later_than_the_clock(make_server: ServerFactory, seed: int, now: str) -> None:
    """No time of the past is after the mock's clock, in any response."""
    moment = datetime.fromisoformat(now)
    with make_server(seed=seed, now=moment).client(None) as client:
        for operation in OPERATIONS:
            for query in ("", "?account=2", "?account=3"):
                shown = dynamic(client, operation, query, body_example(operation)).json()
                later = [
                    (name, time)
                    for name, time in _times("", shown)
                    if time > moment and name not in _AHEAD
                ]
                assert later == [], operation.operation_id


_AHEAD = {
    *("current_period_end", "period_end", "expires_at", "next_retry_at", "projected_depletion"),
    *("renews_at", "trial_end", "estimated_depletion_date"),
}
"""Fields whose times are ahead."""


def _times(name: str, value: Any) -> Iterator[tuple[str, datetime]]:
    """Yield the times of a body with the names of their fields."""
    parts = [*value.items()] if isinstance(value, dict) else []
    parts += [(name, entry) for entry in value] if isinstance(value, list) else []
    for inner, part in parts:
        yield from _times(inner, part)
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        moment = datetime.fromisoformat(value)
        yield name, moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def test_another_key_shows_another_account(server: RunningServer) -> None:
    """The account depends on the key and on parameters that the operation does not have."""
    bodies = set()
    for key in ("sk_test_a", "sk_test_b", "sk_test_c"):
        with server.client(key) as client:
            for query in ("", "?account=2", "?account=3"):
                bodies.add(client.get(f"{API}/balance{query}", headers=DYNAMIC).content)
    assert len(bodies) > 4


def test_a_valid_body_is_used(server: RunningServer) -> None:
    """The response is about the request's own amount; an impossible body is replaced."""
    with server.client(None) as client:
        own = client.post(f"{API}/deposit", json={"amount_cents": 12_300}, headers=DYNAMIC).json()
        assert (own["amount_cents"], own["amount_display"]) == (12_300, "$123.00")
        made = client.post(f"{API}/deposit", json={"amount_cents": 1}, headers=DYNAMIC)
        assert made.status_code == 200
        assert made.json()["amount_cents"] >= 1_000


def test_made_up_accounts_are_not_changed(server: RunningServer) -> None:
    """The same write twice has the same response, and reads stay as they are."""
    with server.client(None) as client:
        before = client.get(f"{API}/payment-methods", headers=DYNAMIC).content
        card = {"payment_method_id": "pm_card_unionpay"}
        first, again = (
            client.post(f"{API}/payment-methods", json=card, headers=DYNAMIC).content
            for _ in range(2)
        )
        assert first == again
        assert client.get(f"{API}/payment-methods", headers=DYNAMIC).content == before


def test_dynamic_responses_differ_by_seed_and_not_by_clock(make_server: ServerFactory) -> None:
    """Same seed, same bytes, at any time; another seed has other accounts."""
    bodies = []
    for seed, now in ((1, None), (1, "2030-01-01T00:00:00Z"), (2, None)):
        moment = None if now is None else datetime.fromisoformat(now)
        with make_server(seed=seed, now=moment).client(None) as client:
            bodies.append(client.get(f"{API}/invoices", headers=DYNAMIC).json()["invoices"])
    ids = [[invoice["id"] for invoice in body] for body in bodies]
    assert ids[0] == ids[1] != ids[2]


def test_a_contract_with_another_field_is_served_from_its_schema(
    make_server: ServerFactory, tmp_path: Any
) -> None:
    """A field that the domain does not have yet is generated, and the response is valid."""
    import yaml

    document = yaml.load(CONTRACT.path.read_bytes(), Loader=yaml.CSafeLoader)
    schema = document["components"]["schemas"]["UsageRealtime"]
    schema["properties"]["region"] = {"type": "string", "enum": ["eu", "us"]}
    schema["required"].append("region")
    for path in document["paths"].values():
        for node in path.values():
            if isinstance(node, dict) and node.get("operationId") == "get_usage_realtime":
                for media in node["responses"]["200"]["content"].values():
                    media.pop("examples", None)
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.dump(document, sort_keys=False), encoding="utf-8")
    with make_server(spec=spec).client(None) as client:
        shown = client.get(f"{API}/usage-realtime", headers=DYNAMIC).json()
    assert shown["region"] in ("eu", "us")
