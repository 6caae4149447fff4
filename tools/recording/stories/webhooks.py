"""Webhooks: endpoints, what is delivered to them, retries, modes, replays, usage alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.recording.caller import Caller, Json
from tools.recording.receiver import Receiver, receiving
from tools.recording.stories import Play, Story
from tools.recording.stories.billing import PAGES

_SECRET = "whsec_recording"
_Scene = Callable[[Caller, Receiver], None]


def _with_receiver(scene: _Scene) -> Play:
    """Return a story with a receiver; what it received is kept beside the exchanges."""

    def play(caller: Caller) -> None:
        with receiving(caller.log) as receiver:
            try:
                scene(caller, receiver)
            finally:
                caller.post("/_mock/webhook-deliveries/settle")
                secrets = dict.fromkeys(receiver.received, _SECRET)
                caller.log.facts["received"] = receiver.facts(caller.log, secrets)

    return play


def _register(me: Caller, receiver: Receiver, path: str, **more: Any) -> str:
    body: Json = {"url": receiver.url + path, "secret": _SECRET, **more}
    return str(me.post("/_mock/webhook-endpoints", body).json["id"])


def _live(me: Caller) -> None:
    """Let an account do what emits events of nearly every type."""
    me.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    me.post("payment-methods/pm_card_amex/default")
    for promo in ("BONUS5", None):
        session = me.post("deposit", {"amount_cents": 5_000, "promo_code": promo}).json[
            "session_id"
        ]
        me.post(f"/_mock/checkout-sessions/{session}/complete")
    session = me.post("deposit", {"amount_cents": 5_000}).json["session_id"]
    me.post(f"/_mock/checkout-sessions/{session}/decline", {"reason": "lost_card"})
    me.post(f"/_mock/checkout-sessions/{session}/expire")
    plan = me.post("checkout", {"price_id": "price_starter_monthly", **PAGES}).json["session_id"]
    me.post(f"/_mock/checkout-sessions/{plan}/complete")
    me.put("auto-recharge", {"enabled": True, "threshold_microcents": 200_000_000_000})
    me.post("/_mock/usage", {"type": "light", "requests": 10})
    me.delete("auto-recharge")
    me.put("usage-alerts", {"threshold_50_enabled": True})
    me.post("verify/initiate", {"action": "x"})
    me.post("setup-intent")
    me.post("portal")
    me.post("change-plan", {"price_id": "price_scale_monthly"})
    me.send("DELETE", "payment-methods/pm_card_visa")
    me.post("/_mock/clock/advance", {"days": 40})


def _settle(me: Caller) -> None:
    me.post("/_mock/webhook-deliveries/settle")


def _everything(caller: Caller, receiver: Receiver) -> None:
    me = caller.as_("sk_test_webhooks")
    _register(caller, receiver, "/all")
    _register(me, receiver, "/mine")
    _register(me, receiver, "/chosen", events=["deposit.completed", "invoice.created"])
    _live(me)
    caller.as_("sk_test_other").post("payment-methods", {"payment_method_id": "pm_card_jcb"})
    _settle(caller)
    for who in (caller, me):
        who.get("/_mock/webhook-endpoints")
        who.get("/_mock/webhook-deliveries", limit=1_000)
    caller.get("/_mock/webhook-deliveries", event="deposit.completed")
    caller.get("/_mock/webhook-deliveries", status="delivered", limit=2)
    caller.get("/_mock/webhook-deliveries", endpoint="we_nothing")


def _failures(caller: Caller, receiver: Receiver) -> None:
    me = caller.as_("sk_test_retries")
    for status in (204, 301, 400, 500, 503):
        _register(me, receiver, f"/status/{status}/x", events=["payment_method.added"])
    me.post("/_mock/webhook-endpoints", {"url": "http://127.0.0.1:1/closed"})
    me.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    for _ in range(4):
        _settle(me)
        me.get("/_mock/webhook-deliveries")
        me.post("/_mock/clock/advance", {"seconds": 10})
    me.post("/_mock/clock/advance", {"days": 1})
    _settle(me)
    deliveries = me.get("/_mock/webhook-deliveries").json["deliveries"]
    for delivery in deliveries[:3]:
        me.post(f"/_mock/webhook-deliveries/{delivery['id']}/replay")
        _settle(me)
    me.get("/_mock/webhook-deliveries")


def _modes(caller: Caller, receiver: Receiver) -> None:
    me = caller.as_("sk_test_modes")
    endpoints = {
        name: _register(me, receiver, f"/{name}", modes=modes)
        for name, modes in {
            "duplicate": {"duplicate": True},
            "drop": {"drop_next": 2},
            "share": {"drop_share": 0.5},
            "reorder": {"reorder": 3},
            "delay": {"delay_seconds": 60},
            "first": {"checkout": "webhook_first"},
            "last": {"checkout": "redirect_first"},
        }.items()
    }
    _live(me)
    _settle(me)
    for _ in range(2):
        me.post("/_mock/clock/advance", {"seconds": 60})
        _settle(me)
    opened = me.post("deposit", {"amount_cents": 5_000, **PAGES}).json
    page = caller.as_(None)
    page.form(f"/checkout/{opened['session_id']}/pay", {"card": "pm_card_visa"})
    _settle(me)
    for endpoint in endpoints.values():
        me.put(f"/_mock/webhook-endpoints/{endpoint}/modes", {})
    me.get("/_mock/webhook-endpoints")
    me.get("/_mock/webhook-deliveries", limit=1_000)
    for endpoint in endpoints.values():
        me.send("DELETE", f"/_mock/webhook-endpoints/{endpoint}")
        me.send("DELETE", f"/_mock/webhook-endpoints/{endpoint}")
    me.get("/_mock/webhook-endpoints")


def _refused(caller: Caller, receiver: Receiver) -> None:
    for url in (
        "http://example.com/hook",
        "http://10.0.0.1/hook",
        "ftp://127.0.0.1/hook",
        "http://localhost:1/hook",
        "http://[::1]:1/hook",
        "http://user:password@127.0.0.1:1/hook",
        "no url",
        "http://127.0.0.1:99999/",
        "",
    ):
        caller.send(
            "POST", "/_mock/webhook-endpoints", {"url": url}, label=f"POST endpoint {url!r}"
        )
    base = {"url": receiver.url}
    wrong: tuple[Json, ...] = (
        {"events": ["nothing.happened"]},
        {"secret": "short"},
        {"modes": {"drop_share": 2}},
        {"modes": {"reorder": 0}},
        {"modes": {"checkout": "sometimes"}},
        {"modes": {"unknown": True}},
        {"events": []},
    )
    for more in wrong:
        caller.send(
            "POST", "/_mock/webhook-endpoints", {**base, **more}, label=f"POST endpoint {more}"
        )
    for number in range(25):
        caller.send("POST", "/_mock/webhook-endpoints", base, label=f"POST endpoint {number}")


def _alerts(caller: Caller, receiver: Receiver) -> None:
    me = caller.as_("sk_test_alerted")
    every = {f"threshold_{share}_enabled": True for share in (50, 75, 90, 100)}
    me.put("usage-alerts", {**every, "webhook_url": receiver.url + "/alerts"})
    me.get("/_mock/webhook-endpoints")
    for _ in range(6):
        me.post("/_mock/usage", {"type": "js", "requests": 18_000})
        _settle(me)
    me.get("/_mock/webhook-deliveries")
    me.get("/_mock/outbox")
    me.put("usage-alerts", {**every, "webhook_url": receiver.url + "/status/500/alerts"})
    me.get("/_mock/webhook-endpoints")


def _world(caller: Caller, receiver: Receiver) -> None:
    """Follow webhooks through a reset and a snapshot."""
    me = caller.as_("sk_test_world")
    _register(caller, receiver, "/world")
    caller.post("/_mock/snapshots", {"name": "webhooks"})
    me.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    _settle(caller)
    caller.post("/_mock/snapshots/webhooks/restore")
    caller.get("/_mock/webhook-endpoints")
    caller.get("/_mock/webhook-deliveries")
    me.post("payment-methods", {"payment_method_id": "pm_card_amex"})
    _settle(caller)
    me.post("/_mock/reset")
    caller.get("/_mock/webhook-deliveries")
    caller.post("/_mock/reset")
    caller.get("/_mock/webhook-endpoints")
    caller.get("/_mock/webhook-deliveries")


STORIES = [
    Story("webhooks/everything", _with_receiver(_everything)),
    Story("webhooks/failures", _with_receiver(_failures)),
    Story("webhooks/modes", _with_receiver(_modes)),
    Story("webhooks/refused", _with_receiver(_refused)),
    Story("webhooks/usage alerts", _with_receiver(_alerts)),
    Story("webhooks/reset and snapshot", _with_receiver(_world)),
]
