"""The control API: every operation, its errors, faults, snapshots, time, state."""

from __future__ import annotations

from tools.recording.caller import Caller, Json
from tools.recording.stories import Play, Story
from tools.recording.stories.billing import look_around
from tools.recording.stories.contract import Operation, bodies, errors

_CONTROL = "/_mock"


def stories(operations: list[Operation]) -> list[Story]:
    """Return the stories of the control API, whose operations are those of its document."""
    below = [operation.below(_CONTROL) for operation in operations]
    return [
        Story("control/documented calls", _calls(below)),
        Story("control/errors", _errors(below)),
        Story("control/methods", _methods(below)),
        Story("control/foreign pages", _foreign_pages(below)),
        *_STORIES,
    ]


def _errors(operations: list[Operation]) -> Play:
    def play(caller: Caller) -> None:
        for operation in operations:
            me = caller.labelled(operation.id)
            errors(operation)(me)
            me.post("/_mock/reset")
            if operation.examples:
                bodies(operation)(me)
                me.post("/_mock/reset")

    return play


def _calls(operations: list[Operation]) -> Play:
    """Call every operation as its document shows, with a key and without."""

    def play(caller: Caller) -> None:
        for operation in operations:
            for key in (None, "sk_test_calls"):
                me = caller.as_(key).labelled(f"{operation.id} with {key}")
                for body in operation.examples.values() or [None]:
                    me.send(operation.method, operation.target, body)
        caller.post("/_mock/reset")

    return play


def _methods(operations: list[Operation]) -> Play:
    def play(caller: Caller) -> None:
        for operation in operations:
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                caller.labelled(operation.id).send(method, operation.target)
        for path in ("/_mock", "/_mock/", "/_mock/nothing", "/_mocks", "/_mock/health/"):
            caller.get(path)

    return play


def _foreign_pages(operations: list[Operation]) -> Play:
    """Call every operation as a page of another origin does."""

    def play(caller: Caller) -> None:
        headers = {"Origin": "http://evil.test"}
        for operation in operations:
            me = caller.labelled(operation.id)
            me.send(operation.method, operation.target, headers=headers)

    return play


def _guard(caller: Caller) -> None:
    """Ask as web pages of several origins do, and under several names."""
    for headers in (
        {"Origin": "http://127.0.0.1:8080"},
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "billing.test"},
        {"Host": "localhost"},
        {"Host": "[::1]:8080"},
        {"Host": "127.0.0.1.evil.test"},
        {"X-Control-Token": "secret"},
        {"X-Control-Token": "wrong"},
    ):
        for path in ("/_mock/health", "/_mock/reset", "/_mock/stripe.js", "/_mock/nothing"):
            caller.labelled(str(headers)).send(
                "POST" if "reset" in path else "GET", path, headers=headers
            )


def _bounds(caller: Caller) -> None:
    """Reach what is bounded: endpoints, rules, accounts, sessions, messages, the clock, a state."""
    me = caller.as_("sk_test_bounds")
    for _ in range(101):
        caller.post("/_mock/webhook-endpoints", {"url": "http://127.0.0.1:1/"})
    for _ in range(98):
        caller.post("/_mock/faults", {"operations": ["get_balance"], "status": 503})
    caller.post("/_mock/fault-sets/flaky/apply")
    caller.post("/_mock/reset")
    caller.post("/_mock/reset", {"now": "1900-01-01T00:00:00Z"})
    caller.put("/_mock/clock", {"now": "9999-01-01T00:00:00Z"})
    content = b'{"x":"' + b"x" * 32_000_001 + b'"}'
    kind = {"Content-Type": "application/json"}
    me.send("PUT", "/_mock/state", content=content, headers=kind, label="PUT a state of 32 MB")
    sessions = [me.post("deposit", {"amount_cents": 5_000}).json["session_id"] for _ in range(105)]
    for session in (sessions[0], sessions[-1]):
        for step in ("complete", "complete", "decline", "expire"):
            body = {"reason": "lost_card"} if step == "decline" else None
            me.post(f"/_mock/checkout-sessions/{session}/{step}", body)
    for _ in range(60):
        me.post("portal")
        me.post("setup-intent")
    me.get("/_mock/state")
    for number in range(260):
        caller.as_(f"sk_test_guest_{number}").get("balance")
    caller.get("/_mock/accounts", limit=1_000)
    me.get("balance")


def _overview(caller: Caller) -> None:
    for path in ("/_mock/health", "/_mock/personas", "/_mock/accounts", "/_mock/clock"):
        caller.get(path)
    caller.as_("sk_test_power_user").get("balance")
    caller.as_("sk_test_somebody_else").get("balance")
    caller.get("balance", {"X-API-Key": "sk_test_org_owner", "X-Organization-Id": "x"})
    caller.as_("sk_test_org_owner").get("invoices")
    for limit in (1, 2, 1_000):
        caller.get("/_mock/accounts", limit=limit)
    caller.get("/_mock/health")


def _time(caller: Caller) -> None:
    me = caller.as_("sk_test_subscriber")
    me.put("/_mock/clock", {"now": "2026-03-20T00:00:00Z"})
    me.put("/_mock/clock", {"now": "2026-03-19T00:00:00Z"})
    me.put("/_mock/clock", {"now": "2026-03-20T03:00:00.123456+02:00"})
    for step in (
        {"seconds": 1},
        {"days": 31},
        {"to": "2026-06-01T00:00:00Z"},
        {"to": "2020-01-01T00:00:00Z"},
        {"seconds": 1, "days": 1},
        {"seconds": 0},
        {},
    ):
        me.post("/_mock/clock/advance", step)
        me.get("/_mock/clock")
    look_around(me)
    me.post("/_mock/reset", {"now": "2024-02-29T12:00:00Z"})
    look_around(me)
    me.post("/_mock/reset")
    me.get("/_mock/clock")


def _snapshots(caller: Caller) -> None:
    me = caller.as_("sk_test_snapshots")
    me.get("/_mock/snapshots")
    me.post("/_mock/snapshots", {"name": "before"})
    session = me.post("deposit", {"amount_cents": 5_000}).json["session_id"]
    me.post(f"/_mock/checkout-sessions/{session}/complete")
    me.post("/_mock/clock/advance", {"days": 3})
    me.post("/_mock/snapshots", {"name": "after"})
    me.get("/_mock/snapshots")
    for name in ("before", "after", "nothing", "before"):
        me.post(f"/_mock/snapshots/{name}/restore")
        me.get("balance")
        me.get("/_mock/clock")
    for number in range(25):
        me.post("/_mock/snapshots", {"name": f"s{number}"})
    me.post("/_mock/snapshots", {"name": "before"})
    me.get("/_mock/snapshots")


def _resets(caller: Caller) -> None:
    me, other = caller.as_("sk_test_resets"), caller.as_("sk_test_other")
    for each in (me, other):
        each.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    me.post("/_mock/reset")
    me.get("payment-methods")
    other.get("payment-methods")
    me.post("/_mock/reset", {"now": "2026-01-01T00:00:00Z"})
    caller.post("/_mock/reset", {})
    other.get("payment-methods")
    caller.post("/_mock/reset", {"now": "2026-01-01T00:00:00Z"})
    other.get("audit-log")


def _state(caller: Caller) -> None:
    for persona in ("default", "subscriber", "past_due", "power_user", "org_owner"):
        me, copy = caller.as_(f"sk_test_{persona}"), caller.as_(f"sk_test_copy_{persona}")
        me.post("verify/initiate", {"action": "x"})
        me.post("deposit", {"amount_cents": 5_000})
        me.post("portal")
        me.post("setup-intent")
        state: Json = me.get("/_mock/state").json
        copy.put("/_mock/state", state)
        look_around(copy)
    for broken in _broken_states(state):
        copy.put("/_mock/state", broken)
    copy.get("balance")


def _broken_states(state: Json) -> list[Json]:
    broken: list[Json] = [{}, {**state, "unknown": 1}, {**state, "id": "x"}]
    broken += [{key: value for key, value in state.items() if key != left} for left in state]
    broken += [{**state, key: None} for key in state]
    broken += [{**state, key: [{"x": 1}]} for key in state]
    entries = [dict(entry) for entry in state["ledger"]["entries"]]
    entries[0]["amount_microcents"] += 1
    broken.append({**state, "ledger": {"entries": entries}})
    return broken


def _requests(caller: Caller) -> None:
    me = caller.as_("sk_test_requests")
    me.get("balance")
    me.post("deposit", {"amount_cents": 1})
    me.post("setup-intent")
    me.post("payment-methods", {"payment_method_id": "pm_card_visa"})
    caller.get("balance")
    caller.get("nothing?x=1&secret=2")
    me.send("POST", "deposit", content=b"\xff", headers={"Content-Type": "text/plain"})
    me.get("balance", {"Prefer": "code=429"})
    me.head("balance")
    caller.get("/_mock/requests")
    account = me.get("/_mock/state").json["id"]
    for query in (
        {"account": account},
        {"account": "acct_nobody"},
        {"operation": "get_balance"},
        {"operation": "nothing"},
        {"status": 422},
        {"limit": 2},
        {"account": account, "operation": "create_deposit", "status": 422},
    ):
        caller.send("GET", "/_mock/requests", query=query)
    caller.delete("/_mock/requests", status=422)
    caller.get("/_mock/requests")
    caller.delete("/_mock/requests")
    caller.get("/_mock/requests")


def _messages(caller: Caller) -> None:
    me = caller.as_("sk_test_exhausted")
    me.get("/_mock/outbox")
    for number in range(60):
        me.post(
            "verify/initiate", {"action": f"a{number}", "method": "sms" if number % 2 else "email"}
        )
    for limit in (1, 10, 1_000):
        me.get("/_mock/outbox", limit=limit)


def _rules(caller: Caller) -> None:
    """Switch on one rule after another, and send requests that it concerns and others."""
    me, other = caller.as_("sk_test_faults"), caller.as_("sk_test_unharmed")
    rules: list[Json] = [
        {"operations": ["create_deposit"], "next": 1, "status": 503, "retry_after_seconds": 5},
        {"next": 3, "status": 429, "retry_after_seconds": 2},
        {"next": 1, "status": 429},
        {"next": 2, "status": 418, "detail": "I am a teapot.", "headers": {"X-Why": "tea"}},
        {"next": 1, "status": 404},
        {"next": 1, "status": 599},
        {"operations": ["get_balance"], "next": 2, "connection": "reset"},
        {"operations": ["add_payment_method"], "next": 1, "connection": "answer_lost"},
        {"operations": ["get_balance"], "next": 2, "connection": "truncated_body"},
        {"operations": ["get_balance"], "latency": {"ms": 0}},
        {"next": 2, "latency": {"ms": 1}, "status": 500},
        {"next": 2, "latency": {"min_ms": 0, "max_ms": 2}},
        {"name": "half", "share": 0.5, "status": 502},
        {"name": "some-broken", "share": 0.3, "connection": "truncated_body"},
    ]
    for rule in rules:
        made = me.post("/_mock/faults", rule)
        for _ in range(3):
            me.get("balance")
            me.post("deposit", {"amount_cents": 5_000})
            me.post("payment-methods", {"payment_method_id": "pm_card_mastercard"})
            other.get("balance")
            me.head("balance")
            me.get("payment-methods")
        me.get("/_mock/faults")
        caller.get("/_mock/faults")
        me.send("DELETE", f"/_mock/faults/{made.json['id']}", label="DELETE this rule")
        me.post("/_mock/reset")
    caller.get("/_mock/requests")


def _all_accounts(caller: Caller) -> None:
    """Rules without a key concern every account; several rules stand in their order."""
    me = caller.as_("sk_test_faults")
    caller.post("/_mock/faults", {"name": "first", "next": 2, "status": 500})
    caller.post("/_mock/faults", {"name": "second", "next": 2, "status": 502})
    me.post("/_mock/faults", {"name": "mine", "operations": ["get_balance"], "status": 504})
    for _ in range(5):
        me.get("balance")
        caller.get("balance")
        caller.as_("sk_test_other").get("invoices")
    caller.get("/_mock/faults")
    caller.delete("/_mock/faults")
    me.delete("/_mock/faults")
    caller.delete("/_mock/faults/fault_1")


def _wrong_rules(caller: Caller) -> None:
    rules: tuple[Json, ...] = (
        {},
        {"next": 1},
        {"status": 200},
        {"status": 600},
        {"status": 503, "connection": "reset"},
        {"status": 503, "next": 1, "share": 0.5},
        {"status": 503, "next": 0},
        {"status": 503, "share": 0},
        {"status": 503, "share": 1.5},
        {"status": 404, "retry_after_seconds": 1},
        {"detail": "no status", "connection": "reset"},
        {"operations": [], "status": 503},
        {"operations": ["get_balanc", "nothing"], "status": 503},
        {"connection": "broken"},
        {"latency": {}},
        {"latency": {"ms": -1}},
        {"latency": {"ms": 60_001}},
        {"latency": {"ms": 1, "min_ms": 1}},
        {"latency": {"min_ms": 2, "max_ms": 1}},
        {"latency": {"median_ms": 5}},
        {"status": 503, "headers": {"Content-Length": "1"}},
        {"status": 503, "headers": {"bad name": "1"}},
        {"status": 503, "headers": {"X-A": "line\nbreak"}},
        {"status": 503, "name": "bad name!"},
        {"status": 503, "detail": ""},
    )
    for rule in rules:
        caller.send("POST", "/_mock/faults", rule, label=f"POST rule {rule}")
    for number in range(101):
        caller.send(
            "POST", "/_mock/faults", {"status": 503, "name": f"n{number}"}, label="many rules"
        )


def _sets(caller: Caller) -> None:
    me = caller.as_("sk_test_sets")
    me.get("/_mock/fault-sets")
    for name in ("flaky", "outage", "rate-limited", "nothing"):
        me.post(f"/_mock/fault-sets/{name}/apply")
        me.get("/_mock/faults")
        if name != "flaky":
            for _ in range(20):
                me.get("balance")
        me.get("/_mock/faults", set=name)
        me.delete("/_mock/faults", set=name)
    me.post("/_mock/fault-sets/outage/apply")
    me.post("/_mock/fault-sets/outage/apply")
    caller.post("/_mock/fault-sets/outage/apply")
    caller.get("/_mock/faults")
    me.post("/_mock/fault-sets/slow-3g/apply")


def _flag(*flags: str) -> Story:
    """Look around at a server that was started with other flags."""

    def play(caller: Caller) -> None:
        me = caller.as_("sk_test_flags")
        for path in ("/_mock/health", "/_mock/faults", "/_mock/requests", "/_mock/clock"):
            caller.get(path)
            caller.get(path, {"X-Control-Token": "secret"})
        for _ in range(30):
            me.get("balance")
            me.post("payment-methods", {"payment_method_id": "pm_card_visa"})
        caller.get("/_mock/requests", {"X-Control-Token": "secret"})
        for url in ("http://billing.test/hook", "http://other.test/hook", "ftp://127.0.0.1/"):
            caller.post("/_mock/webhook-endpoints", {"url": url})

    return Story(f"flags/{' '.join(flags) or 'none'}", play, flags)


_STORIES = [
    Story("control/guard", _guard),
    Story("control/guard with a token", _guard, ("--control-token", "secret")),
    Story("control/guard on all addresses", _guard, ("--host", "0.0.0.0")),
    Story("control/bounds", _bounds),
    Story("control/overview", _overview),
    Story("control/time", _time),
    Story("control/snapshots", _snapshots),
    Story("control/resets", _resets),
    Story("control/state", _state),
    Story("control/requests", _requests),
    Story("control/messages", _messages),
    Story("faults/rules", _rules),
    Story("faults/all accounts", _all_accounts),
    Story("faults/wrong rules", _wrong_rules),
    Story("faults/sets", _sets),
    _flag("--faults", "rate-limited"),
    _flag("--faults", "flaky,outage"),
    _flag("--keep-requests", "3"),
    _flag("--keep-requests", "0"),
    _flag("--control-token", "secret"),
    _flag("--allow-webhook-host", "billing.test"),
    _flag("--seed", "7"),
]
